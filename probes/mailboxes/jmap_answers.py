"""Answers of a JMAP server (RFC 8620, 8621): the session, folders, messages, changes, errors. Pure.

Every answer is hostile: what has not the documented form is left out, and nothing here raises on odd JSON but
JmapFaultError.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard

from probes.display import one_line
from probes.http import on_same_server
from probes.mailboxes.excerpt import HEADER_LIMIT
from probes.mailboxes.folders import INBOX

CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"
FEWEST_CALLS = 8  # in one request; RFC 8620 suggests that servers take 16
MAX_OBJECTS = 500  # that we ask for at once, whatever the server allows
FOLDERS_LIMIT = 10_000
HEADERS_LIMIT = 20_000  # header fields of one message
DEPTH = 20  # of folders within folders
WORDS_LIMIT = 200  # characters of what a server says

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")  # RFC 8620, section 1.2

ERRORS: dict[str, str] = {  # RFC 8620, sections 3.6.1, 3.6.2, 5.1 to 5.3; RFC 8621, section 4
    "accountNotFound": "the server has no mailbox of this user: check the login; some servers, as Cyrus, make the"
    " mailbox when its first mail comes, so send it one",
    "accountNotSupportedByMethod": "the login has no mail; check that it is the mailbox's own",
    "accountReadOnly": "the login may only read: let it delete mail, or set `remove = false`",
    "forbidden": "the login has not the right: give it that on the whole mailbox, deleting included, or set"
    " `remove = false`",
    "unknownCapability": "the server offers no mail over JMAP here",
    "unsupportedFilter": "the server cannot search for this",
}
"""Types of errors, and what each means with the remedy."""


LISTS = {  # RFC 8620, sections 5.1, 5.2 and 5.5
    "Email/get": ("list",),
    "Email/query": ("ids",),
    "Email/changes": ("created", "updated"),
    "Mailbox/get": ("list",),
}
"""Lists that the answer of a method has."""


class JmapFaultError(Exception):
    """The answer is not usable. The text is one line for people; `kind` is the type of the error, "" without one."""

    def __init__(self, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.kind = kind


class OtherAccountsError(JmapFaultError):
    """Nobody has the name that was asked for, but there are accounts of others, whose names are not ours to read."""


@dataclass(frozen=True, slots=True)
class JmapServer:
    """The session of a user: where to send requests, for which account, and the server's limits. All URLs are on the
    server that was asked; "" stands for one that is missing or leads elsewhere."""

    api_url: str
    account: str
    download_url: str = ""
    push_url: str = ""
    calls: int = FEWEST_CALLS
    objects_got: int = MAX_OBJECTS
    objects_set: int = MAX_OBJECTS
    requests: int = 1


@dataclass(frozen=True, slots=True)
class JmapFolder:
    """A folder: its id, its name with that of each folder it lies in, its role, and whether the login may read it."""

    id: str
    name: str
    role: str = ""
    readable: bool = True


@dataclass(frozen=True, slots=True)
class JmapMail:
    """A message without its body. `headers` is None if it was not asked for."""

    id: str
    blob: str
    folders: frozenset[str]
    keywords: frozenset[str]
    received_at: datetime | None
    size: int
    headers: bytes | None


def as_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object, {} for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_session(values: Mapping[str, Any], url: str, owner: str = "") -> JmapServer:
    """Read the session (RFC 8620, section 2) that was found at `url`, for the mail of `owner` or else of the login.
    Raises JmapFaultError."""
    api = values.get("apiUrl")
    if not isinstance(api, str):
        raise JmapFaultError("no JMAP session there: check `url`")
    if (api_url := on_same_server(api, url)) is None:
        raise JmapFaultError(
            "its session leads to another server, and the login is not sent there: put the address of the session"
            " on that server into `url`"
        )
    account = _table(values, "primaryAccounts").get(MAIL)
    if not _is_id(account):
        raise JmapFaultError("the login has no mail there: its session names no primary account for mail")
    if owner:
        account = _account_of(owner, account, values)
    limits = _table(_table(values, "capabilities"), CORE)
    return JmapServer(
        api_url,
        account,
        _template(values.get("downloadUrl"), url),
        _template(values.get("eventSourceUrl"), url),
        _limit(limits, "maxCallsInRequest", FEWEST_CALLS),
        min(MAX_OBJECTS, _limit(limits, "maxObjectsInGet", MAX_OBJECTS)),
        min(MAX_OBJECTS, _limit(limits, "maxObjectsInSet", MAX_OBJECTS)),
        _limit(limits, "maxConcurrentRequests", 1),
    )


def _account_of(owner: str, primary: str, values: Mapping[str, Any]) -> str:
    """Return the account of this user, among all that the login reaches. Raises JmapFaultError."""
    if _same(values.get("username"), owner):
        return primary
    accounts = {key: each for key, each in _table(values, "accounts").items() if _is_id(key) and isinstance(each, dict)}
    for key, each in accounts.items():
        if _same(each.get("name"), owner):
            return key
    if others := [one_line(str(each.get("name")), WORDS_LIMIT) for key, each in accounts.items() if key != primary]:
        named = f"{others[0]!r}{f' and {len(others) - 1} more' if others[1:] else ''}"
        raise OtherAccountsError(f"the login reaches more than its own account, {named}; none is called {owner}")
    raise JmapFaultError(f"the login reaches its own account alone, not one of {owner}")


def _same(name: Any, owner: str) -> bool:
    return isinstance(name, str) and name.casefold() == owner.casefold()


def _template(value: Any, base: str) -> str:
    """Return a URL template (RFC 6570, level 1) as absolute, its variables untouched; "" if it leads elsewhere."""
    if not isinstance(value, str) or len(value) > 2000:
        return ""
    plain = value.replace("{", "(").replace("}", ")")  # a URL has no braces
    return (on_same_server(plain, base) or "").replace("(", "{").replace(")", "}")


def read_responses(values: Mapping[str, Any], asked: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the arguments of each response by the id of its call, one for each of those `asked`. An error stands there
    as its table, see `failure_of`. Raises JmapFaultError if one is missing: a half answer proves nothing."""
    found: dict[str, Mapping[str, Any]] = {}
    listed = values.get("methodResponses")
    for each in listed[: 4 * len(asked)] if isinstance(listed, list) else ():
        if isinstance(each, list) and len(each) == 3 and isinstance(each[1], dict) and isinstance(each[2], str):
            found[each[2]] = {**each[1], "error": True} if each[0] == "error" else {**each[1], "error": False}
    if missing := [call for call in asked if call not in found]:
        raise JmapFaultError(f"half an answer: {len(missing)} of {len(asked)} parts are missing")
    return found


