"""Share links as JSON, for the API and the command line alike."""

from datetime import datetime

from typing_extensions import TypedDict

from monitor.output.json import Time
from monitor.people.share_links import ShareLink, ShareState
from probes.display import timestamp


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
        "created_at": timestamp(link.created_at),
        "expires_at": timestamp(link.expires_at),
        "opened_at": timestamp(link.opened_at) if link.opened_at else None,
        "revoked_at": timestamp(link.revoked_at) if link.revoked_at else None,
        "revoked_by": link.revoked_by or None,
    }
