"""`mailpath account setup`: the steps of the administrator of an account's provider, as this configuration needs them.

What is printed is a PowerShell script with everything else in comments, so that it can be read, sent and run as it is.
"""

import json
from collections.abc import Iterator
from textwrap import wrap

from monitor.cli.exits import Exit
from monitor.config import Config
from monitor.config.account_steps import steps_of
from probes.accounts.setup import FilledStep, SetupScript
from probes.mailsystems.remedy import FactSource, Language

WIDTH = 110
CERTAINTY = {"read": "", "secondary": "; not by the vendor", "unsure": "", "memory": "; not read again"}


async def setup(config: Config, name: str, *, as_json: bool) -> Exit:
    """Print the steps. Raises NoSuchAccountKeyError."""
    if as_json:
        for number, step in enumerate(steps_of(config, name), 1):
            print(json.dumps(step_json(number, step), ensure_ascii=True))
        return Exit.OK
    for line in lines_of(config, name):
        print(line)
    return Exit.OK


def step_json(number: int, step: FilledStep) -> dict[str, object]:
    """Return the object that `--json` prints."""
    parts = [
        {"text": part} if isinstance(part, str)
        else {"does": part.does, "language": part.language.value, "script": part.text}
        for part in step.parts
    ]  # fmt: skip
    source = {"title": step.source.title, "on": step.source.on.isoformat(), "address": step.source.address}
    source |= {"certainty": step.source.certainty.value, "unsure": step.source.unsure}
    return {"step": number, "title": step.title, "right": step.right, "parts": parts, "source": source}


def lines_of(config: Config, name: str) -> Iterator[str]:
    """Yield the lines of the script. Raises NoSuchAccountKeyError."""
    steps = steps_of(config, name)
    provider, opens = config.accounts[name].provider, _opens_mailboxes(config, name)
    powershell = any(_runs(part) for step in steps for part in step.parts)
    scripted = " Lines without # are PowerShell; read each step before you run it." if powershell else ""
    yield from _comment(
        f"Set-up of the account {name} ({provider}) for Mailpath, as its configuration needs it now.{scripted}"
        " The rights are the least that suffice."
    )
    if not steps:
        yield from _comment("Nothing uses this account yet: give a mailbox or a trace this account first.")
    for number, step in enumerate(steps, 1):
        yield ""
        yield from _comment(f"---- {number}. {step.title}")
        if step.right:
            yield from _comment(f"Right: {step.right}")
        for part in step.parts:
            yield from _comment(part) if isinstance(part, str) else _script(part)
        yield from _comment(f"Source: {_source(step.source)}")
    yield ""
    outside = " --outside A_MAILBOX_THAT_MUST_STAY_CLOSED" if opens else ""
    yield from _comment(f"Then: mailpath doctor --account {name}{outside}")


def _opens_mailboxes(config: Config, name: str) -> bool:
    uses = (path.mailbox.account_use for path in config.paths() if path.mailbox)
    return any(use and use.name == name for use in uses)


def _runs(part: str | SetupScript) -> bool:
    """Test if it is a line of the script, and no comment."""
    return not isinstance(part, str) and part.language is Language.POWERSHELL


def _script(script: SetupScript) -> Iterator[str]:
    yield from _comment(f"{script.does}:")
    for line in script.text.splitlines():
        yield line if _runs(script) else f"#   {line}"


def _source(source: FactSource) -> str:
    said = f"{source.title}, {source.on:%d %B %Y}{CERTAINTY[source.certainty.value]}"
    return f"{said}. {source.unsure} {source.address}".replace(".  ", ". ")


def _comment(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))
