"""The ways out: everything up to MAIL is tried on each route, and nothing is sent."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from secrets import token_bytes

from monitor.config import WatchedPath
from monitor.doctor.observation import Observation, Premises
from monitor.doctor.side_by_side import side_by_side
from monitor.probing.flights import probe_on
from probes.answer import Stage
from probes.evidence import Dialogue, Handover
from probes.kinds import Kind
from probes.message import Message, compose
from probes.probe import ProbePurpose
from probes.reference import ReferenceResult, ask, ask_mail_hosts
from probes.route_traits import WayOut, traits_of
from probes.routes.wire import has_local_address
from probes.sender import Identity, Role
from probes.standing.fact import State

BEFORE_THEM = frozenset({Stage.LOOKUP, Stage.CONNECT, Stage.BANNER})
"""Stages at which no answer of a mail system came, so that the fault may as well be ours."""


async def source_ip(premises: Premises) -> AsyncIterator[Observation]:
    """Test that this machine has the source IP, where a route needs it."""
    if not _to_the_internet(premises):
        return
    address = premises.config.sender.source_ip
    if has_local_address(address):
        yield Observation(address, State.GOOD, "this machine has it")
    else:
        advice = "run on the host that has it, or use a route by relay, xclient or proxy"
        yield Observation(
            address, State.BAD, "this machine does not have the source IP, so nothing is sent directly", advice
        )


async def port_25(premises: Premises) -> AsyncIterator[Observation]:
    """Test that hosts outside can be reached on port 25 from the source IP."""
    config, resolver, timeout = premises.config, premises.outside.resolver, premises.timeout
    source = config.sender.source_ip
    if not _to_the_internet(premises) or not has_local_address(source):
        return
    domains = dict.fromkeys(identity.domain for identity in config.identities().values())
    asked = [ask(reference, source, resolver, timeout=timeout) for reference in config.network.references] or [
        ask_mail_hosts(domain, source, resolver, timeout=timeout) for domain in domains
    ]
    answers = await asyncio.gather(*asked)
    yield _way_out(answers)


def _way_out(answers: Iterable[ReferenceResult]) -> Observation:
    by_answer = {answer.reached: answer for answer in answers}
    if reached := by_answer.get(True):
        return Observation("port 25", State.GOOD, f"{reached.reference} greets us")
    if missed := by_answer.get(False):
        advice = "ask who runs the network, or the cloud, to let this machine out on port 25"
        return Observation("port 25", State.BAD, f"{missed.reference}: {missed.text}", advice)
    said = "; ".join(f"{answer.reference}: {answer.text}" for answer in by_answer.values())
    return Observation(
        "port 25", State.UNKNOWN, said or "no reference", "name mail hosts of others in network.references"
    )


def _to_the_internet(premises: Premises) -> bool:
    return any(traits_of(path.route.via).way_out is WayOut.INTERNET for path in premises.config.paths())


async def routes(premises: Premises) -> AsyncIterator[Observation]:
    """Try each route once up to MAIL: for a relay with its login, for a gateway with the right to name a client."""
    identity = premises.config.identities()[Role.SENDER]
    ways = {(path.route, path.route.destination(path.to)): path for path in premises.config.paths()}
    async for finding in side_by_side(knock(premises, path, identity) for path in ways.values()):
        yield finding


async def knock(premises: Premises, path: WatchedPath, identity: Identity) -> Observation:
    """Try the route of one path up to MAIL."""
    subject = f"{path.company}/{path.path} by {path.route.via}"
    if why := path.route.withholds(identity):
        return Observation(subject, State.BAD, "nothing may be sent by this route", why)
    message = _message(premises, path, identity)
    dialogue = await path.route.knock(message, premises.outside, timeout=premises.timeout)
    return premises.of_path(path, _heard(subject, dialogue))


def _message(premises: Premises, path: WatchedPath, identity: Identity) -> Message:
    """A mail that is never sent: who speaks, and to whom."""
    probe = probe_on(path, Kind.VERIFICATION, identity, ProbePurpose.MANUAL, premises.outside.now())
    return compose(probe, identity, token_bytes(32))


def _heard(subject: str, dialogue: Dialogue) -> Observation:
    last = dialogue.last
    where = f"{last.host}: " if last.host else ""
    if dialogue.handover is Handover.ACCEPTED:
        return Observation(subject, State.GOOD, f"{where}ready for mail{f', {dialogue.tls}' if dialogue.tls else ''}")
    said = f"{where}{f'{last.code} ' if last.code else ''}{last.text}".strip()
    if dialogue.handover is Handover.WITHHELD:
        return Observation(subject, State.BAD, said, "change the route, or what it needs, as it says")
    if last.stage in BEFORE_THEM and last.fault is not None:
        advice = "compare with port 25 above: if that is good, ask the company's IT what is in the way"
        return Observation(subject, State.BAD, f"no answer at {last.stage}: {said}", advice)
    if last.fault is not None:
        advice = "the mail system or something on the way ended it: a probe will say what that means"
        return Observation(subject, State.WEAK, f"cut short at {last.stage}: {said}", advice)
    advice = "this is the mail system's own answer: a probe will say what it means"
    return Observation(subject, State.WEAK, f"it refuses us at {last.stage}: {said}", advice)
