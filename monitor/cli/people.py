"""`mailpath person` and `mailpath token`: manage people and API tokens. A running service applies changes at once."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError
from rich.markup import escape
from rich.table import Table

from monitor import logs
from monitor.actions.people import LINK_LASTS, Access, AccessError, good, link_to
from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config
from monitor.first_admin import link_file
from monitor.people.person import Companies, Person, Rights, Token
from monitor.store import Store
from probes.display import clock, listed, one_line, timestamp
from probes.settings import Duration

NEVER = "never"
DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
MAX_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class PersonOptions:
    """The command line's options for a new person or token."""

    name: str
    rights: Rights
    companies: Sequence[str]
    by: str


async def add(config: Config, wish: PersonOptions, *, as_json: bool) -> Exit:
    """Add a person and print their link. Raises AccessError, StoreError."""
    companies = _companies(config, wish.companies)
    async with _access(config, wish.by) as access:
        secret = await access.add(wish.name, wish.rights, companies)
    _print_link(config, wish.name, secret, f"added as {_rights(wish.rights, companies)}", as_json=as_json)
    return Exit.OK


async def link(config: Config, name: str, by: str, *, as_json: bool) -> Exit:
    """Print a new link and invalidate earlier ones. Raises AccessError, StoreError."""
    async with _access(config, by) as access:
        secret = await access.link(name)
    _print_link(config, name, secret, "earlier links are no longer valid", as_json=as_json)
    return Exit.OK


async def disable(config: Config, name: str, by: str) -> Exit:
    """Disable a person. Raises AccessError, StoreError."""
    async with _access(config, by) as access:
        await access.disable(name)
    print(f"{name.strip().lower()}: disabled and signed out everywhere")
    return Exit.OK


async def enable(config: Config, name: str, by: str) -> Exit:
    """Enable a disabled person. Raises AccessError, StoreError."""
    async with _access(config, by) as access:
        await access.enable(name)
    print(f"{name.strip().lower()}: enabled; the password is unchanged")
    return Exit.OK


async def show(config: Config, *, as_json: bool) -> Exit:
    """List all people, by name."""
    async with Store.open(config.store.url) as store:
        people = await store.people.all()
    if as_json:
        for person in people:
            print(json.dumps(person_facts(person)))
    elif people:
        rows = ((each.name, *_access_of(each), _person_state(each), clock(each.created_at)) for each in people)
        _table(("PERSON", "RIGHTS", "COMPANIES", "STATE", "CREATED"), rows)
    else:
        print("no people yet; add the first with `mailpath person add NAME --rights admin`")
    return Exit.OK


async def add_token(config: Config, wish: PersonOptions, lasts: str, *, as_json: bool) -> Exit:
    """Add a token and print its secret, which is not shown again. Raises AccessError, StoreError."""
    companies, life = _companies(config, wish.companies), _lifetime(lasts)
    async with _access(config, wish.by) as access:
        token, secret = await access.add_token(wish.name, wish.rights, companies, life)
    if as_json:
        print(json.dumps(token_facts(token, utc_now()) | {"secret": secret}))
        return Exit.OK
    until = f"until {clock(token.expires_at)}" if token.expires_at else "until it is revoked"
    print(f"token {token.name} added as {_rights(token.rights, companies)}, valid {until}; shown only once:")
    print(secret)
    return Exit.OK


async def revoke(config: Config, which: str, by: str) -> Exit:
    """Revoke a token. Raises AccessError, StoreError."""
    async with _access(config, by) as access:
        token = await access.revoke(which)
    print(f"token {token.name} ({token.hint}...) revoked")
    return Exit.OK


async def show_tokens(config: Config, *, also_over: bool, as_json: bool) -> Exit:
    """List valid tokens, or all, oldest first."""
    now = utc_now()
    async with Store.open(config.store.url) as store:
        tokens = [token for token in await store.people.tokens() if also_over or good(token, now)]
    if as_json:
        for token in tokens:
            print(json.dumps(token_facts(token, now)))
    elif tokens:
        rows = (
            (each.id, each.name, f"{each.hint}...", *_access_of(each), _token_state(each, now), _used(each), each.by)
            for each in tokens
        )
        _table(("ID", "TOKEN", "BEGINS", "RIGHTS", "COMPANIES", "STATE", "USED", "BY"), rows)
    else:
        print("no tokens; add one with `mailpath token add NAME --rights viewer`")
    return Exit.OK


