"""The route `scan` on a real rspamd and a real SpamAssassin, each with a rule against the sender's client."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes.evidence import Attempt, Dialogue, ScanAction
from probes.http import HttpSession
from probes.judge import judge
from probes.message import compose
from probes.routes.scan import ScanRoute
from probes.sender import Identity
from probes.verdict import Grade, Outcome
from tests.lab.scan_filters import scan_filter
from tests.probes.routes.test_scan import SENDER, probe
from tests.support.outside_world import outside_world

pytestmark = pytest.mark.usefixtures("able")

OTHER = replace(SENDER, source_ip="198.51.100.7", address="postmaster@control.example", helo="control.example")
RULES = {
    "rspamd": """
rspamd_config:register_symbol{
  name = "LAB_SENDER_IP", score = 7, description = "The lab lists this address",
  callback = function(task) return tostring(task:get_from_ip()) == "104.130.122.50" end,
}
""",
    "spamassassin": """
header   LAB_SENDER_IP Received =~ /\\[104\\.130\\.122\\.50\\]/
score    LAB_SENDER_IP 6
describe LAB_SENDER_IP The lab lists this address
use_bayes 0
""",
}


async def asked(engine: str, port: int, identity: Identity) -> Dialogue:
    route = ScanRoute.model_validate({"via": "scan", "engine": engine, "host": "127.0.0.1", "port": port})
    async with HttpSession() as http:
        outside = outside_world(now=lambda: datetime.now(UTC), http=http)
        message = compose(probe(), identity, b"k" * 32)
        return await route.send(message, 1, outside, timeout=60, note=lambda _: None)


@pytest.mark.parametrize("engine", RULES)
async def test_a_real_filter_tells_the_senders_client_from_another(engine: str, tmp_path: Path) -> None:
    async with scan_filter(engine, tmp_path, RULES[engine]) as port:
        stopped, passed = await asked(engine, port, SENDER), await asked(engine, port, OTHER)
    assert stopped.scan, stopped
    assert passed.scan, passed
    listed = [rule for rule in stopped.scan.rules if rule.name == "LAB_SENDER_IP"]
    assert [rule.text.partition(" (")[0] for rule in listed] == ["The lab lists this address"]
    assert listed[0].score >= 6
    assert "LAB_SENDER_IP" not in {rule.name for rule in passed.scan.rules}
    assert stopped.scan.action is ScanAction.MARK
    verdict = judge(probe(), (Attempt(stopped.at, 1), stopped), stopped.at)
    assert verdict
    assert (verdict.outcome, verdict.grade) == (Outcome.SPAM, Grade.SCANNED)
