"""`mailpath incidents`, on a real store and without a service."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.incidents.incident import (
    Failure,
    HistoryEntry,
    Incident,
    IncidentEvent,
    Nature,
    Resolution,
    Scope,
    Severity,
    StandingFinding,
    StandingRule,
)
from monitor.incidents.mute import Mute
from monitor.notices.notice import Notice, NoticeKind
from monitor.store import Store
from probes.display import timestamp
from probes.kinds import Kind
from probes.standing.profile import Change, ProfileItem
from probes.verdict import Cause, Grade, Outcome
from tests.support.channel_samples import mark_delivered
from tests.support.incident_samples import OF_STANDING

COMPANY = """
[companies.{name}]
name = "{title}"
mail_system = "{system}"
paths.hq = {{ to = "p@{name}.example", route = {{ via = "direct" }}, mailbox = {{ via = "maildir", path = "{name}" }} }}
"""
CONFIG = "".join(
    COMPANY.format(name=name, title=title, system=system)
    for name, title, system in (("acme", "Acme [bold]Steel", "postfix"), ("bolt", "Bolt & Söhne", "m365"))
)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
REPLY = "rejected at RCPT TO by mx.acme.example: 554 5.7.1 <mail[104.130.122.50]>: Client host rejected"


def failure(company: str = "acme", **other: Any) -> Failure:
    facts: dict[str, Any] = {"company": company, "path": "hq", "kind": Kind.TWO_STEP_CODE, "nature": Nature.MAIL}
    facts |= {"severity": Severity.PAGE, "since": NOW - HOUR, "bad": 4, "probe_id": "mp7", "at": NOW}
    facts |= {"outcome": Outcome.BLOCKED, "cause": Cause.IP_BLOCKED, "grade": Grade.REAL, "because": REPLY}
    return Failure(**(facts | other))


def incident(name: str = "i1", *companies: str, **other: Any) -> Incident:
    """One that began an hour ago, by itself that of a company."""
    touched = companies or ("acme",)
    facts: dict[str, Any] = {"id": name, "nature": Nature.MAIL, "subject": touched[0], "scope": Scope.COMPANY}
    facts |= {"severity": Severity.PAGE, "outcome": Outcome.BLOCKED, "cause": Cause.IP_BLOCKED}
    facts |= {"company": touched[0] if len(touched) == 1 else "", "mail_system": "", "companies": touched}
    facts |= {"touches": touched, "failures": tuple(failure(company) for company in touched)}
    facts |= {"began_at": NOW - HOUR, "opened_at": NOW - HOUR / 2, "changed_at": NOW - HOUR / 2}
    facts |= other
    return Incident(**({"failing": len(facts["failures"])} | facts))


def closed(name: str, *companies: str, ending: Resolution = Resolution.RECOVERED, **other: Any) -> Incident:
    over: dict[str, Any] = {"closed_at": NOW - HOUR / 4, "ending": ending, "touches": (), "failing": 0}
    return incident(name, *companies, **(over | other))


def notice(number: int, channel: str = "ops", news: NoticeKind = NoticeKind.OPENED) -> Notice:
    at = NOW - HOUR / 2 + number * timedelta(minutes=1)
    return Notice(f"n{channel}{number}", "i1", channel, number, news, at, "Acme: blocked", "text", {}, {})


def a_mute(name: str = "m1", company: str = "acme", **other: Any) -> Mute:
    mute = Mute(name, company, "", "", None, NOW - HOUR, NOW + 10 * HOUR, "", "ann", "a new gateway", NOW - HOUR)
    return replace(mute, **other)


class IncidentsCommand:
    """A configuration, its store, and the command as somebody types it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(CONFIG)
        self.url = f"sqlite:///{folder}/mailpath.db"

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["incidents", *words, "--config", str(self.file)])

    def facts(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.type(*words, "--json").stdout.splitlines()]

    def keep(
        self,
        *incidents: Incident,
        entries: Iterable[HistoryEntry] = (),
        notices: Iterable[Notice] = (),
        mutes: Iterable[Mute] = (),
        then: Callable[[Store], Awaitable[None]] | None = None,
    ) -> None:
        """As the service stores it."""

        async def fill() -> None:
            async with Store.open(self.url) as store:
                await store.incidents.advance(0, incidents, list(entries), list(notices))
                for mute in mutes:
                    await store.incidents.add_mute(mute)
                if then:
                    await then(store)

        asyncio.run(fill())


