"""The MX of the companies' domains over time. Pure.

A new gateway in front of a company's mail explains sudden trouble better than anything in a reply. One odd answer of a
name server is no change: a second reading must agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from probes.mailsystems.signs import ChainFinding, SystemSign, check_chain, signs_of_mx
from probes.mailsystems.words import Chain

EVERY = timedelta(days=1)
CONFIRM_AFTER = timedelta(minutes=10)
CHANGE_SHOWN_FOR = timedelta(days=30)

Hosts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MxRecord:
    """The MX hosts of one domain of a company, sorted, as known `since`; () while no reading has had an answer.
    `seen_at` is the last reading. `before`: those before the last change, () if none is known. `suspected`: what one
    reading found instead, () if nothing."""

    company: str
    domain: str
    hosts: Hosts
    since: datetime
    seen_at: datetime
    before: Hosts = ()
    suspected: Hosts = ()

    @property
    def signs(self) -> tuple[SystemSign, ...]:
        """The mail systems that the hosts show."""
        return signs_of_mx(self.hosts)

    def changed(self, now: datetime) -> bool:
        """Test if there was a change in the last weeks."""
        return bool(self.before) and now - self.since < CHANGE_SHOWN_FOR

    def doubt(self, chain: Chain) -> ChainFinding | None:
        """Compare the company's configured chain with the hosts."""
        return check_chain(chain, self.signs)


_CODEC: TypeAdapter[tuple[MxRecord, ...]] = TypeAdapter(tuple[MxRecord, ...])


def encode(records: Iterable[MxRecord]) -> str:
    """Encode the records as JSON."""
    return _CODEC.dump_json(tuple(records)).decode()


def decode(text: str | None) -> tuple[MxRecord, ...]:
    """Decode the result of `encode`; () for what this release does not know: it is read again."""
    try:
        return _CODEC.validate_json(text) if text else ()
    except ValidationError:
        return ()


def next_record(
    known: MxRecord | None, company: str, domain: str, found: Sequence[str] | None, now: datetime
) -> MxRecord:
    """Return the record after a reading, which found these hosts; None: it had no answer, so nothing has changed."""
    if found is None:
        return replace(known, seen_at=now) if known else MxRecord(company, domain, (), now, now)
    hosts = tuple(sorted(set(found)))
    if known is None or not known.hosts:
        return MxRecord(company, domain, hosts, now, now)
    if hosts == known.hosts:
        return replace(known, seen_at=now, suspected=())
    if hosts == known.suspected:
        return MxRecord(company, domain, hosts, now, now, before=known.hosts)
    return replace(known, seen_at=now, suspected=hosts)


def due(known: MxRecord | None, now: datetime) -> bool:
    """Test if the domain is to be read now. A last reading in the future means that the clock was set back."""
    if known is None or known.seen_at > now:
        return True
    return now - known.seen_at >= (CONFIRM_AFTER if known.suspected or not known.hosts else EVERY)
