"""`mailpath share`: links to the status pages of companies. A running service applies changes at once."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.markup import escape
from rich.table import Table

from monitor import logs
from monitor.actions.audit import COMMAND
from monitor.actions.shares import ShareError, ShareLinks, share_url
from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config
from monitor.output.share_json import share_json
from monitor.people.share_links import ShareLink, ShareState
from monitor.store import Store
from probes.display import clock, listed, one_line

MAX_NAME_CHARS = 60


async def create(config: Config, company: str, days: int, by: str, *, as_json: bool) -> Exit:
    """Create a link and print its address, which is not shown again. Raises ShareError, StoreError."""
    if company not in config.companies:
        known = listed(list(config.companies), 30) or "none"
        raise ShareError("company", f"no company {one_line(company, MAX_NAME_CHARS)!r}; configured: {known}")
    async with _links(config, by) as links:
        link, secret = await links.create(company, days)
    url = share_url(config.web.base_url, secret)
    if as_json:
        print(json.dumps(share_json(link, utc_now()) | {"url": url}))
    else:
        print(f"share {link.id} of {company}, valid until {clock(link.expires_at)}; shown only once:")
        print(url)
    return Exit.OK


async def revoke(config: Config, which: str, by: str) -> Exit:
    """Revoke a link. Raises ShareError, StoreError."""
    async with _links(config, by) as links:
        link = await links.revoke(which)
    print(f"share {link.id} of {link.company} revoked")
    return Exit.OK


async def show(config: Config, company: str, *, also_over: bool, as_json: bool) -> Exit:
    """List valid links, or all, newest first. Raises StoreError."""
    now = utc_now()
    async with _links(config, "") as links:
        found = [
            link
            for link in await links.every()
            if company in ("", link.company) and (also_over or link.state(now) is ShareState.VALID)
        ]
    if as_json:
        for link in found:
            print(json.dumps(share_json(link, now)))
    elif found:
        _print_table(found)
    else:
        print("no share links; create one with `mailpath share COMPANY`")
    return Exit.OK


@asynccontextmanager
async def _links(config: Config, by: str) -> AsyncIterator[ShareLinks]:
    who = operator_name(by)
    logs.set_up("error", config.log.format)
    async with Store.open(config.store.url) as store:
        yield ShareLinks(store, utc_now, who, COMMAND)


def _print_table(links: list[ShareLink]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("ID", "COMPANY", "STATE", "OPENED", "BY"):
        table.add_column(column, no_wrap=True)
    for link in links:
        opened = clock(link.opened_at) if link.opened_at else "never"
        table.add_row(*(escape(one_line(each, 120)) for each in (link.id, link.company, _state(link), opened, link.by)))
    out = console()
    out.width = 1000  # let the terminal wrap long lines instead of truncating them
    out.print(table)


def _state(link: ShareLink) -> str:
    match link.state(utc_now()):
        case ShareState.VALID:
            return f"expires {clock(link.expires_at)}"
        case ShareState.EXPIRED:
            return f"expired {clock(link.expires_at)}"
        case ShareState.REVOKED:
            return f"revoked {clock(link.revoked_at or link.expires_at)}"
