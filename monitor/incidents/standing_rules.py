"""The rules of standing: which fact about the sender is a problem, how severe, and what to do. A table, and one reader.

They see what two readings have settled, never a single answer, and never one that could not be had: unknown and refused
open and close nothing. What they find is a state, not an event, so it is found again after a restart, and it is over
when the table no longer says so. `standing_words` fills the texts of the table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.incidents.incident import GRAVEST_FIRST, Scope, Severity, StandingFinding, StandingRule
from monitor.standing.arrivals import RECENT, NameKind, SeenName
from monitor.standing.record import FactRecord
from probes.mailsystems.advice import Actor, Advice
from probes.mailsystems.causes import NO_WIDE_ENTRY
from probes.standing.fact import OF_RESOLVER, State, Why
from probes.standing.lists import LISTS, ListWeight
from probes.standing.profile import Change
from probes.verdict import Cause

RUNBOOK = "mailpath-standing"
CHANGES_FOR = timedelta(days=1)  # a change is shown as a note for so long
ARRIVALS_NEEDED = 2  # mails from an address that is not the sender's
MAX_FINDINGS = 20  # of one incident; the gravest are kept
HIGH_ZONES = frozenset(row.public_zone for row in LISTS if row.weight is ListWeight.HIGH)

PUBLISH = "Do not publish a second SPF or DMARC record beside the old one: two make receivers ignore both."
LEAVE_KEY = "Do not remove a key that mail of the last week was signed with."


@dataclass(frozen=True, slots=True)
class StandingRow:
    """One rule: facts settled with one of these reasons, for at least `lasts`, are this problem.

    In the texts {subject} is what it is about and {ip} the source IP; of a blocklist, {list} is its name, {listed} what
    it lists, and {leave} its page for removal. `headline` is what is wrong; `no_longer` the same if it was well before;
    `impact` what that means for mail. `pages_at`: number of companies whose mail fails for the same cause from which it
    pages somebody, 0 for never."""

    headline: str
    severity: Severity
    cause: Cause | None
    impact: str
    advice: Advice
    whys: frozenset[Why] = frozenset()
    scope: Scope = Scope.EVERYBODY
    lasts: timedelta = field(default=timedelta(0))
    pages_at: int = 0
    no_longer: str = ""


def _by(actor: Actor, *steps: str, do_not: str = PUBLISH, explanation: str = "") -> Advice:
    return Advice(explanation, actor, steps, do_not, runbook=RUNBOOK, verify="")


REJECT = "It concerns everybody who receives the sender's mail: any receiver may reject it or move it to junk."
SOME_REJECT = "It may concern everybody who receives the sender's mail: some receivers reject it or move it to junk."
OPEN_DOOR = "Mail from anybody who writes the sender's name in From gets past the filter there."
USERS_WAIT = "People there wait for mail that does not come; how many is not known."
STOPPED_AGAIN = "Once it has lapsed, mail may be stopped there as before."
NOTE_IT = "Then note it on the page Remedies under Incidents, or by `mailpath remedy`."
LATER = "No mail is known to be affected."

ROWS: dict[StandingRule, StandingRow] = {
    StandingRule.SPF_FAILS: StandingRow(
        *("SPF does not pass for {ip}", Severity.PAGE, Cause.AUTHENTICATION, REJECT),
        _by(
            Actor.SENDER,
            "Add {ip}, or the include of the mail service that owns it, to the SPF record, a TXT record of {subject}.",
        ),
        frozenset({Why.SPF_FAILS, Why.SPF_MISSING}),
        no_longer="SPF no longer passes for {ip}",
    ),
    StandingRule.SPF_BROKEN: StandingRow(
        *("the SPF record of {subject} is invalid", Severity.PAGE, Cause.AUTHENTICATION, REJECT),
        _by(
            Actor.SENDER,
            "Fix the TXT record of {subject}: `mailpath standing --explain spf` shows the term that breaks it.",
        ),
        frozenset({Why.SPF_BROKEN}),
        no_longer="the SPF record of {subject} is no longer valid",
    ),
    StandingRule.SPF_LIMIT: StandingRow(
        *("the SPF record of {subject} needs more than 10 lookups", Severity.TICKET, Cause.AUTHENTICATION, SOME_REJECT),
        _by(
            Actor.SENDER,
            "See how many lookups each include needs: `mailpath standing --explain spf`, or the page Sender.",
            "Remove includes of services that no longer send from the TXT record of {subject}: at most 10 may be left.",
        ),
        frozenset({Why.SPF_OVER_LIMIT}),
    ),
    StandingRule.NOT_ALIGNED: StandingRow(
        *("mail from {subject} does not pass DMARC", Severity.PAGE, Cause.AUTHENTICATION, REJECT),
        _by(Actor.SENDER, "Make SPF pass for a bounce domain of {domain}, or sign with a key of {domain}; best both."),
        frozenset({Why.NOT_ALIGNED}),
        no_longer="mail from {subject} no longer passes DMARC",
    ),
    StandingRule.REPORTS: StandingRow(
        *("receivers report that mail from {ip} fails DMARC", Severity.TICKET, Cause.AUTHENTICATION, SOME_REJECT),
        _by(
            Actor.SENDER,
            "Look at `mailpath standing reports`: since which day, and at which receivers.",
            "Compare with the SPF record and the DKIM keys on the page of the sender.",
            do_not="Do not relax the DMARC policy because of it: the reports show what the policy is for.",
        ),
        frozenset({Why.MAIL_FAILS}),
    ),
    StandingRule.KEY_UNUSABLE: StandingRow(
        *("the DKIM key {subject} is missing or unusable", Severity.TICKET, Cause.AUTHENTICATION, SOME_REJECT),
        _by(
            Actor.SENDER,
            "Publish the key again, as the mail service shows it, as the TXT record of {subject}.",
            do_not=LEAVE_KEY,
        ),
        frozenset({Why.KEY_MISSING, Why.KEY_REVOKED, Why.KEY_TWICE, Why.KEY_BROKEN, Why.KEY_NOT_FOR_MAIL}),
    ),
    StandingRule.KEY_TOO_SHORT: StandingRow(
        *("the DKIM key {subject} is too short to count", Severity.TICKET, Cause.AUTHENTICATION, SOME_REJECT),
        _by(Actor.SENDER, "Publish a key of 2048 bits under a new selector, and sign with that.", do_not=LEAVE_KEY),
        frozenset({Why.KEY_TOO_SHORT}),
    ),
    StandingRule.KEY_SHORT: StandingRow(
        *("the DKIM key {subject} is weak", Severity.NOTE, Cause.AUTHENTICATION, LATER),
        _by(Actor.SENDER, "Plan a key of 2048 bits without t=y, under a new selector.", do_not=LEAVE_KEY),
        frozenset({Why.KEY_SHORT, Why.KEY_TESTING}),
    ),
    StandingRule.DMARC_BROKEN: StandingRow(
        *("{subject} has no DMARC record that counts", Severity.TICKET, Cause.AUTHENTICATION, SOME_REJECT),
        _by(
            Actor.SENDER,
            "Publish exactly one valid DMARC record, a TXT record of _dmarc.{subject} or of _dmarc at a parent domain.",
        ),
        frozenset({Why.DMARC_TWICE, Why.DMARC_BROKEN, Why.DMARC_MISSING}),
    ),
    StandingRule.PTR: StandingRow(
        *("{subject} has no confirmed reverse name", Severity.TICKET, Cause.RDNS, SOME_REJECT),
        _by(
            Actor.SENDER,
            "Ask the owner of {subject}, the mail service or its provider, for a PTR record whose name leads back to "
            "it.",
            do_not="Do not change HELO before the reverse name is right: strict gateways compare both.",
        ),
        frozenset({Why.PTR_MISSING, Why.PTR_UNCONFIRMED}),
        lasts=timedelta(hours=1),
        no_longer="{subject} no longer has a confirmed reverse name",
    ),
    StandingRule.HELO: StandingRow(
        *("the HELO name {subject} has no address", Severity.TICKET, Cause.RDNS, SOME_REJECT),
        _by(
            Actor.SENDER,
            "Publish an address (an A record) for {subject}, or let the mail server greet with a name that has one.",
        ),
        frozenset({Why.HELO_UNRESOLVED}),
        no_longer="the HELO name {subject} no longer has an address",
    ),
    StandingRule.HELO_SPF: StandingRow(
        *("SPF of the HELO name {subject} fails for {ip}", Severity.TICKET, Cause.AUTHENTICATION, SOME_REJECT),
        _by(Actor.SENDER, "Allow {ip} in the SPF record of {subject}, or remove that record."),
        frozenset({Why.HELO_SPF_FAILS}),
    ),
    StandingRule.BOUNCES: StandingRow(
        *("bounces to {subject} cannot come back", Severity.TICKET, Cause.POLICY, SOME_REJECT),
        _by(
            Actor.SENDER,
            "Make a host accept mail for {subject}, as its MX, MTA-STS policy and TLSA records say.",
        ),
        frozenset({Why.BOUNCES_NULL_MX, Why.BOUNCES_NO_HOST, Why.MTA_STS_MISMATCH, Why.DANE_MISMATCH}),
    ),
    StandingRule.LISTED: StandingRow(
        *("{list}, which business gateways use, lists {listed}", Severity.TICKET, Cause.IP_LISTED, REJECT),
        _by(
            Actor.SENDER,
            "Find out at {leave} why it lists {listed}, and stop that.",
            "Then ask for removal there.",
            do_not=NO_WIDE_ENTRY,
        ),
        frozenset({Why.LISTED}),
        pages_at=2,
    ),
    StandingRule.LISTED_RANGE: StandingRow(
        *("a lesser part of {list} lists {listed}", Severity.TICKET, Cause.IP_LISTED, SOME_REJECT),
        _by(
            Actor.SENDER,
            "Ask the mail service to have {listed} removed from that part of the list, at {leave}.",
            do_not=NO_WIDE_ENTRY,
        ),
    ),
    StandingRule.LISTED_MINOR: StandingRow(
        *("{list}, which few use, lists {listed}", Severity.NOTE, Cause.IP_LISTED, LATER),
        _by(
            Actor.SENDER,
            "Watch whether probes are refused for it; if so, ask for removal at {leave}.",
            do_not=NO_WIDE_ENTRY,
        ),
        frozenset({Why.LISTED_MINOR}),
    ),
    StandingRule.LIST_UNUSABLE: StandingRow(
        *("{list} gives us no usable answer", Severity.NOTE, None, LATER),
        _by(
            Actor.OURSELVES,
            "Use a resolver of your own that the list lets ask, get a key, or name the list in standing.lists_off.",
            do_not="Do not take a refusal for a listing.",
        ),
        frozenset({Why.LIST_REFUSES, Why.LIST_BROKEN}),
        scope=Scope.OURSELVES,
        lasts=timedelta(days=1),
    ),
    StandingRule.RESOLVER: StandingRow(
        *("our name server gives no usable answers", Severity.TICKET, None, LATER),
        _by(
            Actor.OURSELVES,
            "Name a resolver in [dns] nameservers that answers for the public DNS and rewrites nothing.",
            do_not="Do not use a large public resolver: blocklists refuse it.",
        ),
        OF_RESOLVER,
        scope=Scope.OURSELVES,
        lasts=timedelta(hours=1),
    ),
    StandingRule.OTHER_ADDRESS: StandingRow(
        *(
            "real mail comes from {subject}, which is no address of the sender",
            Severity.PAGE,
            Cause.AUTHENTICATION,
            REJECT,
        ),
        _by(
            Actor.SENDER,
            "Ask the mail service whether the sender has moved. If so, write the new address into [[sender.profile]], "
            "and send it to the companies that allow {ip}.",
            "If it has not, find out who else sends in the name of {domain}.",
            do_not="Do not have companies remove the entry for {ip} before the move is complete.",
        ),
    ),
    StandingRule.CHANGED: StandingRow(
        *("what {subject} publishes has changed", Severity.NOTE, None, LATER),
        _by(Actor.SENDER, "Check that the change was meant.", do_not="Do not undo it before you know who made it."),
    ),
    StandingRule.REMEDY_TOO_WIDE: StandingRow(
        *("{subject} lets forged mail in", Severity.TICKET, None, OPEN_DOOR),
        _by(Actor.COMPANY_IT, "Undo it: {undo}", NOTE_IT, do_not=NO_WIDE_ENTRY),
        scope=Scope.COMPANY,
    ),
    StandingRule.REMEDY_LAPSES: StandingRow(
        *("{subject} must be prolonged", Severity.TICKET, None, STOPPED_AGAIN),
        _by(Actor.COMPANY_IT, "Look at the entry, and prolong it: {renew}", NOTE_IT, do_not=NO_WIDE_ENTRY),
        scope=Scope.COMPANY,
    ),
    # A ticket: the next probe shows within minutes whether all mail is stopped there, and then it pages.
    StandingRule.REAL_MAIL_REFUSED: StandingRow(
        *("{subject} refuses real mail{why}", Severity.TICKET, None, USERS_WAIT),
        _by(Actor.COMPANY_IT, do_not=NO_WIDE_ENTRY),  # the steps are those for the cause, in `advice`
        scope=Scope.COMPANY,
    ),
}

BY_WHY: Mapping[Why, StandingRule] = {why: rule for rule, row in ROWS.items() for why in row.whys}
OF_OURSELVES = frozenset({Why.LIST_REFUSES, Why.LIST_BROKEN, *OF_RESOLVER})
"""Reasons of readings that say nothing of the sender, but that we cannot ask."""


@dataclass(frozen=True, slots=True)
class StandingInput:
    """The input of the rules: facts, changes of the last day, names in recent real mail, and the addresses that the
    sender has by the configuration, of which `source_ip` is the one of now. `bound`: companies that may have an allow
    entry for these."""

    records: Sequence[FactRecord] = ()
    changes: Sequence[Change] = ()
    names: Sequence[SeenName] = ()
    addresses: frozenset[str] = frozenset()
    bound: tuple[str, ...] = ()
    source_ip: str = ""


def findings(known: StandingInput, now: datetime) -> tuple[StandingFinding, ...]:
    """Return all problems of the sender's standing, the gravest first, and of those the oldest."""
    found = (*_of_facts(known, now), *_of_arrivals(known, now), *_of_changes(known, now))
    found = tuple(replace(each, ip=known.source_ip) for each in found)
    return tuple(sorted(found, key=lambda each: (GRAVEST_FIRST[each.severity], each.since, each.rule, each.subject)))


