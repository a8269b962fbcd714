"""Diagnoses by the route `scan`, on a real rspamd and a real spamd: nothing is delivered, and everything is varied."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.diagnosing.begin import loss_history
from monitor.diagnosing.diagnoser import Diagnoser
from monitor.diagnosing.preparing import DiagnosisRequest, prepare
from monitor.store import Store
from probes.diagnosis.conclude import Conclusion, Confidence, DiagnosisResult, How, NoFactor
from probes.diagnosis.factors import Factor
from probes.diagnosis.words import sentence
from probes.verdict import Grade, Outcome
from tests.lab.scan_filters import scan_filter
from tests.support.gateway_rules import sets_of

pytestmark = pytest.mark.usefixtures("able")

SECONDS = 240.0
VARIED = tuple(factor for factor in Factor if factor is not Factor.KIND)  # the paths have one kind
RULES = {  # each rule holds for one recipient, who bears its name
    "rspamd": """
local sender = "account.trimble.com"
local function is(address) return address and address[1] and address[1].domain == sender end
local stops = {
  ip = function(task) return tostring(task:get_from_ip()) == "104.130.122.50" end,
  helo = function(task) return task:get_helo() == sender end,
  envelope = function(task) return is(task:get_from("smtp")) end,
  from = function(task) return is(task:get_from("mime")) end,
  authentication = function(task) return task:get_header("DKIM-Signature") ~= nil end,
  content = function(task) return task:get_subject():find("^Verify your email") ~= nil end,
  links = function(task)
    for _, url in ipairs(task:get_urls()) do if url:get_host() == sender then return true end end
    return false
  end,
  size = function(task) return task:get_size() > 20000 end,
  everything = function() return true end,
  nothing = function() return false end,
}
stops.both = function(task) return stops.ip(task) and stops.from(task) end
stops.either = function(task) return stops.ip(task) or stops.links(task) end
local function user(task) return task:get_recipients("smtp")[1].user end
rspamd_config:register_symbol{
  name = "LAB_FAULT", score = 7, description = "The lab stops this",
  callback = function(task) return (stops[user(task)] or stops.nothing)(task) end,
}
rspamd_config:register_symbol{
  name = "LAB_LATER", type = "prefilter", callback = function(task)
    if user(task) == "later" and stops.ip(task) then task:set_pre_result("soft reject", "Try again later") end
  end,
}
""",
    "spamassassin": """
use_bayes 0
header __IP   Received =~ /\\[104\\.130\\.122\\.50\\]/
header __HELO Received =~ /from account\\.trimble\\.com \\(/
header __ENVELOPE EnvelopeFrom =~ /\\@account\\.trimble\\.com/
header __FROM From:addr =~ /\\@account\\.trimble\\.com/
header __AUTHENTICATION exists:DKIM-Signature
header __CONTENT Subject =~ /^Verify your email/
uri    __LINKS /account\\.trimble\\.com/
full   __SIZE /\\A.{20000}/s
meta   __BOTH __IP && __FROM
meta   __EITHER __IP || __LINKS
header __EVERYTHING exists:From
"""
    + "".join(
        f"header __TO_{name} To =~ /<{name.lower()}\\@/\nmeta LAB_{name} __TO_{name} && __{name}\nscore LAB_{name} 6\n"
        for name in (*(factor.name for factor in VARIED), "BOTH", "EITHER", "EVERYTHING")
    ),
}
TOGETHER = {frozenset({Factor.IP, Factor.FROM})}
EITHER = {frozenset({Factor.IP}), frozenset({Factor.LINKS})}
FOUND: dict[str, tuple[How | None, set[frozenset[Factor]], NoFactor | None]] = {
    **{factor.value: (How.ALONE, {frozenset({factor})}, None) for factor in VARIED},
    "both": (How.TOGETHER, TOGETHER, None),
    "either": (How.EACH_ALONE, EITHER, None),
    "everything": (None, set(), NoFactor.CONTROL_STOPPED),
    "nothing": (None, set(), NoFactor.SENDER_PASSES),
}
ONLY_RSPAMD = {"later": (None, set[frozenset[Factor]](), NoFactor.DEFERRED)}  # spamd knows no temporary refusal


def config_of(engine: str, folder: Path, port: int, names: list[str]) -> Config:
    """A path for each rule, to one filter."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "dkim.pem").write_bytes(pem)
    (folder / "dkim.pem").chmod(0o600)
    route = f'{{ via = "scan", engine = "{engine}", host = "127.0.0.1", port = {port} }}'
    paths = "".join(f'[companies.acme.paths.{name}]\nto = "{name}@acme.example"\nroute = {route}\n' for name in names)
    file = folder / "config.toml"
    file.write_text(
        '[sender]\nsize = 24000\n[sender.dkim]\nselector = "s1"\nkey = { file = "dkim.pem" }\n'
        '[control]\naddress = "check@control.example"\nsource_ip = "198.51.100.7"\n'
        '[probes]\nkinds = ["verification"]\ntimeout = "60s"\n'
        '[diagnosis]\nwithin = "scan"\nspacing = "1ms"\n[companies.acme]\nmail_system = "postfix"\n' + paths
    )
    return read_config(file)


@pytest.mark.parametrize("engine", RULES)
async def test_a_filter_is_diagnosed_without_delivering_anything(engine: str, tmp_path: Path) -> None:
    wanted = FOUND | (ONLY_RSPAMD if engine == "rspamd" else {})
    (home := tmp_path / "home").mkdir()
    (place := tmp_path / "filter").mkdir()
    async with scan_filter(engine, place, RULES[engine]) as port:
        config = config_of(engine, home, port, list(wanted))
        async with (
            Store.open(config.store.url) as store,
            pipeline_of(config, store, lambda event: diagnoser.on_event(event), owns_orphans=False) as pipeline,
        ):
            diagnoser = Diagnoser(store, lambda: pipeline, lambda: config, utc_now, "test")

            async def conclude(key: str) -> Conclusion:
                path = next(each for each in config.paths() if each.path == key)
                past = await loss_history(store, path, config)
                diagnosis = prepare(config, DiagnosisRequest(path, path.kinds[0]), past, "ann", utc_now())
                assert await store.diagnoses.begin(diagnosis, "test")
                return await diagnoser.run(diagnosis)

            works = {key: asyncio.create_task(conclude(key)) for key in wanted}
            async with asyncio.timeout(SECONDS):
                while not all(work.done() for work in works.values()):
                    pipeline.tick(utc_now())
                    await asyncio.wait(works.values(), timeout=0.1)
            found = {key: work.result() for key, work in works.items()}
            graded = [
                record.verdict
                for path in config.paths()
                for each in await store.diagnoses.of_path(path.company, path.path)
                for record in await store.diagnoses.arms(each.diagnosis)
            ]
    for key, (how, sets, why) in wanted.items():
        print(engine, key, found[key].probes, found[key].result, found[key].how, found[key].why)
        assert (found[key].how, sets_of(found[key]), found[key].why) == (how, sets, why), (key, found[key])
        assert found[key].grade is Grade.SCANNED
        assert "Only the content filter was asked" in sentence(found[key])
    assert {each.confidence for each in found.values() if each.result is DiagnosisResult.TOLD} == {Confidence.CERTAIN}
    assert {verdict.grade for verdict in graded if verdict} == {Grade.SCANNED}
    assert {verdict.outcome for verdict in graded if verdict} <= {Outcome.INBOX, Outcome.SPAM, Outcome.DEFERRED}
