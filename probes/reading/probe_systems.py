"""The mail systems that a probe met, by all that it left as evidence. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from probes.answer import Stage
from probes.evidence import Arrival, Dialogue, Evidence, Folder
from probes.mailsystems.signs import SystemSign, signs_of_server
from probes.probe import Probe
from probes.reading.seen_systems import seen_systems

_GREETINGS = (Stage.BANNER, Stage.EHLO)


def systems_of_probe(probe: Probe, evidence: Sequence[Evidence]) -> tuple[SystemSign, ...]:
    """Return the systems, each once with its first sign, from the server that was spoken to inwards.

    Over a relay the dialogue is with the sender's mail service and says nothing of the company. A forwarded copy has
    gone through whatever forwarded it, which may be anywhere.
    """
    found: dict[str, SystemSign] = {}
    if not probe.traits.relayed:
        for dialogue in evidence:
            if isinstance(dialogue, Dialogue) and dialogue.scan is None:
                _add(found, _of_dialogue(dialogue))
    for arrival in evidence:
        if isinstance(arrival, Arrival) and arrival.folder is not Folder.COPY:
            _add(found, seen_systems(arrival.headers, relayed=probe.traits.relayed))
    return tuple(found.values())


def _of_dialogue(dialogue: Dialogue) -> Iterator[SystemSign]:
    for step in dialogue.steps:
        if step.code is None:
            continue
        if step.stage in _GREETINGS and step.good:
            yield from signs_of_server(greeting=step.text)
        elif not step.good:
            yield from signs_of_server(reply=step.text)
    yield from signs_of_server(certificate_names=dialogue.certificate_names)


def _add(found: dict[str, SystemSign], signs: Iterable[SystemSign]) -> None:
    for sign in signs:
        found.setdefault(sign.system, sign)
