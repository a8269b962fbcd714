"""Prepare a diagnosis: the factors in which both mails differ, what the route can vary, and what forbids it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.config import Config, WatchedPath
from monitor.config.diagnosis import narrowest, needed_within
from monitor.errors import UserError
from monitor.store.diagnoses import Diagnosis
from probes.diagnosis.arm import Arm
from probes.diagnosis.factors import Factor, levers_of, untested_of
from probes.diagnosis.plan import Mixture, Setup, stops_needed
from probes.diagnosis.within import Within
from probes.kinds import Kind
from probes.route_traits import traits_of
from probes.routes import comparison
from probes.sender import Identity, Role
from probes.token import new_probe_id
from probes.verdict import Outcome, Verdict

SCAN_SPACING = timedelta(seconds=1)  # of questions to a filter, which deliver nothing
SCAN_STOPS = 2  # in a row; its answers may still change with its lists and its DNS
LEAST_SPACING = timedelta(seconds=60)  # over the Internet, where filters learn from what they see
ARRIVED = frozenset({Outcome.INBOX, Outcome.LATE, Outcome.SPAM, Outcome.QUARANTINED})


class NotAllowedError(UserError):
    """The diagnosis may not start. The text says why and what to change."""


@dataclass(frozen=True, slots=True)
class DiagnosisRequest:
    """A request: on this path, for this kind, only these factors (none: all), no further than this."""

    path: WatchedPath
    kind: Kind
    factors: tuple[Factor, ...] = ()
    within: Within | None = None
    incident: str = ""


def prepare(config: Config, wanted: DiagnosisRequest, past: Sequence[Verdict], by: str, now: datetime) -> Diagnosis:
    """Return the diagnosis to start. `past`: verdicts on the control's mail on this path, for the share that is lost.

    Raises NotAllowedError.
    """
    path = wanted.path
    _check_allowed(config, wanted)
    identities = config.identities()
    role = comparison(path.route, identities)
    if role is None:
        raise NotAllowedError(
            f"{path.key}: there is nothing to compare with; add a [control], or for relay and direct a [neighbour]"
        )
    lost = sum(verdict.outcome is Outcome.MISSING for verdict in past)
    sent = lost + sum(verdict.outcome in ARRIVED for verdict in past)
    asked = not traits_of(path.route.via).needs_mailbox  # on the way to a filter that is asked nothing is lost
    if (k := SCAN_STOPS if asked else stops_needed(lost, sent)) is None:
        raise NotAllowedError(
            f"{path.key}: this path loses {lost} of {sent} mails of the control too, so no diagnosis can tell anything"
        )
    whole = differing(config, path, identities[Role.SENDER], identities[role])
    setup = Setup(
        levers_of(path.route.via, whole, wanted.factors),
        whole,
        k,
        config.diagnosis.most_probes,
        int.from_bytes(f"{path.key}{now:%F}".encode(), "big") % 2**31,
        untested_of(path.route.via, whole, wanted.factors),
        traits_of(path.route.via).best_grade,
    )
    return Diagnosis(
        id=new_probe_id(now),
        company=path.company,
        path=path.path,
        kind=wanted.kind,
        other=role,
        incident=wanted.incident,
        by=by,
        began_at=now,
        spacing=spacing(config, path),
        setup=setup,
    )


def still_fits(config: Config, diagnosis: Diagnosis, path: WatchedPath) -> bool:
    """Test if a diagnosis that was prepared earlier is one of this path as it is configured now: allowed there, and of
    the properties that its route can vary one by one."""
    identities, via = config.identities(), path.route.via
    whole = differing(config, path, identities[Role.SENDER], identities[diagnosis.other])
    allowed = path.diagnosis.includes(needed_within(via)) and diagnosis.kind in path.kinds
    finest = levers_of(via, whole)
    varied = all(
        lever == frozenset().union(*(each for each in finest if each <= lever)) for lever in diagnosis.setup.levers
    )
    return allowed and varied and whole == diagnosis.setup.whole


def spacing(config: Config, path: WatchedPath) -> timedelta:
    """Return the time between two probes of a diagnosis on this path."""
    traits = traits_of(path.route.via)
    if not traits.needs_mailbox:
        return min(config.diagnosis.spacing, SCAN_SPACING)
    near = traits.asserts_client
    return config.diagnosis.spacing if near else max(config.diagnosis.spacing, LEAST_SPACING)


def _check_allowed(config: Config, wanted: DiagnosisRequest) -> None:
    path, needs = wanted.path, needed_within(wanted.path.route.via)
    allowed = narrowest(path.diagnosis, wanted.within or path.diagnosis)
    if not allowed.includes(needs):
        raise NotAllowedError(
            f'{path.key}: a diagnosis by a route via "{path.route.via}" needs diagnosis.within = "{needs}", and here'
            f' it is "{allowed}"'
        )
    if wanted.kind not in path.kinds:
        raise NotAllowedError(f"{path.key}: {wanted.kind} is not probed there; one of {', '.join(path.kinds)}")


def differing(config: Config, path: WatchedPath, sender: Identity, other: Identity) -> Mixture:
    """Return the factors in which the sender's mail differs from the other's on this path."""
    reverse = traits_of(path.route.via).asserts_name and sender.ptr != other.ptr
    found: Mapping[Factor, bool] = {
        Factor.IP: sender.source_ip != other.source_ip or reverse,
        Factor.HELO: sender.helo != other.helo,
        Factor.ENVELOPE: _domain(sender.bounces) != _domain(other.bounces),
        Factor.FROM: sender.address != other.address,
        Factor.AUTHENTICATION: config.sender.dkim is not None,
        Factor.CONTENT: True,
        Factor.LINKS: sender.domain != other.domain,
        Factor.KIND: len(path.kinds) > 1,
        Factor.SIZE: config.sender.size is not None,  # else all probes are of about the same size
    }
    return frozenset(factor for factor, differs in found.items() if differs)


def arm_of(diagnosis: Diagnosis, own: Mixture, identities: Mapping[Role, Identity]) -> Arm:
    """Return the arm for this mixture."""
    source = Role.SENDER if Factor.LINKS in own or Factor.LINKS not in diagnosis.setup.whole else diagnosis.other
    return Arm(diagnosis.id, own, diagnosis.other, identities[source].domain, Factor.AUTHENTICATION in own)


def kind_of(diagnosis: Diagnosis, own: Mixture, kinds: Collection[Kind]) -> Kind:
    """Return the kind of mail for this mixture: where that is not the sender's, another one of the path."""
    if Factor.KIND in own or Factor.KIND not in diagnosis.setup.whole:
        return diagnosis.kind
    others = [kind for kind in kinds if kind is not diagnosis.kind]
    shape = diagnosis.kind.facts.needs_code
    return next((kind for kind in others if kind.facts.needs_code is shape), others[0] if others else diagnosis.kind)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
