"""`mailpath standing` by a name server on loopback."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.exits import Exit
from monitor.cli.main import app
from monitor.cli.standing import CannotReadError, StandingOptions, exit_of, standing
from monitor.config import Config, read_config
from monitor.config.standing_plan import subject_of
from probes.standing.fact import Question
from probes.standing.survey import READERS
from tests.support.nameserver import NameServer, Records, name_server

ZONE: Records = {
    ("com", "NS"): ["ns.trimble.com."],
    ("account.trimble.com", "TXT"): ['"v=spf1 include:mail.trimble.com -all"'],
    ("mail.trimble.com", "TXT"): ['"v=spf1 ip4:104.130.122.0/23 -all"'],
}


def options(*checks: str, explain: str = "", confirm: bool = False, as_json: bool = True) -> StandingOptions:
    return StandingOptions(checks, explain, confirm, as_json)


def config_of(dns: NameServer, **tables: object) -> Config:
    return Config.model_validate({"dns": {"nameservers": [dns.where]}, **tables})


async def no_wait(seconds: float) -> None:
    raise AssertionError("nothing is to be read again")


async def test_each_fact_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    async with name_server(ZONE) as dns:
        code = await standing(config_of(dns), options("spf"), wait=no_wait)
    (fact,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code is Exit.OK
    assert (fact["check"], fact["subject"], fact["state"]) == ("spf", "account.trimble.com", "good")
    assert fact["because"] == (
        "the source IP passes by include:mail.trimble.com > ip4:104.130.122.0/23; the record needs 1 of 10 lookups"
    )
    assert (fact["ttl_seconds"], fact["servers"]) == (60, [dns.where])


async def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    async with name_server(ZONE) as dns:
        code = await standing(config_of(dns), options("spf", "bimi", as_json=False))
    out = capsys.readouterr().out
    assert code is Exit.OK
    assert out.splitlines()[0].split() == ["STATE", "CHECK", "AGE", "SUBJECT"]
    assert "the source IP passes by include:mail.trimble.com" in out
    assert "v=spf1 include:mail.trimble.com -all" in out


async def test_hostile_records_cannot_paint_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = {**ZONE, ("default._bimi.account.trimble.com", "TXT"): ['"v=BIMI1; l=\\027[31m[bold]x[/]"']}
    async with name_server(evil) as dns:
        await standing(config_of(dns), options("bimi", as_json=False))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[bold]x[/]" in out


async def test_what_cannot_be_read_ends_with_two() -> None:
    async with name_server({**ZONE, ("account.trimble.com", "TXT"): "SERVFAIL"}) as dns:
        assert await standing(config_of(dns), options("spf"), wait=no_wait) is Exit.COULD_NOT_TELL


BAD: Records = {
    **ZONE,
    ("account.trimble.com", "TXT"): ['"v=spf1 -all"'],
    ("trimble.com", "NS"): ["ns.trimble.com."],
    ("ns.trimble.com", "A"): ["127.0.0.1"],
}


@pytest.fixture
def authority_on(monkeypatch: pytest.MonkeyPatch):
    """Let the zone's own name server be the resolver's."""
    from probes.resolver import DnsResolver

    def set_port(dns: NameServer) -> None:
        def made(servers: list[str], *, authority_port: int) -> DnsResolver:
            assert authority_port == 53
            return DnsResolver(servers, authority_port=int(dns.where.rpartition(":")[2]))

        monkeypatch.setattr("monitor.probing.outside.DnsResolver", made)

    return set_port


async def test_what_is_bad_once_is_said_not_to_be_confirmed(capsys: pytest.CaptureFixture[str], authority_on) -> None:
    async with name_server(BAD) as dns:
        authority_on(dns)
        assert await standing(config_of(dns), options("spf", as_json=False), wait=no_wait) is Exit.NOT_OK
        assert "bad once, not confirmed" in capsys.readouterr().out
        assert await standing(config_of(dns), options("spf"), wait=no_wait) is Exit.NOT_OK
    fact = json.loads(capsys.readouterr().out)
    assert (fact["state"], fact["suspected"], fact["why"]) == ("unknown", True, "spf_fails")


async def test_confirm_reads_again_ten_minutes_later_what_is_bad(authority_on, capsys) -> None:
    waited: list[float] = []

    async with name_server(BAD) as dns:
        authority_on(dns)

        async def wait(seconds: float) -> None:
            waited.append(seconds)
            dns.records = ZONE

        code = await standing(config_of(dns), options("spf", "bimi", confirm=True), wait=wait)
    assert waited == [601.0]
    assert code is Exit.OK  # it was bad once, and is good
    assert [json.loads(line)["state"] for line in capsys.readouterr().out.splitlines()] == ["good", "none"]


async def test_explain_shows_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    async with name_server(ZONE) as dns:
        assert await standing(config_of(dns), options(explain="spf", as_json=False)) is Exit.OK
        text = capsys.readouterr().out
        assert await standing(config_of(dns), options(explain="spf")) is Exit.OK
    assert "decided by   include:mail.trimble.com > ip4:104.130.122.0/23" in text
    assert "lookups      1 for this address, 1 for the whole record, of at most 10" in text
    found = json.loads(capsys.readouterr().out)
    assert (found["result"], found["lookups"], found["void_lookups"]) == ("pass", 1, 0)
    assert text.splitlines()[-2:] == ["   1  account.trimble.com", "   1    include:mail.trimble.com"]
    assert [(each["term"], each["lookups"]) for each in found["tree"]] == [
        ("account.trimble.com", 1),
        ("include:mail.trimble.com", 1),
    ]


async def test_the_lookups_of_a_fact_are_counted_by_branch(capsys: pytest.CaptureFixture[str]) -> None:
    async with name_server(ZONE) as dns:
        await standing(config_of(dns), options("spf"), wait=no_wait)
    (fact,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["depth"], each["lookups"]) for each in fact["tree"]] == [(0, 1), (1, 1)]
    assert fact["tree"][1]["record"] == "v=spf1 ip4:104.130.122.0/23 -all"


async def test_an_unknown_check_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(CannotReadError, match="did you mean dmarc"):
        await standing(Config(), options("dmrac"))
    with pytest.raises(CannotReadError, match="spf"):
        await standing(Config(), options(explain="dkim"))


async def test_explain_needs_a_resolver_that_knows_the_public_dns() -> None:
    async with name_server({}) as dns:
        with pytest.raises(CannotReadError, match="top-level"):
            await standing(config_of(dns), options(explain="spf"))


DEAD: Records = dict.fromkeys((("com", "NS"), (".", "NS"), ("account.trimble.com", "SOA")), "SILENCE")


@pytest.mark.parametrize("explain", ["", "spf"])
async def test_a_dead_resolver_is_one_sentence_with_what_to_do(monkeypatch: pytest.MonkeyPatch, explain: str) -> None:
    monkeypatch.setattr("probes.standing.asking.LOOKUP_TIMEOUT", 0.3)
    async with name_server(DEAD) as dns:
        with pytest.raises(CannotReadError) as error:
            await standing(config_of(dns), options(explain=explain, as_json=False))
        assert len(dns.asked) >= 3
        assert {name for name, _ in dns.asked} == {"com", ".", "account.trimble.com"}
    assert str(error.value) == (
        "nothing can be read: the name server gives no answer at all: no name server answered for NS of com in 0.3 s; "
        f"replace {dns.where} in [dns] nameservers by one that answers; `mailpath doctor` tests it"
    )


async def test_programs_get_a_fact_for_each_question_of_a_dead_resolver(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("probes.standing.asking.LOOKUP_TIMEOUT", 0.3)
    async with name_server(DEAD) as dns:
        assert await standing(config_of(dns), options("spf", "blocklist")) is Exit.COULD_NOT_TELL
    facts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(fact["check"], fact["why"]) for fact in facts] == [
        ("spf", "resolver_silent"),
        ("blocklist", "resolver_silent"),
    ]


def test_it_works_without_a_configuration_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["standing", "--check", "nonsense"])
    assert found.exit_code == Exit.COULD_NOT_TELL
    assert "no check 'nonsense'" in found.output  # it read the defaults, and not a file
    assert CliRunner().invoke(app, ["standing", "-c", "other.toml"]).exit_code == Exit.COULD_NOT_TELL


def test_every_question_is_asked() -> None:
    assert set(READERS) == set(Question) - {Question.REPORTS}, "reports come by mail"


def test_the_subject_is_the_configured_sender() -> None:
    subject = subject_of(Config.model_validate({"standing": {"selectors": ["k1", "k2"]}}))
    assert (subject.domain, subject.bounce_domain) == ("account.trimble.com", "account.trimble.com")
    assert subject.selectors == ("k1", "k2")


def test_nothing_read_is_nothing_bad() -> None:
    assert exit_of([]) is Exit.OK


LISTS: Records = {
    **ZONE,
    ("2.0.0.127.zen.spamhaus.org", "A"): ["127.0.0.2"],
    ("50.122.130.104.zen.spamhaus.org", "A"): ["127.0.0.3"],
    ("2.0.0.127.psbl.surriel.com", "A"): ["127.0.0.2"],
    ("2.0.0.127.all.s5h.net", "A"): ["127.255.255.254"],
    ("50.122.130.104.bl.spamcop.net", "A"): ["127.0.0.2"],  # and its test entry is missing
    ("test.surbl.org.multi.surbl.org", "A"): ["127.0.0.254"],
}


async def test_blocklists_have_a_row_each_and_only_one_that_works_accuses(capsys: pytest.CaptureFixture[str]) -> None:
    async with name_server(LISTS) as dns:
        code = await standing(config_of(dns), options("blocklist"))
    facts = {fact["subject"]: fact for fact in map(json.loads, capsys.readouterr().out.splitlines())}
    states = {subject: (fact["state"], fact["suspected"], fact["why"]) for subject, fact in facts.items()}
    assert states["104.130.122.50 at zen.spamhaus.org"] == ("unknown", True, "listed")  # not yet seen twice
    assert states["104.130.122.50 at bl.spamcop.net"] == ("unknown", False, "list_broken")
    assert states["104.130.122.50 at all.s5h.net"] == ("refused", False, "list_refuses")
    assert states["104.130.122.50 at psbl.surriel.com"] == ("good", False, "not_listed")
    assert states["trimble.com at multi.surbl.org"] == ("good", False, "not_listed")
    assert [subject for subject, fact in facts.items() if fact["suspected"]] == ["104.130.122.50 at zen.spamhaus.org"]
    assert facts["104.130.122.50 at zen.spamhaus.org"]["ttl_seconds"] == 60
    assert "https://check.spamhaus.org/" in facts["104.130.122.50 at zen.spamhaus.org"]["because"]
    assert code is Exit.NOT_OK


async def test_lists_that_refuse_or_are_broken_accuse_nobody() -> None:
    broken = {name: records for name, records in LISTS.items() if name[0] != "50.122.130.104.zen.spamhaus.org"}
    async with name_server(broken) as dns:
        assert await standing(config_of(dns), options("blocklist"), wait=no_wait) is Exit.COULD_NOT_TELL


async def test_the_key_of_spamhaus_and_lists_that_are_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DQS", "s3cret")
    table = {"spamhaus_key": {"env": "DQS"}, "lists_off": ["all.s5h.net"]}
    async with name_server(LISTS) as dns:
        await standing(config_of(dns, standing=table), options("blocklist"))
    out = capsys.readouterr().out
    asked = [name for name, _ in dns.asked]
    assert "50.122.130.104.s3cret.zen.dq.spamhaus.net" in asked
    assert not any("s5h" in name for name in asked)
    assert "s3cret" not in out
    assert "zrd.dq.spamhaus.net" in out


async def test_a_key_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DQS", raising=False)
    file = tmp_path / "config.toml"
    file.write_text('[standing]\nspamhaus_key = { env = "DQS" }\n')
    config = read_config(file, secrets_later=True)
    with pytest.raises(CannotReadError, match=r"standing\.spamhaus_key: .*DQS"):
        await standing(config, options("blocklist"))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"lists_off": ["zen.spamhaus.example"]}, "must be one of zen.spamhaus.org"),
        ({"spamhaus_key": {"env": "DQS"}}, "must consist of letters and digits"),
    ],
)
def test_what_cannot_be_meant_is_an_error(table: dict[str, object], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DQS", "not.a.key")
    with pytest.raises(ValueError, match=says) as error:
        Config.model_validate({"standing": table})
    assert "not.a.key" not in str(error.value)
