"""Documents about mail: manuals, RFCs, pages. They have the words and the addresses of notices, and report nothing."""

import re

_DOCUMENT = re.compile(  # in lower case
    r"\n(?:#{1,6} +\S[^\n]*[^#\s][ \t]*(?=\n)|[ \t]*(?:```|~~~))"  # Markdown
    r"|\n\|[^\n]{3,200}\|[ \t]*\n\|[ :|-]{3,200}\|"  # its tables
    r"|\n(?:=head\d|\.(?:th|sh) |\.\. [\w-]{1,40}::)"  # POD, man pages, reStructuredText
    r"|\n[ \t]*<(?:!doctype|html|\?xml|article|body)\b"
    r"|\n[^\n]{0,100}\[page \d{1,4}\]"  # RFCs
    r"|\n[ \t]*(?:table of contents|status of this memo|copyright notice|abstract)[ \t]*\n"
)
_UNDERLINED = re.compile(r"\n[ \t]{0,8}(\w[^\n]{2,60})\n[ \t]{0,8}([=~^*-])\2{2,60}[ \t]*\n")


def is_document(text: str) -> bool:
    """Test if a text has the marks of a document: headings, blocks of code, tables, pages."""
    lines = f"\n{text.lower()}\n"
    return _DOCUMENT.search(lines) is not None or any(
        len(one[1].rstrip()) == len(one[0].strip().rsplit("\n", 1)[-1].strip()) for one in _UNDERLINED.finditer(lines)
    )
