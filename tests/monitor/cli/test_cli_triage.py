"""`mailpath triage` on a real store, and that the address is in nothing that a real service and the command write."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.clock import utc_now
from monitor.store import Store
from probes.evidence import Attempt
from probes.verdict import Verdict
from tests.support.pages_app import BLOCKED, INBOX, probe_of
from tests.support.service_process import Folder

CONFIG = """
[companies.acme]
name = "Acme [bold]Steel"
mail_system = "postfix"
domains = ["acme-steel.example"]
paths.hq = { to = "p@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "acme" } }
"""
NAME = "jane.doe-4711"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    return file


async def fill(folder: Path, *verdicts: Verdict) -> None:
    """Probes with these verdicts, the last one just now."""
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store:
        for number, verdict in enumerate(verdicts):
            probe = probe_of("acme", utc_now() - timedelta(minutes=5 * (len(verdicts) - number)), via="direct")
            await store.probes.launch(probe, "maildir:x", Attempt(probe.created_at, 1))
            await store.probes.learn(probe.id, (), verdict, probe.created_at, closed=True, delivery=None)


def triage(config: Path, address: str, *options: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["triage", address, "--config", str(config), *options], input=typed)


@pytest.mark.parametrize(
    ("address", "verdicts", "code", "words"),
    [
        (f"{NAME}@acme-steel.example", [INBOX], 0, "about this one address or mailbox"),
        (f"{NAME}@acme.example", [INBOX, BLOCKED], 1, "Most likely, the mail system of Acme [bold]Steel rejects"),
        (f"{NAME}@acme,example", [INBOX], 1, "The address itself is wrong."),
        (f"{NAME}@acme.example", [], 2, "no recent test result"),
        (f"{NAME}@gmail", [INBOX], 1, "Did you mean gmail.com?"),
    ],
)
def test_the_exit_code_says_whether_something_is_known(
    config: Path, address: str, verdicts: list[Verdict], code: int, words: str
) -> None:
    asyncio.run(fill(config.parent, *verdicts))
    result = triage(config, address)
    assert result.exit_code == code, result.output
    assert words in " ".join(result.output.split())
    assert NAME not in result.output


def test_the_address_may_come_from_standard_input(config: Path) -> None:
    asyncio.run(fill(config.parent, INBOX, BLOCKED))
    result = triage(config, "-", "--json", typed=f"{NAME}@acme.example\n")
    facts = json.loads(result.stdout)
    assert (facts["place"], facts["companies"][0]["company"]) == ("company", "acme")
    assert facts["checks"][0]["last_good_at"] is not None


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path, {"acme": "blocks_ip"}, tmp_path / "mailpath.db", more='[log]\nlevel = "debug"\n')
    process = folder.serve()
    folder.until(folder.ready)
    yield folder
    process.end()


def test_a_real_service_writes_the_address_nowhere(service: Folder) -> None:
    """Its log at the loudest, its store with journal, and all else in its folder; after good and bad requests."""
    base, address = f"http://127.0.0.1:{service.web}", f"{NAME}@acme.example"
    statuses = [
        _asked(f"{base}/api/v1/triage?address={quote(address)}"),
        _asked(f"{base}/api/v1/triage?address={quote(address)}&x=1"),
        _asked(f"{base}/api/v1/triage/{quote(address)}"),
        _asked(f"{base}/triage?address={quote(address)}"),
        _asked(f"{base}/triage", urlencode({"address": address}).encode()),
        _asked(f"{base}/triage", b"address=" + quote(address).encode() + b"&charset=%ff%fe"),
        _asked(f"{base}/api/v1/triage", json.dumps({"address": address}).encode(), "application/json"),
        _asked(f"{base}/api/v1/triage", json.dumps([address]).encode(), "application/json"),
    ]
    assert statuses == [200, 400, 404, 200, 200, 200, 200, 422]
    assert service.run("triage", address).returncode in (1, 2)
    service.processes[0].end()
    assert len(service.processes[0].text()) > 200, "there is a log"
    kept = [path for path in service.path.rglob("*") if path.is_file()]
    assert service.store in kept
    assert [path for path in kept if NAME.encode() in path.read_bytes()] == []


def _asked(url: str, body: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> int:
    try:
        request = urllib.request.Request(url, body, {"Content-Type": kind, "Accept": "text/html"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            answer.read()
            return int(answer.status)
    except HTTPError as error:
        return error.code
