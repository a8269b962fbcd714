"""Answers of token endpoints: each means a token or a fault. Pure; every answer is hostile."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from probes.accounts import AccessToken
from probes.accounts.faults import AccountFault
from probes.accounts.microsoft_codes import CODES
from probes.display import one_line
from probes.http import HttpReply

MAX_TOKEN_CHARS = 16_384
MAX_LIFE = timedelta(days=1)
UNSTATED_LIFE = timedelta(minutes=5)  # of a token whose answer does not say how long it lives
MAX_SKEW = timedelta(minutes=2)  # beyond which our clock is the reason why a signed request is refused
SUSPICIOUS_SKEW = timedelta(seconds=10)  # from which it may be: some servers allow for 15 s only
WORDS_LIMIT = 200  # characters of a provider's own words

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1
_REFRESH = re.compile(r"[\x20-\x7e]+")  # RFC 6749, appendix A.17
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_CODE = re.compile(r"AADSTS(\d{4,8})\b", re.ASCII)
_REQUEST = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LONG_WORD = re.compile(r"[A-Za-z0-9_\-+/=.~%]{40,}")  # a token, an assertion, a secret

PHRASES: tuple[tuple[str, str, AccountFault], ...] = (
    # error, words of its description in lower case, what it means; first hit wins.
    # Google: developers.google.com, "Using OAuth 2.0 for Server to Server Applications", JWT error codes
    ("invalid_grant", "short-lived token", AccountFault.CLOCK),
    ("invalid_grant", "invalid jwt signature", AccountFault.WRONG_CERTIFICATE),
    ("invalid_grant", "account not found", AccountFault.WRONG_CLIENT),
    ("invalid_grant", "invalid email or user id", AccountFault.WRONG_USER),
    ("invalid_grant", "expired or revoked", AccountFault.REVOKED),
    ("unauthorized_client", "unauthorized to retrieve access tokens", AccountFault.NO_DELEGATION),
    ("invalid_client", "client was not found", AccountFault.WRONG_CLIENT),
    ("deleted_client", "", AccountFault.WRONG_CLIENT),
    ("disabled_client", "", AccountFault.POLICY),
    ("admin_policy_enforced", "", AccountFault.POLICY),
    ("org_internal", "", AccountFault.POLICY),
    # Azure SDK, ImdsManagedIdentitySource: HTTP 400 if the identity has not been assigned to this machine
    ("invalid_request", "identity not found", AccountFault.NO_IDENTITY),
    # RFC 6749, section 5.2
    ("invalid_scope", "", AccountFault.WRONG_SCOPE),
    ("unauthorized_client", "", AccountFault.NO_CONSENT),
    ("temporarily_unavailable", "", AccountFault.BUSY),
    ("server_error", "", AccountFault.BUSY),
)

MANAGED: dict[str, AccountFault] = {
    # error or HTTP status of a machine's own endpoint: learn.microsoft.com/entra/identity/
    # managed-identities-azure-resources/how-to-use-vm-token, "Error handling" (404 and 410: the endpoint is updating)
    "unauthorized_client": AccountFault.NO_IDENTITY,
    "404": AccountFault.BUSY,
    "410": AccountFault.BUSY,
}


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A request for a token as it was made: when by our clock, with a signed assertion, with a refresh token, the end
    of the certificate, if there is one, and whether the machine's own endpoint was asked for a managed identity."""

    at: datetime
    asserts: bool = False
    refreshes: bool = False
    certificate_ends_at: datetime | None = None
    managed: bool = False


@dataclass(frozen=True, slots=True)
class TokenRefusal:
    """A refusal to give a token, and its fault.

    `error`: the provider's short words, safe to show. `ahead`: how far our clock is before the provider's, where that
    is or may be the reason. `wait`: seconds until it may be asked again, if it says so.
    """

    fault: AccountFault
    error: str = ""
    ahead: timedelta | None = None
    wait: float | None = None


def read_answer(reply: HttpReply, asked: AskedFor, secrets: Collection[str] = ()) -> AccessToken | TokenRefusal:
    """Read the answer of a token endpoint (RFC 6749, section 5). `secrets` are in no part of what is returned, but for
    the token's own."""
    values = _object(reply.body)
    if reply.good:
        return _token(values, asked.at) or TokenRefusal(
            AccountFault.UNREADABLE, f"HTTP {reply.status}, {_what(values)}"
        )
    error = values.get("error")
    name = error if isinstance(error, str) and _ERROR.fullmatch(error) else ""
    words = _words(values)
    codes = _codes(values, words)
    fault = _fault(reply, asked, name, words.lower(), codes)
    return TokenRefusal(
        fault,
        _shown(reply, values, name, words, codes, fault, secrets),
        _ahead_if_reason(reply, asked, fault),
        reply.retry_after,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):  # ValueError: no JSON, no UTF-8, or a number of too many digits
        return {}
    return values if isinstance(values, dict) else {}


