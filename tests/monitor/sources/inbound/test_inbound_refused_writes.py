"""A store that refuses a write of what the listener took: only what is stored is answered with 250, and what is brought
again is stored once."""

import asyncio
import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.config import WatchedPath
from monitor.sources.inbound.listener import listening
from monitor.sources.inbound.router import Addresses, InboundRouter
from monitor.sources.inbound.settings import InboundSettings
from probes.evidence import Arrival, Bounce, Dialogue
from probes.mailboxes.inbound import InboundMailbox
from probes.message import Message
from probes.token import Purpose, mint
from tests.monitor.sources.inbound.conftest import PATIENCE
from tests.support import bounce_mails as mails
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched
from tests.support.refusing_store import Refusal, Refusals, refusals

__all__ = ["refusals"]
BOX = InboundMailbox(via="inbound", address="acme@probe.test")
RECEIVED = b"Received: from account.trimble.com (m [104.130.122.50]) by mx.acme.test (Postfix) with ESMTP\r\n"

Mail = Callable[[Message, bytes, str], tuple[str, bytes]]
"""From what was sent, the key and the probe's id: to whom, and what."""


def a_bounce(_: Message, key: bytes, probe_id: str) -> tuple[str, bytes]:
    content = mails.bounce(mint(probe_id, key))
    return f"bounce+{mint(probe_id, key, Purpose.ENVELOPE)}@probe.test", content


def a_copy(sent: Message, _: bytes, __: str) -> tuple[str, bytes]:
    return BOX.address, RECEIVED + sent.content


def hand_over(port: int, recipient: str, content: bytes) -> int:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE, local_hostname="mx.test") as smtp:
        smtp.ehlo()
        smtp.mail("")
        smtp.rcpt(recipient)
        return smtp.data(content)[0]


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize(
    ("mail", "evidence", "outcome"), [(a_bounce, Bounce, "blocked"), (a_copy, Arrival, "inbox")], ids=["bounce", "copy"]
)
async def test_what_is_answered_with_250_is_stored_once(
    pipeline_app: PipelineApp, refusals: Refusals, mail: Mail, evidence: type, outcome: str, nth: int, how: Refusal
) -> None:
    route = ScriptedRoute()
    path: WatchedPath = watched(route, BOX)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, path.kinds[0])
        await heard.evidence(Dialogue)
        await pipeline.idle()
        key = await store.key()
        with ThreadPoolExecutor(2) as pool:
            router = InboundRouter(key, pipeline, pool)
            router.configure(Addresses({"probe.test"}, copies={BOX.address: BOX}), "104.130.122.50", "x.test")
            settings = InboundSettings.model_validate({"domain": "probe.test", "listen": "127.0.0.1:0"})
            async with listening(settings, router) as listener:
                recipient, content = mail(route.sent[0], key, probe.id)
                refusals.refuse(nth, how)
                codes = list[int]()
                while codes.count(250) < 2:  # as a mail server does, and once more than needed
                    codes.append(await asyncio.to_thread(hand_over, listener.port, recipient, content))
        assert sorted(codes) in ([250, 250], [250, 250, 451])
        record = await store.probes.record(probe.id)
        assert record
        assert record.verdict
        assert record.verdict.outcome == outcome
        assert [type(seen) for seen in record.evidence].count(evidence) == 1
