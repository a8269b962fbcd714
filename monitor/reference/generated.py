"""Replace the generated parts of Markdown files, which are between two markers; the rest is written by hand."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from monitor.config import reference as configuration
from monitor.reference import account_setup, commands, first_account, floors, mail_systems, metrics

MARKS = re.compile(r"(<!-- generated: ([\w-]+);[^>]*-->).*?(<!-- end of generated -->)", re.DOTALL)

PARTS: Mapping[str, Callable[[], str]] = {
    "configuration": configuration.reference,
    "commands": commands.reference,
    "metrics": metrics.reference,
    "floors": floors.drawing,
    "mail-system-words": mail_systems.words,
    "remedies": mail_systems.remedies,
    "account-setup": account_setup.steps,
    "first-microsoft": first_account.microsoft,
    "first-microsoft-imap": first_account.microsoft_imap,
    "first-google-consent": first_account.google_consent,
    "first-google-key": first_account.google_key,
    "general-steps": mail_systems.general,
}


def with_generated(text: str) -> str:
    """Return the text with every generated part updated; unchanged if it has none."""
    return MARKS.sub(lambda marks: f"{marks[1]}\n\n{PARTS[marks[2]]()}\n{marks[3]}", text)


def renew(folder: Path) -> list[Path]:
    """Update all Markdown files below `folder`; returns those that changed."""
    changed = []
    for file in sorted(folder.rglob("*.md")):
        text = file.read_text("utf-8")
        if (new := with_generated(text)) != text:
            file.write_text(new, "utf-8")
            changed.append(file)
    return changed
