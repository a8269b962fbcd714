"""The rules of standing: what is a problem, how severe, and what joins what probes have shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from monitor.incidents.holding import Group
from monitor.incidents.incident import (
    FindingAbout,
    Incident,
    IncidentEvent,
    Nature,
    Resolution,
    Scope,
    Severity,
    StandingFinding,
    StandingRule,
)
from monitor.incidents.rules import Moment, reconcile
from monitor.incidents.scope import Problem
from monitor.incidents.standing_groups import with_standing
from monitor.incidents.standing_rules import BY_WHY, ROWS, StandingInput, findings
from monitor.incidents.standing_words import described
from monitor.standing.arrivals import NameKind, SeenName
from monitor.standing.record import FactRecord, Settled
from probes.mailsystems.advice import ACTORS
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.profile import Change, ProfileItem
from probes.verdict import Cause, Outcome
from tests.support.incident_samples import failure

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
ZEN, MINOR = "zen.spamhaus.org", "all.s5h.net"


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def known(
    why: Why,
    state: State = State.BAD,
    *,
    question: Question = Question.SPF,
    lasted: float = 11,
    reading: Why | None = None,
    zone: str = "",
    subject: str = "acme.example",
) -> FactRecord:
    """A fact that was settled so many minutes ago. `reading`: what was read last could not tell, for this reason."""
    fact = Fact(question, subject, state, why, NOW, named=("a", "b", "c"))
    since = NOW - minutes(lasted)
    newest = replace(fact, state=State.UNKNOWN, why=reading) if reading else fact
    return FactRecord(newest, since, newest.state, zone=zone, settled=Settled(fact, since))


def read(why: Why, state: State, lasted: float, zone: str = "") -> FactRecord:
    """A reading that settles nothing."""
    fact = Fact(Question.BLOCKLIST, "192.0.2.1 at x", state, why, NOW, named=("x", "why"))
    return FactRecord(fact, NOW - minutes(lasted), state, zone=zone)


DAY = 24 * 60


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (known(Why.SPF_FAILS), "page spf_fails authentication everybody"),
        (known(Why.SPF_MISSING), "page spf_fails authentication everybody"),
        (known(Why.SPF_FAILS, reading=Why.LOOKUP_FAILED), "page spf_fails authentication everybody"),
        (known(Why.SPF_BROKEN), "page spf_broken authentication everybody"),
        (known(Why.SPF_OVER_LIMIT, State.WEAK), "ticket spf_limit authentication everybody"),
        (known(Why.SPF_PASSES, State.GOOD), ""),
        (known(Why.SPF_NEAR_LIMIT, State.WEAK), ""),
        (known(Why.NOT_ALIGNED), "page not_aligned authentication everybody"),
        (known(Why.MAIL_FAILS, question=Question.REPORTS), "ticket reports authentication everybody"),
        (known(Why.MAIL_FAILS_ONCE, State.WEAK, question=Question.REPORTS), ""),
        (known(Why.KEY_MISSING), "ticket key_unusable authentication everybody"),
        (known(Why.KEY_REVOKED), "ticket key_unusable authentication everybody"),
        (known(Why.KEY_TOO_SHORT), "ticket key_too_short authentication everybody"),
        (known(Why.KEY_SHORT, State.WEAK), "note key_short authentication everybody"),
        (known(Why.PTR_MISSING, lasted=59), ""),
        (known(Why.PTR_MISSING, lasted=60), "ticket ptr rdns everybody"),
        (known(Why.PTR_UNCONFIRMED, lasted=60), "ticket ptr rdns everybody"),
        (known(Why.HELO_SPF_FAILS), "ticket helo_spf authentication everybody"),
        (known(Why.DANE_MISMATCH), "ticket bounces policy everybody"),
        (known(Why.LISTED, zone=ZEN), "ticket listed ip_listed everybody"),
        (known(Why.LISTED_MINOR, State.WEAK, zone=ZEN), "ticket listed_range ip_listed everybody"),
        (known(Why.LISTED_MINOR, State.WEAK, zone=MINOR), "note listed_minor ip_listed everybody"),
        (read(Why.LIST_REFUSES, State.REFUSED, DAY - 1), ""),
        (read(Why.LIST_REFUSES, State.REFUSED, DAY), "note list_unusable None ourselves"),
        (read(Why.LIST_BROKEN, State.UNKNOWN, DAY), "note list_unusable None ourselves"),
        (read(Why.LIST_SILENT, State.UNKNOWN, DAY), ""),  # nobody knows why
        (read(Why.RESOLVER_BLIND, State.UNKNOWN, 59), ""),
        (read(Why.RESOLVER_BLIND, State.UNKNOWN, 60), "ticket resolver None ourselves"),
        (read(Why.RESOLVER_SILENT, State.UNKNOWN, 59), ""),
        (read(Why.RESOLVER_SILENT, State.UNKNOWN, 60), "ticket resolver None ourselves"),
        (known(Why.DNSSEC_GOOD, State.GOOD, reading=Why.LOOKUP_FAILED), ""),
    ],
)
def test_each_rule(record: FactRecord, said: str) -> None:
    found = findings(StandingInput([record]), NOW)
    assert ", ".join(f"{each.severity} {each.rule} {each.cause} {each.scope}" for each in found) == said


def test_what_is_suspected_once_is_no_problem() -> None:
    record = replace(known(Why.SPF_FAILS), settled=None, suspected=True)
    assert findings(StandingInput([record]), NOW) == ()


def test_a_blind_resolver_is_one_problem_and_leaves_what_is_known() -> None:
    records = [read(Why.RESOLVER_BLIND, State.UNKNOWN, 90), known(Why.SPF_FAILS, reading=Why.RESOLVER_BLIND)]
    assert [each.rule for each in findings(StandingInput(records), NOW)] == [
        *(StandingRule.SPF_FAILS, StandingRule.RESOLVER)
    ]


def address(name: str, count: int, days: float = 0) -> SeenName:
    return SeenName(NameKind.ADDRESS, name, NOW - timedelta(days=9), NOW - timedelta(days=days), count)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (address("192.0.2.9", 2), True),
        (address("192.0.2.9", 1), False),
        (address("192.0.2.9", 2, days=8), False),
        (address("192.0.2.1", 9), False),
        (SeenName(NameKind.SELECTOR, "k9", NOW, NOW, 9), False),
    ],
)
def test_real_mail_from_another_address(seen: SeenName, found: bool) -> None:
    given = StandingInput(names=[seen], addresses=frozenset({"192.0.2.1"}), bound=("acme", "bolt"))
    (*all_found,) = findings(given, NOW)
    assert [(each.severity, each.rule, each.companies) for each in all_found] == (
        [(Severity.PAGE, StandingRule.OTHER_ADDRESS, ("acme", "bolt"))] if found else []
    )


def test_a_change_is_a_note_for_a_day() -> None:
    change = Change(ProfileItem.MX, "acme.example", ("old.example",), (), NOW - timedelta(hours=23))
    (found,) = findings(StandingInput(changes=[change]), NOW)
    assert (found.severity, described(found)) == (
        *(Severity.NOTE, "mail hosts (MX) of acme.example: old.example became nothing"),
    )
    assert findings(StandingInput(changes=[change]), NOW + timedelta(hours=2)) == ()


def test_every_rule_has_a_row_with_a_next_step() -> None:
    assert set(ROWS) == set(StandingRule)
    for rule, row in ROWS.items():
        assert row.advice.steps or rule.about is FindingAbout.REAL_MAIL, rule  # whose advice is that for the cause
        assert row.advice.actor in ACTORS
    assert sum(len(row.whys) for row in ROWS.values()) == len(BY_WHY)


# --- beside what probes have shown


def mail(cause: Cause, *companies: str, scope: Scope = Scope.COMPANY) -> Group:
    failures = tuple(failure(company=company, cause=cause) for company in companies)
    company = companies[0] if len(companies) == 1 else ""
    problem = Problem(
        *(Nature.MAIL, company or "*", scope, Severity.TICKET, Outcome.BLOCKED, cause, company, ""),
        companies=companies,
        failures=failures,
        since=NOW,
    )
    return Group(problem)


class Rules:
    """The incidents, step by step."""

    def __init__(self) -> None:
        self.incidents: dict[str, Incident] = {}
        self.entries: list[tuple[IncidentEvent, str]] = []
        self.now = NOW
        self.numbers = count(1)

    def step(self, groups: list[Group], *records: FactRecord, asks: bool = True) -> list[Incident]:
        """Apply the rules; the open incidents."""
        held = [
            replace(
                group,
                holders=tuple(
                    each.id
                    for each in self.open
                    if {failure.check for failure in each.failures} & {f.check for f in group.problem.failures}
                ),
            )
            for group in groups
        ]
        found = findings(StandingInput(records), self.now)
        moment = Moment(
            *(self.now, lambda _: True, lambda: f"i{next(self.numbers)}", timedelta(hours=6)),
            asks=lambda *_: asks,
        )
        after = reconcile(self.incidents.values(), with_standing(held, found, self.open), moment)
        self.incidents |= after.incidents
        self.entries += [(entry.turn, entry.said) for entry in after.entries]
        self.now += minutes(10)
        return self.open

    @property
    def open(self) -> list[Incident]:
        return [each for each in self.incidents.values() if each.open]


SPF = known(Why.SPF_FAILS)


def test_a_problem_of_standing_is_an_incident_that_names_no_company() -> None:
    (one,) = Rules().step([], SPF)
    assert (one.nature, one.scope, one.severity, one.cause, one.companies) == (
        *(Nature.STANDING, Scope.EVERYBODY, Severity.PAGE, Cause.AUTHENTICATION, ()),
    )
    assert (one.began_at, one.opened_at) == (NOW - minutes(11), NOW)


def test_problems_of_one_cause_are_one_incident_and_the_gravest_counts() -> None:
    key = known(Why.KEY_MISSING, question=Question.DKIM, subject="k1._domainkey.acme.example")
    ptr = known(Why.PTR_MISSING, question=Question.PTR, lasted=90)
    first, second = sorted(Rules().step([], SPF, key, ptr), key=lambda each: each.severity)
    assert (first.severity, [each.rule for each in first.standing]) == (
        *(Severity.PAGE, [StandingRule.SPF_FAILS, StandingRule.KEY_UNUSABLE]),
    )
    assert (second.severity, second.cause) == (Severity.TICKET, Cause.RDNS)


def test_it_is_the_same_incident_until_it_is_good_again() -> None:
    rules = Rules()
    (one,) = rules.step([], SPF)
    assert [each.id for each in rules.step([], SPF)] == [one.id]
    assert [each.id for each in rules.step([], known(Why.SPF_FAILS, reading=Why.LOOKUP_FAILED))] == [one.id]
    assert rules.step([], known(Why.SPF_PASSES, State.GOOD)) == []
    assert rules.incidents[one.id].ending is Resolution.RECOVERED
    assert rules.entries[-1] == (
        IncidentEvent.CLOSED,
        "The sender's standing is good again: two readings ten minutes apart agree.",
    )
    (again,) = rules.step([], SPF)
    assert (again.id, again.relapses) == (one.id, 1)


def test_without_standing_it_is_not_known_to_be_good() -> None:
    rules = Rules()
    (one,) = rules.step([], SPF)
    assert rules.step([], asks=False) == []
    assert rules.incidents[one.id].ending is Resolution.UNWATCHED


def test_what_probes_say_already_is_not_said_twice() -> None:
    rules = Rules()
    (before,) = rules.step([mail(Cause.AUTHENTICATION, "acme")])
    (after,) = rules.step([mail(Cause.AUTHENTICATION, "acme")], SPF)
    assert (after.id, after.scope, after.severity) == (before.id, Scope.COMPANY, Severity.PAGE)
    assert [each.rule for each in after.standing] == [StandingRule.SPF_FAILS]
    assert IncidentEvent.STANDING in [event for event, _ in rules.entries]
    (mended,) = rules.step([mail(Cause.AUTHENTICATION, "acme")], known(Why.SPF_PASSES, State.GOOD))
    assert (mended.id, mended.severity, mended.standing) == (before.id, Severity.TICKET, ())


def test_mail_that_fails_for_what_is_known_goes_on_as_the_same_incident() -> None:
    rules = Rules()
    (before,) = rules.step([], SPF)
    (wider,) = rules.step([mail(Cause.AUTHENTICATION, "acme")], SPF)
    assert (wider.id, wider.nature, wider.companies) == (before.id, Nature.MAIL, ("acme",))
    (left,) = rules.step([], SPF)  # mail gets through again, and the record is still wrong
    assert (left.id, left.nature, left.touches) == (before.id, Nature.STANDING, ())


def test_mail_that_fails_for_something_else_is_another_incident() -> None:
    both = Rules().step([mail(Cause.CONTENT, "acme")], SPF)
    assert {each.nature for each in both} == {Nature.MAIL, Nature.STANDING}


def test_the_cause_of_the_mail_may_turn_away() -> None:
    rules = Rules()
    rules.step([mail(Cause.AUTHENTICATION, "acme")], SPF)
    both = rules.step([mail(Cause.CONTENT, "acme")], SPF)
    assert sorted((each.nature, bool(each.standing)) for each in both) == [
        *((Nature.MAIL, False), (Nature.STANDING, True)),
    ]


@pytest.mark.parametrize(("companies", "severity"), [(("acme",), "ticket"), (("acme", "bolt"), "page")])
def test_a_listing_pages_once_two_companies_refuse_for_it(companies: tuple[str, ...], severity: str) -> None:
    listed = known(Why.LISTED, question=Question.BLOCKLIST, zone=ZEN, subject=f"192.0.2.1 at {ZEN}")
    (one,) = Rules().step([mail(Cause.IP_BLOCKED, *companies)], listed)
    assert one.severity == severity


def test_findings_about_several_things_are_kept_beside_one_failure() -> None:
    """Real mail that is refused beside any probe of its company, and the listing that explains both."""
    refused = StandingFinding(
        *(StandingRule.REAL_MAIL_REFUSED, Severity.TICKET, Scope.COMPANY, Cause.CONTENT, NOW, "Acme"), company="acme"
    )
    (group,) = with_standing([mail(Cause.AUTHENTICATION, "acme")], [*findings(StandingInput([SPF]), NOW), refused], ())
    assert [each.rule for each in group.problem.standing] == [StandingRule.SPF_FAILS, StandingRule.REAL_MAIL_REFUSED]


def test_the_widest_problem_has_the_findings() -> None:
    groups = [mail(Cause.AUTHENTICATION, "acme"), mail(Cause.AUTHENTICATION, "bolt", "core", scope=Scope.EVERYBODY)]
    found = with_standing(groups, findings(StandingInput([SPF]), NOW), ())
    assert [bool(group.problem.standing) for group in found] == [False, True]


def test_a_listing_belongs_to_the_mail_that_is_refused_for_it_and_not_to_a_wider_block_of_the_address() -> None:
    groups = [mail(Cause.IP_BLOCKED, "granite", "bolt"), mail(Cause.IP_LISTED, "larkhill")]
    blocked, listed = with_standing(groups, findings(StandingInput([known(Why.LISTED, zone=ZEN)]), NOW), ())
    assert not blocked.problem.standing
    assert listed.problem.standing