def _what(values: dict[str, Any]) -> str:
    return "without a usable token" if values else "no JSON object"


def _token(values: dict[str, Any], at: datetime) -> AccessToken | None:
    value, kind, refresh = (values.get(name) for name in ("access_token", "token_type", "refresh_token"))
    if not isinstance(value, str) or not _TOKEN.fullmatch(value) or len(value) > MAX_TOKEN_CHARS:
        return None
    if not isinstance(kind, str) or kind.lower() != "bearer":  # RFC 6749, section 7.1: not to be used if unknown
        return None
    usable = isinstance(refresh, str) and len(refresh) <= MAX_TOKEN_CHARS and _REFRESH.fullmatch(refresh)
    return AccessToken(value, at, at + _life(values.get("expires_in")), str(refresh) if usable else "")


def _life(seconds: Any) -> timedelta:
    """Return how long the token lives; Azure's machine identity writes the number in quotes."""
    if isinstance(seconds, str) and re.fullmatch(r"\d{1,9}", seconds, re.ASCII):
        seconds = int(seconds)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds >= 0:
        return UNSTATED_LIFE
    return timedelta(seconds=float(min(seconds, MAX_LIFE.total_seconds())))


def _words(values: dict[str, Any]) -> str:
    words = values.get("error_description")
    return words[:4000] if isinstance(words, str) else ""


def _codes(values: dict[str, Any], words: str) -> list[int]:
    """Return Microsoft's numbers of the error."""
    listed = values.get("error_codes")
    codes = [code for code in listed[:10] if type(code) is int] if isinstance(listed, list) else []
    return codes or [int(code) for code in _CODE.findall(words)[:10]]


def _fault(reply: HttpReply, asked: AskedFor, error: str, words: str, codes: list[int]) -> AccountFault:
    if found := next((CODES[code].fault for code in codes if code in CODES), None):
        return found
    if asked.managed and (found := MANAGED.get(error or str(reply.status))):
        return found
    if found := next((fault for name, phrase, fault in PHRASES if name == error and phrase in words), None):
        return found
    if reply.status in (408, 425, 429) or reply.status >= 500:
        return AccountFault.BUSY
    if not error:
        return AccountFault.UNREADABLE
    if asked.asserts and error in ("invalid_client", "invalid_grant"):
        return _assertion_fault(reply, asked, error)
    by_error = {"invalid_client": AccountFault.WRONG_SECRET, "invalid_grant": AccountFault.REVOKED}
    if error == "invalid_grant" and not asked.refreshes:
        return AccountFault.REFUSED
    return by_error.get(error, AccountFault.REFUSED)


def _assertion_fault(reply: HttpReply, asked: AskedFor, error: str) -> AccountFault:
    """Return why a signed assertion is refused, as far as the clocks and the certificate's end tell."""
    ahead = _ahead(reply, asked)
    if ahead is not None and abs(ahead) > MAX_SKEW:
        return AccountFault.CLOCK
    if asked.certificate_ends_at and asked.certificate_ends_at < (reply.clock or asked.at):
        return AccountFault.EXPIRED_CERTIFICATE
    if error == "invalid_grant" and asked.refreshes:
        return AccountFault.REVOKED
    return AccountFault.WRONG_CERTIFICATE


def _ahead_if_reason(reply: HttpReply, asked: AskedFor, fault: AccountFault) -> timedelta | None:
    ahead = _ahead(reply, asked)
    if fault is AccountFault.CLOCK or (ahead and fault is AccountFault.WRONG_CERTIFICATE and ahead > SUSPICIOUS_SKEW):
        return ahead
    return None


def _ahead(reply: HttpReply, asked: AskedFor) -> timedelta | None:
    return asked.at - reply.clock if reply.clock else None


def _shown(
    reply: HttpReply,
    values: dict[str, Any],
    error: str,
    words: str,
    codes: list[int],
    fault: AccountFault,
    secrets: Collection[str],
) -> str:
    """Return the provider's error in short: its name, Microsoft's number, the id for its support, and where we do not
    know what it means its own words."""
    parts = [error or f"HTTP {reply.status}", *(f"AADSTS{code}" for code in codes[:1] if 0 < code < 10**8)]
    trace = values.get("trace_id")
    if isinstance(trace, str) and _REQUEST.fullmatch(trace):
        parts.append(f"trace id {trace}")
    if fault is AccountFault.REFUSED and words:
        parts.append(masked(one_line(words, WORDS_LIMIT), secrets))
    return masked(", ".join(parts), secrets)


def masked(text: str, secrets: Collection[str]) -> str:
    """Return the text without these secrets, and without anything as long as a token."""
    for secret in secrets:
        for form in (secret, quote_plus(secret)):
            text = text.replace(form, "***") if form else text
    return _LONG_WORD.sub("***", text)
