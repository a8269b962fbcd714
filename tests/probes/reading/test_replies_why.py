"""The reasons for an answer: each kind of clue in words, and the same probabilities as the answer."""

from pathlib import Path

import pytest

from probes.answer import Stage
from probes.reading.replies import read_reply, weights, why
from probes.reading.replies.phrases import PHRASES
from probes.reading.replies.table import PhraseKind
from probes.reading.replies.why import explain
from tests.probes.reading import test_replies

LIMIT = 16 * 1024  # characters that are read
REPLIES = (
    "550 5.7.1 Service unavailable; Client host [104.130.122.50] blocked using zen.spamhaus.org",
    "550 5.7.1 Message rejected",
    "550 Rejected",
    "450 4.2.0 <p@acme.test>: Recipient address rejected: Greylisted, try again in 300 seconds",
    "550-5.1.1 The account does not exist.\r\n550 5.1.1 https://support.google.com/mail/?p=NoSuchUser - gsmtp",
    "Postfach voll",
    "hello",
    "",
    "550 5.7.1 " + "blocked " * 10_000,
    "550 5.7.1 " + "x" * (LIMIT - 20) + " mailbox full, user unknown",
    "550 5.7.1 " + "x" * (LIMIT + 20) + " mailbox full, user unknown",
)


@pytest.mark.parametrize("text", REPLIES, ids=lambda text: text[:30])
@pytest.mark.parametrize(
    ("stage", "code", "enhanced"), [(None, None, None), (Stage.RCPT, 550, "5.1.1"), (Stage.EHLO, 421, None)]
)
def test_the_probabilities_are_those_of_the_answer(
    text: str, stage: Stage | None, code: int | None, enhanced: str | None
) -> None:
    facts = read_reply(text, stage=stage, code=code, enhanced=enhanced)
    first, *others = explain(text, stage=stage, code=code, enhanced=enhanced)
    assert (first.cause, first.probability) == (facts.cause, facts.confidence)
    assert [(one.cause, one.probability) for one in others] == [
        (rival.cause, rival.probability) for rival in facts.rivals
    ]


def test_the_reasons_are_the_heaviest_first_with_the_sign_of_their_weight() -> None:
    """The weights are those of the cause: what speaks for one speaks against another."""
    for candidate in explain("550 5.7.1 Message rejected"):
        sizes = [abs(reason.weight) for reason in candidate.reasons]
        assert sizes == sorted(sizes, reverse=True)
        assert min(sizes) >= why.SLIGHT
        assert len(sizes) <= why.MOST
        learnt = weights.weights_of("code:550").get(candidate.cause)
        assert {one.weight for one in candidate.reasons if one.clue == "reply code 550"} <= {learnt}


