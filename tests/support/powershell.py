"""What scripts of PowerShell must be like, as far as a test without PowerShell can tell."""

import re

PAIRS = {")": "(", "}": "{", "]": "["}


def balanced(text: str) -> bool:
    """Test if brackets and quotes are closed in the right order."""
    waiting: list[str] = []
    quote = ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in PAIRS.values():
            waiting.append(letter)
        elif letter in PAIRS and (not waiting or waiting.pop() != PAIRS[letter]):
            return False
    return not quote and not waiting


def commands_of(text: str) -> set[str]:
    """The names of commands outside of strings."""
    return set(re.findall(r"\b[A-Z][a-z]+-[A-Z]\w+", re.sub(r"\"[^\"]*\"|'[^']*'", '""', text)))
