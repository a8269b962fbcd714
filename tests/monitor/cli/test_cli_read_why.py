"""`mailpath read reply|bounce`: how sure the answer is, the other candidates, and the reasons with --why."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli import read
from monitor.cli.read_commands import app
from probes.outcome import Cause
from probes.reading.bounces import read_bounce
from probes.reading.facts import ReplyFacts, Rival
from probes.reading.replies.why import Candidate, WeighedClue
from tests.support import bounce_mails as mails

TOKEN = "mp" + "a" * 32
LISTED = "550 5.7.1 Service unavailable; Client host [104.130.122.50] blocked using zen.spamhaus.org\n"
CLOSE = "550 5.7.1 Message refused\n"  # by its content, or by a rule
REASON = re.compile(r"^    +[+-]\d+\.\d  \S")


def run(sort: str, content: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(app, [sort, "-", *options], input=content)


def lines(sort: str, content: str | bytes, *options: str) -> list[str]:
    ended = run(sort, content, *options)
    assert ended.exit_code == 0, ended.output
    return [" ".join(line.split()) for line in ended.stdout.splitlines()]


def answer(sort: str, content: str | bytes, *options: str) -> dict[str, Any]:
    ended = run(sort, content, *options, "--json")
    assert ended.exit_code == 0, ended.output
    answered: dict[str, Any] = json.loads(ended.stdout)
    return answered


def test_json_has_the_confidence_and_the_rivals_as_probabilities() -> None:
    facts = answer("reply", CLOSE)
    chances = [rival["probability"] for rival in facts["rivals"]]
    assert chances
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance < 1 for chance in [facts["confidence"], *chances])
    assert sum([facts["confidence"], *chances]) <= 1.000001
    assert facts["cause"] not in {rival["cause"] for rival in facts["rivals"]}
    assert "why" not in facts


def test_the_text_names_the_confidence_and_the_other_candidates() -> None:
    said = lines("reply", CLOSE)
    assert any(re.fullmatch(r"confidence \d+%", line) for line in said)
    (rivals,) = [line for line in said if line.startswith("could also be")]
    assert re.fullmatch(r"could also be [a-zA-Z ]+ \(\d+%\)(, [a-zA-Z ]+ \(\d+%\))*", rivals)
    assert not any(line.startswith(("Why", "+", "-")) for line in said)


def facts_of(cause: Cause, confidence: float, *rivals: tuple[Cause, float]) -> ReplyFacts:
    return ReplyFacts(cause, confidence, rivals=tuple(Rival(*rival) for rival in rivals))


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (facts_of(Cause.TLS, 0.934), ["confidence     93%"]),
        (facts_of(Cause.TLS, 0.9951), ["confidence     over 99%"]),
        (facts_of(Cause.TLS, 1.0), ["confidence     over 99%"]),
        (
            facts_of(Cause.TLS, 0.7, (Cause.CONTENT, 0.2), (Cause.MAILBOX_FULL, 0.05)),
            ["confidence     70%", "could also be  content (20%), mailbox full (5%)"],
        ),
        (
            facts_of(Cause.UNCLEAR, 0.02, (Cause.NO_SUCH_USER, 0.5), (Cause.IP_BLOCKED, 0.48)),
            ["could be       no such user (50%), IP address (48%)"],
        ),
        (facts_of(Cause.UNCLEAR, 0.9), []),
    ],
)
def test_how_sure_the_answer_is(facts: ReplyFacts, says: list[str]) -> None:
    """An unclear reply names the candidates; a probability that nothing is known would confuse."""
    said = [line for line in read.fact_lines(facts) if line.startswith(("confidence", "could"))]
    assert said == says


def test_a_bounce_names_them_for_each_recipient() -> None:
    said = lines("bounce", mails.bounce(TOKEN, reply="550 5.7.1 Refused by the server"))
    assert any(re.fullmatch(r"confidence \d+%", line) for line in said)
    assert any(line.startswith("could also be") for line in said)


def test_why_gives_signed_reasons_for_each_candidate() -> None:
    said = run("reply", CLOSE, "--why").stdout.splitlines()
    start = said.index("Why: what speaks for (+) and against (-) each cause")
    candidates = [line for line in said[start + 1 :] if not REASON.match(line)]
    assert len(candidates) >= 2
    assert all(re.fullmatch(r"  [a-zA-Z ]+, (\d+|over 99)%", line) for line in candidates)
    reasons = [line for line in said[start + 1 :] if REASON.match(line)]
    assert {line.split()[0][0] for line in reasons} == {"+", "-"}


@pytest.mark.parametrize(
    "reason",
    [
        r"\+\d+\.\d blocklist Spamhaus ZEN",
        r"[+-]\d+\.\d words? \"[a-z (IP)]+\"",
        r"[+-]\d+\.\d (meaning of )?enhanced codes? .+",
    ],
)
def test_why_names_words_codes_and_blocklists(reason: str) -> None:
    said = [*lines("reply", LISTED, "--why"), *lines("reply", CLOSE, "--why")]
    assert any(re.fullmatch(reason, line) for line in said)


def candidate(cause: Cause, probability: float) -> Candidate:
    return Candidate(cause, probability, (WeighedClue("reply code 550", -0.5),))


@pytest.mark.parametrize(
    ("candidates", "shown"),
    [
        ([candidate(Cause.TLS, 0.9), candidate(Cause.UNCLEAR, 0.1)], ["  TLS, 90%", "  cause unknown, 10%"]),
        ([candidate(Cause.UNCLEAR, 0.9), candidate(Cause.TLS, 0.1)], ["  cause unknown, 90%", "  TLS, 10%"]),
        (
            [candidate(Cause.UNCLEAR, 0.02), candidate(Cause.NO_SUCH_USER, 0.5), candidate(Cause.POLICY, 0.48)],
            ["  no such user, 50%", "  policy rule, 48%"],
        ),
    ],
)
def test_an_undecided_reply_shows_the_reasons_for_its_candidates(candidates: list[Candidate], shown: list[str]) -> None:
    _, *said = read.why_lines([read.Explained("", tuple(candidates))])
    assert [line for line in said if not REASON.match(line)] == shown
    assert said.count("     -0.5  reply code 550") == len(shown)


def test_why_in_json_is_the_answer_and_its_rivals_with_reasons() -> None:
    facts = answer("reply", CLOSE, "--why")
    (why,) = facts["why"]
    assert (why["recipient"], why["decides"]) == ("", True)
    first, *others = why["candidates"]
    assert (first["cause"], first["probability"]) == (facts["cause"], facts["confidence"])
    assert [(one["cause"], one["probability"]) for one in others] == [
        (rival["cause"], rival["probability"]) for rival in facts["rivals"]
    ]
    weights = [reason["weight"] for one in why["candidates"] for reason in one["reasons"]]
    assert min(weights) < 0 < max(weights)
    assert all(reason["clue"] for one in why["candidates"] for reason in one["reasons"])


def test_why_of_a_bounce_explains_the_reply_about_each_recipient() -> None:
    facts = answer("bounce", mails.bounce(TOKEN), "--why")
    (why,), (recipient,) = facts["why"], facts["recipients"]
    assert (why["recipient"], why["decides"]) == ("probe@acme.test", True)
    first = why["candidates"][0]
    assert (first["cause"], first["probability"]) == (recipient["cause"], recipient["facts"]["confidence"])
    said = lines("bounce", mails.bounce(TOKEN), "--why")
    assert "Why, probe@acme.test: what speaks for (+) and against (-) each cause" in said
    assert next(line for line in said if line.endswith("blocklist bl.test")).startswith("+")


def test_why_of_a_bounce_says_if_another_part_of_it_decided() -> None:
    """The reply that is shown is then not the reason for the cause that is shown."""
    given = read_bounce(mails.bounce(TOKEN))
    (one,) = given.recipients
    assert one.facts
    other = replace(one, cause=Cause.SUPPRESSED, facts=replace(one.facts, cause=Cause.SUPPRESSED, confidence=1.0))
    (own,) = read.explained_of(given, b"")
    (explained,) = read.explained_of(replace(given, recipients=(other,)), b"")
    note = "  The cause is taken from another part of the bounce. The reply alone:"
    assert (own.decides, explained.decides) == (True, False)
    assert note not in list(read.why_lines([own]))
    assert note in list(read.why_lines([explained]))


def test_why_of_what_is_no_bounce_is_nothing() -> None:
    assert answer("bounce", mails.vacation(TOKEN), "--why")["why"] == []


HOSTILE = {
    "control characters": b"550 5.7.1 \x1b[2J\x1b]0;x\x07 blocked\x00 using \x9b31m bl.\x1btest\r\n",
    "markup": b"550 5.7.1 [bold]blocked[/] [link=http://x.test]by[/link] [/] policy [red]\n",
    "invisible": "550 5.7.1 blo\u202ecked \u2066using\u2069 \u200bzen.spamhaus.org".encode(),
    "long word": b"550 5.7.1 blocked-" + b"x" * 10_000,
    "long host": b"550 5.7.1 blocked using " + b"a." * 5_000 + b"test",
    "long address": b"550 5.1.1 <" + b"a" * 10_000 + b"@acme.test> unknown user",
    "long line": b"550 5.7.1 " + b"message blocked " * 700,
    "longer than what is read": b"550 5.7.1 blocked " + b"spam " * 10_000,
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("sort", ["reply", "bounce"])
def test_hostile_text_is_harmless_in_the_reasons(sort: str, content: bytes) -> None:
    given = (
        content if sort == "reply" else mails.bounce(TOKEN).replace(b"550 5.7.1 Client", content.strip() + b" Client")
    )
    ended = run(sort, given, "--why")
    assert ended.exit_code == 0, ended.output
    assert not set("\x00\x07\x1b\x9b\u202e\u2066\u200b") & set(ended.stdout)
    reasons = [line for line in ended.stdout.splitlines() if REASON.match(line)]
    assert all(len(line) < 200 for line in reasons)
    facts = answer(sort, given, "--why")
    shown = [reason["clue"] for one in facts["why"] for each in one["candidates"] for reason in each["reasons"]]
    assert all(clue.isprintable() and len(clue) < 200 for clue in shown)
    if sort == "reply":
        assert facts["why"][0]["candidates"][0]["probability"] == facts["confidence"]


def test_markup_in_a_reply_is_shown_as_text() -> None:
    said = lines("bounce", mails.bounce(TOKEN, reply="550 5.1.1 [bold]gone[/] unknown user"), "--why")
    assert any("550 5.1.1 [bold]gone[/] unknown user" in line for line in said)
