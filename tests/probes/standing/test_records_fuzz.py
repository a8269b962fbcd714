"""Records of any content: no reader of them raises, and each takes less than MOST of CPU time."""

import base64
import time
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probes.http import HttpReply
from probes.resolver import MAX_RECORD_CHARS, DnsAnswer
from probes.standing import bimi, dane, dkim_keys, dmarc, dmarc_reports, mail_hosts, mta_sts, spf, tls_rpt
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.spf_engine import evaluate, needs
from probes.standing.words import sentence
from tests.probes.standing.test_fact import START
from tests.support.certificates import certificate_for

CERTIFICATE = certificate_for("mx.example")
MOST = 0.05  # seconds of CPU

STARTS = [
    "",
    "v=DMARC1; p=",
    "v=DKIM1; p=",
    "v=STSv1; id=",
    "v=TLSRPTv1; rua=",
    "v=BIMI1; l=",
    "v=spf1 ",
    "3 1 1 ",
    "10 ",
]
PIECES = [
    "include:a.example ",
    "a:%{i}.%{d} ",
    "%{",
    "}",
    "exists:%{l1r-}.x.example ",
    "ip4:1.2.3.4/",
    "redirect=a.example ",
    "p=",
    ";",
    "=",
    "mx ",
    "ptr ",
    "\x00",
    "é",
    " ",
]
RECORDS = st.builds(
    lambda start, rest: (start + "".join(rest))[:MAX_RECORD_CHARS],
    st.sampled_from(STARTS),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=60),
)
WORST = [
    "v=spf1 " + "a " * 2000,
    "v=DMARC1;" + "a=b;" * 1000,
    "=" * 4096,
    ";" * 4096,
    "%{" * 2048,
    "v=spf1 " + "a:" + "a." * 2000,
]
WORST += [
    "p=" + base64.b64encode(b"\x30\x82" * 1500).decode(),
    "v" + " " * 4000 + "=",
    "3 1 1 " + "ab " * 1300,
    "v=spf1 a" + "/" * 4000,
]


def readers() -> dict[str, Callable[[str], object]]:
    """Every reader of a record, each with what shows its result."""

    def shown(question: Question, found: object) -> None:
        assert hasattr(found, "why")
        fact = Fact(question, "x", found.state, found.why, START, found.value, found.named)  # type: ignore[attr-defined]
        assert sentence(fact)

    def page(text: str) -> HttpReply:
        return HttpReply(200, ("version: STSv1\nmode: enforce\nmx: " + text).encode(), content_type="text/plain")

    def compared(text: str) -> Assessment:
        pin = f"2 1 1 {text.encode().hex()[:64]:0>64}"
        chain = (text.encode(), CERTIFICATE, CERTIFICATE[: len(text)])
        judged = Assessment(State.GOOD, Why.DANE_GOOD, pin, ("1",))
        found = [dane.compare(judged, (text, pin), shown, text, START) for shown in (chain, (CERTIFICATE,) * 50)]
        return found[len(text) % 2]

    def agreed(text: str) -> Assessment:
        receivers = dmarc_reports.receivers_of(f"mailto:a@{text}, {text}")
        return dmarc_reports.assess(text, {domain: domain > "m" for domain in receivers})

    def records(text: str) -> Sequence[str]:
        return (text, text[::-1])

    return {
        "dkim": lambda text: shown(Question.DKIM, dkim_keys.assess([text])),
        "dkim, two": lambda text: shown(Question.DKIM, dkim_keys.assess(records(text))),
        "dmarc": lambda text: shown(Question.DMARC, dmarc.assess([dmarc.Found("a.example", (text,))], exists=True)),
        "mta-sts": lambda text: shown(Question.MTA_STS, mta_sts.assess(text, page(text), ["mx.example"])),
        "tls-rpt": lambda text: shown(Question.TLS_RPT, tls_rpt.assess([text])),
        "bimi": lambda text: shown(Question.BIMI, bimi.assess([text])),
        "dane": lambda text: shown(Question.DANE, dane.assess(DnsAnswer((text,), authentic=True), validating=True)),
        "dane, shown": lambda text: shown(Question.DANE, compared(text)),
        "dmarc reports": lambda text: shown(Question.DMARC_REPORTS, agreed(text)),
        "bounces": lambda text: shown(Question.BOUNCES, mail_hosts.assess({text: False})),
        "range": spf.is_wide,
    }


def timed(read: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    read(text)
    return time.process_time() - began


@pytest.mark.parametrize("reader", readers())
@settings(max_examples=150, deadline=None)
@given(text=RECORDS)
@example(text=WORST[0])
def test_any_record_is_read_in_time(reader: str, text: str) -> None:
    read = readers()[reader]
    assert min(timed(read, text) for _ in range(2)) < MOST


@pytest.mark.parametrize("reader", readers())
@pytest.mark.parametrize("text", WORST, ids=range(len(WORST)))
def test_the_worst_records_are_read_in_time(reader: str, text: str) -> None:
    read = readers()[reader]
    assert min(timed(read, text) for _ in range(3)) < MOST


async def spf_of(text: str) -> float:
    async def lookup(name: str, kind: str) -> DnsAnswer:
        return DnsAnswer((text,)) if kind == "TXT" else DnsAnswer((), exists=False)

    began = time.process_time()
    done = await evaluate("192.0.2.1", "a.example", "h.example", lookup)
    found = spf.assess(done, (await needs("192.0.2.1", "a.example", lookup)).lookups)
    fact = Fact(Question.SPF, "x", found.state, found.why, START, found.value, found.named)
    assert sentence(fact)
    return time.process_time() - began


@settings(max_examples=300, deadline=None)
@given(text=RECORDS)
async def test_any_spf_record_is_evaluated_in_time(text: str) -> None:
    assert min([await spf_of(text), await spf_of(text)]) < MOST


@pytest.mark.parametrize(
    "text", [*WORST, "v=spf1 include:a.example", "v=spf1 redirect=a.example", "v=spf1 " + "mx " * 500]
)
async def test_the_worst_spf_records_are_evaluated_in_time(text: str) -> None:
    assert min([await spf_of(text) for _ in range(3)]) < MOST