@pytest.fixture
def incidents_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IncidentsCommand:
    monkeypatch.setattr("monitor.cli.incidents.utc_now", lambda: NOW)
    return IncidentsCommand(tmp_path)


def test_a_store_that_no_service_ever_looked_at_tells_nothing(incidents_cli: IncidentsCommand) -> None:
    told = incidents_cli.type()
    assert told.exit_code == 2
    assert told.stderr.startswith("the incident rules have not run on this store yet")
    assert told.stdout == ""


def test_a_store_in_trouble_tells_nothing(incidents_cli: IncidentsCommand, tmp_path: Path) -> None:
    (tmp_path / "mailpath.db").write_bytes(b"this is no database, and it is long enough to be taken for one" * 20)
    (tmp_path / "mailpath.db").chmod(0o600)
    told = incidents_cli.type()
    assert (told.exit_code, told.stdout) == (2, "")
    assert "it is not an SQLite database" in told.stderr


NOTE = {"severity": Severity.NOTE}


@pytest.mark.parametrize(
    ("incidents", "mutes", "code"),
    [
        ([], [], 0),
        ([closed("i1")], [], 0),
        ([incident("i1")], [], 1),
        ([incident("i1", **NOTE)], [], 1),
        ([incident("i1", muted_by=("m1",))], [a_mute()], 0),
        ([incident("i1", muted_by=("m1",)), incident("i2", "bolt")], [a_mute()], 1),
        # the mark is older than the mute, where no service runs
        ([incident("i1")], [a_mute()], 0),
        ([incident("i1", muted_by=("m1",))], [], 1),
        ([incident("i1", muted_by=("m1",))], [a_mute(ended_at=NOW, ended_by="bob")], 1),
        ([incident("i1", muted_by=("m1",))], [a_mute(ends_at=NOW - HOUR / 2)], 1),
        ([incident("i1", "acme", "bolt", muted_by=("m1",))], [a_mute()], 1),
        ([incident("i1", "bolt")], [a_mute(company="", mail_system="m365")], 0),
        # of a storm not all that fails is kept: what is kept may be covered, and the rest not
        ([incident("i1", failing=500)], [a_mute()], 1),
        ([incident("i1", failing=500, muted_by=("m1",))], [a_mute()], 0),
    ],
)
def test_the_exit_code_tells_if_anything_calls_for_somebody(
    incidents_cli: IncidentsCommand, incidents: Any, mutes: Any, code: int
) -> None:
    incidents_cli.keep(*incidents, mutes=mutes)
    assert incidents_cli.type().exit_code == code
    assert incidents_cli.type("--json").exit_code == code
    assert incidents_cli.type("--all").exit_code == code


def test_the_mutes_of_the_configuration_count(incidents_cli: IncidentsCommand) -> None:
    plan = '[[maintenance]]\nname = "noon"\nweekly = "wed 11:00-13:00"\ncompanies = ["acme"]\nwhy = "x"\n'
    incidents_cli.file.write_text(f"{CONFIG}\n{plan}")
    incidents_cli.keep(incident("i1"))
    assert incidents_cli.type().exit_code == 0
    assert incidents_cli.facts()[0]["muted_by"] == ["maintenance:noon"]
    assert (
        "muted      until 2026-11-25 13:00 UTC by the configuration: x (maintenance:noon)"
        in incidents_cli.type("i1").stdout
    )


def test_nothing_is_open(incidents_cli: IncidentsCommand) -> None:
    incidents_cli.keep(closed("i1"))
    assert incidents_cli.type().stdout.splitlines()[0] == "no open incidents"
    assert incidents_cli.type("--company", "bolt").stdout.splitlines()[0] == "no open incidents at Bolt & Söhne"
    assert incidents_cli.facts() == []


