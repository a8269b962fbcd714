"""Test now, on a company's page: whoever looks after its mail has changed something and wants to see whether it worked.

Operators may, and those who are bound to the company: the page tells its IT what to change. The limits are those of all
probes by hand, and each is in the audit log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aiohttp import web

from monitor.actions.probes import Wish, send_each
from monitor.actions.remedies import FORBIDDEN, may_say_anywhere
from monitor.config import WatchedPath
from monitor.output.symbols import WORST_FIRST
from monitor.people.caller import NotThereError
from monitor.probing.current import CurrentVerdict
from monitor.web.caller_view import CallerView, caller_view_of
from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Outcome

MAX_TESTED = 5  # checks at one press


class RoundState(StrEnum):
    """States of a round of tests."""

    UNDER_WAY = "under_way"
    ARRIVED = "arrived"  # all in the inbox in time
    FAILS = "fails"
    UNCLEAR = "unclear"  # Mailpath could not look


@dataclass(frozen=True, slots=True)
class SentTest:
    """One test message; `outcome` is None until there is a verdict."""

    probe_id: str
    path: str
    kind: Kind
    sent_at: datetime
    outcome: Outcome | None
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class SentRound:
    """The messages that were sent at one press of the button."""

    tests: tuple[SentTest, ...]

    @property
    def state(self) -> RoundState:
        """Return what they show together."""
        outcomes = {test.outcome for test in self.tests}
        if outcomes - {None, Outcome.INBOX, Outcome.UNKNOWN}:
            return RoundState.FAILS
        if None in outcomes:
            return RoundState.UNDER_WAY
        return RoundState.ARRIVED if outcomes == {Outcome.INBOX} else RoundState.UNCLEAR

    @property
    def waiting(self) -> int:
        """Return how many have no verdict yet."""
        return sum(test.outcome is None for test in self.tests)


def to_test(paths: Sequence[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict]) -> list[Wish]:
    """Return the checks that one press tests: what does not arrive now, the worst first; where all does, one of each
    path."""
    failing = [
        (WORST_FIRST.index(current_verdicts[check].verdict.outcome), path, check.kind)
        for path in paths
        for check in path.checks
        if check in current_verdicts and current_verdicts[check].verdict.outcome is not Outcome.INBOX
    ]
    if failing:
        return [(path, kind) for _, path, kind in sorted(failing, key=lambda each: each[0])][:MAX_TESTED]
    return [(path, path.kinds[0]) for path in paths if path.kinds][:MAX_TESTED]


async def send_tests(request: web.Request) -> web.Response:
    """Send the tests, and lead back to where their results appear. Raises TooManyError, LaunchError."""
    view, company = caller_view_of(request), request.match_info["company"]
    if not may_say_anywhere(view.caller):
        raise web.HTTPForbidden(text=FORBIDDEN)
    paths = view.paths(company)
    sent = await send_each(view, to_test(paths, view.current_verdicts(paths)), Role.SENDER)
    raise web.HTTPSeeOther(f"/companies/{company}?tested={'.'.join(probe.id for probe in sent)}#test")


async def round_of(view: CallerView, company: str, ids: str) -> SentRound | None:
    """Return the round with these probes, whose ids are separated by dots; None if there is none at this company."""
    found: list[SentTest] = []
    for probe_id in dict.fromkeys(filter(None, ids.split(".")[:MAX_TESTED])):
        try:
            record = await view.record(probe_id)
        except NotThereError:
            continue
        probe, verdict = record.probe, record.verdict
        if probe.company == company:
            outcome, cause = (verdict.outcome, verdict.cause) if verdict else (None, None)
            found.append(SentTest(probe.id, probe.path, probe.kind, probe.created_at, outcome, cause))
    return SentRound(tuple(found)) if found else None
