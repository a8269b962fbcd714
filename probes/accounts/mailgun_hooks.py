"""Webhooks of Mailgun. Pure.

The signature covers a time and a token, and not the event: whoever has seen one could put another event beside it. So
an event is a hint to ask the log, and never a fact. Sources: documentation.mailgun.com, "Securing webhooks";
mailgun-go, webhooks.go.
"""

import hashlib
import hmac
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_AGE = timedelta(minutes=5)  # of a signature; their clock and ours may differ by as much
MAX_TOKENS = 20_000  # remembered; of as many a signature is not taken twice
MAX_TOKEN_CHARS = 200
MAX_MESSAGE_ID_CHARS = 400


class HookError(Exception):
    """A webhook that is not taken. The text says why, without anything of it."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A signed hint. `message_id`: of the mail that it is about, without angle brackets, "" if it names none."""

    token: str
    signed_at: datetime
    message_id: str


def read_hook(body: bytes, key: str, now: datetime) -> Hook:
    """Return what a webhook says, if it was signed with this key within MAX_AGE. Raises HookError."""
    try:
        said: Any = json.loads(body)
        signatures = [said[name] for name in ("signature", "parent-signature") if name in said]
        found = next((each for each in signatures if _is_signed(each, key)), None)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise HookError("not a webhook of Mailgun") from error
    if found is None:
        raise HookError("the signature is wrong")
    try:
        signed_at = datetime.fromtimestamp(int(found["timestamp"]), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise HookError("not a webhook of Mailgun") from error
    if abs(now - signed_at) > MAX_AGE:
        raise HookError("the signature is too old, or a clock is wrong")
    return Hook(found["token"], signed_at, _message_id(said))


def _is_signed(signature: Any, key: str) -> bool:
    parts = [signature.get(name) for name in ("timestamp", "token", "signature")]
    timestamp, token, given = (part if isinstance(part, str) else "" for part in parts)
    if not (timestamp and token and given) or len(timestamp) > MAX_TOKEN_CHARS or len(token) > MAX_TOKEN_CHARS:
        return False
    wanted = hmac.new(key.encode(), (timestamp + token).encode(errors="replace"), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), given.encode(errors="replace"))


def _message_id(said: Any) -> str:
    for name in ("event-data", "message", "headers", "message-id"):
        said = said.get(name) if isinstance(said, dict) else None
    return said.strip("<>") if isinstance(said, str) and len(said) <= MAX_MESSAGE_ID_CHARS else ""


@dataclass
class UsedTokens:
    """The tokens that were taken, as long as their signatures are not too old."""

    _tokens: OrderedDict[str, datetime] = field(default_factory=OrderedDict)

    def take(self, hook: Hook, now: datetime) -> None:
        """Take the hook's token. Raises HookError if it was taken before."""
        while self._tokens and (
            len(self._tokens) >= MAX_TOKENS or now - next(iter(self._tokens.values())) > 2 * MAX_AGE
        ):
            self._tokens.popitem(last=False)
        if hook.token in self._tokens:
            raise HookError("the signature was used before")
        self._tokens[hook.token] = now