def test_worst_first_a_line_each(incidents_cli: IncidentsCommand) -> None:
    many = [f"c{number}" for number in range(12)]
    incidents_cli.keep(
        incident("note", severity=Severity.NOTE, outcome=Outcome.DEFERRED, cause=Cause.GREYLISTED),
        incident("ticket", "bolt", severity=Severity.TICKET, outcome=Outcome.SPAM, cause=None),
        incident("newer", "bolt", began_at=NOW - HOUR / 2),
        incident("older", "acme", "bolt", began_at=NOW - 26 * HOUR, mail_system="m365"),
        incident("wide", *many, scope=Scope.EVERYBODY),
        incident("box", scope=Scope.MAILBOX),
        mutes=[a_mute(company="bolt")],
    )
    told = incidents_cli.type()
    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    day, half = (f"{NOW - ago:%Y-%m-%d %H:%M} UTC" for ago in (26 * HOUR, HOUR / 2))
    hour = f"{NOW - HOUR:%Y-%m-%d %H:%M} UTC"
    assert lines[0] == "SEVERITY SCOPE AFFECTED FAILURE SINCE DURATION INCIDENT"
    assert lines[1:-1] == [
        f"✕ page many companies 12 companies Blocked: IP address {hour} 1 h wide",
        f"✕ page one company Acme [bold]Steel, Bolt & Söhne Blocked: IP address {day} 1 d 2 h older",
        f"✕ page one company Bolt & Söhne Blocked: IP address {half} 30 min muted newer",
        f"✕ page one mailbox Acme [bold]Steel (hq) Blocked: IP address {hour} 1 h box",
        f"▲ ticket one company Bolt & Söhne Spam folder {hour} 1 h muted ticket",
        f"◔ note one company Acme [bold]Steel Deferred: greylisting {hour} 1 h note",
    ]
    assert lines[-1] == "newest evaluated verdict: unknown"
    assert "\x1b" not in told.stdout


def test_what_is_over_comes_last_and_tells_how_it_ended(incidents_cli: IncidentsCommand) -> None:
    incidents_cli.keep(
        incident("open", severity=Severity.NOTE),
        closed("well", "bolt"),
        closed("taken", "bolt", ending=Resolution.MERGED, merged_into="open"),
    )
    assert "well" not in incidents_cli.type().stdout
    lines = [line.split() for line in incidents_cli.type("--all").stdout.splitlines()]
    assert [line[-1] for line in lines[1:2]] == ["open"]
    assert sorted(line[-3:] for line in lines[2:-1]) == [["into", "open", "taken"], ["min", "recovered", "well"]]


def test_only_what_touches_a_company(incidents_cli: IncidentsCommand) -> None:
    incidents_cli.keep(
        incident("both", "acme", "bolt"),
        incident("left", "acme", companies=("acme", "bolt"), company=""),  # bolt has recovered
        closed("past", "acme", "bolt"),
        incident("gone", "zeta"),  # no longer in the configuration
    )
    names = {
        words: sorted(facts["incident"] for facts in incidents_cli.facts(*words))
        for words in (("--company", "bolt"), ("--company", "bolt", "--all"), ("--company", "zeta"))
    }
    assert names == {
        ("--company", "bolt"): ["both"],
        ("--company", "bolt", "--all"): ["both", "past"],
        ("--company", "zeta"): ["gone"],
    }
    told = incidents_cli.type("--company", "bold")
    assert (told.exit_code, told.stderr) == (2, "no company 'bold'; did you mean bolt?\n")


def test_one_that_recovers_says_how_many_are_left(incidents_cli: IncidentsCommand) -> None:
    wide = {"scope": Scope.EVERYBODY, "subject": "*", "company": "", "companies": ("acme", "bolt", "cord")}
    incidents_cli.keep(incident("i1", "acme", **wide, recovering_since=NOW - HOUR / 4))
    assert "recovering, 1 of 3 companies still affected" in " ".join(incidents_cli.type().stdout.split())
    assert "recovering, 1 of 3 companies still affected" in " ".join(incidents_cli.type("i1").stdout.split())
    (facts,) = incidents_cli.facts()
    assert facts["recovering_since"] == timestamp(NOW - HOUR / 4)


