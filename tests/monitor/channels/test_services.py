"""Apprise's services: what they are told, what makes one incident one thing there, and what is never told of them."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from apprise.manager_plugins import NotificationManager
from apprise.plugins import jira, opsgenie, pagerduty
from pydantic import SecretStr, ValidationError

from monitor.channels import services
from monitor.channels.channel import MailWays
from monitor.channels.content import severity_of
from monitor.channels.services import (
    KEYS,
    MAIL,
    ServiceChannel,
    additions,
    harmless,
    reason,
    type_of,
)
from monitor.incidents.incident import Severity
from monitor.notices.notice import NoticeKind
from probes.outside import Outside
from tests.support.channel_samples import labels, notice
from tests.support.http_receiver import PATIENCE, Receiver, receiving

ROOT = Path(__file__).parents[3]
TOKEN = "c0rrecth0rse"
UUID = "12345678-1234-1234-1234-123456789012"


def service(url: str) -> ServiceChannel:
    return ServiceChannel(url=SecretStr(url))


def at(receiver: Receiver, kind: str = "json", more: str = "") -> ServiceChannel:
    """A service of Apprise that is at home at the receiver."""
    return service(f"{kind}://127.0.0.1:{receiver.port}/{TOKEN}{more}")


async def test_a_service_is_told_title_text_and_type(receiver: Receiver, around: Outside) -> None:
    assert not (await at(receiver).deliver(notice(), around)).fault
    [said] = receiver.heard
    assert (said.method, said.path) == ("POST", f"/{TOKEN}")
    assert {key: said.json[key] for key in ("title", "message", "type")} == {
        "title": "Acme Steel: mail is blocked",
        "message": 'Since 08:00 UTC.\nIt stops at mx.acme.example: "550 5.7.1 blocked".',
        "type": "failure",
    }


@pytest.mark.parametrize(
    ("severity", "news", "type_"),
    [
        ("page", NoticeKind.OPENED, "failure"),
        ("page", NoticeKind.REMINDER, "failure"),
        ("ticket", NoticeKind.WIDENED, "warning"),
        ("note", NoticeKind.CAUSE_CHANGED, "info"),
        ("page", NoticeKind.RESOLVED, "success"),
        ("note", NoticeKind.MERGED, "success"),
        ("unheard of", NoticeKind.OPENED, "failure"),
    ],
)
def test_the_type_tells_how_much_it_matters(severity: str, news: NoticeKind, type_: str) -> None:
    assert type_of(notice(news=news, labels=labels(severity=severity))) == type_


def test_what_says_no_severity_is_worth_a_page() -> None:
    assert severity_of(notice(labels={})) is Severity.PAGE


async def test_a_title_is_one_line_and_nobody_is_called(receiver: Receiver, around: Outside) -> None:
    told = notice(title="Acme\r\nBcc: all", text="550 @everyone <@123> @here mail it@acme.example")
    await at(receiver).deliver(told, around)
    assert receiver.heard[0].json["title"] == "Acme Bcc: all"
    assert receiver.heard[0].json["message"] == "550 @\u2060everyone <@\u2060123> @\u2060here mail it@acme.example"


@pytest.mark.parametrize("text", ["it@acme.example", "@alice", "a @ b", "<b>550</b>"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("answer", "fault"),
    [(401, "HTTP 401"), (500, "HTTP 500"), ("/elsewhere", "HTTP 302"), ("close", "no connection")],
)
async def test_why_it_was_not_taken(receiver: Receiver, around: Outside, answer: int | str, fault: str) -> None:
    receiver.answer = answer
    assert (await at(receiver).deliver(notice(), around)).fault == f"JSON did not take it: {fault}"
    assert len(receiver.heard) == 1, "neither followed nor tried again: that is our business"


async def test_what_the_url_says_of_retries_and_options_does_not_count(receiver: Receiver, around: Outside) -> None:
    receiver.answer = 500
    fault = (await at(receiver, more="?retry=3&wait=0.1&optional=yes").deliver(notice(), around)).fault
    assert fault == "JSON did not take it: HTTP 500"
    assert len(receiver.heard) == 1


async def test_nobody_there(around: Outside) -> None:
    async with receiving() as gone:
        channel = at(gone)
    assert (await channel.deliver(notice(), around)).fault == "JSON did not take it: no connection"


async def test_one_that_hangs_is_left_and_holds_up_no_other(
    receiver: Receiver, around: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "TIMEOUT", 0.5)
    receiver.answers = ["hang"] * 12
    channel = at(receiver)
    async with asyncio.timeout(PATIENCE):
        faults = await asyncio.gather(*(channel.deliver(notice(), around) for _ in range(12)))
        assert {each.fault for each in faults} == {"no answer within 0.5 seconds"}
        assert not (await channel.deliver(notice(), around)).fault, "twelve hang still"


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([], "it does not say why"),
        (["Failed to send Slack notification: Unauthorized, error=401."], "HTTP 401"),
        (["A Connection error occurred sending JSON to tok3n."], "no connection"),
        (["An invalid key (tok3n) was specified."], "it does not say why"),
        (["tok3n", "Failed: error=503"], "HTTP 503"),
    ],
)
def test_only_words_that_we_know_are_taken_from_its_log(messages: Iterable[str], why: str) -> None:
    assert reason(messages) == why


@pytest.mark.parametrize(
    "url", [f"pagerduty://{TOKEN}@{TOKEN}?region={TOKEN}", f"{TOKEN}://{TOKEN}", f"json://:{TOKEN}", f"json://{TOKEN}@"]
)
def test_no_error_tells_anything_of_the_url(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        service(url)
    assert TOKEN not in str(refused.value)
    assert TOKEN not in refused.value.json(include_input=False)


OUT_LOUD = """
import asyncio, sys
from pydantic import SecretStr, ValidationError
from probes.http import HttpSession
from monitor.channels.services import ServiceChannel
from monitor.logs import set_up
from tests.support.channel_samples import notice
from tests.support.outside_world import outside_world
from tests.support.pipeline_app import Clock

