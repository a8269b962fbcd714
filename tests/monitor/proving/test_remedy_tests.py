"""Tests of remedies through the pipeline: what is sent, what it proves, and nothing twice after a crash."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.actions.remedies import MOST_PER_DAY
from monitor.incidents.incident import IncidentEvent
from monitor.people.person import AuditAction
from monitor.probing.caps import Caps
from monitor.proving.preparing import RemedyError
from monitor.remedying.applied import OTHER_CHANGE, MailFinding, RemedyState, TwinFinding, TwinUntested
from monitor.remedying.lapse import last_result, state_at
from monitor.remedying.words import ALARM_STANDS, headline, lines_of
from probes.diagnosis.within import Within
from probes.kinds import Kind
from probes.mailsystems.choose import choose
from probes.outcome import Cause
from probes.verdict import Outcome
from tests.support.incident_samples import failure, incident
from tests.support.pipeline_app import PipelineApp
from tests.support.remedy_app import (
    RemedyApp,
    as_sender,
    everybody,
    finished,
    in_its_name,
    nobody,
    said,
)

SECONDS = 30.0
SLOW = "m365-allow-domain"


@pytest.fixture
def company(tmp_path: Path) -> RemedyApp:
    return RemedyApp(PipelineApp(tmp_path))


async def test_a_remedy_that_works_is_proven_with_its_forged_twin(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        applied = await worker.changed(said(found))
        company.gateway.stops = lambda message: in_its_name(message) and not as_sender(message)
        result = await finished(tests, worker, applied)
        assert state_at(result, company.app.clock()) is RemedyState.PROVEN
        in_turn = ["sender"] * 3 + ["twin"] * 3 + ["sender", "control"]
        assert company.sent == in_turn, "three: of this path's loss nothing is known"
        assert result.proven_at == result.decided_at
        history = await worker.store.incidents.entries(found.id)
        assert [each.turn for each in history] == [IncidentEvent.REMEDY_APPLIED, IncidentEvent.REMEDY_TESTED]
        assert "Forged mail is stopped." in history[1].said
        audit = [entry for _, entry in await worker.store.people.audit_log(None, 10)]
        assert [(entry.what, entry.who, entry.company) for entry in audit] == [
            (AuditAction.REMEDY_APPLIED, "ann", "acme")
        ]


async def test_a_change_that_is_not_there_yet_is_still_stopped_and_the_next_remedy_is_named(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        first, second = choose(("postfix",), None, Cause.IP_BLOCKED).remedies[:2]
        result = await finished(tests, worker, await worker.changed(said(found, "")))
        assert (result.remedy, state_at(result, company.app.clock())) == (first.key, RemedyState.NO_EFFECT)
        assert company.sent == [*["sender"] * 3, "control", *["twin"] * 3]
        assert result.proofs[0].cause is Cause.IP_BLOCKED
        again = await worker.changed(said(found, ""))
        assert (again.remedy, again.setup[0].twin_before) == (second.key, TwinFinding.STOPPED)


async def test_an_entry_that_lets_forged_mail_in_is_an_alarm(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        await finished(tests, worker, await worker.changed(said(found)))
        company.gateway.stops = nobody
        wide = await finished(tests, worker, await worker.changed(said(found, OTHER_CHANGE)))
        assert state_at(wide, company.app.clock()) is RemedyState.TOO_WIDE
        assert "What was changed is not known" in (await worker.store.incidents.entries(found.id))[-1].said


async def test_a_note_is_kept_as_the_line_it_is(company: RemedyApp) -> None:
    async with company.service() as (_, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        assert (await worker.changed(said(found, note="\n  CHG-1 \n"))).note == "CHG-1"


async def test_a_test_without_a_path_that_is_known_ends_undecided(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        first = await worker.changed(said(await company.store_incident(worker.store)))
        assert await worker.store.remedies.test_again(first, "7aaaaaaaaaaaaaaa", company.app.clock(), ())
        again = await worker.store.remedies.one(first.id)
        assert again
        ended = await finished(tests, worker, again)
        assert state_at(ended, company.app.clock()) is RemedyState.NOT_DECIDED
        assert company.sent == []


async def test_an_alarm_stands_until_a_test_has_another_result(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        company.gateway.stops = nobody
        wide = await finished(tests, worker, await worker.changed(said(await company.store_incident(worker.store))))
        now = company.app.clock()
        assert state_at(wide, now) is RemedyState.TOO_WIDE
        again = await worker.test_now(wide)
        assert (again.awaited, last_result(again, now)) == (True, RemedyState.TOO_WIDE)
        company.gateway.stops = everybody
        after = await finished(tests, worker, again)
        assert state_at(after, company.app.clock()) is RemedyState.TOO_WIDE, "an outage is no answer"
        assert after.proven_at == wide.proven_at


async def test_an_alarm_stands_where_the_forged_twin_has_no_answer(tmp_path: Path) -> None:
    company = RemedyApp(PipelineApp(tmp_path), nobody, {"per_path_per_day": 7})
    async with company.service(Caps(1000, {}, company.app.clock())) as (tests, worker), asyncio.timeout(SECONDS):
        wide = await finished(tests, worker, await worker.changed(said(await company.store_incident(worker.store))))
        assert state_at(wide, company.app.clock()) is RemedyState.TOO_WIDE
        after = await finished(tests, worker, await worker.test_now(wide))
        assert company.sent[4:] == ["sender"] * 3, "the limit of the day is reached before the twin's turn"
        assert state_at(after, company.app.clock()) is RemedyState.TOO_WIDE
        assert ALARM_STANDS in (await worker.store.incidents.entries(after.incident))[-1].said


async def test_a_test_before_the_mail_system_has_had_its_time_is_made_again_whatever_it_finds(
    company: RemedyApp,
) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        company.gateway.stops = lambda message: in_its_name(message) and not as_sender(message)
        applied = await worker.changed(said(await company.store_incident(worker.store), SLOW))
        early = await finished(tests, worker, await worker.test_now(applied))
        assert (early.awaited, early.test_at) == (True, applied.acts_at), "the block may have ended by itself"
        assert early.proofs[0].state is RemedyState.PROVEN


async def test_a_block_of_the_address_alone_never_stopped_the_twin(company: RemedyApp) -> None:
    company.gateway.stops = as_sender
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        early = await finished(tests, worker, await worker.changed(said(found)))
        assert early.proofs[0].twin is TwinFinding.ARRIVED
        company.gateway.stops = nobody
        late = await finished(tests, worker, await worker.test_now(early))
        assert state_at(late, company.app.clock()) is RemedyState.ARRIVES
        assert late.proofs[0].twin is TwinFinding.ARRIVED_BEFORE


async def test_a_mail_system_that_takes_nobodys_mail_makes_no_one_climb_the_ladder(company: RemedyApp) -> None:
    company.gateway.stops = everybody
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        result = await finished(tests, worker, await worker.changed(said(found)))
        assert state_at(result, company.app.clock()) is RemedyState.NOT_DECIDED


@pytest.mark.parametrize(
    ("via", "within", "untested"),
    [
        ("direct", Within.OPEN, TwinUntested.ROUTE),
        ("relay", Within.OPEN, TwinUntested.ROUTE),
        ("xclient", Within.OFF, TwinUntested.FORBIDDEN),
        ("xclient", Within.SCAN, TwinUntested.FORBIDDEN),
        ("xclient", Within.GATEWAY, None),
    ],
)
async def test_a_twin_is_sent_only_where_it_may_be(
    tmp_path: Path, via: str, within: Within, untested: TwinUntested | None
) -> None:
    company = RemedyApp(PipelineApp(tmp_path), nobody, {"diagnosis": within})
    company.gateway.via = via
    async with company.service() as (_, worker):
        applied = await worker.changed(said(await company.store_incident(worker.store)))
        assert applied.setup[0].untested is untested


async def test_without_a_twin_it_is_never_proven(tmp_path: Path) -> None:
    company = RemedyApp(PipelineApp(tmp_path), nobody, {"diagnosis": Within.OFF})
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        result = await finished(tests, worker, await worker.changed(said(found)))
        assert state_at(result, company.app.clock()) is RemedyState.ARRIVES
        assert set(company.sent) == {"sender"}


async def test_a_test_that_reaches_the_limit_of_probes_keeps_what_it_saw(tmp_path: Path) -> None:
    company = RemedyApp(PipelineApp(tmp_path), nobody, {"per_path_per_day": 3})
    async with company.service(Caps(1000, {}, company.app.clock())) as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        result = await finished(tests, worker, await worker.changed(said(found)))
    assert company.sent == ["sender", "sender", "sender"]
    assert (result.proofs[0].mail, result.proofs[0].untested) == (MailFinding.ARRIVES, TwinUntested.CANNOT_SEND)
    assert "no further test mail could be sent" in headline(result, company.app.clock())


async def test_the_mail_system_has_its_time_unless_somebody_wants_it_sooner(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        applied = await worker.changed(said(found, SLOW))
        assert applied.known
        assert applied.test_at == applied.changed_at + applied.known.takes_effect_within
        await tests.look()
        await asyncio.sleep(0.05)
        assert company.sent == []
        early = await finished(tests, worker, await worker.test_now(applied))
        assert (early.awaited, early.test_at, early.proofs[0].state) == (True, applied.acts_at, RemedyState.NO_EFFECT)
        assert state_at(early, company.app.clock()) is RemedyState.WAITING, "too early to say that it has no effect"
        company.gateway.stops = lambda message: in_its_name(message) and not as_sender(message)
        company.app.clock.pass_(seconds=applied.known.takes_effect_within.total_seconds())
        late = await finished(tests, worker, early)
        assert state_at(late, company.app.clock()) is RemedyState.PROVEN


async def test_tests_are_no_signals_and_change_nothing_that_people_count(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        await finished(tests, worker, await worker.changed(said(await company.store_incident(worker.store))))
        assert company.sent
        assert await worker.store.probes.current() == []
        assert await worker.store.probes.last_signal() == 0


@pytest.mark.parametrize("cut", [1, 3, 4, 6])
async def test_a_test_that_was_killed_goes_on_where_it_was(tmp_path: Path, cut: int) -> None:
    facts = {"timeout": timedelta(seconds=1), "retry": (timedelta(seconds=0.01),)}
    company = RemedyApp(PipelineApp(tmp_path), lambda message: in_its_name(message) and not as_sender(message), facts)
    async with company.service() as (tests, worker):
        applied = await worker.changed(said(await company.store_incident(worker.store)))
        await tests.look()
        async with asyncio.timeout(SECONDS):
            while len(company.sent) < cut:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    company.app.clock.pass_(seconds=30)  # an attempt that was cut short is waited for no longer
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        result = await finished(tests, worker, applied)
        assert state_at(result, company.app.clock()) is RemedyState.PROVEN
        probes = await worker.store.remedies.probes(result)
        assert result.proofs[0].probes == len(probes)
        assert len(company.sent) <= len(probes) <= len(company.sent) + 1, "nothing was sent twice"
        assert len(await worker.store.remedies.every()) == 1


async def test_a_clock_that_was_set_back_hides_no_mail_of_a_test_which_would_be_sent_again(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        applied = await worker.changed(said(await company.store_incident(worker.store)))
        company.app.clock.pass_(minutes=-10)
        result = await finished(tests, worker, await worker.test_now(applied))
        assert result.proofs
        assert len(company.sent) == sum(proof.probes for proof in result.proofs) < 20


async def test_what_is_undone_meanwhile_is_not_decided(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        applied = await worker.changed(said(await company.store_incident(worker.store), SLOW))
        undone = await worker.undone(applied)
        assert state_at(undone, company.app.clock()) is RemedyState.UNDONE
        assert undone.undone_by == "ann"
        company.app.clock.pass_(days=1)
        await tests.look()
        await asyncio.sleep(0.05)
        assert company.sent == []
        assert not await worker.store.remedies.decide(applied, (), company.app.clock())
        with pytest.raises(RemedyError, match="it was undone at"):
            await worker.test_now(undone)


async def test_kinds_that_failed_and_were_not_tested_are_named(tmp_path: Path) -> None:
    kinds = (Kind.VERIFICATION, Kind.INVITATION)
    company = RemedyApp(PipelineApp(tmp_path), lambda message: in_its_name(message) and not as_sender(message))
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = incident(mail_system="postfix", failures=tuple(failure(kind=kind) for kind in kinds))
        await worker.store.incidents.advance(0, [found], [], [])
        result = await finished(tests, worker, await worker.changed(said(found)))
        [(_, line)] = lines_of(result)
        assert "Tested with one kind only (verification codes)" in line
        assert "look whether these arrive too: company invitations." in line


async def test_saying_it_twice_is_saying_it_once_and_another_one_waits(company: RemedyApp) -> None:
    async with company.service() as (_, worker):
        found = await company.store_incident(worker.store)
        first = await worker.changed(said(found))
        assert await worker.changed(said(found)) == first
        with pytest.raises(RemedyError, match="another change is being tested at acme"):
            await worker.changed(said(found, OTHER_CHANGE))
        assert len(await worker.store.remedies.every()) == 1


async def test_tests_of_a_company_have_a_limit(company: RemedyApp) -> None:
    async with company.service() as (_, worker):
        found = await company.store_incident(worker.store)
        for _ in range(MOST_PER_DAY):
            await worker.undone(await worker.changed(said(found)))
        with pytest.raises(RemedyError, match=f"at most {MOST_PER_DAY} tests"):
            await worker.changed(said(found))
        company.app.clock.pass_(days=1, seconds=1)
        await worker.changed(said(found))


async def test_deferrals_are_an_answer_where_delay_was_the_problem(company: RemedyApp) -> None:
    async with company.service() as (_, worker):
        found = await company.store_incident(worker.store, outcome=Outcome.DEFERRED, cause=Cause.GREYLISTED)
        assert (await worker.changed(said(found))).setup[0].slow


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"remedy": "no-such"}, "no remedy 'no-such'"),
        ({"note": "two\nlines"}, "must be one line of text"),
        ({"company": "globex"}, "is not about mail that globex stops"),
    ],
)
async def test_what_cannot_be_noted_is_refused_with_the_reason(
    company: RemedyApp, facts: dict[str, str], words: str
) -> None:
    async with company.service() as (_, worker):
        found = await company.store_incident(worker.store)
        with pytest.raises(RemedyError, match=words):
            await worker.changed(said(found, **facts))
        with pytest.raises(RemedyError, match="the review date must be in the future"):
            await worker.changed(said(found, review_on=company.app.clock()))


async def test_what_does_not_lapse_cannot_be_prolonged(company: RemedyApp) -> None:
    async with company.service() as (_, worker):
        found = await company.store_incident(worker.store)
        lasting = await worker.changed(said(found))
        with pytest.raises(RemedyError, match="does not lapse by itself"):
            await worker.renewed(lasting)
        await worker.undone(lasting)
        lapsing = await worker.changed(said(found, SLOW))
        assert (await worker.renewed(lapsing)).renewed_by == "ann"


async def test_a_result_outlives_its_incident(company: RemedyApp) -> None:
    async with company.service() as (tests, worker), asyncio.timeout(SECONDS):
        found = await company.store_incident(worker.store)
        applied = await worker.changed(said(found))
        later = company.app.clock() + timedelta(days=100)
        await worker.store.incidents.advance(0, [replace(found, closed_at=found.opened_at)], [], [])
        await worker.store.prune(later)
        assert await worker.store.incidents.find(found.id) == []
        assert not (await finished(tests, worker, applied)).awaited
