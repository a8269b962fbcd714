"""Signed links in notices: one action on one incident, without sign-in. Pure: key and time come in.

A link is a capability: whoever received the notice may use it. It names its action, the incident, the channel and the
notice; it is valid for a day, and the store lets each be used once. Nothing in it is secret, and nothing in it can be
changed without the key. Following a link does nothing, see `monitor.web.pages.links`: mail scanners and chat previews
follow links too.
"""

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitor.incidents.incident import Incident
from monitor.people.secrets import derived, same

VALID_FOR = timedelta(hours=24)
MUTE_FOR = timedelta(hours=2)
MAX_LINK_CHARS = 1000  # of a token; ours are some 200
PLACEHOLDER = "PREVIEW-ONLY-NOT-VALID"  # instead of a token
PATH = "/link/"  # before the token, in the address
_VERSION = 1
_PURPOSE = "action link"


class LinkAction(StrEnum):
    """The actions that links offer."""

    ACK = "ack"
    MUTE = "mute"


@dataclass(frozen=True, slots=True)
class ActionLink:
    """The content of a link."""

    action: LinkAction
    incident: str
    channel: str
    notice: str
    expires_at: datetime

    def expired(self, now: datetime) -> bool:
        """Test if it is no longer valid."""
        return now >= self.expires_at


class LinkUrls(ABC):
    """Makes the addresses of links."""

    @abstractmethod
    def token(self, link: ActionLink) -> str:
        """Return what stands for the link in its address."""

    def urls(
        self,
        incident: Incident,
        channel: str,
        notice: str,
        visible: Collection[str] | None,
        base_url: str,
        now: datetime,
    ) -> Mapping[str, str]:
        """Return the facts `ack_url` and `mute_url` of a notice that is delivered now, as far as the links can do
        something. `notice`: its id. `visible`: the companies that the channel may see, None for all. `base_url`:
        without "/" at its end."""
        if not incident.open:
            return {}
        speaks_for_all = visible is None or set(incident.companies) <= set(visible)
        expires_at = now + VALID_FOR
        return {
            f"{action}_url": base_url + PATH + self.token(ActionLink(action, incident.id, channel, notice, expires_at))
            for action in LinkAction
            if speaks_for_all or action is not LinkAction.ACK
        }


class LinkPlaceholders(LinkUrls):
    """Addresses for previews, which people copy and store: visibly not valid, and not signed."""

    def token(self, link: ActionLink) -> str:
        """See `LinkUrls`."""
        return f"{PLACEHOLDER}-{link.action}"


class LinkSigner(LinkUrls):
    """Makes and checks links. `key` is the store's, the same for every process."""

    def __init__(self, key: bytes) -> None:
        self._key = bytes.fromhex(derived(key, _PURPOSE, ""))

    def token(self, link: ActionLink) -> str:
        """Return the link as letters, digits, "-", "_" and one "."."""
        facts = [
            _VERSION,
            *(link.action, link.incident, link.channel, link.notice),
            int(link.expires_at.timestamp()),
        ]
        content = _encoded(json.dumps(facts, separators=(",", ":")).encode())
        return f"{content}.{_encoded(self._mac(content))}"

    def read(self, token: str) -> ActionLink | None:
        """Return the content, None if it was not made here. It may have expired."""
        content, _, mac = token.partition(".")
        if len(token) > MAX_LINK_CHARS or not same(_encoded(self._mac(content)), mac):
            return None
        version, action, incident, channel, notice, expires = json.loads(urlsafe_b64decode(_padded(content)))
        if version != _VERSION:
            return None
        expires_at = datetime.fromtimestamp(expires, UTC)
        return ActionLink(LinkAction(action), incident, channel, notice, expires_at)

    def _mac(self, content: str) -> bytes:
        return hmac.new(self._key, content.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
