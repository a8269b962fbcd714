"""The reference of mail systems: their words in the configuration, and the steps in each."""

from collections.abc import Iterator

from probes.display import lasting
from probes.labels import CAUSES
from probes.mailsystems.causes import BY_FAMILY
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.remedy import Remedy
from probes.mailsystems.system import MailSystem, RunBy
from probes.mailsystems.table import MAIL_SYSTEMS

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


def steps() -> str:
    """Return the steps in each mail system, by cause."""
    rows = sorted(MAIL_SYSTEMS.values(), key=lambda row: row.label.lower())
    with_steps = [line for row in rows if not row.no_settings for line in _steps(row)]
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.no_settings:
            reasons.setdefault(row.no_settings, []).append(row.label)
    without = [f"- {', '.join(labels)}: {reason}" for reason, labels in reasons.items()]
    return "\n".join((*with_steps, "### Mail systems without steps of their own", "", *without)) + "\n"


def general() -> str:
    """Return the remedies by family of causes, for mail systems without steps of their own."""
    return "\n".join(line for family, remedy in BY_FAMILY.items() for line in _general(family, remedy)) + "\n"


def _general(family: CauseFamily, remedy: Remedy) -> Iterator[str]:
    yield f"### {family.capitalize()}"
    yield ""
    yield f"{remedy.explanation} Who acts: {remedy.who}."
    yield ""
    yield from (f"{number}. {_shown(step)}" for number, step in enumerate(remedy.steps, 1))
    yield ""
    if remedy.workaround:
        yield f"Until then, by the company's IT: {_shown(' '.join(remedy.workaround))}"
        yield ""
    yield f"{_shown(remedy.do_not)} To verify: {remedy.verify[:1].lower()}{remedy.verify[1:]}"
    yield ""


def _row(row: MailSystem) -> str:
    others = ", ".join(f"`{alias}`" for alias in row.aliases)
    within = lasting(row.takes_effect_within) if row.takes_effect_within else ""
    return f"| `{row.key}` | {row.label} | {RUN_BY[row.run_by]} | {others} | {within} |"


def _steps(row: MailSystem) -> Iterator[str]:
    yield f"### {row.label}"
    yield ""
    named: list[tuple[CauseFamily | str, tuple[str, ...]]] = [
        *((f"Family {family}", found) for family, found in row.remedies.items()),
        *((f"Cause {CAUSES[cause].label}", found) for cause, found in row.exceptions.items()),
    ]
    for name, found in named:
        yield f"{name}:"
        yield ""
        yield from (f"{number}. {_shown(step)}" for number, step in enumerate(found, 1))
        yield ""


def _shown(step: str) -> str:
    """Escape a step for Markdown."""
    for mark in "\\*_|<>":
        step = step.replace(mark, f"\\{mark}")
    return step