def _of_facts(known: StandingInput, now: datetime) -> Iterator[StandingFinding]:
    blind: list[FactRecord] = []
    for record in known.records:
        reading = record.reading
        if reading.why in OF_RESOLVER:
            blind.append(record)
        elif reading.why in OF_OURSELVES and now - record.since >= ROWS[rule := BY_WHY[reading.why]].lasts:
            yield _finding(rule, record.since, reading.subject, record)
        if record.settled and record.settled.state in (State.BAD, State.WEAK):
            yield from _of_settled(record, record.settled.since, now)
    if blind and (since := min(record.since for record in blind)) <= now - ROWS[StandingRule.RESOLVER].lasts:
        yield _finding(StandingRule.RESOLVER, since, "", blind[0])


def _of_settled(record: FactRecord, since: datetime, now: datetime) -> Iterator[StandingFinding]:
    assert record.settled
    fact = record.settled.fact
    rule = BY_WHY.get(fact.why)
    if rule is StandingRule.LISTED_MINOR and record.zone in HIGH_ZONES:
        rule = StandingRule.LISTED_RANGE
    if rule is not None and now - since >= ROWS[rule].lasts:
        row = ROWS[rule]
        yield StandingFinding(
            *(rule, row.severity, row.scope, row.cause, since, fact.subject, replace(fact, tree=())),
            before=record.settled.before,
            zone=record.zone,
        )


