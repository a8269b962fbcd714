"""Messages per client and minute. Pure: time is an argument."""

MAX_CLIENTS = 10_000  # remembered at the same time; the one seen longest ago is forgotten first


class ClientRateLimit:
    """A token bucket per client: holds a minute's messages and refills evenly."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._buckets: dict[str, tuple[float, float]] = {}

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._buckets)

    def allows(self, client: str, now: float) -> bool:
        """Count one message and return True, unless the limit is reached. `now` in monotonic seconds."""
        left, at = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - at) * self._most / 60)
        allowed = left >= 1
        self._buckets[client] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MAX_CLIENTS:
            del self._buckets[next(iter(self._buckets))]
        return allowed
