"""Connections and requests that are cut or refused before any page or operation sees them: counted, and logged once
for many. Nothing that a client sent is in the log."""

from enum import StrEnum

import structlog

from monitor.repeated import Repeated

log = structlog.get_logger("web")


class Rejection(StrEnum):
    """Why. Values of the label `reason` of mailpath_http_rejected_total."""

    MALFORMED = "malformed"  # what came is no HTTP, or no TLS
    SLOW_REQUEST = "slow_request"  # the headers did not come in time
    SLOW_READER = "slow_reader"  # the answer is not taken
    CLIENT_FULL = "client_full"  # one client has as many connections as it may
    SERVER_FULL = "server_full"  # all have as many as there may be
    EVICTED = "evicted"  # an idle connection made room for a new one
    NO_DESCRIPTORS = "no_descriptors"  # the system has no resources for one more
    ENCODING = "encoding"  # a compressed body
    EXPORTS = "exports"  # one more export at a time than there may be
    ACCESS_ENDED = "access_ended"  # a stream or export whose caller may see it no more


class Rejections:
    """Counts rejections since the start, by reason."""

    def __init__(self, repeated: Repeated | None = None) -> None:
        self.counts: dict[str, int] = dict.fromkeys(Rejection, 0)
        self._repeated = repeated or Repeated()

    def add(self, reason: Rejection) -> None:
        """One more."""
        self.counts[reason] += 1
        self._repeated.tell(reason, log.warning, "HTTP connections or requests rejected", reason=str(reason))
