"""The document is true: what schemathesis makes of it, right and wrong, is answered as it says, whoever asks."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.config import SchemathesisConfig

from monitor.people.person import Companies, Rights
from monitor.web.api import stream
from monitor.web.api.document import document
from monitor.web.api.operations import operations
from tests.support.api_app import ApiApp, open_api_app
from tests.support.pages_app import incident
from tests.support.pipeline_app import PipelineApp

DOCUMENT = document(operations())
CONFIG = {
    "generation": {"max-examples": 8, "deterministic": True, "database": "none"},
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422", "429"]}},
}  # 422 also: what excludes each other in a mute is said in words
schema = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict(CONFIG))
some = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@dataclass
class Server:
    """One in a thread of its own: schemathesis waits for its answers."""

    url: str
    admin: str
    viewer: str

    def check(self, case: Any, token: str) -> None:
        query = case.query or {}
        assume("path" not in query or "company" in query)  # one needs the other, which no schema says of parameters
        # a cursor of a list in memory is the last item of an answer, which no schema can say
        assume("cursor" not in query or case.path.endswith("/probes"))
        assume("Last-Event-ID" not in (case.headers or {}))  # it makes headers that its own pattern would not have
        case.call_and_validate(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=10)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    there: list[Server] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with open_api_app(PipelineApp(tmp_path_factory.mktemp("schema"))) as api_app:
            await _furnish(api_app)
            there.append(
                Server(
                    api_app.url, await _token(api_app, Rights.ADMIN), await _token(api_app, Rights.VIEWER, ("bolt",))
                )
            )
            ready.set()
            await asyncio.to_thread(over.wait)

    lasts, stream.LASTS = stream.LASTS, 0.0  # what is known is told, and no more is waited for
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    yield there[0]
    over.set()
    thread.join()
    stream.LASTS = lasts


async def _token(api_app: ApiApp, rights: Rights, companies: Companies = None) -> str:
    return (await api_app.program(rights, companies)).token


async def _furnish(api_app: ApiApp) -> None:
    for company in ("acme", "bolt"):
        await api_app.probe(company=company)
    await api_app.open(incident("a1"), incident("e1", "acme", "bolt"))


@schema.parametrize()
@some
def test_an_admin_is_answered_as_the_document_says(case: Any, server: Server) -> None:
    server.check(case, server.admin)


@schema.parametrize()
@some
def test_a_bound_viewer_is_answered_as_the_document_says(case: Any, server: Server) -> None:
    server.check(case, server.viewer)
