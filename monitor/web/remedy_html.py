"""Remedies as HTML: what to do is open, what is worth knowing of it folded. Everything is escaped."""

import re
from collections.abc import Iterable
from html import escape

from probes.mailsystems.remedy import NotPossible, Remedy, RemedyNames, Script, Step, fill, filled_script
from probes.mailsystems.shown import RemedyPart, parts_of

OPEN = ("Where", "Look first", "Do", "Takes effect", "Undo", "Never")
"""The parts that are not folded."""
MORE = "Needs, proof, safety and sources"


def remedies_html(remedies: Iterable[Remedy], names: RemedyNames, level: int = 4) -> str:
    """Return remedies as HTML, each under a heading of this level; `names` are put in."""
    return "".join(_remedy(remedy, names, level) for remedy in remedies)


def reasons_html(reasons: Iterable[NotPossible]) -> str:
    """Return why there is no remedy, each in a paragraph; their placeholders stay."""
    return "".join(f"<p>{escape(reason.why)} {escape(reason.who_can)}</p>" for reason in reasons)


def steps_html(steps: tuple[Step, ...], names: RemedyNames) -> str:
    """Return steps as HTML; `names` are put in."""
    filled = tuple(filled_script(step, names) if isinstance(step, Script) else fill(step, names) for step in steps)
    return f'<div class="remedy">{_steps(filled)}</div>'


def _remedy(remedy: Remedy, names: RemedyNames, level: int) -> str:
    parts = parts_of(remedy, names)
    shown = "".join(_part(part) for part in parts if part.label in OPEN)
    more = "".join(_part(part) for part in parts if part.label not in OPEN)
    return (
        f'<section class="remedy"><h{level}>{escape(remedy.title)}</h{level}><dl class="facts">{shown}</dl>'
        f'<details><summary>{MORE}</summary><dl class="facts">{more}</dl></details></section>'
    )


def _part(part: RemedyPart) -> str:
    return f"<dt>{escape(part.label)}</dt><dd>{_steps(part.steps)}</dd>"


def _steps(steps: tuple[Step, ...]) -> str:
    if len(steps) == 1:
        return _step(steps[0])
    return f"<ol>{''.join(f'<li>{_step(step)}</li>' for step in steps)}</ol>"


def _step(step: Step) -> str:
    if isinstance(step, str):
        return _linked(step)
    where = f". In <code>{escape(step.file)}</code>" if step.file else ""
    then = f"<p>Then: <code>{escape(step.then)}</code></p>" if step.then else ""
    return f"{escape(step.does)}{where}:<pre><code>{escape(step.text)}</code></pre>{then}"


def _linked(step: str) -> str:
    """Return the text with the address at its end, if one is there, as a link."""
    text, opening, address = step.rpartition(" (https://")
    if not opening or not address.endswith(")"):
        return _with_code(step)
    url = escape(f"https://{address[:-1]}")
    return f'<a href="{url}">{_with_code(text)}</a>'


def _with_code(text: str) -> str:
    """Return the text with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
