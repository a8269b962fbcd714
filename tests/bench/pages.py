"""The pages and the API of a service with a thousand paths and a million stored results: how fast, how heavy, how live.
Then those of one with ten thousand companies, `many_companies`.

Beside it in the same run: a bare aiohttp handler, in a process of its own as the service is, that answers with as many
bytes and asks nobody.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from monitor.actions.people import Access
from monitor.clock import utc_now
from monitor.people.person import Rights
from monitor.store import Store
from tests.bench import many_companies
from tests.bench.figures import Figure, Finding, Remark, quantile
from tests.bench.loopback_service import COMPANY, HEAD, MAILDIR, bench_folder, free_port
from tests.bench.million import fill, paths_of
from tests.bench.round_trip import Step
from tests.bench.sink import HOST, REPOSITORY

GROUP = "Pages"
PATIENCE = 60.0
AT_ONCE = 4  # requests on their way
ASKED_OF_MANY = 10  # times that each page is asked for, where there are many companies
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
LOOK_EVERY = 0.02  # seconds between two questions whether it is ready
WEEKS = timedelta(days=14)  # over which the results are spread
MAILPATH = str(Path(sys.executable).with_name("mailpath"))
ASKED = {
    "the overview": "/",
    "the overview, what has changed": "/overview/changes",
    "the overview, filtered and sorted": "/?state=failing&sort=availability",
    "a company": "/companies/c7",
    "a company, 90 days": "/companies/c7?span=90d",
    "the list of probes": "/probes",
    "the list of probes, API": "/api/v1/probes",
    "blocked ones of a company, API": "/api/v1/probes?company=c7&outcome=blocked",
}
DRAWN = frozenset({"the overview", "a company", "a company, 90 days"})
"""Pages with drawings of all that happened: made of counts, so that they stay fast and light."""

SANDBOX = """
[web.manual]
per_person_per_hour = 100000
per_path_per_hour = 100000
[sandbox.companies]
c0 = "inbox"
c1 = "hangs_up"
"""
WATCH = """
window.late = [];
const seen = (line) => {
  const took = 1000 * Number(line.querySelector("span").textContent.split(" ")[0]);
  requestAnimationFrame(() => window.late.push(Date.now() - Number(line.dataset.at) - took));
};
new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach(seen)))
  .observe(document.getElementById("hearing-steps"), { childList: true });
"""
"""Notes how late each step of the dialogue is when the browser is about to draw it, in milliseconds."""
CHROMIUM = Path("/usr/bin/chromium")
BARE = """
import sys
from aiohttp import web
async def bare(request):
    return web.Response(body=b"x" * int(request.match_info["size"]), content_type="text/html")
