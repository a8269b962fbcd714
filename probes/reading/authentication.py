"""Read the receiver's own results of SPF, DKIM, DMARC and ARC from the headers.

Supported: Authentication-Results (RFC 8601), ARC-Authentication-Results (RFC 8617), Received-SPF (RFC 7208, section
9.1), and Microsoft's form, which has no server id and omits semicolons. Nothing is verified again.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from probes.reading.facts import AuthenticationFacts
from probes.reading.header_fields import Field
from probes.reading.received import organisation

MAX_STATEMENTS = 50
FAILED = frozenset({"fail", "softfail", "hardfail", "permerror"})


@dataclass(frozen=True, slots=True)
class Statement:
    """The results in one header. `server` is the host that states them, "" if missing; `composite` is Microsoft's
    compauth."""

    server: str
    results: dict[str, str]
    line: str
    composite: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """The receiver's checks combined, and the statements they come from, the most credible first."""

    facts: AuthenticationFacts
    statements: tuple[Statement, ...]

    @property
    def failure(self) -> str | None:
        """The line that states a failed check; None if DMARC passed, or nothing failed."""
        if self.facts.dmarc == "pass":
            return None
        return next((s.line for s in self.statements if FAILED.intersection(s.results.values())), None)

    @property
    def composite(self) -> str:
        """Microsoft's overall result with its reason, "fail (reason 001)"; "" where none is stated."""
        return next((s.composite for s in self.statements if s.composite), "")


def checks(above: Iterable[Field], beneath: Iterable[Field] = (), servers: Sequence[str] = ()) -> Checks:
    """Return the results of the receiver's side.

    `above` are the headers over the Received line of its border, `beneath` those right under it, where milters of
    Postfix or sendmail put them. `servers` are the hosts of its side, its border first; none: every statement is the
    receiver's. Beneath, only headers that name such a host are trusted, and only for methods not mentioned above: a
    server has to remove headers that claim to be its own (RFC 8601, section 5).
    """
    homes = [organisation(server) for server in servers]
    over = [s for s in _statements(above) if not homes or not s.server or organisation(s.server) in homes]
    over.sort(
        key=lambda s: bool(homes and s.server) and organisation(s.server) != homes[0]
    )  # who met the sender, first
    under = [s for s in _statements(beneath) if s.server and organisation(s.server) in homes]
    found: dict[str, str] = {}
    for statement in (*over, *under):
        found = statement.results | found
    return Checks(AuthenticationFacts(**found), (*over, *under))


_RESULT = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc|arc|compauth)(?:/\d{1,3})?\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
_REASON = re.compile(r"\breason=(\d{3})\b")
_WORD = re.compile(r"\s*([a-z]{1,20})\b", re.IGNORECASE)
_RECEIVER = re.compile(r"\breceiver=([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,10})")
_INSTANCE = re.compile(r"\s*i\s*=\s*(\d{1,3})\s*;", re.IGNORECASE)
_CHAIN_VALID = re.compile(r"\bcv\s*=\s*(none|pass|fail)\b", re.IGNORECASE)
_SERVER = re.compile(r"\s*([A-Za-z0-9._-]{1,253})(?:\s+\d{1,3})?\s*$")
_MARK = re.compile(r"[()\"]|\\.")


def results(bare: str) -> dict[str, str]:
    """Return each method's result in a value without comments. Of several DKIM signatures one pass is enough."""
    found: dict[str, str] = {}
    for method, result in _RESULT.findall(bare.lower()):
        if method not in found or (method == "dkim" and result == "pass"):
            found[method] = "fail" if result == "hardfail" else result
    return found


def without_comments(value: str) -> str:
    """Remove comments, however deep, and quoted strings: both may contain the sender's text."""
    kept, depth, quoted, start = [], 0, False, 0
    for mark in _MARK.finditer(value):
        if depth == 0 and not quoted:
            kept.append(value[start : mark.start()])
        match mark[0]:
            case '"' if depth == 0:
                quoted = not quoted
            case "(" if not quoted:
                depth += 1
            case ")" if not quoted:
                depth = max(depth - 1, 0)
        start = mark.end()
    if depth == 0 and not quoted:
        kept.append(value[start:])
    return " ".join(kept)


def _statements(headers: Iterable[Field]) -> list[Statement]:
    """Yield the statements, Authentication-Results first: the others may repeat them, or be shorter."""
    stating = islice((f for f in headers if f.name in _READERS), MAX_STATEMENTS)
    said = [(s, f.name) for f in stating if (s := _READERS[f.name](f))]
    return [s for s, _ in sorted(said, key=lambda pair: pair[1] != "authentication-results")]


def _authentication_results(header: Field) -> Statement:
    return _statement(header, header.value)


def _arc_results(header: Field) -> Statement | None:
    instance = _INSTANCE.match(header.value)
    return _statement(header, header.value[instance.end() :]) if instance else None


def _statement(header: Field, value: str) -> Statement:
    bare = without_comments(value)
    server = _SERVER.match(bare.partition(";")[0])
    found = results(bare)
    composite = found.pop("compauth", "")
    reason = _REASON.search(bare)
    why = f" (reason {reason[1]})" if composite and reason else ""
    return Statement(server[1].lower() if server else "", found, header.line, composite + why)


def _received_spf(header: Field) -> Statement | None:
    found = _WORD.match(header.value)
    receiver = _RECEIVER.search(header.value)
    return Statement(receiver[1].lower() if receiver else "", {"spf": found[1].lower()}, header.line) if found else None


def _seal(header: Field) -> Statement | None:
    found = _CHAIN_VALID.search(header.value)
    return Statement("", {"arc": found[1].lower()}, header.line) if found else None


_READERS: dict[str, Callable[[Field], Statement | None]] = {
    "authentication-results": _authentication_results,
    "arc-authentication-results": _arc_results,
    "received-spf": _received_spf,
    "arc-seal": _seal,
}
