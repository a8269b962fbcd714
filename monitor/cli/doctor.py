"""`mailpath doctor`: try every part that Mailpath needs, now. Sends no mail and changes nothing."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from rich.markup import escape

from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.config import Config
from monitor.doctor.config_warnings import config_warnings
from monitor.doctor.observation import Examination, Observation, Premises
from monitor.doctor.one_account import AccountCheckup
from monitor.doctor.table import EXAMINATIONS, examine
from monitor.errors import UserError
from monitor.probing.outside import outside_beside_service
from probes.display import one_line
from probes.standing.fact import State
from probes.standing.words import STATES

MAX_SHOWN_CHARS = 500
STYLES = {
    State.GOOD: "green",
    State.WEAK: "yellow",
    State.BAD: "bold red",
    State.NONE: "dim",
    State.UNKNOWN: "magenta",
    State.REFUSED: "magenta",
}
WIDE = max(len(state.label) for state in STATES.values())


class NoSuchExaminationError(UserError):
    """There is no examination of this name."""


class NoSuchAccountError(UserError):
    """There is no account of this name, or it cannot have such a mailbox."""


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """The options of the command. `only`: none means all. `timeout` counts seconds. `account`: the one to examine in
    depth, "" for the whole installation; `other`: the user of a mailbox that must be closed to it."""

    only: tuple[str, ...]
    timeout: float
    as_json: bool
    account: str = ""
    other: str = ""


async def doctor(file: Path, config: Config, options: DoctorOptions) -> Exit:
    """Print each finding as it comes. Exit 1 if anything is bad. Raises NoSuchExaminationError, NoSuchAccountError."""
    checkup = _checkup(config, options) if options.account else None
    examinations = checkup.examinations if checkup else EXAMINATIONS
    only = [_name(each, examinations) for each in options.only]
    count: Counter[State] = Counter()
    out = console()
    async with outside_beside_service(config) as outside:
        premises = Premises(config, file, tuple(config_warnings(file, config)), outside, options.timeout)
        async for examination, finding in examine(premises, only, examinations):
            count[finding.state] += 1
            if options.as_json:
                print(json.dumps(finding_json(examination, finding), ensure_ascii=True), flush=True)
            else:
                for line in _lines(finding):
                    out.print(line)
        sent_back = [one_line(line, MAX_SHOWN_CHARS) for line in (checkup.send_back(premises) if checkup else ())]
    if options.as_json:
        if sent_back:
            print(json.dumps({"send_back": sent_back}, ensure_ascii=True), flush=True)
    else:
        for line in _ending(count, sent_back):
            out.print(line)
    return Exit.NOT_OK if count[State.BAD] else Exit.OK


def finding_json(examination: Examination, finding: Observation) -> dict[str, str]:
    """Return the object that `--json` prints."""
    return {
        "examination": examination.name,
        "question": examination.question,
        "subject": finding.subject,
        "state": finding.state.value,
        "seen": finding.seen,
        "advice": finding.advice,
    }


def _checkup(config: Config, options: DoctorOptions) -> AccountCheckup:
    if options.account not in config.accounts:
        raise NoSuchAccountError(f"no account {options.account!r}; {_nearest(options.account, config.accounts)}")
    checkup = AccountCheckup(options.account, options.other)
    if trouble := checkup.trouble(config):
        raise NoSuchAccountError(trouble)
    return checkup


def _name(asked: str, examinations: Sequence[Examination]) -> str:
    names = [each.name for each in examinations]
    if (name := asked.lower().replace("-", "_")) in names:
        return name
    raise NoSuchExaminationError(f"no examination {asked!r}; {_nearest(name, names)}")


def _nearest(asked: str, names: Collection[str]) -> str:
    near = get_close_matches(asked, names, 1)
    known = f"one of {', '.join(names)}" if names else "there is none"
    return f"did you mean {near[0]}?" if near else known


def _lines(finding: Observation) -> Sequence[str]:
    state, style = STATES[finding.state].label, STYLES[finding.state]
    subject, seen = escape(one_line(finding.subject, MAX_SHOWN_CHARS)), escape(one_line(finding.seen, MAX_SHOWN_CHARS))
    first = f"[{style}]{state:{WIDE}}[/]  {subject}: {seen}"
    if not finding.advice:
        return (first,)
    return (first, f"{'':{WIDE}}  [dim]to do:[/] {escape(one_line(finding.advice, MAX_SHOWN_CHARS))}")


def _ending(count: Counter[State], sent_back: Sequence[str]) -> Sequence[str]:
    summary = f"[bold]{_summary(count)}[/]"
    if not sent_back:
        return (summary,)
    intro = "\nWhoever looks into it needs this; nothing of it is secret:"
    return (summary, intro, *(f"  {escape(line)}" for line in sent_back))


def _summary(count: Counter[State]) -> str:
    parts = [f"{count[state]} {STATES[state].label}" for state in STATES if count[state]]
    return ", ".join(parts)
