"""The parts of a runbook about one mail system each, in order: the company's own first and open, the others folded.

Under "How to fix" they are the remedies of the table of mail systems, which notices, commands and other pages give too;
the company's own system has a part in any case.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from monitor.web.remedy_html import reasons_html, remedies_html
from monitor.web.runbooks.case import RunbookCase
from monitor.web.runbooks.document import SystemGroup, SystemPart
from monitor.web.runbooks.placeholders import filled
from probes.mailsystems.advice import Actor
from probes.mailsystems.causes import BY_FAMILY
from probes.mailsystems.choose import reasons_of, remedies_of
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.remedy import RemedyNames
from probes.mailsystems.system import Steps
from probes.mailsystems.table import MAIL_SYSTEMS, system_label
from probes.mailsystems.words import Chain
from probes.outcome import Cause


@dataclass(frozen=True, slots=True)
class GroupContext:
    """The purpose of a group: the family of causes, if the page is about one, and the case, if there is one."""

    family: CauseFamily | None
    case: RunbookCase | None

    @property
    def own(self) -> Chain:
        """The company's own mail systems."""
        return self.case.mail_systems if self.case else ()

    @property
    def cause(self) -> Cause | None:
        """The cause of the case, if its family is the page's."""
        incident = self.case.incident if self.case else None
        return incident.cause if incident else None


def group_html(group: SystemGroup, about: GroupContext, values: Mapping[str, str]) -> str:
    """Return the group as HTML. `values` are HTML."""
    parts = list(_parts(group, about))
    own = [part for key in about.own for part in parts if key in part.keys]
    first = list(dict.fromkeys(own))
    rest = [part for part in parts if part not in first]
    shown = "".join(_details(part, values, opened=True, whose=_whose(about)) for part in first)
    if not rest:
        return shown
    heading = "<p>Other mail systems:</p>" if first else "<p>Choose the mail system:</p>"
    folded = "".join(_details(part, values, opened=False) for part in rest)
    return f'<div class="systems">{shown}{heading}{folded}</div>'


def _parts(group: SystemGroup, about: GroupContext) -> Iterator[SystemPart]:
    yield from group.parts
    if not group.fixes or about.family is None:
        return
    there = {key for part in group.parts for key in part.keys}
    for key in dict.fromkeys((*MAIL_SYSTEMS, *about.own)):
        body = _of_the_table(key, about.family, about.cause)
        if key not in there and (body or key in about.own):
            yield SystemPart(system_label(key), (key,), body or _general(system_label(key), about.family))


def _of_the_table(key: str, family: CauseFamily, cause: Cause | None) -> str:
    """The remedies of the table: those of the cause if it is known, else all of the family; "" if there are none."""
    label = system_label(key)
    reasons = reasons_html(reasons_of(key, family, cause)).replace("{system}", escape(label))
    return reasons + remedies_html(remedies_of(key, family, cause), RemedyNames("{domain}", "{ip}", "{from}", label))


def steps_html(steps: Steps) -> str:
    """Return steps as HTML with their placeholders, which are those of runbooks too; code in them as code."""
    return f"<ol>{''.join(f'<li>{_said(step)}</li>' for step in steps)}</ol>"


def _general(label: str, family: CauseFamily) -> str:
    """Where nothing is known in the system's own terms."""
    general = BY_FAMILY[family]
    steps = general.steps if general.actor is Actor.COMPANY_IT else general.workaround
    known = f"<p>No steps in terms of {escape(label)} are known.</p>"
    return known + (f"<p>In general:</p>{steps_html(steps)}" if steps else "")


def _said(step: str) -> str:
    texts = enumerate(escape(step).split("`"))
    return "".join(f"<code>{text}</code>" if number % 2 else text for number, text in texts)


def _details(part: SystemPart, values: Mapping[str, str], *, opened: bool, whose: str = "") -> str:
    mark = f' <span class="tag">{escape(whose)}</span>' if whose else ""
    heading = f"<summary><h3>{escape(part.label)}{mark}</h3></summary>"
    return f'<details class="system"{" open" if opened else ""}>{heading}{filled(part.body, values)}</details>'


def _whose(about: GroupContext) -> str:
    if about.case is None:
        return ""
    return "affected" if about.case.several else about.case.name