async def main():
    async with HttpSession() as http:
        for url in sys.argv[1:]:
            try:
                channel = ServiceChannel(url=SecretStr(url))
            except ValidationError:
                continue
            print(await channel.deliver(notice(), outside_world(now=Clock(), http=http)), repr(channel))

set_up("debug")
asyncio.run(main())
"""


async def test_nothing_of_the_url_gets_into_a_log(receiver: Receiver) -> None:
    receiver.answer = 500
    urls = (f"json://{TOKEN}:{TOKEN}@127.0.0.1:{receiver.port}/{TOKEN}", f"pagerduty://{TOKEN}@{TOKEN}?region={TOKEN}")
    command = (sys.executable, "-c", OUT_LOUD, *urls)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=STDOUT)
    said = (await process.communicate())[0].decode()
    assert "JSON did not take it: HTTP 500" in said
    assert TOKEN not in said


async def test_several_receivers_of_one_url_are_told_in_time(
    receiver: Receiver, around: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apprise would wait five seconds between two of them."""
    monkeypatch.setattr(services, "PAUSES", 0.1)
    channel = at(receiver, "ntfy", "/b/c/d/e/f?mode=private")
    async with asyncio.timeout(5):
        await channel.deliver(notice(), around)
    assert len(receiver.heard) == 6


def test_more_receivers_than_can_be_told_in_time_are_refused() -> None:
    topics = "/".join(f"t{number}" for number in range(11))
    with pytest.raises(ValidationError, match="must name at most 10 receivers, not 11; make several channels of it"):
        service(f"ntfy://localhost/{topics}?retry=3")


async def test_a_pagerduty_incident_is_opened_kept_and_resolved_by_one_key(
    receiver: Receiver, around: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"{receiver.url}/v2/enqueue")
    receiver.answer = 202
    channel = service(f"pagerduty://{TOKEN}@{TOKEN}")
    long = "x" * 5000
    for number, news in enumerate(
        (NoticeKind.OPENED, NoticeKind.WIDENED, NoticeKind.REMINDER, NoticeKind.RESOLVED), start=1
    ):
        assert not (await channel.deliver(notice(number=number, news=news, text=long), around)).fault
    said = [each.json for each in receiver.heard]
    assert [each["event_action"] for each in said] == ["trigger", "trigger", "trigger", "resolve"]
    assert {each["dedup_key"] for each in said} == {"i1"}
    opened = said[0]["payload"]
    assert opened["severity"] == "critical"
    assert opened["source"] == "Mailpath"
    assert opened["summary"].startswith("Acme Steel: mail is blocked")
    assert len(opened["summary"]) <= 1024, "PagerDuty takes no more"