def failure_of(answer: Mapping[str, Any]) -> JmapFaultError | None:
    """Return the error that this response is, None if it is none."""
    return _fault(answer, "type", "description") if answer["error"] else None


def is_whole(method: str, answer: Mapping[str, Any]) -> bool:
    """Test if this answer of a method has the lists that it must have."""
    return all(isinstance(answer.get(key), list) for key in LISTS.get(method, ()))


def problem(status: int, body: bytes) -> JmapFaultError:
    """Return the error of a whole request (RFC 8620, section 3.6.1; RFC 9457)."""
    values = as_object(body)
    fault = _fault(values, "type", "detail")
    limit = values.get("limit")
    named = f", {one_line(limit, 60)}" if isinstance(limit, str) else ""
    return JmapFaultError(f"HTTP {status}{named}" + (f": {fault}" if values.get("type") else ""), fault.kind)


def _fault(values: Mapping[str, Any], type_key: str, words_key: str) -> JmapFaultError:
    name, words = values.get(type_key), values.get(words_key)
    kind = one_line(name.removeprefix("urn:ietf:params:jmap:error:"), 60) if isinstance(name, str) else ""
    said = f" ({one_line(words, WORDS_LIMIT)})" if isinstance(words, str) and words else ""
    meaning = f": {ERRORS[kind]}" if kind in ERRORS else ""
    return JmapFaultError(f"{kind or 'an error without a type'}{said}{meaning}", kind)


def read_folders(answer: Mapping[str, Any]) -> tuple[JmapFolder, ...]:
    """Read the answer to Mailbox/get. The inbox is called INBOX, as IMAP does."""
    raw = {each["id"]: each for each in _rows(answer, "list", FOLDERS_LIMIT) if _is_id(each.get("id"))}
    return tuple(
        JmapFolder(key, _folder_name(raw, key), _role(each), _table(each, "myRights").get("mayReadItems") is not False)
        for key, each in raw.items()
    )


def _role(folder: Mapping[str, Any]) -> str:
    role = folder.get("role")
    return role.lower() if isinstance(role, str) else ""


