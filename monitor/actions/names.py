"""Resolve the name of a company or path as typed: by key or display name, in any case.

An unknown name is an error with a suggestion, never an empty result: a misspelt company must not look like one without
failures. Pages and actions resolve names here; the API accepts only keys.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from monitor.config import WatchedPath
from probes.display import listed, one_line

MAX_NAME_CHARS = 100
MAX_LISTED = 10  # names that an error lists
MAX_COMPARED = 2000  # names with which a misspelt one is compared letter by letter: a tenth of a second
CLOSE = 0.6  # how alike a suggestion must be, from 0 to 1


class UnknownNameError(Exception):
    """No such company or path for this caller. The text includes a suggestion; `close` is the key that was probably
    meant, "" if none is close."""

    def __init__(self, said: str, close: str = "") -> None:
        super().__init__(said)
        self.close = close


def names_of(paths: Iterable[WatchedPath]) -> dict[str, str]:
    """Return the companies' names by key."""
    return {path.company: path.company_name for path in paths}


def company_named(typed: str, names: Mapping[str, str]) -> str:
    """Return the key of the company, among those in `names` by key. Raises UnknownNameError."""
    if typed in names:
        return typed
    folded = _folded(typed)
    found = [key for key in names if folded in (_folded(key), _folded(names[key]))]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownNameError(f"Several companies are called that: {', '.join(found[:10])}. Type one of these keys.")
    raise _unknown("company", typed, {form: key for key, name in names.items() for form in (name, key)}, names)


def companies_named(typed: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of several companies, separated by commas or line breaks; keys also by spaces. Raises
    UnknownNameError."""
    found: list[str] = []
    for part in filter(None, (each.strip() for each in re.split(r"[,;\n]", typed))):
        try:
            found.append(company_named(part, names))
        except UnknownNameError:
            words = part.split()
            if len(words) == 1:
                raise
            found += [company_named(word, names) for word in words]
    return tuple(dict.fromkeys(found))


def path_named(typed: str, company: str, paths: Sequence[WatchedPath]) -> str:
    """Return the path of this company. Raises UnknownNameError."""
    keys = {path.path: path.path for path in paths if path.company == company}
    found = [key for key in keys if _folded(key) == _folded(typed)]
    if typed in keys or len(found) == 1:
        return typed if typed in keys else found[0]
    raise _unknown(f"path at {company} called", typed, keys, {})


def place_named(typed: str, paths: Sequence[WatchedPath]) -> tuple[str, str]:
    """Return the company, and the path or "", of COMPANY or COMPANY/PATH. Raises UnknownNameError."""
    names = names_of(paths)
    company, slash, path = typed.rpartition("/")
    try:
        return company_named(typed, names), ""  # a name may have a slash in it
    except UnknownNameError:
        if not slash:
            forms = {form: key for key, name in names.items() for form in (name, key)}
            raise _unknown("company or path", typed, forms | {each.key: each.key for each in paths}, names) from None
    key = company_named(company, names)
    try:
        return key, path_named(path, key, paths)
    except UnknownNameError:
        raise _unknown("path", typed, {each.key: each.key for each in paths if each.company == key}, {}) from None


def _unknown(what: str, typed: str, forms: Mapping[str, str], names: Mapping[str, str]) -> UnknownNameError:
    """Return the error for an unknown name. `forms`: everything that can be typed, with its key."""
    folded = {_folded(form): key for form, key in forms.items()}
    wanted = _folded(typed)
    near = get_close_matches(wanted, folded, n=1, cutoff=CLOSE) if len(folded) <= MAX_COMPARED else []
    within = [form for form in folded if len(wanted) > 2 and wanted in form]
    close = folded[(near or within)[0]] if near or within else ""
    name = names.get(close, close)
    shown = name if _folded(name) == _folded(close) else f"{name} ({close})"
    keys = list(names) or list(forms)
    there = f"There {'is' if len(keys) == 1 else 'are'}: {listed(keys, MAX_LISTED)}." if keys else "There is none."
    instead = f"Did you mean {shown}?" if close else there
    return UnknownNameError(f"No {what} '{one_line(typed, MAX_NAME_CHARS)}'. {instead}", close)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
