"""From clues to an answer: weights are added, the margin decides, and nobody is accused by a hair."""

from collections import defaultdict
from importlib.resources import files
from math import isclose, log

import pytest

from probes.answer import Stage
from probes.outcome import Cause, Concern
from probes.reading.replies import cause_of, read_reply
from probes.reading.replies.clues import READ, clues_of, take_apart, weigh
from probes.reading.replies.decision import LIKELY, SURE, decide
from probes.reading.replies.weights import BIAS, CAUSES, MOST, TABLE, UNIT, looked_up, probabilities, total, weights_of
from tests.corpora.examples import lessons


def chances(**known: float) -> list[float]:
    return [known.get(cause, 0.0) for cause in CAUSES]


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        ({"mailbox_full": 0.9, "rate_limited": 0.1}, Cause.MAILBOX_FULL),
        ({"mailbox_full": 0.3, "rate_limited": 0.25, "server_fault": 0.25}, Cause.MAILBOX_FULL),
        ({"rate_limited": 0.9, "mailbox_full": 0.1}, Cause.RATE_LIMITED),
        ({"rate_limited": 0.52, "mailbox_full": 0.48}, Cause.UNCLEAR),  # the sender's by a hair
        ({"ip_blocked": 0.35, "ip_listed": 0.35, "no_such_user": 0.3}, Cause.IP_BLOCKED),  # whose it is, is clear
        ({"ip_blocked": 0.4, "no_such_user": 0.35, "server_fault": 0.25}, Cause.UNCLEAR),
        (dict.fromkeys(CAUSES, 1 / len(CAUSES)), Cause.UNCLEAR),
    ],
)
def test_the_most_probable_cause_unless_it_accuses_the_sender_by_a_hair(known, cause) -> None:
    assert decide(chances(**known)).cause is cause


def test_an_unclear_answer_names_its_candidates_most_probable_first() -> None:
    answer = decide(chances(rate_limited=0.5, mailbox_full=0.4, network=0.09, tls=0.01))
    assert (answer.cause, answer.confidence) == (Cause.UNCLEAR, 0.0)
    assert [rival.cause for rival in answer.rivals] == [Cause.RATE_LIMITED, Cause.MAILBOX_FULL, Cause.NETWORK]


def test_probabilities_add_up_and_grow_with_the_weights() -> None:
    known = probabilities(total([("mailbox", "full")]))
    assert isclose(sum(known), 1.0)
    assert known[CAUSES.index(Cause.MAILBOX_FULL)] > probabilities(total([]))[CAUSES.index(Cause.MAILBOX_FULL)]
    assert probabilities(total([("no", "such clue"), ("mailbox", "full")])) == known


def test_weights_are_added_as_they_are_written() -> None:
    clue = "code:550"
    ratio = [
        after / before for before, after in zip(probabilities(total([])), probabilities(total([clue])), strict=True)
    ]
    first, second = CAUSES.index(Cause.NO_SUCH_USER), CAUSES.index(Cause.GREYLISTED)
    apart = weights_of(clue).get(CAUSES[first], 0.0) - weights_of(clue).get(CAUSES[second], 0.0)
    assert isclose(log(ratio[first] / ratio[second]), apart, abs_tol=0.02)


def test_the_heaviest_reply_there_may_be_is_added_up_without_an_overflow() -> None:
    """Of each family that a reply has one of, the heaviest; of the words as many as are read; all kinds of phrases."""
    table = [
        line.partition("\t")[0] for line in files("probes.reading.replies").joinpath(TABLE).read_text().split("\n")
    ]
    for cause in CAUSES:
        weights: dict[str, list[float]] = defaultdict(list)
        for clue in filter(weights_of, table):
            name, colon, _ = clue.partition(":")
            weights[name if colon else "words"].append(abs(weights_of(clue).get(cause, 0.0)))
        several = {"words": 2 * READ, "phrase": len(weights["phrase"]), "meaning": 2}
        heaviest = (sorted(each)[-several.get(name, 1) :] for name, each in weights.items())
        assert sum(map(sum, heaviest)) * UNIT < MOST


def test_what_is_weighed_is_what_the_clues_are_named() -> None:
    for one in lessons(1.0):
        said = take_apart(one.text, Stage.RCPT, None, None)
        assert weigh(said) == total(looked_up(clue) for clue in clues_of(said)), one.text


