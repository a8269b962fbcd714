"""The configuration's words for a mail system: keys, aliases, `other:NAME` and "unknown"."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from probes.display import quoted
from probes.mailsystems.table import MAIL_SYSTEMS, OTHER, UNKNOWN, system_label

Chain = tuple[str, ...]
"""The mail systems that a company's mail passes through, by key, the gateway first; at least one."""

REFERENCE = "docs/reference/mail-systems.md"

_ALIASES = {alias: row.key for row in MAIL_SYSTEMS.values() if row.receives for alias in row.aliases}
_KEYS = {key for key, row in MAIL_SYSTEMS.items() if row.receives}
_OTHER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")
_CLOSE = 0.7

MAX_MAIL_SYSTEMS = 5  # in a chain
MAX_SHOWN_CHARS = 40  # characters of a wrong word


def key_of(word: str) -> str:
    """Return the key of a word in the configuration. Raises ValueError, which says what to write instead."""
    word = word.strip()
    if word == UNKNOWN or word in _KEYS:
        return word
    if word.startswith(OTHER):
        return _other(word)
    if key := _ALIASES.get(word):
        return key
    named = f"{OTHER}{word}" if _OTHER_NAME.fullmatch(word) else f"{OTHER}NAME"
    meant = f"did you mean {close}? If not," if (close := suggestion(word)) else "for a system that is not listed,"
    wrong = f"must be a mail system of {REFERENCE}, not {quoted(word, MAX_SHOWN_CHARS)}"
    raise ValueError(f'{wrong}; {meant} write "{named}", or "{UNKNOWN}"')


_WORDS = "|".join(map(re.escape, sorted({UNKNOWN, *_KEYS, *_ALIASES})))
_SCHEMA = {"type": "string", "pattern": rf"^(?:{_WORDS}|{OTHER}[A-Za-z0-9](?:[A-Za-z0-9 ._-]{{0,38}}[A-Za-z0-9._-])?)$"}

MailSystemKey = Annotated[str, AfterValidator(key_of), WithJsonSchema(_SCHEMA)]
"""A mail system in the configuration; an alias is replaced by its key."""


def suggestion(word: str) -> str:
    """Return the key that was probably meant; "" if none is similar."""
    plain = re.sub(r"[^a-z0-9]", "", word.lower())
    known = {re.sub(r"[^a-z0-9]", "", each): key for each, key in _ALIASES.items()} | {key: key for key in _KEYS}
    if plain in known:
        return known[plain]
    close = get_close_matches(plain, known, n=1, cutoff=_CLOSE) if len(word) < 80 else []
    return known[close[0]] if close else ""


def current_word(word: str) -> str:
    """Return the key of an alias; any other word unchanged."""
    return _ALIASES.get(word, word)


def is_alias(word: str) -> bool:
    """Test if the word is an alias of a key."""
    return word in _ALIASES


def _other(word: str) -> str:
    name = word.removeprefix(OTHER)
    if not _OTHER_NAME.fullmatch(name):
        raise ValueError(f"must have a name of 1 to 40 letters, digits, blanks, '.', '_' or '-' after {OTHER}")
    if name.lower() in _KEYS or name.lower() in _ALIASES:
        raise ValueError(f'is in the list of mail systems; write "{key_of(name.lower())}"')
    return word


def chain_label(chain: Iterable[str]) -> str:
    """Format a chain for people: "Proofpoint, then Microsoft 365"."""
    return ", then ".join(map(system_label, chain))