def _of_arrivals(known: StandingInput, now: datetime) -> Iterator[StandingFinding]:
    """Find addresses of real mail that are not the sender's. Without a configured sender there are none."""
    row = ROWS[StandingRule.OTHER_ADDRESS]
    for seen in known.names:
        if seen.kind is not NameKind.ADDRESS or seen.name in known.addresses or not known.addresses:
            continue
        if seen.count >= ARRIVALS_NEEDED and now - seen.last_at <= RECENT:
            yield StandingFinding(
                *(StandingRule.OTHER_ADDRESS, row.severity, row.scope, row.cause, seen.first_at, seen.name),
                companies=known.bound,
            )


def _of_changes(known: StandingInput, now: datetime) -> Iterator[StandingFinding]:
    row = ROWS[StandingRule.CHANGED]
    for change in known.changes:
        if now - change.at <= CHANGES_FOR:
            yield StandingFinding(
                *(StandingRule.CHANGED, row.severity, row.scope, row.cause, change.at, change.name), change=change
            )


def _finding(rule: StandingRule, since: datetime, subject: str, record: FactRecord) -> StandingFinding:
    row = ROWS[rule]
    return StandingFinding(
        rule, row.severity, row.scope, row.cause, since, subject, replace(record.reading, tree=()), zone=record.zone
    )
