"""When a remedy lapses, which state it is in, and what people read of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.remedying.applied import (
    OTHER_CHANGE,
    AppliedRemedy,
    MailFinding,
    NoProof,
    OthersFinding,
    PathProof,
    PathTest,
    RemedyState,
    TwinFinding,
    TwinUntested,
    decode_proofs,
    decode_setup,
    encode_proofs,
    encode_setup,
)
from monitor.remedying.following import still_to_try, tried_in_vain
from monitor.remedying.lapse import WARNED_BEFORE, counted_by_state, lapses_at, state_at
from monitor.remedying.words import (
    NO_PROOF,
    OTHERS,
    STATES,
    TWINS,
    UNTESTED,
    headline,
    lapse_sentence,
    lines_of,
    next_step,
)
from probes.kinds import Kind
from probes.mailsystems.choose import REMEDIES, choose
from probes.mailsystems.remedy import CountedFrom
from probes.outcome import Cause
from probes.verdict import Outcome

T0 = datetime(2026, 12, 1, 8, tzinfo=UTC)
LAPSING = next(each for each in REMEDIES.values() if each.expires and each.expires.counted_from is CountedFrom.LAST_USE)
LASTING = REMEDIES["postfix-restriction-class"]
SETUP = (PathTest("hq", Kind.VERIFICATION, 2, cause=Cause.IP_BLOCKED),)
GOOD = PathProof("hq", MailFinding.ARRIVES, TwinFinding.STOPPED)
BAD = PathProof("hq", MailFinding.STOPPED, TwinFinding.STOPPED, outcome=Outcome.BLOCKED, cause=Cause.IP_BLOCKED)


def applied(remedy: str = LAPSING.key, *proofs: PathProof, **facts: object) -> AppliedRemedy:
    decided = T0 + timedelta(hours=1) if proofs else None
    proven = decided if proofs and proofs[0].mail is MailFinding.ARRIVES else None
    base = AppliedRemedy(
        *("r1", "acme", "i1", "m365", remedy, "ann", T0, T0 + timedelta(minutes=5), T0 + timedelta(days=180), "r1"),
        T0 + timedelta(minutes=5),
        SETUP,
        decided_at=decided,
        proofs=proofs,
        proven_at=proven,
    )
    return replace(base, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (timedelta(days=37), RemedyState.PROVEN),
        (timedelta(days=38, hours=1), RemedyState.LAPSES_SOON),
        (timedelta(days=45, hours=1), RemedyState.LAPSED),
    ],
)
def test_an_entry_of_microsoft_lapses_45_days_after_its_last_use_and_warns_7_days_before(
    after: timedelta, state: RemedyState
) -> None:
    used = applied(LAPSING.key, GOOD)
    assert used.proven_at
    assert lapses_at(used) == used.proven_at + timedelta(days=45)
    assert state_at(used, used.proven_at + after) is state
    assert timedelta(days=7) == WARNED_BEFORE


def test_who_prolongs_it_or_tests_it_again_moves_the_end() -> None:
    at = T0 + timedelta(days=40)
    used = applied(LAPSING.key, GOOD)
    assert state_at(used, at) is RemedyState.LAPSES_SOON
    assert state_at(replace(used, renewed_at=at), at) is RemedyState.PROVEN
    assert state_at(replace(used, proven_at=at, decided_at=at), at) is RemedyState.PROVEN
    assert lapses_at(replace(used, undone_at=at)) is None


def test_what_does_not_lapse_stays() -> None:
    assert state_at(applied(LASTING.key, GOOD), T0 + timedelta(days=4000)) is RemedyState.PROVEN
    assert lapse_sentence(applied(LASTING.key, GOOD), T0) == ""
    assert lapses_at(applied(OTHER_CHANGE, GOOD)) is None
    assert lapses_at(applied("of a later release", GOOD)) is None


def test_an_entry_that_did_not_work_is_not_said_to_lapse() -> None:
    assert state_at(applied(LAPSING.key, BAD), T0 + timedelta(days=60)) is RemedyState.NO_EFFECT


def test_a_later_test_without_a_result_takes_no_warning_back() -> None:
    unclear = replace(GOOD, mail=MailFinding.NOT_KNOWN, why=NoProof.DEFERRED)
    tested = applied(LAPSING.key, unclear, proven_at=T0)
    assert state_at(tested, T0 + timedelta(days=2)) is RemedyState.NOT_DECIDED
    assert state_at(tested, T0 + timedelta(days=40)) is RemedyState.LAPSES_SOON
    assert state_at(replace(tested, proven_at=None), T0 + timedelta(days=40)) is RemedyState.NOT_DECIDED


def test_the_states_of_its_life() -> None:
    waiting = applied()
    assert state_at(waiting, T0) is RemedyState.WAITING
    assert state_at(waiting, T0 + timedelta(minutes=5)) is RemedyState.TESTING
    assert state_at(replace(waiting, undone_at=T0, undone_by="bob"), T0) is RemedyState.UNDONE


def test_counts_have_all_states_of_a_company() -> None:
    counts = counted_by_state([applied(), replace(applied(LASTING.key, GOOD), company="globex")], T0)
    assert len(counts) == 2 * len(RemedyState)
    assert (counts["acme", RemedyState.WAITING], counts["acme", RemedyState.PROVEN]) == (1, 0)
    assert counts["globex", RemedyState.PROVEN] == 1


def test_the_words_of_an_end_do_not_claim_what_only_the_mail_system_knows() -> None:
    used = applied(LAPSING.key, GOOD)
    before, after = lapse_sentence(used, T0 + timedelta(days=40)), lapse_sentence(used, T0 + timedelta(days=50))
    assert before.startswith("It may lapse at 2027-01-15 09:00 UTC: 45 days after the last use that is certain.")
    assert after.startswith("It may have lapsed since 2027-01-15 09:00 UTC")
    assert "Only the mail system knows" in before


def test_every_value_has_its_words() -> None:
    assert set(STATES) == set(RemedyState)
    assert set(NO_PROOF) == set(NoProof)
    assert set(UNTESTED) == set(TwinUntested)
    assert set(TWINS) == set(TwinFinding) - {TwinFinding.NOT_TESTED}
    assert set(OTHERS) == set(OthersFinding)


def test_what_was_not_tested_is_said_with_its_reason() -> None:
    untested = replace(GOOD, twin=TwinFinding.NOT_TESTED, untested=TwinUntested.ROUTE)
    found = applied(LASTING.key, untested)
    assert headline(found, T0) == (
        "The mail arrives. It was not tested whether forged mail is still refused: this route cannot send it, since it "
        "cannot vary the IP address."
    )
    assert "proven" not in " ".join(said for _, said in lines_of(found)).lower()


def test_an_alarm_says_whether_the_change_let_it_in() -> None:
    wide = replace(GOOD, twin=TwinFinding.ARRIVED)
    known = (replace(SETUP[0], twin_before=TwinFinding.STOPPED),)
    (_, unknown), (_, sure) = (
        *lines_of(applied(LASTING.key, wide)),
        *lines_of(applied(LASTING.key, wide, setup=known)),
    )
    assert "it is not known whether forged mail arrived before" in unknown
    assert "the change let it in" in sure
    assert next_step(applied(LASTING.key, wide), (), T0) == "Undo it now, by the remedy's own steps."
    other = applied(OTHER_CHANGE, wide, setup=known)
    [(_, hedged)] = lines_of(other)
    assert "the change let it in" not in hedged, "a block that was removed may have stopped the forged mail too"
    assert next_step(other, (), T0) == "Undo an exception from a filter, but not the removal of a block."


def test_the_next_rung_is_the_next_remedy_that_was_not_tried() -> None:
    choice = choose(("postfix",), None, Cause.IP_BLOCKED)
    first, second, *_ = choice.remedies
    tried = tried_in_vain([applied(first.key, BAD)], "i1")
    left = still_to_try(choice, tried)
    assert left[0] == second
    assert next_step(applied(first.key, BAD), left, T0).startswith("Undo it, and then try: ")
    assert "No further remedy is known" in next_step(applied(first.key, BAD), (), T0)
    assert tried_in_vain([applied(first.key, BAD)], "another incident") == frozenset()
    assert tried_in_vain([applied(first.key, GOOD)], "i1") == frozenset()


@pytest.mark.parametrize("others", [OthersFinding.NOT_KNOWN, OthersFinding.NO_CONTROL])
def test_nobody_climbs_the_ladder_before_it_is_known_that_the_sender_is_the_reason(others: OthersFinding) -> None:
    choice = choose(("postfix",), None, Cause.IP_BLOCKED)
    lost = applied(LASTING.key, replace(BAD, outcome=Outcome.MISSING, cause=None, others=others))
    [(_, line)] = lines_of(lost)
    assert "the reason may be another than the sender" in line
    assert next_step(lost, choice.remedies, T0).startswith(
        "Undo it. Look first whether other mail from outside arrives"
    )
    assert "Look first" in next_step(lost, None, T0)
    named = applied(LASTING.key, replace(BAD, others=others))
    assert next_step(named, choice.remedies, T0).startswith("Undo it, and then try: "), "its reply names the sender"
    [(_, line)] = lines_of(named)
    assert "another than the sender" not in line
    seen = applied(LASTING.key, replace(BAD, outcome=Outcome.MISSING, cause=None, others=OthersFinding.ARRIVES))
    assert next_step(seen, choice.remedies, T0).startswith("Undo it, and then try: ")


def test_a_twin_that_arrives_where_the_sender_does_not_says_what_is_stopped() -> None:
    [(_, line)] = lines_of(applied(LASTING.key, replace(BAD, twin=TwinFinding.ARRIVED)))
    assert "it is probably the sender's IP address or signature that is stopped" in line


def test_mail_that_is_stopped_for_something_else_now_is_not_called_the_same() -> None:
    found = applied(LASTING.key, replace(BAD, cause=Cause.CONTENT, outcome=Outcome.SPAM))
    assert next_step(found, (), T0).startswith("The mail is stopped for another reason now: ")
    assert "spam" in " ".join(said for _, said in lines_of(found))


def test_what_is_stored_is_read_again_and_what_is_unknown_is_left_out() -> None:
    setup = (replace(SETUP[0], untested=TwinUntested.ROUTE), PathTest("b", Kind.INVITATION, 3, lossy=True, slow=True))
    assert decode_setup(encode_setup(setup)) == setup
    assert decode_proofs(encode_proofs((GOOD, BAD))) == (GOOD, BAD)
    assert decode_proofs('[{"path":"hq","mail":"of a later release"}]') == ()
