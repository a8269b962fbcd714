"""Share links as JSON, for the API and the command line alike."""

from datetime import datetime

from typing_extensions import TypedDict

from monitor.output.json import Time
from monitor.people.share_links import ShareLink, ShareState


class ShareJson(TypedDict):
    """A link to the status page of a company. Its address is shown once, when it is made. `opened_at`: last."""

    share: str
    company: str
    state: ShareState
    by: str
    created_at: Time
    expires_at: Time
    opened_at: Time | None
    revoked_at: Time | None
    revoked_by: str | None


def share_json(link: ShareLink, now: datetime) -> ShareJson:
    """Return a link as the documented JSON object, without its secret."""
    return {
        "share": link.id,
        "company": link.company,
        "state": link.state(now),
        "by": link.by,
        "created_at": link.created_at.isoformat(),
        "expires_at": link.expires_at.isoformat(),
        "opened_at": link.opened_at.isoformat() if link.opened_at else None,
        "revoked_at": link.revoked_at.isoformat() if link.revoked_at else None,
        "revoked_by": link.revoked_by or None,
    }
