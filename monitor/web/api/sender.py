"""The sender: as it is configured, how its mail fares by mail system, and what receivers say of its authentication.

DNS is not asked: what the world publishes about the sender is not in here.
"""

from collections import Counter

from aiohttp import web
from typing_extensions import TypedDict

from monitor.output.json import Time
from monitor.people.caller import NotThereError
from monitor.probing.current import CurrentVerdict
from monitor.web.api.fields import NoBody, NoQuery
from monitor.web.api.operation import Call, answered
from monitor.web.caller_view import CallerView
from probes.check import Check
from probes.evidence import Arrival
from probes.reading.headers import read_message
from probes.sender import Identity, Role
from probes.verdict import Outcome

MOST_READ = 20  # arrivals whose headers are read
ARRIVED = (Outcome.INBOX, Outcome.LATE, Outcome.SPAM)
NOTE = "DNS is not asked: what is said of SPF, DKIM and DMARC is what receivers wrote into their headers."


class IdentityFacts(TypedDict):
    """Who sends, as it is configured."""

    address: str
    source_ip: str
    helo: str
    ptr: str
    bounces: str


class SystemFacts(TypedDict):
    """How many paths and kinds of one mail system stand how, by their present verdicts."""

    mail_system: str
    outcomes: dict[Outcome, int]


class ChecksFacts(TypedDict):
    """What one receiver found ("pass", "fail", "none", ...); null where it did not say."""

    company: str
    path: str
    probe: str
    at: Time
    connecting_ip: str | None
    spf: str | None
    dkim: str | None
    dmarc: str | None
    arc: str | None


class StandingFacts(TypedDict):
    """`checks` are of the last arrivals, at most 20, one a path."""

    domain: str
    sender: IdentityFacts
    control: IdentityFacts | None
    neighbour: IdentityFacts | None
    mail_systems: list[SystemFacts]
    checks: list[ChecksFacts]
    note: str


async def show(call: Call[NoQuery, NoBody]) -> web.Response:
    """As far as the caller's companies tell."""
    view, config = call.view, call.view.backend.config()
    identities = {role: _identity(identity) for role, identity in config.identities().items()}
    facts: StandingFacts = {
        "domain": config.sender.domain,
        "sender": identities[Role.SENDER],
        "control": identities.get(Role.CONTROL),
        "neighbour": identities.get(Role.NEIGHBOUR),
        "mail_systems": _by_system(view),
        "checks": await checks(view),
        "note": NOTE,
    }
    return answered(facts)


def _identity(identity: Identity) -> IdentityFacts:
    return {
        "address": identity.address,
        "source_ip": identity.source_ip,
        "helo": identity.helo,
        "ptr": identity.ptr,
        "bounces": identity.bounces,
    }


def _by_system(view: CallerView) -> list[SystemFacts]:
    counted: dict[str, Counter[Outcome]] = {}
    for path in view.paths():
        current_verdicts = view.current_verdicts([path]).values()
        counted.setdefault(path.mail_system, Counter()).update(
            standing.verdict.outcome for standing in current_verdicts
        )
    return [{"mail_system": name, "outcomes": dict(counted[name])} for name in sorted(counted)]


async def checks(view: CallerView) -> list[ChecksFacts]:
    """What receivers said of the newest arrival on each path, of the newest paths."""
    newest: dict[tuple[str, str], tuple[Check, CurrentVerdict]] = {}
    for line, standing in view.current_verdicts(view.paths()).items():
        seen = newest.get(line[:2])
        if standing.verdict.outcome in ARRIVED and (seen is None or seen[1].at < standing.at):
            newest[line[:2]] = line, standing
    last = sorted(newest.values(), key=lambda each: each[1].at, reverse=True)[:MOST_READ]
    found = [await _checks(view, standing.probe_id) for _, standing in last]
    return [each for each in found if each]


async def _checks(view: CallerView, probe_id: str) -> ChecksFacts | None:
    try:
        record = await view.record(probe_id)
    except NotThereError:  # forgotten
        return None
    arrivals = [seen for seen in record.evidence if isinstance(seen, Arrival)]
    if not arrivals:
        return None
    read = read_message(arrivals[-1].headers, relayed=record.probe.via == "relay")
    return {
        "company": record.probe.company,
        "path": record.probe.path,
        "probe": record.probe.id,
        "at": arrivals[-1].at.isoformat(),
        "connecting_ip": read.connecting_ip,
        "spf": read.authentication.spf,
        "dkim": read.authentication.dkim,
        "dmarc": read.authentication.dmarc,
        "arc": read.authentication.arc,
    }
