"""The configuration as it was loaded, with every secret masked. Pure.

What is masked is decided by what could be a secret, not by what is one today: every value of a secret's type, every
key that is called like one, and of each address all that can hold a token.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from monitor.config import Config
from monitor.people.person import Companies
from probes.settings import Endpoint, duration_text

MASK = "••••••"
SECRET_NAMES = re.compile(r"pass(word|phrase|wd)?$|secret|token|api_?key|credential|^key$", re.IGNORECASE)
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
OF_ALL = (
    "store",
    "web",
    "dns",
    "log",
    "inbound",
    "incidents",
    "accounts",
    "channels",
    "routing",
    "maintenance",
    "sandbox",
    "include",
)
"""Tables that tell of more than one company, or of the machine: not for those who are bound to companies."""


@dataclass(frozen=True, slots=True)
class ConfigTable:
    """One table of the configuration: its name as it stands in the file, and its keys with their values."""

    name: str
    values: tuple[tuple[str, str], ...]


def tables(config: Config, companies: Companies) -> list[ConfigTable]:
    """All tables but those of companies, as far as somebody who is bound to these companies may see them."""
    hidden = {"companies"} | (set(OF_ALL) if companies is not None else set())
    shown = {name: value for name, value in _fields(config) if name not in hidden}
    plain = tuple((name, written(name, value)) for name, value in shown.items() if not _is_table(value))
    first = [ConfigTable("", plain)] if plain else []
    return first + [table for name, value in shown.items() if _is_table(value) for table in _tables(name, value)]


def company_tables(config: Config, company: str) -> list[ConfigTable]:
    """The tables of one company; none if there is none."""
    found = config.companies.get(company)
    return list(_tables(f"companies.{company}", found)) if found else []


def _fields(model: BaseModel) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(model, name)) for name in type(model).model_fields)


def _is_table(value: Any) -> bool:
    match value:
        case BaseModel() | Mapping():
            return True
        case tuple() | list():
            return bool(value) and all(isinstance(each, BaseModel) for each in value)
        case _:
            return False


def _tables(name: str, value: Any) -> Iterator[ConfigTable]:
    if isinstance(value, tuple | list):
        for each in value:
            yield from _tables(f"[{name}]", each)
        return
    said = dict(_fields(value)) if isinstance(value, BaseModel) else dict(value)
    inner = {key: each for key, each in said.items() if _is_table(each)}
    keys = tuple((key, written(key, each)) for key, each in said.items() if key not in inner and each is not None)
    if keys or not inner:
        yield ConfigTable(name, keys)
    for key, each in inner.items():
        yield from _tables(f"{name}.{key}", each)


def written(name: str, value: Any) -> str:
    """A value as one writes it in the file; of a secret, only that there is one."""
    match value:
        case None:
            return "not set"
        case SecretStr():
            return MASK
        case str() if SECRET_NAMES.search(name):
            return MASK
        case bool():
            return str(value).lower()
        case timedelta():
            return duration_text(value)
        case Endpoint():
            return str(value)
        case tuple() | list() | frozenset() | set():
            return f"[{', '.join(written(name, each) for each in value)}]"
        case Mapping():
            return f"{{ {', '.join(f'{key} = {written(str(key), each)}' for key, each in value.items())} }}"
        case BaseModel():
            return written(name, dict(_fields(value)))
        case Path():
            return str(value)
        case str():
            return ADDRESS.sub(lambda found: masked(found[0]), value)
        case _:
            return str(value)


def masked(address: str) -> str:
    """An address without what can hold a token: a name and password, a path, a query. A file's path holds none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return MASK
    if not parts.netloc:
        return address if parts.scheme == "sqlite" else f"{parts.scheme}://{MASK}"
    host = f"[{host}]" if ":" in host else host
    user = f"{MASK}@" if "@" in parts.netloc else ""
    rest = "" if parts.path in ("", "/") and not parts.query and not parts.fragment else f"/{MASK}"
    return f"{parts.scheme}://{user}{host}{f':{port}' if port else ''}{rest}"
