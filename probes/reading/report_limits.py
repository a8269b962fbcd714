"""Limit the size and depth of a report before a library builds anything from it.

A library allocates some hundred bytes per element or value, so that 40 kB of gzip become gigabytes. Counting takes no
memory: XML by expat's events, JSON by its punctuation. Broken text passes, as the library repairs what it can; so the
counts that hold for broken text too come first.
"""

import json
import re
from xml.parsers import expat

from probes.reading.report_files import ReportError, one_line

MAX_RECORDS = 20_000  # some 5 seconds of work
MAX_ELEMENTS = 600_000  # a record has some 25
MAX_ATTRIBUTES = 50_000  # reports have next to none
MAX_EQUALS_SIGNS = 500_000  # in texts and attributes: how many attributes expat can meet in one element
MAX_VALUES = 200_000  # of a JSON document
MAX_NESTING = 32  # elements or values inside each other; reports have up to 7
MAX_PIECE_CHARS = 1 << 20  # characters given to expat at a time: it goes on to the end of a piece whatever was found

_DOCTYPE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)  # one without end goes to the end: linear
_BRACKET = re.compile(r"[\[{\]}]")


def check(text: str) -> None:
    """Raise ReportError if this XML or JSON is larger or deeper than a report can be, or could grow."""
    if text.startswith("{"):
        _check_json(text)
    else:
        _check_xml(text)


def _check_xml(text: str) -> None:
    if _DOCTYPE.search(text):
        raise ReportError("an XML document with a DOCTYPE, which no report has")
    if text.count("<record") > MAX_RECORDS:
        raise ReportError(f"more than {MAX_RECORDS} records")
    if text.count("<") > 2 * MAX_ELEMENTS:
        raise ReportError(f"more than {MAX_ELEMENTS} elements")
    if text.count("=") > MAX_EQUALS_SIGNS:
        raise ReportError(f"more than {MAX_EQUALS_SIGNS} equals signs")
    _Counter().count(text)


class _Counter:
    """Counts elements while expat parses a document."""

    def __init__(self) -> None:
        self._depth = self._elements = self._attributes = 0
        self._parser = expat.ParserCreate()
        self._parser.ordered_attributes = True
        self._parser.StartElementHandler = self._begins
        self._parser.EndElementHandler = self._ends
        self._parser.StartDoctypeDeclHandler = _refuse

    def count(self, text: str) -> None:
        """Raise ReportError if there are too many; a broken document is counted as far as it goes."""
        try:
            for start in range(0, len(text), MAX_PIECE_CHARS):
                self._parser.Parse(text[start : start + MAX_PIECE_CHARS], False)
        except expat.ExpatError:
            return

    def _begins(self, _: str, attributes: list[str]) -> None:
        self._depth += 1
        self._elements += 1
        self._attributes += len(attributes) // 2
        if self._depth > MAX_NESTING:
            raise ReportError(f"more than {MAX_NESTING} elements inside each other")
        if self._elements > MAX_ELEMENTS:
            raise ReportError(f"more than {MAX_ELEMENTS} elements")
        if self._attributes > MAX_ATTRIBUTES:
            raise ReportError(f"more than {MAX_ATTRIBUTES} attributes")

    def _ends(self, _: str) -> None:
        self._depth -= 1


def _refuse(*_: object) -> None:
    raise ReportError("an XML document with a DOCTYPE, which no report has")


def _check_json(text: str) -> None:
    """Count JSON values: each but the first follows a comma or a bracket, so there are no more values than those."""
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise ReportError(f"more than {MAX_VALUES} values")
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_NESTING:
            raise ReportError(f"more than {MAX_NESTING} values inside each other")
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"broken JSON: {one_line(error)}") from None