app = web.Application()
app.router.add_get("/{size}", bare)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many results of so many paths; each page asked for so often; so many streams; so many probes watched."""

    results: int
    paths: int
    asked: int
    streams: tuple[int, ...]
    watched: int
    companies: int
    steps: int = 5


FULL = Plan(results=1_000_000, paths=1000, asked=200, streams=(200, 1000), watched=20, companies=10_000)
QUICK = Plan(results=20_000, paths=200, asked=20, streams=(20,), watched=3, companies=1000)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """A store is filled, the service is started on it, and asked."""
    with bench_folder() as folder:
        step(f"pages: {plan.results:,} results")
        await fill(folder / "mailpath.db", plan.results, paths_of(plan.paths), utc_now(), WEEKS)
        secret = await _token(folder)
        async with _served(folder, plan.paths, secret) as (url, http, pid):
            step("pages: asked")
            found = await _asked(url, http, plan, pid)
            step("pages: streams")
            for number in plan.streams:
                found.append(await _streams(url, secret, pid, number))
            step("pages: a step until it is seen")
            found += await _seen(url, http, plan.watched)
            found += await _drawn(url, http, secret, plan.watched)
    step(f"pages: {plan.companies:,} companies")
    return [*found, *await many_companies.measure(plan.companies, ASKED_OF_MANY)]


async def _token(folder: Path) -> str:
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store:
        return (await Access(store, utc_now, "bench", "command", None).add_token("bench", Rights.ADMIN, None, None))[1]


@asynccontextmanager
async def _served(folder: Path, paths: int, secret: str) -> AsyncIterator[tuple[str, ClientSession, int]]:
    """The service on these paths; the first is make-believe and can be probed. Yields URL, client and process id."""
    port, metrics, gateways = free_port(), free_port(), {0: free_port(), 1: free_port()}
    config = HEAD.format(source_ip="104.130.122.50", every="30d", web=port, metrics=metrics)
    config += SANDBOX
    for number in range(paths):
        facts = {"number": number, "mailbox": MAILDIR.format(number=number), "port": gateways.get(number, 9)}
        config += COMPANY.format(via="xclient", tls="none", **facts)
        config += 'retry = ["500ms"]\n' if number == 1 else ""
    (folder / "config.toml").write_text(config)
    url = f"http://{HOST}:{port}"
    async with _process(
        (MAILPATH, "serve", "-c", str(folder / "config.toml")), f"http://{HOST}:{metrics}/readyz"
    ) as pid:
        headers = {"Authorization": f"Bearer {secret}", "Accept": "text/html,application/json"}
        async with ClientSession(headers=headers, timeout=ClientTimeout(PATIENCE)) as http:
            yield url, http, pid


@asynccontextmanager
async def _process(command: Sequence[str], ready: str) -> AsyncIterator[int]:
    nowhere = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY, stdout=nowhere, stderr=nowhere)
    try:
        async with asyncio.timeout(PATIENCE), ClientSession() as http:
            while not await _answers(http, ready):  # noqa: ASYNC110 - another process has no event of ours
                await asyncio.sleep(LOOK_EVERY)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _answers(http: ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except OSError:
        return False


async def _asked(url: str, http: ClientSession, plan: Plan, pid: int) -> list[Finding]:
    found: list[Finding] = []
    port = free_port()
    async with _process((sys.executable, "-c", BARE, str(port)), f"http://{HOST}:{port}/1"):
        for name, path in ASKED.items():
            spent = _spent(pid)
            size, rate, took = await _load(http, url + path, plan.asked)
            a_core = plan.asked / max(_spent(pid) - spent, TICK_SECONDS)
            _, bare_rate, bare = await _load(http, f"http://{HOST}:{port}/{size}", plan.asked)
            found += [
                Figure(GROUP, f"{name}: requests", "per s", (rate,)),
                Figure(GROUP, f"{name}: requests a core", "per s", (a_core,), ">= 150" if path == "/" else ""),
                Figure(GROUP, f"{name}: p50", "ms", (quantile(took, 0.5),)),
                Figure(GROUP, f"{name}: p99", "ms", (quantile(took, 0.99),), "<= 60" if name in DRAWN else ""),
                Figure(GROUP, f"{name}: as many bytes, bare", "per s", (bare_rate,)),
                Figure(GROUP, f"{name}: bare, p99", "ms", (quantile(bare, 0.99),)),
                Figure(GROUP, f"{name}: size", "kB", (size / 1000,), "< 200" if path == "/" else ""),
            ]
            if name in DRAWN:
                wire = await _compressed(http, url + path)
                found.append(Figure(GROUP, f"{name}: compressed", "kB", (wire / 1000,), "<= 40"))
    return found


async def _load(http: ClientSession, url: str, number: int) -> tuple[int, float, list[float]]:
    """Octets of an answer, answers a second, and how many milliseconds each took; a few at once."""
    took: list[float] = []
    sizes: set[int] = set()

    async def ask() -> None:
        while len(took) < number:
            began = time.perf_counter()
            async with http.get(url) as answer:
                assert answer.status == 200, f"{url}: {answer.status}"
                sizes.add(len(await answer.read()))
            took.append((time.perf_counter() - began) * 1000)

    async with http.get(url) as answer:  # what is read once is read now
        await answer.read()
    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return max(sizes), len(took) / (time.perf_counter() - began), took


async def _compressed(http: ClientSession, url: str) -> int:
    """Octets of an answer as they are sent."""
    async with http.get(url, auto_decompress=False) as answer:
        assert answer.headers.get("Content-Encoding") == "gzip"
        return len(await answer.read())


async def _streams(url: str, secret: str, pid: int, number: int) -> Finding:
    """How much the service grows by each stream that is open."""
    headers = {"Authorization": f"Bearer {secret}"}
    timeout = ClientTimeout(total=None, sock_connect=PATIENCE)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            ClientSession(headers=headers, timeout=timeout, connector=TCPConnector(limit=0))
        )
        before = _resident(pid)
        for _ in range(number):
            answer = await stack.enter_async_context(http.get(f"{url}/api/v1/events"))
            assert answer.status == 200, answer.status
            await answer.content.readany()
        grown = _resident(pid) - before
    return Figure(GROUP, f"memory of each of {number:,} open event streams", "kB", (grown / number,))


def _spent(pid: int) -> float:
    """Seconds of CPU that the process has had."""
    with open(f"/proc/{pid}/stat") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * TICK_SECONDS


def _resident(pid: int) -> float:
    """kB of memory that the process has."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


