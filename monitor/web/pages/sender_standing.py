"""The standing of the sender on its page: checks, blocklists, changes, and where else to look. Pure, but for `read`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.config import Config
from monitor.config.simulated import simulates_dns
from monitor.output.symbols import STATE_COLOURS
from monitor.standing.record import FactRecord
from monitor.standing.spans import DayRun, day_runs
from monitor.web.caller_view import CallerView
from monitor.web.sender_standing import HISTORY_DAYS, KnownFact, SeenChange, known_facts, seen_changes
from probes.standing.fact import Branch, Fact, Question, State, Why
from probes.standing.lists import LISTS, DnsList, ListWeight
from probes.standing.profile import ITEMS
from probes.standing.words import MAX_NAMED_CHARS, QUESTIONS, SENTENCES, STATES, UNCONFIRMED, sentence
from probes.verdict import Outcome

WORST_FIRST = (State.BAD, State.WEAK, State.UNKNOWN, State.REFUSED, State.GOOD, State.NONE)
BY_ZONE = {row.public_zone: row for row in LISTS}
MAX_CHANGES_SHOWN = 100

TALLIES = (  # the top line: states that are counted together
    ("good", (State.GOOD,)),
    ("weak", (State.WEAK,)),
    ("bad", (State.BAD,)),
    ("could not tell", (State.UNKNOWN, State.REFUSED)),
    ("not published", (State.NONE,)),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as a badge shows it: `look` has the colour and the sign, the word says it."""

    word: str
    look: Outcome | None


@dataclass(frozen=True, slots=True)
class StripBar:
    """A run of days in a strip, in percent. `look` is None where nothing was read."""

    x: float
    width: float
    state: State
    begins: str
    ends: str
    word: str


@dataclass(frozen=True, slots=True)
class StateStrip:
    """The states of the last days, and the same in words."""

    bars: tuple[StripBar, ...]
    said: str


@dataclass(frozen=True, slots=True)
class BranchView:
    """A part of a record that includes others, and the parts below it."""

    term: str
    record: str
    lookups: int
    below: tuple["BranchView", ...]


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check. `in_full`: what `why` had to cut, such as a long SPF chain. `tree`: of SPF, the whole record."""

    key: str
    label: str
    question: str
    source: str
    mark: Mark
    fact: Fact
    why: str
    since: datetime
    in_full: tuple[str, ...]
    tree: BranchView | None
    strip: StateStrip


@dataclass(frozen=True, slots=True)
class ListedSubject:
    """One listing: an address or domain, and what the list says of it. `leave`: the page to ask for removal."""

    subject: str
    said: str
    since: datetime
    leave: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """One blocklist. `itself`: the result of its own test, `ours`: what it says of the sender, if `told`."""

    zone: str
    name: str
    used_by: str
    itself: Mark
    ours: Mark
    told: bool
    why: str
    subjects: tuple[str, ...]
    listed: tuple[ListedSubject, ...]
    page: str
    since: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change, with the caller's companies whose allow entry may name the old value."""

    label: str
    seen: SeenChange


@dataclass(frozen=True, slots=True)
class Portal:
    """A page of somebody else about the sender's reputation. `address` has the sender's IP where the page takes it."""

    name: str
    address: str
    about: str


PORTALS = (  # {ip}: the source IP. None of them is asked: they want a sign-in, a captcha or a contract
    Portal(
        "Cisco Talos",
        "https://talosintelligence.com/reputation_center/lookup?search={ip}",
        "reputation at Cisco gateways",
    ),
    Portal(
        "Barracuda",
        "https://www.barracudacentral.org/lookups/lookup-reputation?lookup_entry={ip}",
        "reputation at Barracuda gateways",
    ),
    Portal("Proofpoint", "https://ipcheck.proofpoint.com/?ip={ip}", "blocks at Proofpoint gateways"),
    Portal("Microsoft delisting", "https://sender.office.com/", "removal from Microsoft 365's own list"),
    Portal(
        "Microsoft SNDS",
        "https://sendersupport.olc.protection.outlook.com/snds/",
        "complaints and spam traps at Outlook.com, after registration",
    ),
    Portal("Google Postmaster Tools", "https://postmaster.google.com/", "spam rate at Gmail, after registration"),
)


@dataclass(frozen=True, slots=True)
class ListWords:
    """The words of a reading: about the list itself, and about the sender."""

    itself: str
    look: State
    ours: str