@pytest.fixture
def everything_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every clue is a reason for every cause, whatever was learnt."""
    monkeypatch.setattr(why, "weights_of", lambda clue: dict.fromkeys(weights.CAUSES, 1.0))
    monkeypatch.setattr(why, "MOST", 1_000)


def clues_in(text: str, stage: Stage | None = None) -> set[str]:
    return {reason.clue for reason in explain(text, stage=stage)[0].reasons}


@pytest.mark.usefixtures("everything_counts")
@pytest.mark.parametrize(
    ("text", "stage", "clues"),
    [
        ("550 no", None, {"reply code 550", "permanent refusal (5xx)", 'word "no"', "how common the cause is"}),
        ("450 no", None, {"reply code 450", "temporary refusal (4xx)", "no known wording"}),
        ("no", None, {"no code"}),
        ("no", Stage.RCPT, {"said at RCPT TO"}),
        ("550 no", Stage.RCPT, {"said at RCPT TO", "said at RCPT TO, permanent refusal (5xx)"}),
        ("550 no", Stage.BANNER, {"said at the greeting", "meaning of reply code 550 at the greeting"}),
        ("550 no", Stage.EHLO, {"said at EHLO", "meaning of reply code 550 at EHLO"}),
        ("550 no", Stage.END_OF_DATA, {"said at the end of the message"}),
        ("552 no", None, {"meaning of reply code 552"}),
        ("550 5.2.2", None, {"enhanced code x.2.2", "enhanced codes x.2.* (mailbox)"}),
        ("550 5.2.2", None, {"meaning of enhanced code 5.2.2", "the reply has codes and no words"}),
        ("450 4.7.1 wait 300 seconds", None, {"a time to try again is offered"}),
        ("550 blocked using zen.spamhaus.org", None, {"blocklist Spamhaus ZEN", 'words "using (host name)"'}),
        ("550 https://support.google.com/mail/?p=NoSuchUser", None, {'link "mail/?p=nosuchuser"'}),
        ("550 User unknown", None, {'words "User unknown"'}),
        ("550 Postfach ist voll", None, {'known wording "postfach ist voll"'}),
        ("550 blocked", None, {'vague wording "blocked"'}),
        ("550 5.4.1 Recipient address rejected: Access denied", None, {'words "Recipient address"'}),
        ("550 greylisted", None, {'word "greylisted"'}),
        ("550 Mails refused", None, {'word "Mails"', 'words "Mails refused"'}),
        ("550 the message was refused", None, {'words "message … refused"'}),
        ("550 <p@acme.test> unknown", None, {'words "(address) unknown"'}),
        ("550 host [192.0.2.1] unknown", None, {'words "host (IP address)"'}),
        ("550 host 2001:db8::1 unknown", None, {'words "host (IP address)"'}),
        ("550 it doesn't exist", None, {'word "not"', 'words "not … exist"'}),
        ("550 The mailbox cannot be found", None, {'word "cannot"', 'words "mailbox cannot"'}),
        ("550 Das Postfach ist überfüllt", None, {'word "Postfach"', 'word "überfüllt"'}),
        ("550 Speicherplatz überschritten", None, {'word "Speicherplatz"', 'words "Speicherplatz überschritten"'}),
        ("550 почтовый ящик переполнен", None, {'word "почтовый"', 'known wording "почтовый … переполнен"'}),
        ("550 邮箱已满", None, {'word "邮箱"', 'word "已满"'}),
        ("550 収信者", None, {'words "収信者"'}),
        ("550 La boîte est pleine", None, {'word "boîte"', 'words "boîte est"'}),
        ("550 blocked-by-rule", None, {'word "blocked"', 'word "by"', 'word "rule"'}),
    ],
)
def test_each_kind_of_clue_has_words(text: str, stage: Stage | None, clues: set[str]) -> None:
    assert clues <= clues_in(text, stage)


@pytest.mark.usefixtures("everything_counts")
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PhraseKind.CODE, "documented reason code"),
        (PhraseKind.VENDOR, "documented wording"),
        (PhraseKind.STATED, "known wording"),
        (PhraseKind.FOREIGN, "known wording"),
        (PhraseKind.VAGUE, "vague wording"),
    ],
)
def test_a_phrase_is_named_by_what_it_is_and_quoted(kind: PhraseKind, words: str) -> None:
    phrase = next(one for one in PHRASES.phrases if one.kind is kind and one.text.isascii() and not one.conditions)
    text = phrase.text.replace("*", "").replace("@", "p@acme.test").replace("#", "192.0.2.1").replace("~", "mx.test")
    assert any(clue.startswith(f'{words} "') for clue in clues_in(text)), phrase


@pytest.mark.usefixtures("everything_counts")
def test_no_clue_is_shown_as_its_key() -> None:
    """Of all replies that the other tests know: no `code:550`, no name of a cause, no placeholder."""
    texts = [*REPLIES, *Path(test_replies.__file__).read_text().splitlines()]
    for text in texts:
        for clue in clues_in(text, Stage.RCPT):
            beside_quotes = clue.partition('"')[0]
            assert ":" not in beside_quotes, clue
            assert "_" not in beside_quotes, clue
            assert not {"@", "#", "~"} & set(clue.partition('"')[2].rstrip('"').split()) or "wording" in clue, clue
