"""Refusals of the sender's real mail that are a problem of a company, until it is over. Pure.

It is one once two messages in a row, to different people, were refused for a reason that concerns the sender. In a row:
no mail to the company was taken between them. One person may have a list of their own, one message something odd; and
where mail to others is taken, it is not the company's server that refuses the sender. It is over by the same rule: two
in a row were taken; after them only two refusals in a row count again. Where nobody sends any more, nothing is known
after a day, and it is over too.

A first refusal is known in memory only: it has an address. After a restart a second one is waited for anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from monitor.real_mail.mails import RealMailRow
from monitor.real_mail.replies import masked_reply
from probes.outcome import Cause

WITHIN = timedelta(hours=24)  # in which the two are refused; without another one it is not known any more
ENOUGH_TAKEN = 2
QUIET = timedelta(minutes=15)  # since the last refusal: of several servers one may refuse, another take


@dataclass(frozen=True, slots=True)
class RealRefusals:
    """Refusals of real mail to a company that are a problem. `since`, `last_at`: the first and the last; `cause`,
    `reply` (masked), `host` (the server) and `from_ip` (where the mail left from, "" if unknown) are of the one that
    showed it. `taken`: mails that were taken since the last."""

    company: str
    cause: Cause
    since: datetime
    last_at: datetime
    reply: str = ""
    host: str = ""
    from_ip: str = ""
    taken: int = 0

    def over(self, now: datetime) -> bool:
        """Test if it is over."""
        quiet = now - self.last_at
        return quiet >= WITHIN or (self.taken >= ENOUGH_TAKEN and quiet >= QUIET)


class FirstRefusal(NamedTuple):
    """A refusal that nothing has confirmed so far."""

    person: str
    at: datetime
    message_id: str

    def is_confirmed_by(self, row: RealMailRow) -> bool:
        """Test if this is about somebody else, and about another message: what is odd about one is odd for all its
        recipients."""
        another = row.message_id != self.message_id or not row.message_id
        return another and _person(row.recipient) != self.person


@dataclass(frozen=True, slots=True)
class RefusalsSoFar:
    """Refusals that are a problem, those that may become one, and when mail was last taken, by company."""

    shown: Mapping[str, RealRefusals] = field(default_factory=dict)
    first: Mapping[str, FirstRefusal] = field(default_factory=dict)
    taken: Mapping[str, datetime] = field(default_factory=dict)


def follow(known: RefusalsSoFar, rows: Iterable[RealMailRow]) -> RefusalsSoFar:
    """Return what is known after these rows."""
    shown, first, taken = dict(known.shown), dict(known.first), dict(known.taken)
    for row in sorted(rows, key=lambda each: each.at):
        company = row.company
        before = shown.get(company)
        if before and before.over(row.at):
            before = None
        if row.taken:
            taken[company] = max(row.at, taken.get(company, row.at))
            if (one := first.get(company)) and row.at >= one.at:
                del first[company]
            if before and row.at >= before.last_at:
                shown[company] = replace(before, taken=before.taken + 1)
        elif row.against_the_sender and not (company in taken and row.at < taken[company]):  # it came late
            if before and before.taken < ENOUGH_TAKEN:
                shown[company] = replace(before, last_at=max(before.last_at, row.at), taken=0)
            elif (one := first.get(company)) is None or row.at - one.at > WITHIN:
                first[company] = FirstRefusal(_person(row.recipient), row.at, row.message_id)
            elif one.is_confirmed_by(row):
                shown[company] = replace(before, last_at=row.at, taken=0) if before else _shown_by(row, one.at)
                del first[company]
    return RefusalsSoFar(shown, first, taken)


def _person(recipient: str) -> str:
    """Return whose address it is: people have the same name at all domains of a company, and tags after a plus sign."""
    return recipient.rpartition("@")[0].partition("+")[0]


def _shown_by(row: RealMailRow, since: datetime) -> RealRefusals:
    assert row.cause
    traced = row.traced
    first, last = sorted((since, row.at))
    return RealRefusals(row.company, row.cause, first, last, masked_reply(row), traced.to_host, traced.from_ip)
