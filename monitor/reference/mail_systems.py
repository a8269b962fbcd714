"""The reference of mail systems: their words in the configuration, and the remedies in each."""

from collections.abc import Iterable, Iterator

from probes.display import continued, lasting
from probes.labels import CAUSES
from probes.mailsystems.advice import Advice
from probes.mailsystems.causes import BY_FAMILY
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.general import GENERAL
from probes.mailsystems.remedy import NotPossible, Remedy, Script, Step
from probes.mailsystems.shown import parts_of
from probes.mailsystems.system import MailSystem, RunBy
from probes.mailsystems.table import MAIL_SYSTEMS
from probes.outcome import Cause

HEAD = ["| word | mail system | run by | also accepted | a change acts within |", "|---|---|---|---|---|"]
RUN_BY: dict[RunBy, str] = {
    RunBy.VENDOR: "its vendor",
    RunBy.COMPANY: "the company",
    RunBy.EITHER: "its vendor or the company",
}


def words() -> str:
    """Return a row per word that the configuration accepts."""
    rows = sorted((row for row in MAIL_SYSTEMS.values() if row.receives), key=lambda row: row.key)
    return "\n".join((*HEAD, *map(_row, rows))) + "\n"


def remedies() -> str:
    """Return the remedies in each mail system, the safest first, and the general ones."""
    rows = sorted(MAIL_SYSTEMS.values(), key=lambda row: row.label.lower())
    with_own = [line for row in rows if row.remedies for line in _of_system(row)]
    general = ["### Mail systems without a remedy of their own", "", *_without(rows)]
    general += ["### General remedies", "", *(line for remedy in GENERAL for line in _remedy(remedy))]
    return "\n".join((*with_own, *general)) + "\n"


def general() -> str:
    """Return the advice by family of causes, whatever the mail system."""
    return "\n".join(line for family, advice in BY_FAMILY.items() for line in _general(family, advice)) + "\n"


def _general(family: CauseFamily, advice: Advice) -> Iterator[str]:
    yield f"### {family.capitalize()}"
    yield ""
    yield f"{advice.explanation} Who acts: {advice.who}."
    yield ""
    yield from (f"{number}. {shown(step)}" for number, step in enumerate(advice.steps, 1))
    yield ""
    if advice.workaround:
        yield f"Until then, by the company's IT: {shown(' '.join(advice.workaround))}"
        yield ""
    yield f"{shown(advice.do_not)} To verify: {continued(advice.verify)}"
    yield ""


def _row(row: MailSystem) -> str:
    others = ", ".join(f"`{alias}`" for alias in row.aliases)
    within = lasting(row.takes_effect_within) if row.takes_effect_within else ""
    return f"| `{row.key}` | {row.label} | {RUN_BY[row.run_by]} | {others} | {within} |"


def _without(rows: Iterable[MailSystem]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if not row.remedies:
            reason = next((each for each in row.not_possible if not each.causes), None)
            said = f"{reason.why} {reason.who_can}" if reason else "Its settings are not documented here."
            reasons.setdefault(said, []).append(row.label)
    for said, labels in reasons.items():
        yield from wrapped(f"{', '.join(labels)}: {shown(said)}", "- ", "  ")
    yield ""


def _of_system(row: MailSystem) -> Iterator[str]:
    yield f"### {row.label}"
    yield ""
    for remedy in sorted(row.remedies, key=lambda each: each.rung):
        yield from _remedy(remedy)
    for reason in row.not_possible:
        yield from _not_possible(reason)


def _remedy(remedy: Remedy) -> Iterator[str]:
    yield f"#### {shown(remedy.title)} (`{remedy.key}`)"
    yield ""
    yield f"For: {_causes(remedy.causes)}."
    yield ""
    for part in parts_of(remedy):
        yield from _part(part.label, part.steps)


def _part(label: str, steps: tuple[Step, ...]) -> Iterator[str]:
    if len(steps) == 1 and isinstance(steps[0], str):
        yield from wrapped(f"**{label}:** {shown(steps[0])}", "- ", "  ")
        yield ""
        return
    yield f"- **{label}:**"
    for step in steps:
        if isinstance(step, str):
            yield from wrapped(shown(step), "  - ", "    ")
            continue
        yield from _script(step)
    yield ""


def _script(script: Script) -> Iterator[str]:
    where = f" (in `{script.file}`)" if "/" in script.file else f" (in {script.file})" if script.file else ""
    yield from wrapped(f"{shown(script.does)}{where}:", "  - ", "    ")
    yield ""
    yield "    ```text"
    yield from (f"    {line}" for line in script.text.splitlines())
    if script.then:
        yield f"    # then: {script.then}"
    yield "    ```"


def _not_possible(reason: NotPossible) -> Iterator[str]:
    about = f"**{_causes(reason.causes)}:** " if reason.causes else ""
    yield from wrapped(f"{about}{shown(reason.why)} {shown(reason.who_can)}", "- ", "  ")
    yield ""


def _causes(causes: frozenset[Cause]) -> str:
    return ", ".join(CAUSES[cause].label for cause in Cause if cause in causes)


def wrapped(text: str, first: str, then: str) -> Iterator[str]:
    """Yield the text in lines of Markdown that fit, with these beginnings of the first and of the others."""
    line = first
    for word in text.split(" "):
        if len(line) + len(word) > 118 and line.strip():
            yield line.rstrip()
            line = then
        line += f"{word} "
    yield line.rstrip()


def shown(step: str) -> str:
    """Escape a step for Markdown."""
    for mark in "\\*_|<>":
        step = step.replace(mark, f"\\{mark}")
    return step
