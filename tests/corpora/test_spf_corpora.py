"""SPF by the test suite of openspf for RFC 7208, which lies beside this repository; and by a second library."""

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import spf
import yaml

from probes.answer import Fault
from probes.resolver import DnsAnswer, Unresolved
from probes.standing.spf_engine import evaluate
from tests.corpora.scores_replies import CORPORA

SUITE = CORPORA / "spf-rfc7208" / "rfc7208-tests.yml"
SILENT = "TIMEOUT"
MAX_ALIASES = 10

pytestmark = pytest.mark.skipif(not SUITE.is_file(), reason="the suite is not beside this repository")


class Zone:
    """The zone data of one scenario."""

    def __init__(self, data: dict[str, list[Any]]) -> None:
        self._rows = {name.lower(): rows for name, rows in data.items()}

    def records(self, name: str, kind: str) -> tuple[str, ...] | None:
        """Return the records as text; None if the name does not exist. Raises TimeoutError."""
        for _ in range(MAX_ALIASES):
            rows = self._rows.get(name.rstrip(".").lower())
            if rows is None:
                return None
            found = [_text(kind, row[kind]) for row in rows if isinstance(row, dict) and kind in row]
            if kind == "TXT" and not found:  # the suite's own rule: SPF records stand for TXT unless TXT is given
                found = [_text(kind, row["SPF"]) for row in rows if isinstance(row, dict) and "SPF" in row]
            found = [text for text in found if text != "NONE"]
            if found:
                return tuple(found)
            if SILENT in rows:
                raise TimeoutError
            aliases = [row["CNAME"] for row in rows if isinstance(row, dict) and "CNAME" in row]
            if not aliases:
                return ()
            name = aliases[0]
        return ()


def _text(kind: str, value: Any) -> str:
    if kind == "MX" and value != "NONE":
        return f"{value[0]} {value[1]}."
    return "".join(value) if isinstance(value, list) else str(value)


@cache
def cases() -> list[tuple[str, dict[str, Any], Zone]]:
    return list(_cases())


def _cases() -> Iterator[tuple[str, dict[str, Any], Zone]]:
    for scenario in yaml.safe_load_all(SUITE.read_text()):
        zone = Zone(scenario["zonedata"])
        for name, case in scenario["tests"].items():
            yield f"{scenario['description']}: {name}", case, zone


def wanted(case: dict[str, Any]) -> list[str]:
    return case["result"] if isinstance(case["result"], list) else [case["result"]]


def ours(case: dict[str, Any], zone: Zone) -> str:
    async def lookup(name: str, kind: str) -> DnsAnswer | Unresolved:
        try:
            found = zone.records(name, kind)
        except TimeoutError:
            return Unresolved(Fault.LOOKUP_FAILED, "silence")
        return DnsAnswer(found or (), exists=found is not None)

    done = asyncio.run(evaluate(str(case["host"]), case["mailfrom"], case["helo"], lookup))
    return done.result.value


def test_every_case_of_the_suite_has_its_result() -> None:
    assert len(cases()) >= 60
    wrong = {name: (got, wanted(case)) for name, case, zone in cases() if (got := ours(case, zone)) not in wanted(case)}
    assert wrong == {}


def theirs(case: dict[str, Any], zone: Zone, monkeypatch: pytest.MonkeyPatch) -> str:
    """The result of pyspf, the older library, by the same zone."""

    def answers(name: str, kind: str, tcpfallback: bool = True, timeout: int = 30) -> list[Any]:
        try:
            found = zone.records(name, kind) or ()
        except TimeoutError as error:
            raise spf.TempError("DNS silence") from error
        return [((name, kind), _parsed(kind, text)) for text in found]

    monkeypatch.setattr(spf, "DNSLookup", answers)
    query = spf.query(i=str(case["host"]), s=case["mailfrom"], h=case["helo"], strict=True)
    return str(query.check()[0])


def _parsed(kind: str, text: str) -> Any:
    if kind == "MX":
        rank, _, host = text.partition(" ")
        return int(rank), host.rstrip(".")
    return (text.encode(),) if kind == "TXT" else text


def test_an_older_library_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the suite accepts one result only."""
    differing = {
        name: (ours(case, zone), said)
        for name, case, zone in cases()
        if len(wanted(case)) == 1 and ours(case, zone) != (said := theirs(case, zone, monkeypatch))
    }
    assert differing == {}
