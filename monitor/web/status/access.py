"""Access by share links: which page a link opens, or why it opens none. The secret goes no further than this: not into
the log, an error or a name."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from aiohttp import web

from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.people.secrets import digest_of, same
from monitor.people.share_links import ShareLink, ShareState
from monitor.web.auth.client import HttpClient
from monitor.web.backend import BACKEND
from monitor.web.caller_view import CallerView

RETRY_SECONDS = 60


class ShareRefusal(StrEnum):
    """Why a link opens no page. Nothing of it depends on which companies exist."""

    WRONG = "wrong"  # no link of ours
    EXPIRED = "expired"
    REVOKED = "revoked"
    GONE = "gone"  # deleted, or its company is no longer monitored
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class RefusalWords:
    """A refusal over HTTP, and for people."""

    status: HTTPStatus
    heading: str
    text: str


NEW_ONE = "Ask whoever sent it to you for a new one."
REFUSALS = {
    ShareRefusal.WRONG: RefusalWords(
        HTTPStatus.NOT_FOUND,
        "This link is not valid",
        "It may have been cut off or changed. Copy the whole address from the message in which you got it, or ask "
        "whoever sent it to you for a new one.",
    ),
    ShareRefusal.EXPIRED: RefusalWords(HTTPStatus.GONE, "This link has expired", NEW_ONE),
    ShareRefusal.REVOKED: RefusalWords(HTTPStatus.GONE, "This link was revoked", NEW_ONE),
    ShareRefusal.GONE: RefusalWords(HTTPStatus.GONE, "This link no longer works", NEW_ONE),
    ShareRefusal.TOO_MANY: RefusalWords(
        HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", "Wait a minute, then open the link again."
    ),
}


class RefusedShareError(Exception):
    """The link opens no page. `link` is set where it was one of ours that ended."""

    def __init__(self, reason: ShareRefusal, link: ShareLink | None = None) -> None:
        super().__init__(reason)
        self.reason, self.link = reason, link


@dataclass(frozen=True, slots=True)
class OpenShare:
    """A link that opens the page of its company, seen as somebody who is restricted to that company."""

    link: ShareLink
    view: CallerView


async def open_share(request: web.Request) -> OpenShare:
    """Return what the link of this request opens. Raises RefusedShareError, StoreError."""
    backend, secret = request.app[BACKEND], request.match_info["secret"]
    address = HttpClient(request).own_address
    if not backend.share_limits.may_try(address):
        raise RefusedShareError(ShareRefusal.TOO_MANY)
    if not (await backend.share_signer.get()).made(secret):
        allowed = backend.share_limits.guessed(address)
        raise RefusedShareError(ShareRefusal.WRONG if allowed else ShareRefusal.TOO_MANY)
    digest = digest_of(secret)
    link = await backend.store.share_links.by_digest(digest)
    if link is None or not same(link.digest, digest):
        raise RefusedShareError(ShareRefusal.GONE)
    if not backend.share_limits.allows(link.id):
        raise RefusedShareError(ShareRefusal.TOO_MANY)
    match link.state(backend.now()):
        case ShareState.EXPIRED:
            raise RefusedShareError(ShareRefusal.EXPIRED, link)
        case ShareState.REVOKED:
            raise RefusedShareError(ShareRefusal.REVOKED, link)
        case ShareState.VALID:
            pass
    if link.company not in backend.board.companies:
        raise RefusedShareError(ShareRefusal.GONE)
    return OpenShare(link, CallerView(backend, _caller(link)))


def _caller(link: ShareLink) -> Caller:
    return Caller(f"share {link.id}", Rights.VIEWER, (link.company,), f"share {link.id}", id=link.id)