def test_the_table_is_whole() -> None:
    assert weights_of(BIAS)
    assert weights_of("phrase:code ip_listed") == {Cause.IP_LISTED: 12.0}
    assert TABLE.endswith(".tsv")
    assert 0 < LIKELY < SURE < 1


def clues(text: str, stage: Stage | None = None) -> set[str]:
    return set(clues_of(take_apart(text, stage, None, None)))


def test_the_clues_of_a_reply() -> None:
    assert clues("550 5.1.1 <a@b.example>: user unknown", Stage.RCPT) == {
        *("@", "@ user", "user", "user unknown", "unknown"),
        *("code:550", "class:5", "stage:rcpt", "stage:rcpt/5", "enhanced:1.1", "subject:1"),
        *("meaning:enhanced no_such_user", "phrase:stated no_such_user"),
    }


@pytest.mark.parametrize(
    ("text", "clue"),
    [
        ("554 blocked using zen.spamhaus.org", "list:named ip_listed"),
        ("550 see https://support.google.com/mail/?p=NoSuchUser", "link:page no_such_user"),
        ("421 [TSS04] no", "phrase:code reputation"),
        ("450 come back in 5 minutes", "wait:temporary"),
        ("user unknown", "code:none"),
        ("550 5.2.2", "meaning:alone mailbox_full"),
        ("550 xyzzy plugh", "phrase:none"),
    ],
)
def test_each_kind_of_clue(text: str, clue: str) -> None:
    assert clue in clues(text)


@pytest.mark.parametrize(
    "clue",
    ["phrase:code tls", "bias:all", "meaning:alone tls", "list:named ip_listed", "link:page tls", "stage:rcpt/5"],
)
def test_words_of_a_reply_are_never_taken_for_other_clues(clue: str) -> None:
    assert clue not in clues(f"550 5.7.1 {clue} {clue}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("550 your IP address is blocked", "550 the mailbox is blocked"),
        ("550 sender address rejected", "550 recipient address rejected: unknown user"),
        ("452 mailbox quota exceeded", "452 sending quota exceeded, too many messages per hour"),
        ("550 5.7.1 relaying denied", "550 5.7.1 message contains a virus"),
        ("550 account expired", "message expired after 5 days in the queue"),
    ],
)
def test_a_word_more_makes_another_cause(one: str, other: str) -> None:
    assert read_reply(one).cause is not read_reply(other).cause


def test_confidence_is_the_probability_and_rivals_are_the_rest() -> None:
    facts = read_reply("550 5.1.1 user unknown")
    assert facts.cause.concerns is Concern.RECIPIENT
    assert 0.9 < facts.confidence <= 1
    assert facts.confidence + sum(rival.probability for rival in facts.rivals) <= 1.0001
    assert all(rival.cause is not facts.cause for rival in facts.rivals)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 5.1.99", Cause.NO_SUCH_USER),  # not listed: by its subject
        ("554 5.3.77", Cause.SERVER_FAULT),
        ("x-unix; 67", Cause.NO_SUCH_USER),  # sysexits.h
        ("Command died with status 67: /usr/bin/deliver", Cause.NO_SUCH_USER),
        ("Command died with status 75: /usr/bin/deliver", Cause.SERVER_FAULT),
        ("program exited with status 68", Cause.DOMAIN_UNKNOWN),
    ],
)
def test_codes_that_are_not_listed_and_exit_codes(text: str, cause: Cause) -> None:
    assert read_reply(text).cause is cause


@pytest.mark.parametrize("code", [500, 501, 502, 503])
def test_a_protocol_error_at_the_end_of_data_is_not_about_the_content(code: int) -> None:
    assert read_reply("bad sequence of commands", stage=Stage.END_OF_DATA, code=code).cause is Cause.MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        "554 5.7.1 Service unavailable; client host blocked using\n list.firm.example",
        "554-5.7.1 Service unavailable; client host blocked using\r\n554 5.7.1 list.firm.example",
        "554 Service unavailable; client\thost blocked\n    using list.firm.example",
    ],
)
def test_a_blocklist_is_found_in_a_folded_reply(text: str) -> None:
    facts = read_reply(text)
    assert (facts.cause, facts.blocklist) == (Cause.IP_LISTED, "list.firm.example")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 No such user. If your IP address is blocked, visit https://firm.example/delist", Cause.NO_SUCH_USER),
        ("552 Mailbox full. Please check your SPF record and see our blocklist policy", Cause.MAILBOX_FULL),
        ("550 user unknown; contact us if your server is listed", Cause.NO_SUCH_USER),
        ("550 5.1.1 Recipient address rejected: User unknown. See http://firm.example/spam", Cause.NO_SUCH_USER),
        ("450 4.7.1 Greylisted, please try again in 300 seconds", Cause.GREYLISTED),
    ],
)
def test_advice_is_not_the_reason(text: str, cause: Cause) -> None:
    assert read_reply(text).cause is cause


