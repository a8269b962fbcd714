"""A remedy for people: its parts with their labels, as pages, commands and the documentation show it."""

from collections.abc import Iterator
from dataclasses import dataclass

from probes.display import lasting
from probes.mailsystems.remedy import (
    Certainty,
    CountedFrom,
    Expiry,
    FactSource,
    Guard,
    Remedy,
    RemedyNames,
    Rung,
    Script,
    Step,
    fill,
    filled_script,
)

RUNGS: dict[Rung, str] = {
    Rung.NOTHING_SKIPPED: "No filter is skipped.",
    Rung.DMARC: "Counts only for the domain where DMARC, or the product's own authentication, passes.",
    Rung.DKIM: "Counts only with a valid signature of the domain, or where SPF passes.",
    Rung.SPF: "Counts only for the domain, and SPF is still checked.",
    Rung.DOMAIN_AND_IP: "Counts only for the domain from its IP address.",
    Rung.IP_ALONE: "Counts for everybody who sends from the IP address.",
    Rung.BARE_DOMAIN: "Counts for everybody who writes the domain.",
}
GUARDS: dict[Guard, str] = {
    Guard.AUTHENTICATION: "SPF, DKIM and DMARC",
    Guard.SPAM: "spam filter",
    Guard.VIRUS: "virus scan",
    Guard.LINKS: "link checks",
    Guard.RATE: "rate limits",
    Guard.RELAY_CLOSED: "relay stays closed",
}
CERTAINTY: dict[Certainty, str] = {
    Certainty.TESTED: "tested on the product itself",
    Certainty.READ: "read in the vendor's documentation",
    Certainty.SECONDARY: "read in somebody else's guide",
    Certainty.UNSURE: "partly not confirmed",
    Certainty.MEMORY: "not read anywhere: look for the names in the product",
}
COUNTED: dict[CountedFrom, str] = {
    CountedFrom.SET: "after it was set",
    CountedFrom.LAST_USE: "after its last use",
}


@dataclass(frozen=True, slots=True)
class RemedyPart:
    """One part of a remedy: its label, and its steps."""

    label: str
    steps: tuple[Step, ...]


def parts_of(remedy: Remedy, names: RemedyNames | None = None) -> tuple[RemedyPart, ...]:
    """Return the parts of a remedy in the order in which they are needed. `names` are put in; without them the
    placeholders stay."""
    return tuple(
        RemedyPart(label, tuple(_filled(step, names) for step in steps)) for label, steps in _parts(remedy) if steps
    )


def _parts(remedy: Remedy) -> Iterator[tuple[str, tuple[Step, ...]]]:
    yield "Where", (" > ".join(remedy.where) + (f" ({remedy.link})" if remedy.link else ""),) if remedy.where else ()
    yield "Needs", _said(remedy.needs)
    yield "Look first", remedy.look_first
    yield "Do", remedy.steps
    within = remedy.takes_effect_within
    yield "Takes effect", (f"Within {lasting(within)}.",) if within else ("At once.",)
    yield "Verify", tuple(proof.expects for proof in remedy.verify)
    yield "Undo", remedy.undo
    yield "Expires", _expiry(remedy.expires) if remedy.expires else ()
    yield "Safety", (RUNGS[remedy.rung], *((f"It skips {remedy.skips}.",) if remedy.skips else ()), _kept(remedy))
    yield "Never", _said(remedy.never)
    yield "Risk", _said(remedy.risk)
    yield "Audit", _said(remedy.audit)
    yield "Sources", tuple(source_line(source) for source in remedy.sources)


def _said(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    return (text if text.endswith(".") else f"{text[0].upper()}{text[1:]}.",)


def _kept(remedy: Remedy) -> str:
    kept = [GUARDS[guard] for guard in Guard if guard in remedy.keeps]
    return f"Still in force: {', '.join(kept)}."


def _expiry(expires: Expiry) -> tuple[Step, ...]:
    return (f"It lapses {lasting(expires.after)} {COUNTED[expires.counted_from]}.", expires.renew)


def source_line(source: FactSource) -> str:
    """Return a source in a line: its title, where, when, how certain."""
    place = f", {source.address}" if source.address else ""
    unsure = f" {source.unsure}" if source.unsure else ""
    return f"{source.title}{place}: {CERTAINTY[source.certainty]}, {source.on:%B %Y}.{unsure}"


def _filled(step: Step, names: RemedyNames | None) -> Step:
    if names is None:
        return step
    return filled_script(step, names) if isinstance(step, Script) else fill(step, names)


def script_lines(script: Script) -> tuple[str, ...]:
    """Return a script as lines of text: what it does, where it goes, the script, and what makes it act."""
    head = f"{script.does}{f'. In {script.file}' if script.file else ''}:"
    return (
        head,
        *(f"    {line}" for line in script.text.splitlines()),
        *((f"    Then: {script.then}",) * bool(script.then)),
    )
