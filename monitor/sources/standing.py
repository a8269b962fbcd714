"""Reads the sender's standing all the time, and stores what it is and what changes.

One process does it: the one that leads on the store, which refuses all others' writes. What is due follows from the
times in the store, so a restart neither forgets a suspicion nor asks everything again. No question can delay another:
each has a time limit, and without an answer in it the fact is unknown.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from monitor.errors import UserError
from monitor.events import Event
from monitor.standing.arrivals import RECENT, NameKind, SeenName, add_seen, names_in, recent_names, recent_signatures
from monitor.standing.drift import Drift, next_drift
from monitor.standing.measured import StandingFigures
from monitor.standing.record import FactKey, FactRecord, blind_readings, follow, no_longer_asked
from monitor.standing.timetable import DueRound, Pace, Round, next_due, round_of
from monitor.supervised import SupervisedTask
from probes.evidence import Arrival
from probes.outside import Outside
from probes.standing.asking import Asker, Subject
from probes.standing.blocklists import ListAnswer, ask_lists, fact_of
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.lists import ListAccess
from probes.standing.profile import Change, ProfileItem
from probes.standing.published import read_published
from probes.standing.reports import ReportTotals, reports_fact, window_start
from probes.standing.survey import READERS, answer, resolver_trouble

QUESTION_SECONDS = 60.0  # time limit of one question, with all lookups; SPF alone may take 20 s for each evaluation
QUESTIONS_AT_ONCE = 4
LOOK_SECONDS = 30.0  # between looks at the clock, which may be set
RETRY_SECONDS = 5.0  # after the store has failed
MAX_MAILS_WAITING = 1000  # whose names are not stored yet
MAILS_PER_SECOND = 10  # whose names are read: the thousandth mail of a minute has those of the others

OF_ENVELOPE = (Question.SPF, Question.ALIGNMENT, Question.BOUNCES)  # asked of every envelope domain
OF_ADDRESS = (Question.PTR,)  # asked of every address that real mail came from

log = structlog.get_logger("standing")


class StandingBook(Protocol):
    """The store's port for standing. Everything raises a UserError if it fails."""

    async def keep(self, records: Iterable[FactRecord]) -> None: ...
    async def keep_drift(self, drift: Drift, changes: Iterable[Change]) -> None: ...
    async def keep_names(self, names: Iterable[tuple[NameKind, str]], at: datetime) -> None: ...
    async def current(self) -> list[FactRecord]: ...
    async def drift(self) -> Drift | None: ...
    async def names(self, since: datetime) -> Sequence[SeenName]: ...
    async def simulated(self) -> bool | None: ...
    async def begin(self, *, simulated: bool) -> None: ...


class ReportBook(Protocol):
    """The store's port for reports, as far as standing asks it."""

    async def totals(self, since: datetime) -> Sequence[ReportTotals]: ...


@dataclass(frozen=True, slots=True)
class StandingPlan:
    """The configured subject and pace of standing. `envelope_domains`: beside the subject's own. `reported`: receivers
    send their reports to us; `simulated`: DNS is, with all companies."""

    subject: Subject
    pace: Pace
    max_age: timedelta
    access: ListAccess
    validating: bool = False
    envelope_domains: tuple[str, ...] = ()
    reported: bool = False
    simulated: bool = False


