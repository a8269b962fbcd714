"""The words for kinds of content, one row for each. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.analysis.content import ContentKind
from probes.labels import Label

CONTENT_KINDS: dict[ContentKind, Label] = {  # sentence: how it was read
    ContentKind.EMPTY: Label("nothing", "There was nothing to read.", "Paste a text, or choose a file."),
    ContentKind.UNREADABLE: Label(
        "no text", "It is not a text. Save the message as .eml, or paste its headers.", "A .msg file or an archive."
    ),
    ContentKind.REPLY: Label(
        "server's reply", "It was read as a server's reply, or as the text of a notice.", "It begins without headers."
    ),
    ContentKind.MAIL: Label("message", "It was read as a message with headers.", "It begins with header fields."),
}

TABLES: tuple[Mapping[StrEnum, Label], ...] = (CONTENT_KINDS,)  # type: ignore[assignment]
"""All tables of analysis."""
