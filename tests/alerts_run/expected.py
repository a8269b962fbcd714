"""What people should hear of each company, and what they heard."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.alerts_run.recorder import Message, Recorder
from tests.alerts_run.setup import FLIPPED

NOTHING = "nothing"
OVER = (FLIPPED,)  # what opened and closed while a receiver was dead


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result: who, about what, and what was to be heard."""

    who: str
    about: str
    expected: str
    heard: str

    @property
    def right(self) -> bool:
        """True if it is as expected."""
        return self.expected == self.heard


# company -> what Mailpath's own notice says, and the rule's alert
EXPECTED: Mapping[str, tuple[str, str]] = {
    FLIPPED: ("page company", "on-call MailpathCompanyStopped"),
    "corkwood": ("ticket company", "tickets MailpathMailInSpam"),
    "granite": ("page company", "on-call MailpathCompanyStopped"),
    "dunmoor": ("page company", "on-call MailpathCompanyStopped"),
    "larkhill": ("page company", "on-call MailpathCompanyStopped"),
    "foxglove": ("page company", "on-call MailpathCompanyStopped"),
    "halyard": ("page company", "on-call MailpathCompanyStopped"),
    "greyfield": ("page company", "on-call MailpathCodesLate"),
    "umberland": ("ticket mailbox", "tickets MailpathMailboxStopped"),
    "lowmarsh": ("ticket their_system", "tickets MailpathTheirSystem"),  # perhaps that mailbox alone
    "snailbeck": ("page company", "on-call MailpathCodesLate"),
    "ironvault": ("ticket ourselves", "mailpath MailpathOwnTrouble"),
}
OTHERS = {  # alerts that are about no single company
    "both": ["mailpath-page MailpathNoticesWaiting dead", "on-call MailpathCodesMissed"],
    "rules": ["mailpath-page MailpathNoticesWaiting dead", "on-call MailpathCodesMissed"],
}


def compared(people: Recorder) -> list[Row]:
    """Everything that was heard beside what was to be heard."""
    return [
        *_notices("pager", people.at("/pager"), _lived),
        *_notices("dead for 10 min", people.at("/dead"), _dead),
        *_alerts("both ways in one", people.at("/both/"), own=True, others=OTHERS["both"]),
        *_alerts("rules alone", people.at("/rules/"), own=False, others=OTHERS["rules"]),
    ]


def _lived(company: str, opened: str) -> str:
    return f"{opened} opened, resolved" if company in OVER else f"{opened} opened"


def _dead(company: str, opened: str) -> str:
    return "resolved" if company in OVER else f"{opened} opened"


def _notices(who: str, messages: Iterable[Message], expected: Any) -> Iterator[Row]:
    """A row for each company, and one for what came twice."""
    heard: defaultdict[str, list[str]] = defaultdict(list)
    ids: set[str] = set()
    twice: list[str] = []
    for each in messages:
        said = each.said
        twice += [said["id"]] if said["id"] in ids else []
        ids.add(said["id"])
        labels = said["labels"]
        about = labels["company"] or labels["mail_system"] or labels["scope"]
        urgent = "[" in said["title"][:1] or said["news"] == "opened"
        what = f"{labels['severity']} {labels['scope']} " if urgent or heard[about] else ""
        heard[about].append(f"{what}{said['news']}")
    for company, (opened, _) in EXPECTED.items():
        yield Row(who, company, expected(company, opened), _joined(heard.pop(company, [])))
    yield from (Row(who, about, NOTHING, _joined(said)) for about, said in heard.items())
    yield Row(who, "what came twice", NOTHING, ", ".join(twice) or NOTHING)


def _joined(said: list[str]) -> str:
    """Return "page company opened, resolved" for several that begin alike."""
    if not said:
        return NOTHING
    first = said[0].rpartition(" ")[0]
    return ", ".join([said[0], *(each.removeprefix(f"{first} ") for each in said[1:])])


def _alerts(who: str, messages: Iterable[Message], *, own: bool, others: list[str]) -> Iterator[Row]:
    """A row for each company and for each other alert: the changes that people were sent, in order."""
    state: dict[str, str] = {}
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for each in messages:
        receiver = each.path.rsplit("/", 1)[1]
        for alert in each.said["alerts"]:
            labels = alert["labels"]
            posted = " (posted)" if "incident" in labels else ""
            what = f"{receiver} {labels['alertname']}{posted}"
            key = f"{receiver} {sorted(labels.items())}"
            if state.get(key) != alert["status"]:
                state[key] = alert["status"]
                about = labels.get("company") or f"{what} {labels.get('channel', '')}".strip()
                heard[about].append(f"{what} {alert['status']}")
    for company, (opened, rule) in EXPECTED.items():
        expected = _posted(opened) if own else rule
        ends = ", resolved" if company in OVER else ""
        yield Row(who, company, f"{expected} firing{ends}", _joined(heard.pop(company, [])))
    for what in others:
        said = [each.rpartition(" ")[2] for each in heard.pop(what, [])]
        yield Row(who, what, "firing", said[0] if said else NOTHING)
    yield from (Row(who, about, NOTHING, _joined(said)) for about, said in heard.items())


def _posted(opened: str) -> str:
    severity, scope = opened.split()
    names = {"mailbox": "MailpathProbeMailbox", "their_system": "MailpathTheirSystem", "ourselves": "MailpathOurselves"}
    receivers = {"page": "on-call", "ticket": "tickets"} if scope != "ourselves" else {"ticket": "mailpath"}
    return f"{receivers[severity]} {names.get(scope, 'MailpathMailStopped')} (posted)"