def person_facts(person: Person) -> dict[str, Any]:
    """Return a person as the documented JSON object, without the password hash."""
    return {
        "person": person.name,
        "rights": person.rights,
        "companies": list(person.companies) if person.companies is not None else None,
        "has_password": bool(person.password),
        "created_at": timestamp(person.created_at),
        "disabled_at": _iso(person.disabled_at),
    }


def token_facts(token: Token, now: datetime) -> dict[str, Any]:
    """Return a token as the documented JSON object, without its secret."""
    return {
        "token": token.id,
        "name": token.name,
        "hint": token.hint,
        "rights": token.rights,
        "companies": list(token.companies) if token.companies is not None else None,
        "good": good(token, now),
        "by": token.by,
        "created_at": timestamp(token.created_at),
        "expires_at": _iso(token.expires_at),
        "used_at": _iso(token.used_at),
        "revoked_at": _iso(token.revoked_at),
    }


@asynccontextmanager
async def _access(config: Config, by: str) -> AsyncIterator[Access]:
    who = operator_name(by)
    logs.set_up("error", config.log.format)
    async with Store.open(config.store.url) as store:
        yield Access(store, utc_now, who, "command", first_link_file=link_file(config.store.url))


def _companies(config: Config, named: Sequence[str]) -> Companies:
    """Check that the named companies exist; none named means all. A misspelt key would silently grant nothing."""
    for name in named:
        if name not in config.companies:
            close = get_close_matches(name, config.companies, n=1)
            meant = (
                f"did you mean {close[0]}?" if close else f"configured: {listed(list(config.companies), 30) or 'none'}"
            )
            raise AccessError(f"no company {one_line(name, MAX_NAME_CHARS)!r}; {meant}")
    return tuple(dict.fromkeys(named)) or None


def _lifetime(text: str) -> timedelta | None:
    if text == NEVER:
        return None
    try:
        return DURATION.validate_python(text)
    except ValidationError as wrong:
        error = wrong.errors(include_url=False)[0]
        raise AccessError(f'--lasts: {error.get("ctx", {}).get("error", error["msg"])}; or "{NEVER}"') from None


def _print_link(config: Config, name: str, secret: str, change: str, *, as_json: bool) -> None:
    known, until = name.strip().lower(), utc_now() + LINK_LASTS
    href = link_to(config.web.base_url, secret)
    if as_json:
        print(json.dumps({"person": known, "link": href, "expires_at": timestamp(until)}))
        return
    print(f"{known}: {change}; link to set a password, valid once, until {clock(until)}:")
    print(href)


def _rights(rights: Rights, companies: Companies) -> str:
    article = "a" if rights is Rights.VIEWER else "an"
    return f"{article} {rights} for {', '.join(companies) if companies else 'all companies'}"


def _access_of(whose: Person | Token) -> tuple[str, str]:
    return whose.rights, "all" if whose.companies is None else ", ".join(whose.companies)


def _person_state(person: Person) -> str:
    if person.disabled_at:
        return f"disabled {clock(person.disabled_at)}"
    return "active" if person.password else "no password yet"


def _token_state(token: Token, now: datetime) -> str:
    if token.revoked_at:
        return f"revoked {clock(token.revoked_at)}"
    if token.expires_at is None:
        return "never expires"
    return f"{'expires' if good(token, now) else 'expired'} {clock(token.expires_at)}"


def _used(token: Token) -> str:
    return clock(token.used_at) if token.used_at else "never"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*(escape(one_line(each, 2 * MAX_NAME_CHARS)) for each in row))
    out = console()
    out.width = 1000  # let the terminal wrap long lines instead of truncating them
    out.print(table)


def _iso(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