_WORKS = ListWords("works", State.GOOD, "not listed")
_LISTED = ListWords("works", State.GOOD, "listed")
_UNASKED = ListWords("could not be asked", State.UNKNOWN, "not known")
LIST_WORDS: dict[Why, ListWords] = {
    Why.NOT_LISTED: _WORKS,
    Why.NOT_LISTED_UNTESTED: _WORKS,
    Why.LIST_NEUTRAL: _WORKS,
    Why.LISTED: _LISTED,
    Why.LISTED_MINOR: _LISTED,
    Why.LIST_REFUSES: ListWords("refuses our questions", State.REFUSED, "not known"),
    Why.LIST_BROKEN: ListWords("fails its own test", State.UNKNOWN, "not known"),
    Why.LIST_SILENT: ListWords("no usable answer", State.UNKNOWN, "not known"),
    Why.RESOLVER_BLIND: _UNASKED,
    Why.RESOLVER_SILENT: _UNASKED,
    Why.TOO_OLD: ListWords("not asked lately", State.UNKNOWN, "not known"),
}
OF_LISTING = frozenset({Why.LISTED, Why.LISTED_MINOR})


@dataclass(frozen=True, slots=True)
class StandingPart:
    """The part of the page. `missing`: why nothing is read, and what to do; "" if it is. `tally`: numbers of checks by
    state, those that there are. `simulated`: DNS is, and so all of this."""

    missing: str
    tally: tuple[tuple[int, str], ...]
    checks: tuple[CheckRow, ...]
    lists: tuple[ListRow, ...]
    listed_by: int
    lists_silent: int
    changes: tuple[ChangeRow, ...]
    changes_left_out: int
    portals: tuple[Portal, ...]
    simulated: bool = False
    days: int = HISTORY_DAYS


async def read(view: CallerView) -> StandingPart:
    """Return what the caller may see. Raises StoreError."""
    known, changes = await known_facts(view), await seen_changes(view, HISTORY_DAYS)
    return standing_view(view.backend.config(), known, changes, view.backend.now())


def standing_view(
    config: Config, known: Sequence[KnownFact], changes: Sequence[SeenChange], now: datetime
) -> StandingPart:
    """Return the part of the page as it is now."""
    checks = [each for each in known if each.record.reading.question is not Question.BLOCKLIST]
    lists = tuple(_list_rows(each for each in known if each.record.reading.question is Question.BLOCKLIST))
    ip = config.sender.source_ip
    return StandingPart(
        missing=_missing(config, known),
        tally=_tally(each.record for each in checks),
        checks=tuple(_check_row(each, now) for each in sorted(checks, key=_worst_first)),
        lists=lists,
        listed_by=sum(bool(row.listed) for row in lists),
        lists_silent=sum(not row.told for row in lists),
        changes=tuple(ChangeRow(_begun(ITEMS[each.change.item]), each) for each in changes[:MAX_CHANGES_SHOWN]),
        changes_left_out=max(len(changes) - MAX_CHANGES_SHOWN, 0),
        portals=tuple(Portal(each.name, each.address.format(ip=ip), each.about) for each in PORTALS),
        simulated=simulates_dns(config),
    )


def mark_of_state(state: State, *, suspected: bool = False, word: str = "") -> Mark:
    """Return the badge of a state."""
    return Mark(word or (_begun(UNCONFIRMED) if suspected else STATES[state].title), STATE_COLOURS[state])


def strip_of_states(runs: Iterable[DayRun], days: int) -> StateStrip:
    """Return the strip of these runs, and how many days had which state."""
    bars, counts = [], Counter[str]()
    for run in runs:
        word = STATES[run.state].label if run.state else "no reading"
        counts[word] += run.days
        if run.state:
            x, width = round(100 * run.first / days, 2), round(100 * run.days / days, 2)
            bars.append(StripBar(x, width, run.state, f"{run.begins:%d %b}", f"{run.ends:%d %b}", word))
    said = ", ".join(f"{number} {'day' if number == 1 else 'days'} {word}" for word, number in counts.most_common())
    return StateStrip(tuple(bars), said)


def _missing(config: Config, known: Sequence[KnownFact]) -> str:
    if not config.standing.enabled:
        return "Nothing is read: set enabled = true in [standing] of the configuration. What is shown here is old."
    if not config.companies:
        return "Nothing is read, because no company is configured yet."
    if not known:
        return (
            "Not read yet. The first reading takes a minute. If this stays, look into the log of the service, and "
            "check that its name server ([dns] nameservers) answers."
        )
    return ""


