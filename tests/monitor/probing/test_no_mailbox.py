"""A route that delivers nothing needs no mailbox: a throw-away kind, which only its traits tell from the others."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config import ConfigErrors, read_config
from probes.kinds import Kind
from probes.route_traits import ROUTE_TRAITS, RouteTraits, WayOut
from probes.verdict import Grade
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

CODE = Kind.TWO_STEP_CODE


@pytest.fixture(autouse=True)
def _ask(monkeypatch: pytest.MonkeyPatch) -> None:
    traits = RouteTraits("", Grade.SCANNED, WayOut.GATEWAY, needs_mailbox=False)
    monkeypatch.setitem(ROUTE_TRAITS, "ask", traits)


async def test_a_probe_without_a_mailbox_ends_with_its_dialogue(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(via="ask"), None)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, CODE)
        assert await heard.verdict() == "unknown - unproven"
        assert not pipeline.busy(path.check(CODE))
        assert pipeline.watchers == {}


CONFIG = """\
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "192.0.2.10" }
"""


def test_only_a_route_that_delivers_may_not_go_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    with pytest.raises(ConfigErrors) as caught:
        read_config(file)
    assert [error.key for error in caught.value.errors] == ["companies.acme.paths.hq.mailbox"]
    monkeypatch.setitem(ROUTE_TRAITS, "xclient", replace(ROUTE_TRAITS["xclient"], needs_mailbox=False))
    (path,) = read_config(file).paths()
    assert (path.mailbox, path.mailbox_key, path.visited, path.received) == (None, "", None, None)