async def _seen(url: str, http: ClientSession, number: int) -> list[Finding]:
    """From a step of a dialogue, by the time it bears, to a client that follows all that happens."""
    took: list[float] = []
    for _ in range(number):
        async with http.post(f"{url}/api/v1/probes", json={"company": "c0", "path": "hq"}) as answer:
            assert answer.status == 202, await answer.text()
            probe = (await answer.json())["probes"][0]
        events = f"{url}/api/v1/probes/{probe['probe']}/events"
        async with http.get(events) as stream:
            async for line in stream.content:
                if line.startswith(b"data:") and (late := _late(json.loads(line[5:]))) is not None:
                    took.append(late)
                if line.startswith(b"event: verdict"):
                    break
    return [
        Figure(GROUP, "a step until a client that follows it has it: p50", "ms", (quantile(took, 0.5),)),
        Figure(GROUP, "a step until a client that follows it has it: p99", "ms", (quantile(took, 0.99),)),
    ]


async def _drawn(url: str, http: ClientSession, secret: str, number: int) -> list[Finding]:
    """From a step of a dialogue to its line in the page of a probe that is tried again and again, in a real browser."""
    if not CHROMIUM.exists():  # noqa: ASYNC240 - nothing else happens
        return [Remark(GROUP, "not measured in a browser: there is no Chromium here")]
    from playwright.async_api import async_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    headers = {"Authorization": f"Bearer {secret}"}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = await browser.new_page(extra_http_headers=headers)
        async with http.post(f"{url}/api/v1/probes", json={"company": "c1", "path": "hq"}) as answer:
            probe = (await answer.json())["probes"][0]
        await page.goto(f"{url}/probes/{probe['probe']}")
        await page.evaluate(WATCH)
        late: list[float] = []
        async with asyncio.timeout(PATIENCE):
            while len(late) < number:  # the page's own policy forbids it to wait for our expressions
                await asyncio.sleep(0.5)
                late = await page.evaluate("window.late")
        await browser.close()
    return [
        Figure(GROUP, "a step until a browser draws it: p50", "ms", (quantile(late, 0.5),)),
        Figure(GROUP, "a step until a browser draws it: p99", "ms", (quantile(late, 0.99),)),
    ]


def _late(told: dict[str, Any]) -> float | None:
    """Milliseconds since a step ended."""
    if told.get("event") != "step":
        return None
    ended = datetime.fromisoformat(told["at"]) + timedelta(seconds=told["seconds"])
    return (datetime.now(UTC) - ended).total_seconds() * 1000