@pytest.mark.parametrize(
    ("stage", "text", "impossible"),
    [
        (Stage.BANNER, "554 Mailbox full", Cause.MAILBOX_FULL),
        (Stage.EHLO, "550 message rejected as spam", Cause.CONTENT),
        (Stage.MAIL, "550 User alice@shop.example unknown", Cause.NO_SUCH_USER),
    ],
)
def test_a_stage_rules_out_what_the_server_cannot_know_yet(stage: Stage, text: str, impossible: Cause) -> None:
    facts = read_reply(text, stage=stage, live=True)
    assert facts.cause is not impossible
    assert impossible not in [rival.cause for rival in facts.rivals]


def test_the_stage_of_a_report_rules_nothing_out() -> None:
    text = "552 5.2.2 <a@b.example>: Recipient address rejected: Mailbox full"
    assert read_reply(text, stage=Stage.MAIL).cause is Cause.MAILBOX_FULL


@pytest.mark.parametrize("text", ["4.4.6 mail loop detected", "4.4.2 connection to your server timed out"])
def test_a_server_that_answers_was_reached(text: str) -> None:
    assert cause_of(Stage.RCPT, 451, text[:5], text[6:]) is Cause.SERVER_FAULT


@pytest.mark.parametrize("text", ["system trouble, cannot reach the host", "mail loop or policy", "too long in queue"])
def test_what_a_server_that_answers_may_mean_is_never_our_network(text: str) -> None:
    reported, live = read_reply(text), read_reply(text, stage=Stage.RCPT, code=451, live=True)
    ours = {Cause.NETWORK, Cause.EXPIRED}
    assert ours & {reported.cause, *(rival.cause for rival in reported.rivals)}
    assert not ours & {live.cause, *(rival.cause for rival in live.rivals)}


@pytest.mark.parametrize(
    "suffix", [" (status 550)", ", error: 550 rejected", "\n550 Rejected"], ids=["status", "error", "line"]
)
@pytest.mark.parametrize(
    ("text", "code", "cause"),
    [
        ("No such user here", 550, Cause.NO_SUCH_USER),
        ("Mailbox of this user is full", 552, Cause.MAILBOX_FULL),
        ("This message is too large for us", 552, Cause.TOO_LARGE),
        ("Your IP address is blocked", 550, Cause.IP_BLOCKED),
    ],
)
def test_a_number_in_a_reply_does_not_hide_its_reason(text: str, code: int, cause: Cause, suffix: str) -> None:
    assert read_reply(text + suffix, stage=Stage.RCPT, code=code).cause is cause
    assert read_reply(text + suffix, stage=Stage.RCPT).cause is cause


@pytest.mark.parametrize(
    "text",
    [
        "451 Content filter is down, message not checked",
        "451 Cannot contact the SPF library",
        "451 greylisting database unavailable",
        "451 reputation lookup failed: timeout",
        "451 blocklist lookup timed out",
    ],
)
def test_a_filter_that_is_broken_says_nothing_about_the_sender(text: str) -> None:
    assert read_reply(text, stage=Stage.RCPT).cause.concerns is not Concern.SENDER


def test_every_row_of_the_table_is_read() -> None:
    written = files("probes.reading.replies").joinpath(TABLE).read_text("utf-8").splitlines()
    clues = [line.partition("\t")[0] for line in written if "\t" in line]
    assert len(clues) > 1000
    assert all(weights_of(clue) for clue in clues if clue != BIAS)
    assert any(clue.startswith("#") for clue in clues)  # the word for an IP address, no comment


def test_a_blocklist_that_is_only_linked_to_counts_more_than_the_codes() -> None:
    text = "553 http://www.spamhaus.org/query/bl?ip=192.0.2.222"
    assert read_reply(text, enhanced="5.1.1").cause is Cause.IP_LISTED
    assert "meaning:alone no_such_user" in clues("553 5.1.1 http://firm.example/")