def test_the_senders_standing_is_said_in_plain_words(incidents_cli: IncidentsCommand) -> None:
    change = Change(ProfileItem.MX, "s.example", ("mx1.s.example",), ("mx2.s.example",), NOW)
    note = StandingFinding(StandingRule.CHANGED, Severity.NOTE, Scope.EVERYBODY, None, NOW, "s.example", change=change)
    changed = OF_STANDING | {"subject": "!changes", "severity": Severity.NOTE, "cause": None, "standing": (note,)}
    incidents_cli.keep(incident("i1", **OF_STANDING), incident("i2", **changed))
    listed = " ".join(incidents_cli.type().stdout.split())
    assert "✕ page everybody the sender's standing Standing: SPF 2026" in listed
    assert "▲ note everybody the sender's standing Standing: mail hosts (MX) 2026" in listed
    shown = " ".join(incidents_cli.type("i1").stdout.split())
    for words in (
        "concerns everybody: all who receive the sender's mail",
        "before the source IP passes by mx; the record needs 1 of 10 lookups; published: v=spf1 mx -all",
        "now the source IP does not pass: fail, by <b>-all</b>; published: v=spf1 -all",
        "what to do (Trimble and its mail service) Add 104.130.122.50, or the include",
        "How to verify: `mailpath standing --check spf --confirm` reads it now and ten minutes later",
    ):
        assert words in shown
    for text in (listed, shown):
        assert not [wrong for wrong in ("no cause", "many companies", "unknown:", "at the receiver") if wrong in text]
    (finding,) = incidents_cli.facts("i1")[0]["findings"]
    assert (finding["headline"], finding["before"][:24]) == (
        *("SPF no longer passes for 104.130.122.50", "the source IP passes by "),
    )


def test_refused_real_mail_is_said_without_a_word_of_standing(incidents_cli: IncidentsCommand) -> None:
    facts = (StandingRule.REAL_MAIL_REFUSED, Severity.TICKET, Scope.COMPANY, Cause.IP_BLOCKED, NOW)
    found = tuple(StandingFinding(*facts, "Acme", company="acme", reply=f"550 no {each}") for each in ("one", "two"))
    real: dict[str, Any] = {"nature": Nature.STANDING, "subject": "!real_mail:acme", "scope": Scope.COMPANY}
    incidents_cli.keep(incident("i1", **real, cause=Cause.IP_BLOCKED, failures=(), standing=found))
    shown = " ".join(incidents_cli.type("i1").stdout.split())
    assert (
        shown.count("real mail two real messages in a row, to different people at Acme, were refused: 550 no one") == 1
    )
    assert "what to do (the company's IT team)" in shown
    assert "tanding" not in shown


def test_one_that_is_over_is_listed_with_its_highest_severity(incidents_cli: IncidentsCommand) -> None:
    severities: dict[str, Any] = {"severity": Severity.TICKET, "highest_severity": Severity.PAGE}
    incidents_cli.keep(closed("i1", **severities), incident("i2", "bolt", **severities))
    assert [each["severity"] for each in incidents_cli.facts("--all")] == ["ticket", "page"]
    assert "page, one company" in incidents_cli.type("i1").stdout
    assert "ticket, one company" in incidents_cli.type("i2").stdout


FIELDS = [
    *("incident", "open", "severity", "scope", "nature", "outcome", "cause", "company", "mail_system", "touches"),
    *("companies", "failing", "muted", "muted_by", "began_at", "opened_at", "changed_at"),
    *("recovering_since", "closed_at", "seconds", "ending", "merged_into", "relapses"),
    *("acknowledged", "acknowledged_by", "acknowledged_at", "owner", "tickets"),
]
OF_ONE = ("findings", "failures", "history", "notices", "comments")


def test_for_machines(incidents_cli: IncidentsCommand) -> None:
    incidents_cli.keep(incident("i1"), closed("i2", "acme", "bolt", cause=None), mutes=[a_mute()])
    first, second = incidents_cli.facts("--all")
    assert list(first) == FIELDS == list(second)
    assert first == {
        "incident": "i1",
        "open": True,
        "severity": "page",
        "scope": "company",
        "nature": "mail",
        "outcome": "blocked",
        "cause": "ip_blocked",
        "company": "acme",
        "mail_system": None,
        "touches": ["acme"],
        "companies": ["acme"],
        "failing": 1,
        "muted": True,
        "muted_by": ["m1"],
        "began_at": timestamp(NOW - HOUR),
        "opened_at": timestamp(NOW - HOUR / 2),
        "changed_at": timestamp(NOW - HOUR / 2),
        "recovering_since": None,
        "closed_at": None,
        "seconds": 3600,
        "ending": None,
        "merged_into": None,
        "relapses": 0,
        "acknowledged": False,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "owner": None,
        "tickets": [],
    }
    assert (second["open"], second["cause"], second["company"]) == (False, None, None)
    assert (second["ending"], second["closed_at"]) == ("recovered", timestamp(NOW - HOUR / 4))
    assert second["seconds"] == 45 * 60


