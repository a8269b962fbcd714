"""A client that a public generator makes of the document works against the running service."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.people.person import Rights
from monitor.web.api.document import document
from monitor.web.api.operations import operations
from tests.support.api_app import KINDS, ApiApp

GENERATOR = Path(sys.executable).with_name("openapi-python-client")
OVERRIDES = "content_type_overrides: {application/x-ndjson: text/plain}\npost_hooks: []\n"
"""The generator does not know JSON lines, and would format its code, which takes longer than all else."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the generated package, which can be imported."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(document(operations())))
    (folder / "settings.yaml").write_text(OVERRIDES)
    command = [str(GENERATOR), "generate", "--path", "openapi.json", "--meta", "none", "--config", "settings.yaml"]
    done = subprocess.run(
        [*command, "--output-path", "mailpath_client"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "WARNING" not in done.stdout + done.stderr
    assert "omitted" not in done.stdout + done.stderr, done.stdout
    sys.path.insert(0, str(folder))
    yield "mailpath_client"
    sys.path.remove(str(folder))


class GeneratedClient:
    """The generated functions, for one program."""

    def __init__(self, package: str, url: str, token: str) -> None:
        self._package = package
        client = importlib.import_module(f"{package}.client")
        self.client = client.AuthenticatedClient(base_url=url, token=token)
        self.models = importlib.import_module(f"{package}.models")

    async def call(self, name: str, *parts: str, **asked: Any) -> Any:
        """Return what one operation answers."""
        function = importlib.import_module(f"{self._package}.api.{name}").asyncio
        return await function(*parts, client=self.client, **asked)


async def test_a_generated_client_lists_creates_gets_and_understands_problems(api_app: ApiApp, package: str) -> None:
    token = (await api_app.program(Rights.ADMIN)).token
    generated = GeneratedClient(package, api_app.url, token)
    models = generated.models
    assert (await generated.call("access.get_me")).rights == models.Rights.ADMIN

    first = await generated.call("companies.list_companies", most=1)
    second = await generated.call("companies.list_companies", most=1, cursor=first.next_)
    assert [each.company for page in (first, second) for each in page.companies] == ["acme", "bolt"]
    assert second.next_ is None

    wish = models.NewProbe(company="acme", path="hq", kind=models.Kind(KINDS[0]))
    sent = (await generated.call("probes.create_probe", body=wish)).probes[0]
    await api_app.heard.verdict()
    probe = await generated.call("probes.get_probe", sent.probe)
    assert (probe.probe, probe.verdict.outcome) == (sent.probe, models.Outcome.INBOX)

    mute = await generated.call(
        "mutes.create_mute", body=models.NewMute(company="acme", lasts="2h", why="a test of the client")
    )
    assert [each.mute for each in (await generated.call("mutes.list_mutes")).mutes] == [mute.mute]

    wrong = await generated.call("probes.get_probe", "nothing")
    assert isinstance(wrong, models.Problem)
    assert wrong.status == 404
    lines = await generated.call("export.export_lines")
    assert json.loads(lines.splitlines()[0])["probe"] == sent.probe
