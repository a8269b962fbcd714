"""The roles of the service as processes of their own, here in one: workers, rules and pages on one PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from monitor.app import Service, inbound, rules, web, worker
from monitor.config import Config, read_config
from monitor.config.simulated import make_folders, sandbox_of
from monitor.errors import UserError
from monitor.store.ownership import BUCKETS
from probes.settings import Endpoint
from tests.monitor.cli.test_cli import free_ports
from tests.support.postgresql import PostgreSQL
from tests.support.service_process import COMPANY, HEAD, NO_STANDING, SANDBOX

BEHAVIOURS = {"birch": "inbox", "cedar": "inbox", "stone": "blocks_ip"}
SECONDS = 60.0
ROLES: list[Any] = [worker, rules, web, inbound]


def written(folder: Path, address: str) -> tuple[Path, Config]:
    """The configuration, and its file."""
    *ports, pages, machines = free_ports(len(BEHAVIOURS) + 2)
    pace = {"every": "2s", "code_life": "20s", "give_up": "30s", "cap": 600}
    head = HEAD.format(address=address, standing=NO_STANDING, web=pages, metrics=machines, **pace)
    companies = "".join(f'{name} = "{behaviour}"\n' for name, behaviour in BEHAVIOURS.items())
    paths = "".join(COMPANY.format(name=name, port=port) for name, port in zip(BEHAVIOURS, ports, strict=True))
    file = folder / "config.toml"
    file.write_text(head + SANDBOX + companies + paths)
    return file, read_config(file)


@dataclass
class Roles:
    """What runs, and where their metrics are."""

    workers: dict[int, Service]
    rules: Service
    web: Service
    rules_port: int

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(SECONDS):
            while not true():  # noqa: ASYNC110 - it is time itself that is waited for
                await asyncio.sleep(0.05)


async def scraped(port: int) -> str:
    async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as answer:
        return await answer.text()


@asynccontextmanager
async def running(folder: Path, server: PostgreSQL) -> AsyncIterator[Roles]:
    file, config = written(folder, server.empty_store())
    make_folders(config)
    ports = [Endpoint("127.0.0.1", port) for port in free_ports(3)]
    async with AsyncExitStack() as house:
        await house.enter_async_context(sandbox_of(config))
        judges = await house.enter_async_context(rules(file, config, ports[0]))
        workers = {port.port: await house.enter_async_context(worker(file, config, port)) for port in ports[1:]}
        shows = await house.enter_async_context(web(file, config))
        yield Roles(workers, judges, shows, ports[0].port)


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_needs_a_store_that_is_a_server(role: Any, tmp_path: Path) -> None:
    file, config = written(tmp_path, "sqlite:///mailpath.db")
    with pytest.raises(UserError, match=r"needs PostgreSQL: store.url is the file|there is no \[inbound\]"):
        async with role(file, config):
            pass


@pytest.mark.timeout(180)
async def test_each_role_does_its_part(tmp_path: Path, server: PostgreSQL) -> None:
    async with running(tmp_path, server) as roles:
        board = roles.web.board.current_verdicts
        await roles.until(lambda: {check.company for check in board} == {*BEHAVIOURS})
        outcomes = {check.company: str(now.verdict.outcome) for check, now in board.items()}
        assert outcomes == {"birch": "inbox", "cedar": "inbox", "stone": "blocked"}

        def shown() -> list[str]:
            return sorted(company for each in roles.workers.values() for company in each.board.companies)

        await roles.until(lambda: shown() == sorted(BEHAVIOURS))  # each path is one worker's
        for port in roles.workers:
            text = await scraped(port)
            assert "mailpath_leads 0" in text
            assert f"mailpath_buckets_owned {BUCKETS // 2}" in text
        text = await scraped(roles.rules_port)
        assert "mailpath_leads 1" in text
        assert "\nmailpath_buckets_owned" not in text
        async with asyncio.timeout(SECONDS):
            while "mailpath_incidents{" not in await scraped(roles.rules_port):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