def _tally(records: Iterable[FactRecord]) -> tuple[tuple[int, str], ...]:
    counts: Counter[State] = Counter()
    once = 0
    for record in records:
        once += record.suspected
        counts[record.state] += not record.suspected
    found = [(sum(counts[state] for state in states), word) for word, states in TALLIES]
    return tuple((number, word) for number, word in (*found, (once, UNCONFIRMED)) if number)


def _worst_first(known: KnownFact) -> tuple[int, int, str]:
    record = known.record
    place = WORST_FIRST.index(State.BAD if record.suspected else record.state)
    return place, list(Question).index(record.reading.question), record.reading.subject


def _check_row(known: KnownFact, now: datetime) -> CheckRow:
    record = known.record
    fact, label = record.reading, QUESTIONS[record.reading.question]
    return CheckRow(
        key=f"{fact.question} {fact.subject}",
        label=label.title,
        question=label.sentence,
        source=label.help,
        mark=mark_of_state(record.state, suspected=record.suspected),
        fact=fact,
        why=_sentence(fact),
        since=known.since,
        in_full=tuple(each for each in fact.named if len(each) > MAX_NAMED_CHARS),
        tree=next(iter(branch_views(fact.tree)), None),
        strip=strip_of_states(day_runs(known.spans, now, HISTORY_DAYS), HISTORY_DAYS),
    )


def branch_views(tree: Sequence[Branch]) -> tuple[BranchView, ...]:
    """Return branches with those below each: what follows with a greater depth."""
    found: list[BranchView] = []
    place = 0
    while place < len(tree):
        each, first = tree[place], place + 1
        place = next((later for later in range(first, len(tree)) if tree[later].depth <= each.depth), len(tree))
        found.append(BranchView(each.term, each.record, each.lookups, branch_views(tree[first:place])))
    return tuple(found)


def _list_rows(known: Iterable[KnownFact]) -> Iterable[ListRow]:
    """Return a row a list: listings first, then what business gateways use."""
    by_zone: dict[str, list[KnownFact]] = {}
    for each in known:
        by_zone.setdefault(each.record.zone, []).append(each)
    rows = [_list_row(BY_ZONE[zone], some) for zone, some in by_zone.items() if zone in BY_ZONE]
    weights = list(ListWeight)
    return sorted(rows, key=lambda row: (not row.listed, weights.index(BY_ZONE[row.zone].weight), row.name))


def _list_row(dns_list: DnsList, known: Sequence[KnownFact]) -> ListRow:
    worst = min(known, key=_worst_first)
    record = worst.record
    words = LIST_WORDS.get(record.reading.why, _UNASKED)
    untested = not dns_list.test and words is _WORKS
    listed = tuple(
        ListedSubject(subject, _said(each.record.reading), each.since, dns_list.page_about(subject))
        for each in known
        if each.record.reading.why in OF_LISTING
        for subject in (dns_list.listed_subject(each.record.reading.subject),)
    )
    once = f"{words.ours} once, not confirmed" if record.suspected else words.ours
    return ListRow(
        zone=dns_list.public_zone,
        name=dns_list.name,
        used_by=dns_list.used_by,
        itself=mark_of_state(
            State.NONE if untested else words.look, word="No test entry" if untested else _begun(words.itself)
        ),
        ours=mark_of_state(record.state, word=_begun(once)),
        told=words.look is State.GOOD,
        why=""
        if record.reading.why in (Why.NOT_LISTED, Why.NOT_LISTED_UNTESTED, *OF_LISTING)
        else _sentence(record.reading),
        subjects=tuple(dns_list.listed_subject(each.record.reading.subject) for each in known),
        listed=listed,
        page=dns_list.page_about(dns_list.listed_subject(record.reading.subject)),
        since=min(each.since for each in known if each.record.state is record.state),
        at=max(each.record.reading.at for each in known),
    )


def _said(fact: Fact) -> str:
    return fact.named[1] if len(fact.named) > 1 else ""


def _sentence(fact: Fact) -> str:
    """Return the reason with a capital, unless it begins with a name that others publish."""
    text = sentence(fact)
    return text if SENTENCES[fact.why].startswith("{") else _begun(text)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
