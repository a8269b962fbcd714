"""The sender: as it is configured, how its mail fares by mail system, and what receivers say of its authentication.

What is published about the sender is in `standing`.
"""

from aiohttp import web
from typing_extensions import TypedDict

from monitor.output.json import Time
from monitor.web.api.fields import NoBody, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.caller_view import CallerView
from monitor.web.sender_facts import HeaderResults, counts_by_system, header_results
from probes.display import timestamp
from probes.sender import Identity, Role
from probes.verdict import Grade, Outcome

NOTE = "SPF, DKIM and DMARC results are those that receivers wrote into their headers; /standing has what DNS says."


class IdentityFacts(TypedDict):
    """The configured sending identity."""

    address: str
    source_ip: str
    helo: str
    ptr: str
    bounces: str


class GradeFacts(TypedDict):
    """Number of checks by current outcome, for verdicts of one grade at `companies` companies."""

    grade: Grade
    companies: int
    outcomes: dict[Outcome, int]


class SystemFacts(TypedDict):
    """One mail system. Grades differ in what they prove: their outcomes are not to be added up."""

    mail_system: str
    grades: list[GradeFacts]


class ChecksFacts(TypedDict):
    """One receiver's results ("pass", "fail", "none", ...); null if not stated."""

    company: str
    path: str
    probe: str
    at: Time
    connecting_ip: str | None
    spf: str | None
    dkim: str | None
    dmarc: str | None
    arc: str | None


class SenderFacts(TypedDict):
    """`checks` are of the last arrivals, at most 30, one a path."""

    domain: str
    sender: IdentityFacts
    control: IdentityFacts | None
    neighbour: IdentityFacts | None
    mail_systems: list[SystemFacts]
    checks: list[ChecksFacts]
    note: str


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """As far as the caller's companies tell."""
    return answered(await _facts(call.view))


async def _facts(view: CallerView) -> SenderFacts:
    config = view.backend.config()
    identities = {role: _identity(identity) for role, identity in config.identities().items()}
    return {
        "domain": config.sender.domain,
        "sender": identities[Role.SENDER],
        "control": identities.get(Role.CONTROL),
        "neighbour": identities.get(Role.NEIGHBOUR),
        "mail_systems": _systems(view),
        "checks": [_checks(each) for each in await header_results(view)],
        "note": NOTE,
    }


def _identity(identity: Identity) -> IdentityFacts:
    return {
        "address": identity.address,
        "source_ip": identity.source_ip,
        "helo": identity.helo,
        "ptr": identity.ptr,
        "bounces": identity.bounces,
    }


def _systems(view: CallerView) -> list[SystemFacts]:
    paths = view.paths()
    found: dict[str, list[GradeFacts]] = {path.mail_system: [] for path in paths}
    for each in counts_by_system(paths, view.current_verdicts(paths)):
        facts: GradeFacts = {"grade": each.grade, "companies": each.companies, "outcomes": dict(each.outcomes)}
        found[each.mail_system].append(facts)
    return [{"mail_system": name, "grades": found[name]} for name in sorted(found)]


def _checks(read: HeaderResults) -> ChecksFacts:
    return {
        "company": read.company,
        "path": read.path,
        "probe": read.probe_id,
        "at": timestamp(read.at),
        "connecting_ip": read.connecting_ip or None,
        "spf": read.spf or None,
        "dkim": read.dkim or None,
        "dmarc": read.dmarc or None,
        "arc": read.arc or None,
    }
