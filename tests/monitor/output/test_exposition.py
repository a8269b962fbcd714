"""The two formats of /metrics: who gets which, that both say the same, and that their readers accept them."""

import asyncio
import json
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_plain

from monitor.incidents.signal import Signal
from monitor.output.exposition import Format, accepted_format
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.web.server import instruments, serving
from probes.kinds import Kind
from probes.sender import Role
from probes.settings import Endpoint
from probes.verdict import Grade, Outcome, Verdict
from tests.lab.processes import until
from tests.support.pages_app import START, open_pages_app
from tests.support.pipeline_app import watched
from tests.support.prometheus_servers import PROMTOOL, obstacle, prometheus
from tests.support.sandbox_process import read

OF_PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
able = pytest.mark.skipif(obstacle() is not None, reason="Prometheus is not installed")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Format.PLAIN),
        ("*/*", Format.PLAIN),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Format.PLAIN),
        (OF_PROMETHEUS, Format.OPENMETRICS),
        ("Application/OpenMetrics-Text", Format.OPENMETRICS),
        ("text/plain;version=0.0.4", Format.PLAIN),
        ("application/openmetrics-text;q=0", Format.PLAIN),
        ("application/openmetrics-text;q=0.2,text/plain", Format.PLAIN),
        ("application/openmetrics-text; q=0.5, text/plain; q=0.5", Format.OPENMETRICS),
        ("application/openmetrics-text;q=none", Format.PLAIN),
        ("application/openmetrics-text;q=0.9;q=0,;,=", Format.OPENMETRICS),
    ],
)
def test_a_client_gets_the_format_it_prefers(accept: str, form: Format) -> None:
    assert accepted_format(accept) is form


def delivered(
    after: float, number: int = 1, kind: Kind = Kind.VERIFICATION, outcome: Outcome = Outcome.INBOX
) -> Signal:
    verdict = Verdict(outcome, None, Grade.REAL, "arrived")
    at = START + timedelta(minutes=number)
    took = timedelta(seconds=after)
    return Signal(number, f"{number:a>16}", "acme", "hq", kind, Role.SENDER, at - took, at, verdict, delivery=took)


def metrics() -> Metrics:
    board = Board()
    board.configure([watched(None, None, kinds=(Kind.VERIFICATION,), company_name='Acme "Steel"\\\n')])
    board.take([delivered(15.0), delivered(61.0, 2), delivered(70.0, 3), delivered(7200.0, 4, outcome=Outcome.LATE)])
    gauges = Gauges(lambda: 0, timedelta, lambda: {"late": 1}, dict, notices=lambda: {("hook", "failed"): 2})
    return Metrics(board, gauges)


def without_own(families: Iterable[Metric]) -> dict[tuple[str, str], float]:
    """The samples, without those of the process, which change from one scrape to the next."""
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
        if not sample.name.startswith("process_")
    }


async def test_both_formats_say_the_same() -> None:
    shown = metrics()
    plain = without_own(read_plain((await shown.render()).decode()))
    assert len(plain) > 30
    assert without_own(read_openmetrics((await shown.render(Format.OPENMETRICS)).decode())) == plain


async def test_the_newest_probe_of_a_bucket_is_its_exemplar() -> None:
    families = read_openmetrics((await metrics().render(Format.OPENMETRICS)).decode())
    found = {
        sample.labels["le"]: (
            sample.exemplar.labels["probe"][-1],
            sample.exemplar.value,
            float(sample.exemplar.timestamp),
        )
        for family in families
        for sample in family.samples
        if sample.exemplar
    }
    times = [(START + timedelta(minutes=number)).timestamp() for number in range(5)]
    assert found == {"15.0": ("1", 15.0, times[1]), "120.0": ("3", 70.0, times[3]), "+Inf": ("4", 7200.0, times[4])}
    assert b"probe=" not in await metrics().render(), "the older format has no exemplars"


async def test_the_process_is_measured_as_by_every_client() -> None:
    text = (await metrics().render()).decode()
    found = {sample.name: sample.value for family in read_plain(text) for sample in family.samples}
    now = datetime.now(UTC).timestamp()
    assert now - 86400 < found["process_start_time_seconds"] < now
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert found["process_cpu_seconds_total"] > 0
    assert 0 < found["process_open_fds"] < found["process_max_fds"]


@able
async def test_promtool_accepts_the_older_format() -> None:
    text = await metrics().render()
    done = await asyncio.to_thread(
        subprocess.run, [PROMTOOL, "check", "metrics"], input=text, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


@able
@pytest.mark.timeout(120)
async def test_prometheus_takes_openmetrics_with_its_exemplars(tmp_path: Path) -> None:
    """A real one, which asks for this format by itself: a point of a graph leads to a probe."""

    def exemplars(port: int) -> str:
        config = yaml.safe_dump({"scrape_configs": [{"job_name": "mailpath", "scrape_interval": "1s", **target(port)}]})
        with prometheus(config, tmp_path, "--enable-feature=exemplar-storage") as url:
            asked = "query=mailpath_delivery_seconds_bucket&start=0&end=9999999999"
            for _ in until(60, 0.3):
                if "probe" in (answer := read(f"{url}/api/v1/query_exemplars?{asked}")):
                    return answer
        raise AssertionError("no exemplar was stored")

    async with open_pages_app(tmp_path) as pages_app:
        backend = replace(pages_app.backend, metrics=metrics())
        async with serving(instruments(backend), Endpoint("127.0.0.1", 0)) as port:
            answer = json.loads(await asyncio.to_thread(exemplars, port))
    found = {each["seriesLabels"]["le"]: each["exemplars"][0]["labels"]["probe"] for each in answer["data"]}
    assert found == {"15.0": f"{1:a>16}", "120.0": f"{3:a>16}", "+Inf": f"{4:a>16}"}


def target(port: int) -> dict[str, list[dict[str, list[str]]]]:
    return {"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