class StandingSource:
    """Reads standing on its timetable. `on_news` is called after something was stored that the incident rules may care
    about. `records`, `changes` and `answers` are for metrics: what is known, and how often since the start something
    published has changed, and a list has answered in a way."""

    def __init__(
        self, book: StandingBook, reports: ReportBook, outside: Outside, on_news: Callable[[], None] = lambda: None
    ) -> None:
        self._book, self._reports, self._outside, self._on_news = book, reports, outside, on_news
        self.plan: StandingPlan | None = None
        self.records: dict[FactKey, FactRecord] = {}
        self.changes: Counter[ProfileItem] = Counter(dict.fromkeys(ProfileItem, 0))
        self.answers: Counter[tuple[str, str]] = Counter()
        self.names: Mapping[tuple[NameKind, str], SeenName] = {}
        self._drift: Drift | None = None
        self._read_at: dict[Round, datetime] = {}
        self._mails: deque[tuple[tuple[tuple[NameKind, str], ...], datetime]] = deque(maxlen=MAX_MAILS_WAITING)
        self._second, self._mails_read = 0, 0  # in this second
        self._woken = asyncio.Event()
        self._recalled = False
        self._simulated: bool | None = None  # the DNS that was read so far
        self._room = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._task = SupervisedTask("standing", self._run)

    def configure(self, plan: StandingPlan | None) -> None:
        """Follow this plan from now on; None: ask nothing. Another sender is asked about at once."""
        if self.plan and plan and plan.subject != self.plan.subject:
            self._read_at.clear()
        self.plan = plan
        self._woken.set()

    def start(self) -> None:
        """Begin with what the store knows."""
        self._task.start()

    async def close(self) -> None:
        """Ask no more."""
        await self._task.close()

    def on_event(self, event: Event) -> None:
        """A listener of the pipeline: names in real mail."""
        if self.plan is None or not isinstance(event.what, Arrival):
            return
        if (second := int(event.what.seen_at.timestamp())) != self._second:
            self._second, self._mails_read = second, 0
        self._mails_read += 1
        if self._mails_read > MAILS_PER_SECOND:
            return
        if names := names_in(event.probe, event.what, self.plan.subject.domain):
            self._mails.append((names, event.what.seen_at))
            self._woken.set()

    def subject(self, plan: StandingPlan, now: datetime) -> Subject:
        """Return whom to ask about: the configured sender, with the signatures of recent real mail."""
        seen = recent_names(self.names.values(), NameKind.SELECTOR, now)
        selectors = tuple(dict.fromkeys((*plan.subject.selectors, *seen)))
        return replace(plan.subject, selectors=selectors, signatures=recent_signatures(self.names.values(), now))

    def figures(self) -> StandingFigures:
        """Return what is known and counted; nothing while nothing is asked."""
        if self.plan is None:
            return StandingFigures()
        answers, changes = dict(self.answers), dict(self.changes)
        return StandingFigures(tuple(self.records.values()), changes, answers, self.plan.max_age)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                wait = await self.step()
            except UserError:  # the store fails, of which the service tells
                wait = RETRY_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def step(self) -> float:
        """Make the round that is due, if one is. Returns the seconds until it is worth looking again."""
        if not self._recalled:
            await self._recall()
        if self.plan and self.plan.simulated is not self._simulated:
            await self._begin(simulated=self.plan.simulated)
        while self._mails:
            names, at = self._mails[0]
            await self._book.keep_names(names, at)
            self._mails.popleft()
            self.names = add_seen(self.names, names, at)
            self._on_news()
        now, plan = self._outside.now(), self.plan
        if plan is None:
            return LOOK_SECONDS
        drift_since = self._drift.since if self._drift else None
        due = next_due(plan.pace, self._read_at, self.records.values(), now, drift_since=drift_since)
        if due.at > now:
            return min(LOOK_SECONDS, (due.at - now).total_seconds())
        await self._make(plan, due)
        return 0.0

    async def _recall(self) -> None:
        """Go on where the last run stopped: the oldest reading of a round tells when it was last made."""
        for record in await self._book.current():
            self.records[record.key] = record
            part = round_of(record.reading.question)
            self._read_at[part] = min(record.reading.at, self._read_at.get(part, record.reading.at))
        self._drift = await self._book.drift()
        if self._drift:
            self._read_at[Round.PROFILE] = self._drift.known.at
        seen = await self._book.names(self._outside.now() - RECENT)
        self.names = {(each.kind, each.name): each for each in seen}
        self._simulated = await self._book.simulated()
        self._recalled = True
        if self.plan and FactKey(Question.PTR, self.plan.subject.source_ip) not in self.records:
            self._read_at.clear()  # it is another sender since

    async def _begin(self, *, simulated: bool) -> None:
        """Forget what was read of the other DNS: nothing that a sandbox publishes may be held against the sender."""
        await self._book.begin(simulated=simulated)
        known, self._simulated, self._drift = bool(self.records), simulated, None
        self.records, self.names = {}, {}
        self._read_at.clear()
        if known:
            self._on_news()

    async def _make(self, plan: StandingPlan, due: DueRound) -> None:
        asker = Asker(self._outside.resolver, self._outside.http, self._outside.now, plan.validating, lists=plan.access)
        match due.round:
            case Round.FACTS:
                await self._read_facts(plan, asker, due.questions)
            case Round.LISTS:
                await self._read_lists(plan, asker)
            case Round.PROFILE:
                await self._read_profile(plan, asker)
        if not due.questions or due.round is Round.LISTS:  # of which a second reading is all of them
            self._read_at[due.round] = self._outside.now()
        self._on_news()

    async def _read_facts(self, plan: StandingPlan, asker: Asker, questions: Sequence[Question]) -> None:
        wanted = questions or [*(each for each in READERS if round_of(each) is Round.FACTS), Question.REPORTS]
        now, asked = self._outside.now(), [each for each in wanted if each in READERS]
        if unusable := await resolver_trouble(plan.subject.domain, asker):
            found = [[asker.fact(each, plan.subject.domain, unusable) for each in asked]]
        else:
            subjects = ((each, self._subjects(plan, each, now)) for each in asked)
            found = await asyncio.gather(*(self._answer(each, some, asker) for each, some in subjects))
        if plan.reported and Question.REPORTS in wanted:
            totals = await self._reports.totals(window_start(now))
            found.append([reports_fact(totals, plan.subject.source_ip, now)])
        await self._take([(fact, "") for facts in found for fact in facts], plan, asked)
        if not plan.reported:
            await self._forget(Question.REPORTS)

    async def _forget(self, question: Question) -> None:
        """End the rows of a question that is not asked any more: what it settled would hold for ever."""
        gone = [replace(record, current=False) for key, record in self.records.items() if key.question is question]
        if gone:
            await self._book.keep(gone)
            self.records = {key: record for key, record in self.records.items() if key.question is not question}

    def _subjects(self, plan: StandingPlan, question: Question, now: datetime) -> list[Subject]:
        """Return the sender, and the same with each envelope domain or address that this question is about as well."""
        subject = self.subject(plan, now)
        if question in OF_ENVELOPE:
            return [replace(subject, bounce_domain=domain) for domain in self._envelope_domains(plan, now)]
        if question in OF_ADDRESS:
            return [replace(subject, source_ip=address) for address in self._addresses(plan, now)]
        return [subject]

    def _envelope_domains(self, plan: StandingPlan, now: datetime) -> tuple[str, ...]:
        seen = recent_names(self.names.values(), NameKind.ENVELOPE_DOMAIN, now)
        return tuple(dict.fromkeys((plan.subject.bounce_domain, *plan.envelope_domains, *seen)))

    def _addresses(self, plan: StandingPlan, now: datetime) -> tuple[str, ...]:
        seen = recent_names(self.names.values(), NameKind.ADDRESS, now)
        return tuple(dict.fromkeys((plan.subject.source_ip, *seen)))

    async def _answer(self, question: Question, subjects: Sequence[Subject], asker: Asker) -> list[Fact]:
        """Answer one question about all subjects, in the end that nothing is known."""
        facts: dict[FactKey, Fact] = {}
        fault = "no answer in time"
        try:
            async with self._room, asyncio.timeout(QUESTION_SECONDS):
                for subject in subjects:
                    for fact in await answer(question, subject, asker):
                        named = _named(fact, subject, subjects[0])
                        facts.setdefault(FactKey(named.question, named.subject), named)
        except TimeoutError:
            log.warning("a question about the sender's standing took too long", question=question.value)
        except Exception:
            log.exception("a question about the sender's standing failed", question=question.value)
            fault = "Mailpath failed to read the answer; its log has the error"
        else:
            return list(facts.values())
        unread = Assessment(State.UNKNOWN, Why.LOOKUP_FAILED, named=(fault,))
        return [asker.fact(question, key.subject, unread) for key in self.records if key.question is question]

    async def _read_lists(self, plan: StandingPlan, asker: Asker) -> None:
        now, subject = self._outside.now(), plan.subject
        if unusable := await resolver_trouble(subject.domain, asker):
            unknown = asker.fact(Question.BLOCKLIST, "", unusable)
            zones = {key: record.zone for key, record in self.records.items()}
            known = [key for key in zones if key.question is Question.BLOCKLIST]
            facts = blind_readings([unknown], known) if known else []
            await self._take([(fact, zones[FactKey(fact.question, fact.subject)]) for fact in facts], plan)
            return
        domains = (subject.domain, subject.helo, *self._envelope_domains(plan, now))
        answers = await self._within(
            ask_lists(asker.resolver, self._addresses(plan, now), domains, now, access=asker.lists)
        )
        self.answers.update((answer.dns_list.public_zone, answer.state.value) for answer in answers)
        facts_by_zone = [(fact_of(answer), answer.dns_list.public_zone) for answer in answers]
        await self._take(facts_by_zone, plan, (Question.BLOCKLIST,))

    async def _within(self, answers: Awaitable[tuple[ListAnswer, ...]]) -> tuple[ListAnswer, ...]:
        """Wait for the lists; all of them have time limits of their own, which this one only backs."""
        try:
            async with asyncio.timeout(2 * QUESTION_SECONDS):
                return await answers
        except TimeoutError:
            log.warning("blocklists took too long")
            return ()

    async def _read_profile(self, plan: StandingPlan, asker: Asker) -> None:
        now = self._outside.now()
        if await resolver_trouble(plan.subject.domain, asker):  # everything would seem to be gone
            return
        try:
            async with asyncio.timeout(QUESTION_SECONDS):
                read = await read_published(
                    self.subject(plan, now),
                    asker,
                    envelope_domains=self._envelope_domains(plan, now)[1:],
                    addresses=self._addresses(plan, now),
                )
        except TimeoutError:
            log.warning("reading what is published about the sender took too long")
            return
        drift, changes = next_drift(self._drift, read, plan.max_age)
        await self._book.keep_drift(drift, changes)
        self._drift = drift
        for change in changes:
            self.changes[change.item] += 1
            log.info(
                "what is published about the sender has changed",
                item=change.item.value,
                name=change.name,
                old=list(change.old),
                new=list(change.new),
            )

    async def _take(
        self, readings: Sequence[tuple[Fact, str]], plan: StandingPlan, questions: Iterable[Question] = ()
    ) -> None:
        """Store readings, each with its zone, and then know them. `questions`: those that were asked in whole."""
        zones = {FactKey(fact.question, fact.subject): zone for fact, zone in readings}
        facts = [fact for fact, _ in readings]
        facts = blind_readings(facts, self.records)
        now: dict[FactKey, FactRecord] = {}
        rows: list[FactRecord] = []
        for fact in facts:
            key = FactKey(fact.question, fact.subject)
            before = self.records.get(key)
            now[key] = follow(before, fact, plan.max_age, zones.get(key, ""))
            if before and before.since != now[key].since:
                rows.append(replace(before, current=False))
            rows.append(now[key])
        gone = no_longer_asked(self.records, questions, facts)
        await self._book.keep((*rows, *gone))
        for record in gone:
            del self.records[record.key]
        self._log(now)
        self.records |= now

    def _log(self, now: Mapping[FactKey, FactRecord]) -> None:
        """Log what has turned good or bad."""
        for key, record in now.items():
            before = self.records.get(key)
            was = before.settled.state if before and before.settled else None
            state = record.settled.state if record.settled else None
            if state is not was and State.BAD in (state, was):
                log.info(
                    "the sender's standing has changed", check=key.question.value, subject=key.subject, state=state
                )


def _named(fact: Fact, subject: Subject, own: Subject) -> Fact:
    """Return the fact. Whether mail with another envelope domain than `own` is aligned is a fact of its own."""
    if fact.question is not Question.ALIGNMENT or subject.bounce_domain == own.bounce_domain:
        return fact
    return replace(fact, subject=f"{fact.subject} with bounces to {subject.bounce_domain}")
