"""HELO: a server should name itself by a host name that exists (RFC 5321, section 4.1.1.1)."""

from collections.abc import Sequence

from probes.resolver import Unresolved, is_address
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.reverse import same_address


async def read_helo(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the addresses of the HELO name."""
    if is_address(subject.helo.strip("[]").removeprefix("IPv6:")):
        found = Assessment(State.WEAK, Why.HELO_ADDRESS, subject.helo)
    else:
        answers = [await asker.lookup(subject.helo, kind) for kind in ("A", "AAAA")]
        unread = [answer for answer in answers if isinstance(answer, Unresolved)]
        known = [record for answer in answers if not isinstance(answer, Unresolved) for record in answer.records]
        found = failed(unread[0]) if unread and not known else assess(subject.source_ip, known)
    return [asker.fact(Question.HELO, subject.helo, found)]


def assess(source_ip: str, addresses: Sequence[str]) -> Assessment:
    """Judge the addresses of the HELO name."""
    shown = ", ".join(addresses)
    if not addresses:
        return Assessment(State.BAD, Why.HELO_UNRESOLVED)
    if same_address(source_ip, addresses):
        return Assessment(State.GOOD, Why.HELO_GOOD, shown)
    return Assessment(State.GOOD, Why.HELO_ELSEWHERE, shown, (shown,))