def test_one_as_a_whole(incidents_cli: IncidentsCommand) -> None:
    async def deliver(store: Store) -> None:
        await mark_delivered(store, "nops1", NOW, "n")
        await store.incidents.put_off("nops2", NOW, NOW + HOUR, "503 from [the] pager")

    incidents_cli.keep(
        incident(
            "3f9a12bc4d5e",
            "acme",
            "bolt",
            companies=("acme", "bolt", "cord"),
            scope=Scope.MAIL_SYSTEM,
            failing=7,
            relapses=2,
            muted_by=("m1", "m2"),
        ),
        entries=[HistoryEntry("3f9a12bc4d5e", NOW, IncidentEvent.CAUSE_CHANGED, "from tls to ip blocked: [554]")],
        notices=[
            replace(notice(number, channel, news), incident="3f9a12bc4d5e")
            for number, channel, news in (
                (1, "ops", NoticeKind.OPENED),
                (2, "ops", NoticeKind.CAUSE_CHANGED),
                (3, "ops", NoticeKind.REMINDER),
                (1, "chat", NoticeKind.OPENED),
            )
        ],
        mutes=[a_mute(), a_mute("m2", "bolt")],
        then=deliver,
    )
    told = incidents_cli.type("3f9a")
    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    assert told.exit_code == 0  # muted
    at, began, opened = f"{NOW:%Y-%m-%d %H:%M:%S}", NOW - HOUR, NOW - HOUR / 2
    bad = f"since {began:%Y-%m-%d %H:%M:%S}, 4 failures mailpath explain mp7"
    later = f"{NOW + HOUR:%Y-%m-%d %H:%M:%S}"
    minutes = [f"{opened + number * timedelta(minutes=1):%Y-%m-%d %H:%M:%S}" for number in range(4)]
    assert lines == [
        "✕ Blocked: IP address Acme [bold]Steel, Bolt & Söhne page, one mail system",
        "incident 3f9a12bc4d5e",
        f"since {began:%Y-%m-%d %H:%M} UTC, detected {opened:%Y-%m-%d %H:%M} UTC",
        "duration 1 h",
        "recurred 2 times",
        "companies acme, bolt; 1 more recovered",
        f"muted until {NOW + 10 * HOUR:%Y-%m-%d %H:%M} UTC by ann: a new gateway (m1)",
        f"muted until {NOW + 10 * HOUR:%Y-%m-%d %H:%M} UTC by ann: a new gateway (m2)",
        "has it nobody",
        "failing now",
        f"acme/hq 2-step sign-in code ✕ Blocked: IP address (proven) {bad}",
        REPLY,
        f"bolt/hq 2-step sign-in code ✕ Blocked: IP address (proven) {bad}",
        REPLY,
        "and 5 more paths and kinds",
        "history (UTC)",
        f"{at} cause changed from tls to ip blocked: [554]",
        "notices",
        f"{minutes[1]} chat opened queued",
        f"{minutes[1]} ops opened delivered {at}",
        f"{minutes[2]} ops cause changed retrying after 1 attempt, next {later}: 503 from [the] pager",
        f"{minutes[3]} ops reminder queued behind an earlier notice",
    ]
    assert "\x1b" not in told.stdout


def test_one_that_is_over(incidents_cli: IncidentsCommand) -> None:
    incidents_cli.keep(closed("i1", "acme", "bolt", ending=Resolution.MERGED, merged_into="i9"), incident("i2"))
    told = incidents_cli.type("i1")
    assert told.exit_code == 0
    assert f"{NOW - HOUR / 4:%Y-%m-%d %H:%M} UTC, after 45 min: merged into i9\n" in told.stdout
    assert "companies  acme, bolt\n" in told.stdout
    assert "last failures" in told.stdout
    assert "notices none" in told.stdout


def test_one_for_machines(incidents_cli: IncidentsCommand) -> None:
    async def put_off(store: Store) -> None:
        await store.incidents.put_off("nops1", NOW, NOW + HOUR, "503")

    incidents_cli.keep(
        incident(),
        entries=[HistoryEntry("i1", NOW, IncidentEvent.OPENED, "company acme: blocked")],
        notices=[notice(1)],
        then=put_off,
    )
    told = incidents_cli.type("i1", "--json")
    assert told.exit_code == 1
    [facts] = [json.loads(line) for line in told.stdout.splitlines()]
    assert list(facts) == [*FIELDS, *OF_ONE]
    expected = asdict(failure()) | {"since": timestamp(NOW - HOUR), "at": timestamp(NOW)}
    expected["probe"] = expected.pop("probe_id")
    del expected["answer"], expected["spam"]  # what they say is in the sentence
    del expected["of_last"], expected["over_since"]  # notices tell them
    assert facts["failures"] == [expected]
    assert facts["history"] == [{"at": timestamp(NOW), "turn": "opened", "said": "company acme: blocked"}]
    assert facts["notices"] == [
        {
            "notice": "nops1",
            "channel": "ops",
            "number": 1,
            "news": "opened",
            "at": timestamp(notice(1).at),
            "title": "Acme: blocked",
            "state": "retrying",
            "tries": 1,
            "next_try_at": timestamp(NOW + HOUR),
            "delivered_at": None,
            "fault": "503",
            "sent_as": None,
        }
    ]


