"""Pages for a company's IT show none of our insides: no raw value, no mark-up, no file or command of our machine."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from monitor.incidents.incident import Nature, Scope
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pages_app import PagesApp, accepted, arrival, incident, open_pages_app, opened, refused

VALUES: tuple[type[StrEnum], ...] = (Cause, Kind, Scope, Nature)
RAW = {str(value) for table in VALUES for value in table if "_" in value} | {Grade.IMPERSONATED, Grade.UNPROVEN}
INSIDES = re.compile(
    r"\bmailpath (?:serve|explain|probe|person|incidents|check-config|doctor|mute)\b|kill -HUP|config\.toml"
    r"|\bmaildir:|\bxclient\b|/tmp/|/var/lib/"
)
ACTS = ("/sign-out",)  # a visit does something


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def failing_in_every_way(pages_app: PagesApp) -> None:
    """Probes of every outcome and cause, and an incident of each scope."""
    found = [(Outcome.BLOCKED, cause) for cause in Cause] + [(outcome, None) for outcome in Outcome]
    for number, (outcome, cause) in enumerate(found):
        verdict = Verdict(outcome, cause, list(Grade)[number % len(Grade)], "554 5.7.1 Client host rejected")
        evidence = refused("Client host rejected") if cause else (accepted(), arrival("Received: from a by b"))
        kind = list(Kind)[number % len(Kind)]
        await pages_app.probe(*evidence, verdict=verdict, after=timedelta(minutes=number), kind=kind)
    scopes = [(f"i{number}", scope) for number, scope in enumerate(Scope)]
    incidents = [incident(name, scope=scope, mail_system="postfix") for name, scope in scopes]
    await pages_app.store.incidents.advance(1, incidents, [opened(name) for name, _ in scopes], [])


async def test_a_bound_viewer_sees_none_of_our_insides(pages_app: PagesApp) -> None:
    await failing_in_every_way(pages_app)
    viewer = await pages_app.viewer("acme")
    waiting, seen, wrong = ["/"], {"/"}, []
    while waiting:
        address = waiting.pop()
        answer = await viewer.get(address)
        if not answer.headers["Content-Type"].startswith("text/html") or answer.status != 200:
            continue
        wrong += [f"{address}: {each}" for each in insides(answer.text)]
        for link in links(address, answer.text):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    assert {"/companies/acme", "/incidents/i0"} <= seen
    assert len([address for address in seen if address.startswith("/probes/")]) >= len(Cause)
    assert wrong == [], "\n".join(wrong)


def insides(page: str) -> Iterator[str]:
    """Our insides in what a person reads of a page: not in what servers said, nor in what is to be copied."""
    page = re.sub(r"<(pre|script|style|blockquote)\b.*?</\1>", " ", page, flags=re.DOTALL)
    said = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<code\b.*?</code>", " ", page, flags=re.DOTALL)))
    yield from sorted(value for value in RAW if re.search(rf"\b{value}\b", said))
    if "`" in said:
        yield said[said.index("`") - 40 :][:80]
    yield from (said[max(each.start() - 40, 0) : each.end() + 20] for each in INSIDES.finditer(said))


def links(address: str, page: str) -> Iterator[str]:
    """The pages of ours that it leads to; of lists that differ in a filter only the whole one."""
    for found in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', page):
        there = urlsplit(urljoin(address, html.unescape(found)))
        if not there.netloc and not there.query and there.path not in ACTS and not there.path.startswith("/docs"):
            yield there.path