def _folder_name(raw: Mapping[str, Mapping[str, Any]], key: str) -> str:
    names: list[str] = []
    at: Any = key
    while isinstance(at, str) and at in raw and len(names) < DEPTH:
        name = raw[at].get("name")
        text = one_line(name, 255) if isinstance(name, str) else ""
        names.append(INBOX if _role(raw[at]) == "inbox" else text or at)
        at = raw[at].get("parentId")
    return "/".join(reversed(names))


def read_mails(answer: Mapping[str, Any], most: int) -> list[JmapMail]:
    """Read the answer to Email/get, at most so many messages."""
    return [mail for row in _rows(answer, "list", most) if (mail := _mail(row))]


def _mail(row: Mapping[str, Any]) -> JmapMail | None:
    key, blob, size = row.get("id"), row.get("blobId"), row.get("size")
    if not _is_id(key):
        return None
    return JmapMail(
        key,
        blob if _is_id(blob) else "",
        frozenset(name for name, there in _table(row, "mailboxIds").items() if there is True),
        frozenset(name.lower() for name, there in _table(row, "keywords").items() if there is True),
        utc_date(row.get("receivedAt")),
        size if type(size) is int and size >= 0 else 0,
        _headers(row["headers"]) if isinstance(row.get("headers"), list) else None,
    )


def _headers(fields: Sequence[Any]) -> bytes:
    """Return the header section with the end of its last line, cut at HEADER_LIMIT. Names and values are raw: a value
    has the blank after the colon and its line ends within, not that at its end (RFC 8621, section 4.1.2.1)."""
    lines: list[bytes] = []
    length = 0
    for each in fields[:HEADERS_LIMIT]:
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str):
            continue
        line = f"{name}:{value}\r\n".encode("utf-8", "replace")
        lines.append(line)
        length += len(line)
        if length >= HEADER_LIMIT:
            break
    return b"".join(lines)[:HEADER_LIMIT]


def read_texts(answer: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the texts of each message from an Email/get with bodyValues, by the message's id."""
    texts: dict[str, bytes] = {}
    for row in _rows(answer, "list", MAX_OBJECTS):
        parts = _table(row, "bodyValues").values()
        values = [part.get("value") for part in parts if isinstance(part, dict)]
        if _is_id(row.get("id")):
            texts[row["id"]] = "\r\n".join(value for value in values if isinstance(value, str)).encode(
                "utf-8", "replace"
            )
    return texts


def ids(answer: Mapping[str, Any], key: str) -> list[str]:
    """Return the ids in this list."""
    listed = answer.get(key)
    return [each for each in listed if _is_id(each)] if isinstance(listed, list) else []


def is_last_page(answer: Mapping[str, Any], asked: int) -> bool:
    """Test if this page of Email/query is the last one, when `asked` ids were asked for; the server may give fewer."""
    limit = answer.get("limit")
    return len(ids(answer, "ids")) < (min(asked, limit) if type(limit) is int and limit > 0 else asked)


def state(answer: Mapping[str, Any], key: str = "state") -> str:
    """Return this state, "" if it has none that may be sent back."""
    value = answer.get(key)
    return value if isinstance(value, str) and len(value) <= 2000 else ""


def not_destroyed(answer: Mapping[str, Any]) -> dict[str, JmapFaultError]:
    """Return why messages were not deleted, by id; those that are gone already are no error."""
    refused = {
        key: _fault(each, "type", "description")
        for key, each in _table(answer, "notDestroyed").items()
        if isinstance(each, dict)
    }
    return {key: fault for key, fault in refused.items() if fault.kind != "notFound"}


def utc_date(value: Any) -> datetime | None:
    """Return the time of a UTCDate (RFC 8620, section 1.4), None if it is none."""
    if not isinstance(value, str) or not value.endswith("Z"):
        return None
    try:
        return datetime.fromisoformat(value[:40])
    except ValueError:
        return None


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}


def _rows(answer: Mapping[str, Any], key: str, most: int) -> list[Mapping[str, Any]]:
    listed = answer.get(key)
    return [each for each in listed[:most] if isinstance(each, dict)] if isinstance(listed, list) else []


def _is_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _limit(limits: Mapping[str, Any], key: str, otherwise: int) -> int:
    value = limits.get(key)
    return value if type(value) is int and 0 < value < 2**53 else otherwise