def test_the_guide_names_every_field() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "incidents.md").read_text()
    section = guide.partition("`incidents --json` prints")[2].partition("\n\n")[0]
    of_notice = (
        "notice",
        "channel",
        "number",
        "news",
        "title",
        "tries",
        "next_try_at",
        "delivered_at",
        "fault",
        "sent_as",
    )
    of_failure = ("path", "kind", "since", "bad", "probe", "at", "grade", "because")
    for field in (*FIELDS, *OF_ONE, *of_failure, "turn", "said", *of_notice):
        assert f"`{field}`" in section, field


def test_which_one_is_meant(incidents_cli: IncidentsCommand) -> None:
    incidents_cli.keep(incident("abc"), incident("abcd"), incident("abd"))
    for asked, said in (("zz", "no incident 'zz'"), ("ab", "several incidents begin with 'ab': abc, abcd, abd")):
        told = incidents_cli.type(asked)
        assert (told.exit_code, told.stderr) == (2, f"{said}\n")
    assert "abc\n" in incidents_cli.type("abc").stdout  # that is its whole id


HOSTILE = "554 \x1b]0;owned\x07\x1b[31m\r\nnotices none\u202etxt.exe\u200b\ud800 [/] [red] " + "x" * 1_000_000


def test_what_others_wrote_does_nothing_to_a_terminal(incidents_cli: IncidentsCommand) -> None:
    async def put_off(store: Store) -> None:
        await store.incidents.put_off("nops1", NOW, NOW + HOUR, HOSTILE)

    incidents_cli.keep(
        incident(failures=(failure(because=HOSTILE),)),
        entries=[HistoryEntry("i1", NOW, IncidentEvent.OPENED, HOSTILE)],
        notices=[notice(1)],
        then=put_off,
    )
    for words in ((), ("i1",), ("i1", "--json"), ("--json",)):
        told = incidents_cli.type(*words).stdout
        assert told.count("\n") < 20
        assert all(line.isprintable() for line in told.splitlines())
    assert len(incidents_cli.type("i1").stdout) < 5000
    assert incidents_cli.type("i1").stdout.count("[/] [red] xxx") == 3  # verdict, history, fault
    assert incidents_cli.type("i1", "--json").stdout.isascii()


def test_the_newest_verdict_that_was_looked_at_is_told(incidents_cli: IncidentsCommand) -> None:
    """What is told may be old, if the service stands still."""
    from probes.evidence import Attempt
    from probes.probe import Probe
    from probes.sender import Role
    from probes.verdict import Verdict

    then = NOW - 3 * HOUR
    probe = Probe(
        id="p1",
        company="acme",
        path="hq",
        kind=Kind.VERIFICATION,
        role=Role.SENDER,
        via="direct",
        recipient="p@acme.example",
        source_ip="192.0.2.1",
        created_at=then,
        code_dead_at=then,
        give_up_at=then,
        retry=(HOUR,),
    )

    async def judge(store: Store) -> None:
        await store.probes.launch(probe, "", Attempt(then, 1))
        verdict = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived")
        await store.probes.learn("p1", [], verdict, then, closed=True, delivery=None)
        await store.incidents.advance(await store.probes.last_signal(), (), (), ())

    incidents_cli.keep(then=judge)
    last = incidents_cli.type().stdout.splitlines()[-1]
    assert last == f"newest evaluated verdict: {then:%Y-%m-%d %H:%M} UTC, 3 h ago"


def test_as_a_process_whose_reader_goes_away(incidents_cli: IncidentsCommand) -> None:
    incidents_cli.keep(*(incident(f"i{number}") for number in range(2000)))
    command = f"{sys.executable} -m monitor incidents -c {incidents_cli.file} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert "SEVERITY" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 1
