"""A circuit breaker for one server: after several mailboxes failed in a row, only one at a time asks it. Pure.

One mailbox proves nothing about its server: a wrong password, or a mailbox too full to be searched in time, is its own
problem. So the breaker opens only if different mailboxes failed and none could be read in between, and closes at the
first mailbox that can be read.
"""

FAILURES_TO_OPEN = 3  # different mailboxes
FIRST_PAUSE = 15.0  # seconds until one mailbox tries again
MAX_PAUSE_SECONDS = 300.0


class Breaker:
    """Decides if visits to a server may continue. Times are monotonic seconds.

    A visit is any object with identity; a mailbox is given by its key.
    """

    def __init__(self) -> None:
        self.retry_at: float | None = None  # None: closed
        self._failed: set[str] = set()
        self._pause = FIRST_PAUSE
        self._trial: object | None = None

    def admits(self, visit: object, now: float) -> bool:
        """Test if this visit may ask the server. While open, one visit may after each pause: the trial."""
        if self.retry_at is None or visit is self._trial:
            return True
        if self._trial is None and now >= self.retry_at:
            self._trial = visit
            return True
        return False

    def failed(self, visit: object, mailbox: str, now: float) -> bool:
        """The server did not answer this visit. Returns if that opened the breaker."""
        self._failed.add(mailbox)
        if visit is self._trial:
            self._pause = min(2 * self._pause, MAX_PAUSE_SECONDS)
        elif self.retry_at is not None or len(self._failed) < FAILURES_TO_OPEN:
            return False
        self._trial = None
        self.retry_at = now + self._pause
        return True

    def answered(self) -> None:
        """A mailbox was read: everybody may ask again."""
        self.retry_at, self._trial, self._pause = None, None, FIRST_PAUSE
        self._failed.clear()

    def left(self, visit: object) -> None:
        """This visit is over. A trial that ended without an answer gives way to the next."""
        if visit is self._trial:
            self._trial = None
