"""The status page of a company: for whoever has its link, of that company alone, and only as long as the link lasts."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from structlog.testing import capture_logs

from monitor.incidents.incident import Resolution
from monitor.people.secrets import digest_of
from monitor.people.share_links import SECRET_CHARS, ShareSigner
from monitor.web import share_limits
from probes.verdict import Verdict
from tests.support.auth_app import Answer, Browser
from tests.support.pages_app import BLOCKED, COMPANIES, INBOX, START, PagesApp, incident, open_pages_app, opened, post
from tests.support.rules_of_backend import engine_of

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "<script>alert(1)</script>]]>&<b>\u202e\x00"
INSIDES = ("xclient", "127.0.0.1", "maildir", "probe@", "2501", "mx.acme", "/probes/", "/companies/", "op ", "root")
OTHERS = ("bolt", "Bolt Builders")


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    companies = COMPANIES | {"evil": COMPANIES["bolt"] | {"name": "Evil <b>&amp; ]]> Sons"}}
    async with open_pages_app(tmp_path, companies=companies) as pages_app:
        await put_incidents(pages_app)
        yield pages_app


async def put_incidents(pages_app: PagesApp) -> None:
    now = pages_app.clock()
    times: dict[str, Any] = {"began_at": now - timedelta(minutes=40), "opened_at": now - timedelta(minutes=39)}
    over = times | {"closed_at": now - timedelta(minutes=5), "ending": Resolution.RECOVERED, "touches": ()}
    found = [
        incident("a1", "acme", **times),
        incident("b1", "bolt", **times),
        incident("w1", "acme", "bolt", **times),
        incident("c1", "acme", **over),
        incident("e1", "evil", **times),
    ]
    await pages_app.store.incidents.advance(1, found, [opened(each.id) for each in found], [])
    await engine_of(pages_app.backend).recall(())


async def share(browser: Browser, company: str = "acme", days: str = "7", **more: str) -> str:
    """Create a link; the path of its page."""
    answer = await post(browser, f"/companies/{company}/share", days=days, **more)
    assert answer.status == 200, answer.text
    found = re.search(r'id="once">http://[^/]+(/status/[\w-]+)</pre>', answer.text)
    assert found, answer.text
    return found[1]


async def results(pages_app: PagesApp, company: str, *verdicts: Verdict) -> None:
    for number, verdict in enumerate(verdicts):
        after = pages_app.clock() - timedelta(hours=1, minutes=number)
        probe_id = await pages_app.probe(verdict=verdict, company=company, after=after - START)
        assert probe_id
    signals = await pages_app.store.probes.signals(0)
    pages_app.backend.board.take(signals)


def heading(answer: Answer) -> str:
    found = re.search("<h1>(.*?)</h1>", answer.text)
    assert found, answer.text
    return found[1]


async def test_whoever_has_the_link_reads_of_this_company_and_nothing_else(pages_app: PagesApp) -> None:
    await results(pages_app, "acme", BLOCKED, INBOX, INBOX)
    await results(pages_app, "bolt", BLOCKED)
    page = await share(await pages_app.operator())
    answer = await pages_app.browser().get(page)
    assert (answer.status, heading(answer)) == (200, "Acme Steel: sign-in mail from Trimble")
    assert "People at Acme Steel cannot receive" in answer.text
    assert "2 of 3" in answer.text
    assert "Not all in time on 1 of 1 tested day" in answer.text
    assert answer.text.count('class="card status-incident"') == 3
    for word in (*INSIDES, *OTHERS, "<script", "<form", "<nav"):
        assert word not in answer.text, word
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert 'name="robots" content="noindex, nofollow"' in answer.text


async def test_the_secret_is_shown_once_and_only_its_digest_is_stored(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    page = await share(operator, days="30")
    secret = page.removeprefix("/status/")
    assert len(secret) == SECRET_CHARS
    [link] = await pages_app.store.share_links.every()
    assert link.digest == digest_of(secret)
    assert link.expires_at - link.created_at == timedelta(days=30)
    for address in ("/companies/acme/share", "/settings/shares"):
        shown = (await operator.get(address)).text
        assert link.id in shown
        assert secret not in shown
    [(_, entry)] = await pages_app.store.people.audit_log(None, 1)
    assert (entry.what, entry.who, entry.company) == ("share link created", "op", "acme")
    assert secret not in entry.about


async def test_a_link_that_ended_says_so_and_names_no_company(pages_app: PagesApp) -> None:
    operator, stranger = await pages_app.operator(), pages_app.browser()
    page = await share(operator)
    kept = (await stranger.get(page)).headers["ETag"]
    assert (await stranger.get(page, If_None_Match=kept)).status == 304
    [link] = await pages_app.store.share_links.every()
    assert (await post(operator, "/settings/shares/revoke", "/settings/shares", share=link.id)).status == 303
    for part in ("", "/feed", "/badge.svg"):
        answer = await stranger.get(page + part, If_None_Match=kept)
        assert answer.status == 410, part
        assert not any(word in answer.text for word in ("acme", "Acme", link.id))
    assert heading(await stranger.get(page)) == "This link was revoked"
    [(_, entry), *_] = await pages_app.store.people.audit_log(None, 1)
    assert (entry.what, entry.about) == ("share link revoked", f"share {link.id}")
    assert (await post(operator, "/settings/shares/revoke", "/settings/shares", share=link.id)).status == 422


async def test_a_link_expires_by_our_clock(pages_app: PagesApp) -> None:
    page, stranger = await share(await pages_app.operator()), pages_app.browser()
    pages_app.clock.pass_(days=6, hours=23)
    assert (await stranger.get(page)).status == 200
    pages_app.clock.pass_(hours=2)
    answer = await stranger.get(page)
    assert (answer.status, heading(answer)) == (410, "This link has expired")
    assert "Acme" not in answer.text
    await pages_app.store.prune(pages_app.clock(), pages_app.clock() + timedelta(days=100))
    answer = await stranger.get(page)
    assert (answer.status, heading(answer)) == (410, "This link no longer works")


async def test_what_is_no_link_of_ours_opens_nothing(pages_app: PagesApp) -> None:
    page, stranger = await share(await pages_app.operator()), pages_app.browser()
    other = ShareSigner(b"x" * 32).new_secret()
    never_stored = ShareSigner(await pages_app.store.key()).new_secret()
    secret = page.removeprefix("/status/")
    for wrong in (other, secret[:-1], secret + "A", secret[::-1], secret.swapcase(), "acme", "%00", "%f0%9f%92%a9"):
        answer = await stranger.get(f"/status/{wrong}")
        assert (answer.status, heading(answer)) == (404, "This link is not valid"), wrong
    assert (await stranger.get(f"/status/{never_stored}")).status == 410
    for path in ("/status/", "/status", f"{page}/", f"{page}/../../settings", f"{page}/..%2f..%2fsettings"):
        assert (await stranger.get(path)).status in (303, 404), path
    assert (await stranger.get("/status/..%2f..%2fcompanies%2facme")).status == 404
    assert (await stranger.ask("POST", page)).status in (403, 405)


async def test_guesses_are_limited_and_links_are_not_limited_by_them(
    pages_app: PagesApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share_limits, "GUESSES_PER_CLIENT", 3)
    object.__setattr__(pages_app.backend, "share_limits", share_limits.ShareLimits())
    page, stranger = await share(await pages_app.operator()), pages_app.browser()
    for _ in range(6):
        assert (await stranger.get(page)).status == 200
    answers = [await stranger.get("/status/" + "A" * SECRET_CHARS) for _ in range(5)]
    assert [answer.status for answer in answers] == [404, 404, 404, 429, 429]
    assert answers[-1].headers["Retry-After"] == "60"
    assert (await stranger.get(page)).status == 429, "a right guess among them is none the wiser"


async def test_the_secret_reaches_no_log(pages_app: PagesApp, monkeypatch: pytest.MonkeyPatch) -> None:
    page = await share(await pages_app.operator())

    async def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(pages_app.store.share_links, "by_digest", broken)
    with capture_logs() as lines:
        answer = await pages_app.browser().get(page)
    assert answer.status == 500
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert [line["path"] for line in lines if "path" in line] == ["/status/..."]
    assert page.removeprefix("/status/") not in str(lines)


async def test_comments_are_private_until_somebody_makes_them_public(pages_app: PagesApp) -> None:
    operator, stranger = await pages_app.operator(), pages_app.browser()
    page = await share(operator)
    at = "/incidents/a1"
    await post(operator, f"{at}/work", at, do="comment", text="the gateway team is on it")
    assert "gateway team" not in (await stranger.get(page)).text
    said = "We see the problem.\nNext update at 18:00."
    await post(operator, f"{at}/work", at, do="comment", text=said, public="yes")
    shown = (await stranger.get(page)).text
    assert said in shown
    assert "gateway team" not in shown
    shown = (await operator.get(at)).text
    which = re.findall(r'name="comment" value="([^"]+)"><button class="link no-print" name="do" value="(\w+)"', shown)
    assert [do for _, do in which] == ["withdraw", "publish"]
    await post(operator, f"{at}/work", at, do="withdraw", comment=unescape(which[0][0]))
    assert "Next update" not in (await stranger.get(page)).text
    await post(operator, f"{at}/work", at, do="publish", comment=unescape(which[1][0]))
    assert "gateway team" in (await stranger.get(page)).text
    audit = [entry.what for _, entry in await pages_app.store.people.audit_log(None, 3)]
    assert audit[:2] == ["comment published", "comment withdrawn"]


async def test_no_company_reads_another_s_name_in_an_update(pages_app: PagesApp) -> None:
    operator, stranger = await pages_app.operator(), pages_app.browser()
    page = await share(operator)
    refused = await post(
        operator, "/incidents/w1/work", "/incidents/w1", do="comment", text="At Bolt Builders it is over", public="yes"
    )
    assert refused.status == 422
    assert "names Bolt Builders" in refused.text
    await post(operator, "/incidents/w1/work", "/incidents/w1", do="comment", text="It is over soon", public="yes")
    assert "It is over soon" in (await stranger.get(page)).text
    await post(operator, "/incidents/b1/work", "/incidents/b1", do="comment", text="BOLT’s own fault", public="yes")
    [stored] = await pages_app.store.incidents.find("b1")
    wider = replace(stored, companies=("bolt", "acme"), touches=("bolt", "acme"))  # it widened since
    await pages_app.store.incidents.advance(2, [wider], [], [])
    await engine_of(pages_app.backend).recall(())
    assert "own fault" not in (await stranger.get(page)).text
    assert "own fault" in (await stranger.get(await share(operator, "bolt"))).text


async def test_the_feed_is_text_whatever_others_wrote(pages_app: PagesApp) -> None:
    operator, stranger = await pages_app.operator(), pages_app.browser()
    page = await share(operator, "evil")
    await post(operator, "/incidents/e1/work", "/incidents/e1", do="comment", text=f"Hello {HOSTILE}", public="yes")
    answer = await stranger.get(f"{page}/feed")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    feed = fromstring(answer.text)
    assert feed.findtext(f"{ATOM}title") == "Trimble sign-in mail at Evil <b>&amp; ]]> Sons"
    entries = feed.findall(f"{ATOM}entry")
    assert entries[0].findtext(f"{ATOM}title", "").startswith("Update. ")
    content = entries[0].find(f"{ATOM}content")
    assert content is not None
    assert (content.get("type"), content.text) == (
        "text",
        "Hello <script>alert(1)</script>]]>&<b>[U+202E]\ufffd",
    )
    ids = [element.text for element in feed.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids) == 3
    assert {element.get("rel") for element in feed.findall(f"{ATOM}link")} == {"self", "alternate"}
    assert (await stranger.get(f"{page}/feed", If_None_Match=answer.headers["ETag"])).status == 304


async def test_a_badge_says_in_words_how_it_is(pages_app: PagesApp) -> None:
    await results(pages_app, "acme", BLOCKED)
    operator, stranger = await pages_app.operator(), pages_app.browser()
    page = await share(operator)
    answer = await stranger.get(f"{page}/badge.svg")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert fromstring(answer.text).get("aria-label") == "Trimble sign-in mail: blocked"
    assert "style" not in answer.text
    assert (await operator.get("/badge/acme.svg")).text == answer.text
    assert (await stranger.get("/badge/acme.svg")).status == 303
    bound = await pages_app.viewer("acme")
    assert (await bound.get("/badge/bolt.svg")).status == (await bound.get("/badge/nosuch.svg")).status == 404


async def test_links_of_a_company_are_its_operators_alone(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    assert (await operator.get("/companies/bolt/share")).status == 404
    [secret] = re.findall(r'name="form" value="([^"]+)"', (await operator.get("/companies/acme/share")).text)[:1]
    answer = await operator.ask("POST", "/companies/bolt/share", data={"form": secret, "days": "7"})
    assert answer.status == 404
    await share(await pages_app.admin(), "bolt")
    [link] = await pages_app.store.share_links.every()
    assert link.id not in (await operator.get("/settings/shares")).text
    assert (await post(operator, "/settings/shares/revoke", "/companies/acme/share", share=link.id)).status == 422
    assert (await post(operator, "/companies/acme/share", days="3650")).status == 422
    assert [each.revoked_at for each in await pages_app.store.share_links.every()] == [None]


async def test_the_text_to_the_company_has_the_link(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    assert (
        '<a class="button plain" href="/companies/acme/share?incident=a1">'
        in (await operator.get("/incidents/a1")).text
    )
    answer = await post(operator, "/companies/acme/share", "/companies/acme/share?incident=a1", days="7", incident="a1")
    url = re.search(r'id="once">([^<]+)<', answer.text)
    assert url
    assert answer.text.count(url[1]) == 3, "once by itself, as a link, and in the text"
    assert "without sign-in, until" in answer.text
    other = await post(operator, "/companies/acme/share", "/companies/acme/share?incident=b1", days="7", incident="b1")
    assert "Bolt" not in other.text
