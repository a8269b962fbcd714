"""DMARC and TLS reports of real senders: each is what its label says, with the same totals."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.reading.reports import ReportError, ReportFacts, ReportKind, read_report

pytest.importorskip("parsedmarc")
CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
KINDS = {
    "aggregate": ReportKind.AGGREGATE,
    "dmarc-aggregate": ReportKind.AGGREGATE,
    "failure": ReportKind.FAILURE,
    "arf": ReportKind.FAILURE,
    "smtp_tls": ReportKind.TLS,
    "error": None,
}


def labelled() -> Iterator[Any]:
    for corpus in ("parsedmarc-samples", "stalwart-reports"):
        labels = CORPORA / corpus / "LABELS.tsv"
        if not labels.exists():
            continue
        for row in labels.read_text().split("\n")[1:]:
            if row:
                name, kind, said = row.split("\t")
                yield pytest.param(CORPORA / corpus / name, kind, said, id=f"{corpus}/{Path(name).name}")


@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora are not beside the repository")
@pytest.mark.parametrize(("file", "kind", "said"), [*labelled()])
def test_a_report_is_what_its_label_says(file: Path, kind: str, said: str) -> None:
    try:
        facts: ReportFacts | None = read_report(file.read_bytes(), "104.130.122.50", "account.trimble.com")
    except ReportError:
        facts = None
    assert (facts.kind if facts else None) == KINDS[kind]
    if facts is None or not said.startswith("{"):
        return
    expected = json.loads(said)
    if kind == "aggregate":
        found = (facts.organisation, facts.report_id, facts.domain, facts.policy, facts.records, facts.messages)
        assert found == tuple(expected[name] for name in ("org", "id", "domain", "p", "records", "messages"))
        assert facts.passed == expected["dmarc_pass"]
    elif kind == "smtp_tls":
        assert (facts.organisation, facts.report_id, facts.records) == (
            *(expected["org"], expected["id"]),
            expected["policies"],
        )
        assert (facts.passed, facts.messages - facts.passed) == (expected["ok"], expected["failed"])