async def test_two_incidents_have_two_keys_and_what_merges_is_closed(
    receiver: Receiver, around: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", receiver.url)
    receiver.answer = 202
    channel = service(f"pagerduty://{TOKEN}@{TOKEN}?dedup=mine&action=trigger&severity=info")
    await channel.deliver(notice("i1"), around)
    await channel.deliver(notice("i2"), around)
    await service(f"pagerduty://{TOKEN}@{TOKEN}").deliver(notice("i1", 2, NoticeKind.MERGED), around)
    said = [each.json for each in receiver.heard]
    assert [each["dedup_key"] for each in said] == ["i1", "i2", "i1"]
    assert said[0]["payload"]["severity"] == "info", "what the URL says of it counts"
    assert said[2]["event_action"] == "resolve"


@pytest.mark.parametrize(("schema", "table"), [("opsgenie", "OPSGENIE_API_LOOKUP"), ("jira", "JIRA_API_LOOKUP")])
async def test_an_alert_with_an_alias_is_closed_by_another_process_too(
    receiver: Receiver, around: Outside, monkeypatch: pytest.MonkeyPatch, schema: str, table: str
) -> None:
    module = opsgenie if schema == "opsgenie" else jira
    monkeypatch.setitem(getattr(module, table), "us", f"{receiver.url}/v2/alerts")
    receiver.answer, receiver.body = 202, json.dumps({"requestId": UUID}).encode()
    for number, news in enumerate((NoticeKind.OPENED, NoticeKind.WIDENED, NoticeKind.RESOLVED), start=1):
        channel = service(f"{schema}://{TOKEN}/%23ops/@alice@acme.example")
        told = notice(number=number, news=news, labels=labels(severity="note" if number == 1 else "page"))
        assert not (await channel.deliver(told, around)).fault
    *opened, closed = receiver.heard
    assert {(each.path, each.json["alias"]) for each in opened} == {("/v2/alerts", "i1")}
    assert [each.json["priority"] for each in opened] == ["P5", "P1"]
    assert len(opened[0].json["responders"]) == 2
    assert (closed.path, closed.query) == ("/v2/alerts/i1/close", {"identifierType": "alias"})
    assert closed.headers["Authorization"] == f"GenieKey {TOKEN}"
    assert closed.json["note"].startswith("Acme Steel: mail is blocked\n\n")


@pytest.mark.parametrize(("answer", "fault"), [(404, None), (202, None), (401, "HTTP 401"), (500, "HTTP 500")])
async def test_what_is_closed_already_need_not_be_closed(
    receiver: Receiver, around: Outside, monkeypatch: pytest.MonkeyPatch, answer: int, fault: str | None
) -> None:
    monkeypatch.setitem(opsgenie.OPSGENIE_API_LOOKUP, "eu", receiver.url)
    receiver.answer = answer
    channel = service(f"opsgenie://{TOKEN}?region=eu")
    assert (await channel.deliver(notice(news=NoticeKind.RESOLVED), around)).fault == (fault or "")


SAMPLES = {
    "pagerduty": f"pagerduty://{TOKEN}@{TOKEN}",
    "firehydrant": f"firehydrant://{UUID}/{TOKEN}",
    "goalert": f"goalert://localhost/{TOKEN}",
    "goalerts": f"goalerts://localhost/{TOKEN}",
    "ilert": f"ilert://{TOKEN}",
    "incidentio": f"incidentio://source/{TOKEN}",
    "opsimate": f"opsimate://{TOKEN}@localhost",
    "opsimates": f"opsimates://{TOKEN}@localhost",
    "squadcast": f"squadcast://{TOKEN}",
    "pagertree": "pagertree://int_0123456789",
    "signl4": f"signl4://{TOKEN}",
    "splunk": f"splunk://routing@{UUID}",
    "victorops": f"victorops://routing@{UUID}",
}


@pytest.mark.parametrize("schema", KEYS)
def test_a_service_that_knows_keys_gets_the_incident_as_its_key(schema: str) -> None:
    parsed = services.parsed_url(service(SAMPLES[schema]).url)
    assert parsed is not None
    loaded: Any = services.loaded({**parsed, **additions(parsed, notice("i7"))})
    assert getattr(loaded, KEYS[schema]) == "i7"
    assert loaded.action == "map", "with it a success closes what was opened"


def schemas(plugin: Any) -> set[str]:
    told = [plugin.protocol, plugin.secure_protocol]
    return {schema for each in told if each for schema in ((each,) if isinstance(each, str) else each)}


def test_no_service_that_knows_keys_is_forgotten() -> None:
    """Should Apprise learn more of them, they belong into the table."""
    plugins = [*NotificationManager().plugins()]
    with_key = {"dedup", "entity_id"}
    assert set(KEYS) == {name for each in plugins if with_key & set(each.template_args) for name in schemas(each)}
    with_alias = {name for each in plugins if {"alias", "action"} <= set(each.template_args) for name in schemas(each)}
    assert with_alias == services.ALIASES


def test_no_service_that_sends_mail_is_forgotten() -> None:
    """What takes copies sends mail. Others with addresses in their URLs are told apart by hand."""
    plugins = [*NotificationManager().plugins()]
    copies = {name for each in plugins if {"cc", "bcc"} & set(each.template_args) for name in schemas(each)}
    assert copies <= MAIL
    addressed = {
        name
        for each in plugins
        if {"email", "target_email", "to_email"} & {*each.template_args, *each.template_tokens}
        for name in schemas(each)
    }
    names_of_people = {"slack", "pbul", "twist", "threema", "voipms", "psafer", "psafers"}
    assert addressed - names_of_people <= MAIL


@pytest.mark.parametrize(
    ("url", "domains", "host"),
    [
        ("mailtos://user:pass@gmail.com?to=it@acme.example&cc=a@b.example&bcc=c@d.example",
         {"acme.example", "b.example", "d.example"}, "smtp.gmail.com"),
        ("mailtos://user:pass@own.example?smtp=mail.own.example&to=x@MX.acme.example",
         {"mx.acme.example"}, "mail.own.example"),
        ("mailto://ops@own.example", {"own.example"}, "own.example"),
        ("mailto://127.0.0.1?from=a@own.example&to=it@acme.example", {"acme.example"}, "127.0.0.1"),
        ("deltachat://user:pass@own.example/bob@acme.example", {"acme.example"}, "own.example"),
        (f"o365://me@own.example/{UUID}/{UUID}/secret/it@acme.example", {"acme.example"}, ""),
        (f"acs://me@own.example/{'QUFB' * 11}/abc.communication.azure.com/it@acme.example", {"acme.example"}, ""),
        (f"brevo://{'a' * 30}:me@own.example/it@acme.example", {"acme.example"}, ""),
        ("groundmail://apikey:me@own.example/it@acme.example", {"acme.example"}, ""),
        ("mailersend://apikey:me@own.example/it@acme.example", {"acme.example"}, ""),
        (f"mailgun://me@own.example/{'a' * 32}-{'b' * 8}-{'c' * 8}/it@acme.example", {"acme.example"}, ""),
        ("ntfy://topic?email=it@acme.example", {"acme.example"}, ""),
        ("onesignal://appid@apikey/it@acme.example", {"acme.example"}, ""),
        (f"pingram://type@pingram_sk_{'a' * 40}/it@acme.example", {"acme.example"}, ""),
        (f"postmark://{UUID}:me@own.example/it@acme.example", {"acme.example"}, ""),
        (f"resend://{'a' * 30}:me@own.example/it@acme.example", {"acme.example"}, ""),
        (f"sendgrid://{'a' * 30}:me@own.example/it@acme.example", {"acme.example"}, ""),
        ("sendpulse://me@own.example/clientid/secret/it@acme.example", {"acme.example"}, ""),
        ("ses://me@own.example/AKIAIOSFODNN7EXAMPLE/secret/us-east-1/it@acme.example", {"acme.example"}, ""),
        (f"smtp2go://me@own.example/{'a' * 32}/it@acme.example", {"acme.example"}, ""),
        (f"sparkpost://me@own.example/{'a' * 32}/it@acme.example", {"acme.example"}, ""),
        ("slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/it@acme.example", set(), ""),
        ("pbul://token/it@acme.example", set(), ""),
        ("json://user:pass@acme.example", set(), ""),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", set(), ""),
    ],
)  # fmt: skip
def test_how_mail_goes(url: str, domains: set[str], host: str) -> None:
    assert service(url).mail_ways() == MailWays(frozenset(domains), host)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("pagerduty://", "must be a URL of pagerduty that Apprise takes"),
        ("pagerduty://a@b?region=mars", "must be a URL of pagerduty that Apprise takes"),
        ("pagrduty://a@b", 'must be a URL of Apprise, like "slack://..."'),
        ("https://hooks.example/", 'must be a URL of Apprise, like "slack://..."'),
        ("just words", 'must be a URL of Apprise, like "slack://..."'),
        ("\x00", 'must be a URL of Apprise, like "slack://..."'),
    ],
)
def test_a_url_that_apprise_cannot_load(url: str, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        service(url)
    [error] = refused.value.errors(include_input=False)
    assert problem in error["msg"]


async def test_nothing_is_repeated(receiver: Receiver, around: Outside) -> None:
    assert await at(receiver).repeat([notice()], [], around) is None
    assert receiver.heard == []
