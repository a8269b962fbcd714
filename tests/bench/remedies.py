"""How long it takes to recognise the mail systems of a message, and to choose remedies among many companies."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.config import Config, read_config
from monitor.output.remedy_json import remedy_json
from monitor.output.remedy_names import names_for
from probes.mailsystems.choose import choose
from probes.outcome import Cause
from probes.reading.seen_systems import seen_systems
from tests.bench.figures import Figure, Finding
from tests.bench.round_trip import Step
from tests.support.headers import exchange_headers

GROUP = "Remedies"
COMPANY = """
[companies.c{number}]
mail_systems = ["mimecast", "m365"]
[companies.c{number}.paths.hq]
to = "probe@c{number}.example"
route = {{ via = "xclient", host = "192.0.2.10" }}
mailbox = {{ via = "maildir", path = "c{number}" }}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Number of messages and answers, and the number of companies."""

    messages: int
    answers: int
    companies: int = 1000
    steps: int = 2


FULL = Plan(messages=1000, answers=20)
QUICK = Plan(messages=200, answers=5)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """Milliseconds per message of Exchange Online, and per answer. The time to read the configuration, of which the
    service has to read none again, is a figure of its own."""
    step("remedies: recognition")
    rng = Random(1)
    headers = [exchange_headers(rng) for _ in range(plan.messages)]
    began = time.process_time()
    assert all(seen_systems(each) for each in headers)
    spent = (time.process_time() - began) / plan.messages * 1000
    step("remedies: answers")
    chosen, whole = await asyncio.to_thread(answers, plan)  # the command has an event loop of its own
    return [
        Figure(GROUP, "mail systems of a message recognised", "ms CPU", (spent,), "<= 1"),
        Figure(GROUP, f"remedies for one of {plan.companies} companies", "ms", chosen, "<= 100"),
        Figure(GROUP, f"`mailpath remedy --company` of {plan.companies}, configuration read", "ms", whole),
    ]


def answers(plan: Plan) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the milliseconds of each answer, without and with reading the configuration."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_text("".join(COMPANY.format(number=number) for number in range(plan.companies)))
        config = read_config(file)
        chosen = tuple(_chosen(config, number) for number in range(plan.answers))
        whole = tuple(_whole(file, number) for number in range(2))
    return chosen, whole


def _chosen(config: Config, number: int) -> float:
    began = time.perf_counter()
    found = choose(config.companies[f"c{number}"].chain, None, Cause.CONTENT)
    assert json.dumps([remedy_json(each, names_for(config, each.system)) for each in found.remedies])
    return (time.perf_counter() - began) * 1000


def _whole(file: Path, number: int) -> float:
    began = time.perf_counter()
    args = ["remedy", "--company", f"c{number}", "--cause", "content", "--json", "-c", str(file)]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.output
    return (time.perf_counter() - began) * 1000
