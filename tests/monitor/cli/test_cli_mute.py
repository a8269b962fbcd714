"""`mailpath mute`, on a real store."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.incidents.mute import Mute, active
from monitor.store import Store
from probes.display import timestamp
from probes.verdict import Cause

CONFIG = """
[companies.acme]
mail_system = "postfix"
paths.hq = { to = "a@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "a" } }
paths.branch = { to = "b@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "b" } }
[companies.bolt]
mail_system = "m365"
paths.hq = { to = "c@bolt.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "c" } }
"""
MAINTENANCE = """
[[maintenance]]
name = "patches"
weekly = "sun 02:00-04:00 Europe/Berlin"
companies = ["acme"]
causes = ["firewall"]
why = "the gateway is patched"
"""
HOUR = timedelta(hours=1)


class MuteCommand:
    """A configuration, its store, and the commands as somebody types them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(CONFIG)
        self.url = f"sqlite:///{folder}/mailpath.db"

    def type(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["mute", *words, "--config", str(self.file)])

    def add(self, *words: str) -> Mute:
        """Add a mute; what the store holds of it."""
        facts = self.facts("add", *words, "--why", "a new gateway")
        [mute] = [mute for mute in self.kept() if mute.id == facts[0]["mute"]]
        return mute

    def facts(self, *words: str) -> list[dict[str, Any]]:
        done = self.type(*words, "--json")
        assert done.exit_code == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kept(self) -> list[Mute]:
        async def ask() -> list[Mute]:
            async with Store.open(self.url) as store:
                return await store.incidents.mutes()

        return asyncio.run(ask())


@pytest.fixture
def mute_cli(tmp_path: Path) -> MuteCommand:
    return MuteCommand(tmp_path)


@pytest.mark.parametrize(
    ("words", "company", "path", "mail_system", "cause"),
    [
        (("acme",), "acme", "", "", None),
        (("acme/hq",), "acme", "hq", "", None),
        (("--mail-system", "m365"), "", "", "m365", None),
        (("--cause", "greylisted"), "", "", "", Cause.GREYLISTED),
        (("acme", "--mail-system", "postfix", "--cause", "tls"), "acme", "", "postfix", Cause.TLS),
        (("--everything",), "", "", "", None),
    ],
)
def test_what_is_muted(
    mute_cli: MuteCommand, words: Any, company: str, path: str, mail_system: str, cause: Cause | None
) -> None:
    mute = mute_cli.add(*words, "--lasts", "2h")
    assert (mute.company, mute.path, mute.mail_system, mute.cause) == (company, path, mail_system, cause)


def test_for_how_long(mute_cli: MuteCommand) -> None:
    before = datetime.now(UTC)
    short = mute_cli.add("acme", "--lasts", "2h")
    assert before <= short.begins_at <= datetime.now(UTC)
    assert short.ends_at == short.begins_at + 2 * HOUR
    assert active(short, datetime.now(UTC))
    till = mute_cli.add("acme", "--until", "2199-11-26T09:00+01:00")
    assert till.ends_at == datetime(2199, 11, 26, 8, tzinfo=UTC)
    utc = mute_cli.add("acme", "--until", "2199-11-26 08:00")
    assert utc.ends_at == till.ends_at
    weekly = mute_cli.add("acme", "--weekly", "sun 02:00-04:00 Europe/Berlin")
    assert (weekly.weekly, weekly.ends_at) == ("sun 02:00-04:00 Europe/Berlin", None)
    both = mute_cli.add("acme", "--weekly", "sun 02:00-04:00", "--until", "2199-01-01")
    assert (both.weekly, both.ends_at) == ("sun 02:00-04:00", datetime(2199, 1, 1, tzinfo=UTC))


def test_who_when_and_why_is_kept(mute_cli: MuteCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    mute = mute_cli.add("acme", "--lasts", "2h")
    assert (mute.by, mute.why) == ("ann", "a new gateway")
    assert abs(mute.created_at - datetime.now(UTC)) < HOUR
    assert mute_cli.add("acme", "--lasts", "2h", "--by", "Bob of IT").by == "Bob of IT"


def test_it_says_in_a_sentence_what_it_did(mute_cli: MuteCommand) -> None:
    said = mute_cli.type("add", "acme", "--until", "2199-11-26T08:00Z", "--why", "x").stdout
    [mute] = mute_cli.kept()
    assert said.startswith("muted acme until Tue 2199-11-26 08:00 UTC (")
    assert said.endswith(f"), mute {mute.id}; probing goes on\n")
    said = mute_cli.type("add", "acme/hq", "--cause", "tls", "--lasts", "90m", "--why", "x").stdout
    assert said.startswith("muted acme/hq · cause TLS until ")
    assert " (1 h 30 min), mute " in said
    said = mute_cli.type("add", "acme", "--weekly", "mon-sun 00:00-23:59", "--why", "x").stdout
    assert "muted acme every mon-sun 00:00-23:59 (" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("acmee", "--lasts", "2h"), "No company or path 'acmee'. Did you mean acme?"),
        (("zzz", "--lasts", "2h"), "No company or path 'zzz'. There are: acme, bolt."),
        (("acme/hqq", "--lasts", "2h"), "No path 'acme/hqq'. Did you mean acme/hq?"),
        (("acme/", "--lasts", "2h"), "No path 'acme/'. Did you mean acme/hq?"),
        (("/hq", "--lasts", "2h"), "No company ''. There are: acme, bolt."),
        (("--mail-system", "m356", "--lasts", "2h"), "no mail system 'm356'; did you mean m365?"),
        (("--cause", "greylistd", "--lasts", "2h"), "no cause 'greylistd'; did you mean greylisted?"),
        (
            ("acme", "--mail-system", "m365", "--lasts", "2h"),
            "the mail system of acme is postfix; no failure there would match m365",
        ),
        (
            ("--lasts", "2h"),
            "would mute everything; choose a company, a mail system or a cause, or say everything",
        ),
        (
            ("acme", "--everything", "--lasts", "2h"),
            "everything and a choice exclude each other; leave one of them out",
        ),
        (
            ("acme",),
            'say for how long: a length like "2h", an end, or weekly times like "sun 02:00-04:00 Europe/Berlin"',
        ),
        (
            ("acme", "--lasts", "2h", "--until", "2199-01-01"),
            "a length and an end exclude each other; leave one of them out",
        ),
        (("acme", "--lasts", "soon"), '--lasts: must be a time like "90s", "15m" or "1h", not "soon"'),
        (("acme", "--lasts", "99999d"), '--lasts: must be more than zero and at most ten years, not "99999d"'),
        (
            ("acme", "--until", "tomorrow"),
            "--until: must be a time like \"2026-11-26T08:00Z\", UTC where no zone is given, not 'tomorrow'",
        ),
        (("acme", "--weekly", "sat 22:00-25:00"), '--weekly: must have times from 00:00 to 24:00, not "25:00"'),
        (
            ("acme", "--weekly", "sat 22:00-23:00 Europe/Berln"),
            '--weekly: must name a time zone like Europe/Berlin, not "Europe/Berln"; did you mean Europe/Berlin?',
        ),
        (("acme", "--lasts", "2h", "--why", " "), "--why: must be one line of text, at most 200 characters"),
        (("acme", "--lasts", "2h", "--by", "a\nb"), "--by: must be one line of text, at most 200 characters"),
    ],
)
def test_what_makes_no_mute_is_told_and_nothing_is_kept(
    mute_cli: MuteCommand, words: tuple[str, ...], said: str
) -> None:
    done = mute_cli.type("add", "--why", "x", *words)
    assert (done.exit_code, done.stderr) == (2, f"{said}\n")
    assert mute_cli.kept() == []


@pytest.mark.parametrize("until", ["2020-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_an_end_that_is_no_end(mute_cli: MuteCommand, until: str) -> None:
    done = mute_cli.type("add", "acme", "--until", until, "--why", "x")
    assert done.exit_code == 2
    assert done.stderr.startswith("--until: must be ")


def test_a_reason_must_be_given(mute_cli: MuteCommand) -> None:
    done = mute_cli.type("add", "acme", "--lasts", "2h")
    assert done.exit_code == 2
    assert "--why" in done.stderr


def test_a_calendar_that_never_begins(mute_cli: MuteCommand) -> None:
    soon = datetime.now(UTC) + timedelta(days=3)
    calendar = f"{soon:%a} 00:00-01:00".lower()
    done = mute_cli.type("add", "acme", "--weekly", calendar, "--lasts", "1m", "--why", "x")
    assert (done.exit_code, done.stderr) == (2, "would be over before the first of its weekly times begins\n")


def test_the_list_tells_what_is_silent_now_first(mute_cli: MuteCommand) -> None:
    mute_cli.file.write_text(CONFIG + MAINTENANCE)
    mute_cli.type("add", "bolt", "--lasts", "2h", "--why", "they [bold]move", "--by", "ann")
    head, *lines = mute_cli.type("list").stdout.splitlines()
    assert head.split() == ["MUTE", "ABOUT", "WHEN", "BY", "WHY"]
    added, weekly = (" ".join(line.split()) for line in sorted(lines, key=lambda line: "maintenance" in line))
    assert added.startswith("silent ")
    assert "bolt" in added
    assert "they [bold]move" in added
    if not weekly.startswith("silent "):  # as it is on Sunday night
        assert weekly == " ".join(lines[1].split()), "what is silent later stands below"
        begins = "later maintenance:patches acme · cause no connection every sun 02:00-04:00 Europe/Berlin (next Sun "
        assert weekly.startswith(begins)
    assert weekly.endswith("the configuration the gateway is patched")
    assert "\x1b" not in "".join(lines)


def test_the_list_for_machines(mute_cli: MuteCommand) -> None:
    mute_cli.file.write_text(CONFIG + MAINTENANCE)
    mute = mute_cli.add("bolt/hq", "--lasts", "2h", "--by", "ann")
    of_config, of_store = sorted(mute_cli.facts("list"), key=lambda facts: facts["by"] == "ann")
    assert of_store == {
        "mute": mute.id,
        "company": "bolt",
        "path": "hq",
        "mail_system": None,
        "cause": None,
        "weekly": None,
        "begins_at": timestamp(mute.begins_at),
        "ends_at": timestamp(mute.begins_at + 2 * HOUR),
        "active": True,
        "silent_until": timestamp(mute.begins_at + 2 * HOUR),
        "next": None,
        "by": "ann",
        "why": "a new gateway",
        "created_at": timestamp(mute.created_at),
        "ended_at": None,
        "ended_by": None,
    }
    assert of_config.keys() == of_store.keys()
    assert (of_config["mute"], of_config["company"], of_config["cause"]) == ("maintenance:patches", "acme", "firewall")
    assert (of_config["begins_at"], of_config["created_at"]) == (None, None)
    assert datetime.fromisoformat(of_config["next"]) > datetime.now(UTC)


def test_the_guide_names_every_field() -> None:
    section = (Path(__file__).parents[3] / "docs" / "guide" / "muting.md").read_text().partition("## JSON")[2]
    fields = "mute company path mail_system cause weekly begins_at ends_at active silent_until next by why created_at"
    for field in (*fields.split(), "ended_at", "ended_by"):
        assert f"`{field}`" in section


def test_no_mutes(mute_cli: MuteCommand) -> None:
    done = mute_cli.type("list")
    assert (done.exit_code, done.stdout) == (0, "nothing is muted\n")


def test_ended_before_its_time(mute_cli: MuteCommand) -> None:
    mute = mute_cli.add("acme", "--lasts", "2h")
    done = mute_cli.type("end", mute.id[:7], "--by", "bob")
    assert (done.exit_code, done.stdout) == (0, f"ended mute {mute.id} of acme; it silences nothing any more\n")
    [kept] = mute_cli.kept()
    assert kept.ended_by == "bob"
    assert not active(kept, datetime.now(UTC))
    assert mute_cli.type("list").stdout == "nothing is muted\n"
    assert "over" in mute_cli.type("list", "--all").stdout
    assert "by bob" in mute_cli.type("list", "--all").stdout
    again = mute_cli.type("end", mute.id)
    assert (again.exit_code, again.stderr) == (2, f"mute {mute.id} has already ended\n")


def test_the_end_of_what_is_not_there(mute_cli: MuteCommand) -> None:
    mute_cli.file.write_text(CONFIG + MAINTENANCE)
    mute_cli.add("acme", "--lasts", "2h")
    for name in ("zzz", ""):
        done = mute_cli.type("end", name)
        assert (done.exit_code, done.stderr) == (2, f"no mute {name!r}; `mailpath mute list` shows them\n")
    done = mute_cli.type("end", "maintenance:patches")
    assert done.exit_code == 2
    assert "comes from the configuration" in done.stderr
    assert [mute.ended_at for mute in mute_cli.kept()] == [None]


def test_two_mutes_that_begin_alike(mute_cli: MuteCommand) -> None:
    async def fill() -> None:
        now = datetime.now(UTC)
        async with Store.open(mute_cli.url) as store:
            for name, ends_at in (("abc1", now + HOUR), ("abc2", now + HOUR), ("abx3", now - HOUR)):
                await store.incidents.add_mute(
                    Mute(name, "acme", "", "", None, now - HOUR, ends_at, "", "ann", "x", now - HOUR)
                )

    asyncio.run(fill())
    done = mute_cli.type("end", "ab")
    assert (done.exit_code, done.stderr) == (2, "several mutes begin with 'ab': abc1, abc2\n")
    assert mute_cli.type("end", "abx").stderr == "mute abx3 has already ended\n"
    assert mute_cli.type("end", "abc2").exit_code == 0
    assert mute_cli.type("end", "ab").exit_code == 0  # only one of them is left


def test_a_store_in_trouble_is_told(mute_cli: MuteCommand, tmp_path: Path) -> None:
    (tmp_path / "mailpath.db").write_bytes(b"this is no database, and it is long enough to be taken for one" * 20)
    (tmp_path / "mailpath.db").chmod(0o600)
    done = mute_cli.type("list")
    assert done.exit_code == 2
    assert "it is not an SQLite database" in done.stderr


def test_as_a_process(mute_cli: MuteCommand) -> None:
    command = [
        sys.executable,
        "-m",
        "monitor",
        "mute",
        "add",
        "acme",
        "--lasts",
        "2h",
        "--why",
        "x",
        "-c",
        str(mute_cli.file),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("muted acme until ")
