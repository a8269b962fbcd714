"""Prometheus and Alertmanager with a thousand companies and all our rules: how long a scrape, an evaluation and the
slowest panel of the boards take, and how much memory both have."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

from monitor.incidents.incident import Incident
from monitor.output.metrics import Gauges, Metrics
from monitor.web.server import instruments, serving
from probes.settings import Endpoint
from tests.bench import scrape
from tests.bench.figures import Figure, Finding, Remark
from tests.bench.loopback_service import bench_folder
from tests.bench.round_trip import Step
from tests.bench.sink import HOST
from tests.lab.processes import until
from tests.support.dashboard_examples import alertmanager_example, prometheus_example, rules_into
from tests.support.grafana_boards import asking
from tests.support.incident_samples import incident
from tests.support.pages_app import open_pages_app
from tests.support.prometheus_servers import alertmanager, obstacle, prometheus
from tests.support.prometheus_source import EVERYTHING, TIMES, Source

GROUP = "Prometheus and Alertmanager"
INTERVAL_SECONDS = 10  # of scrapes and evaluations; the shipped one is 30 s
RANGE_SECONDS, STEP_SECONDS = 3600, 30
PATIENCE_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Plan:
    """So many companies, one of `failing` with an incident, scraped and evaluated so often."""

    companies: int
    failing: int
    scrapes: int
    steps: int = 3


FULL = Plan(companies=1000, failing=20, scrapes=5)
QUICK = Plan(companies=1000, failing=20, scrapes=2)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """A page of metrics is scraped by a real Prometheus, whose alerts go to a real Alertmanager."""
    if reason := obstacle():
        return [Remark(GROUP, reason)]
    step(f"metrics of {plan.companies:,} companies")
    opened = tuple(_incidents(plan))
    board = scrape.state(scrape.Plan(plan.companies, verdicts=1, scrapes=0))
    metrics = Metrics(board, Gauges(lambda: 0, timedelta, dict, dict, incidents=lambda: opened))
    with bench_folder() as name:
        folder = Path(name)
        async with open_pages_app(folder, PATIENCE_SECONDS) as pages_app:
            app = instruments(replace(pages_app.backend, metrics=metrics))
            async with serving(app, Endpoint(HOST, 0)) as port:
                return await asyncio.to_thread(_watched, folder, f"{HOST}:{port}", plan, step)


def _incidents(plan: Plan) -> Iterator[Incident]:
    for number in range(0, plan.companies, plan.failing):
        company = f"company{number:04}"
        yield incident(f"i{number}", company=company, companies=(company,), touches=(company,))


def _watched(folder: Path, target: str, plan: Plan, step: Step) -> list[Finding]:
    interval = f"{INTERVAL_SECONDS}s"
    rules_into(folder, interval=interval)
    with ExitStack() as stack:
        tells = stack.enter_context(alertmanager(alertmanager_example(f"http://{HOST}:9"), folder))
        config = prometheus_example(target, urlsplit(tells).netloc, interval=interval)
        asks = stack.enter_context(prometheus(config, folder, "--enable-feature=extra-scrape-metrics"))
        step("scraped and evaluated")
        _wait(asks, f'count_over_time(scrape_duration_seconds{{job="mailpath"}}[1h]) > {plan.scrapes}')
        _wait(asks, 'ALERTS{alertname="MailpathCompanyStopped",alertstate="firing"}')
        step("panels")
        return [*_scrapes(asks), *_evaluations(asks), *_panels(asks), *_memory(asks, tells)]


def _ask(url: str, path: str, **words: Any) -> Any:
    with urlopen(f"{url}/api/v1/{path}?{urlencode(words)}", timeout=60) as answer:
        return json.load(answer)["data"]["result"]


def _wait(url: str, query: str) -> None:
    for _ in until(PATIENCE_SECONDS, 0.5):
        if _ask(url, "query", query=query):
            return
    raise TimeoutError(query)


def _scrapes(url: str) -> Iterator[Finding]:
    for name, unit, metric, scale, target in (
        ("scrape, as Prometheus measures it", "s", "scrape_duration_seconds", 1.0, "<= 0.3"),
        ("its body, before compression", "MB", "scrape_body_size_bytes", 1e-6, ""),
        ("its samples", "", "scrape_samples_scraped", 1.0, ""),
    ):
        for found in _ask(url, "query", query=f'{metric}{{job="mailpath"}}[1h]'):
            values = tuple(float(value) * scale for _, value in found["values"])
            yield Figure(GROUP, name, unit, values if unit == "s" else values[-1:], target)


def _exposed(url: str, metric: str) -> Iterator[tuple[str, float]]:
    with urlopen(f"{url}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    for labels, value in re.findall(rf"^{metric}(\{{.*\}})? (\S+)$", text, re.MULTILINE):
        yield labels, float(value)


def _evaluations(url: str) -> Iterator[Finding]:
    groups = {
        labels.rpartition(";")[2].rstrip('"}'): seconds
        for labels, seconds in _exposed(url, "prometheus_rule_group_last_duration_seconds")
    }
    yield Figure(GROUP, "all rules, once", "s", (sum(groups.values()),))
    for name, seconds in sorted(groups.items(), key=lambda each: -each[1])[:4]:
        yield Figure(GROUP, f"rules of the group {name}", "s", (seconds,))


def _panels(url: str) -> Iterator[Finding]:
    source, slowest = Source(url, time.time()), dict[str, float]()
    for board, panel in asking():
        began = time.perf_counter()
        for target in panel["targets"]:
            source.answer(target, TIMES | EVERYTHING, RANGE_SECONDS, STEP_SECONDS)
        slowest[f"{board}: {panel['title']}"] = time.perf_counter() - began
    name, seconds = max(slowest.items(), key=lambda each: each[1])
    yield Figure(GROUP, f"the slowest panel of {len(slowest)}", "s", (seconds,))
    yield Remark(GROUP, f"the slowest panel is {name}")


def _memory(asks: str, tells: str) -> Iterator[Finding]:
    for name, url in (("Prometheus", asks), ("Alertmanager", tells)):
        for _, size in _exposed(url, "process_resident_memory_bytes"):
            yield Figure(GROUP, f"memory of {name}", "MB", (size / 1e6,))
