"""One account before the doctor, with mailboxes by the APIs of Microsoft, Google and JMAP: open, closed, too wide."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr
from typer.testing import CliRunner

from monitor.cli.exits import Exit
from monitor.cli.main import app
from monitor.config import read_config
from monitor.doctor.observation import Observation, Premises
from monitor.doctor.one_account import AccountCheckup
from monitor.doctor.table import examine
from probes.outside import Outside
from probes.standing.fact import State
from tests.clouds import loopback_google, loopback_microsoft
from tests.clouds.fake_gmail import MODIFY, GmailBox
from tests.clouds.fake_graph import GraphBox, refusal
from tests.clouds.loopback_google import GoogleDomain, google_domain, reporting_domain
from tests.clouds.loopback_microsoft import GraphTenant, graph_tenant
from tests.support.authorization_server import OAuthClient, authorization_server
from tests.support.jmap_server import JmapServer, jmap_server

MICROSOFT = """
[accounts.acme365]
provider = "microsoft"
tenant = "acme.example"
client = "11111111-2222-3333-4444-555555555555"
secret = { env = "ACCOUNT_SECRET" }
[companies.acme]
trace = { via = "graph", account = "acme365" }
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "127.0.0.1" }
mailbox = { via = "graph", account = "acme365", user = "probe@acme.example" }
"""
GOOGLE = """
[accounts.boltgoogle]
provider = "google"
client = "mailpath"
secret = { env = "ACCOUNT_SECRET" }
refresh = { env = "ACCOUNT_SECRET" }
[companies.bolt.paths.hq]
to = "probe@bolt.example"
route = { via = "xclient", host = "127.0.0.1" }
mailbox = { via = "gmail", account = "boltgoogle", user = "probe@bolt.example" }
"""
CHIEF = "chief@acme.example"
OTHER = "chief@bolt.example"
BY_KEY = GOOGLE.replace('client = "mailpath"\nsecret', "key").replace('refresh = { env = "ACCOUNT_SECRET" }\n', "")
LOG = """
[accounts.boltgoogle]
provider = "google"
key = { env = "ACCOUNT_SECRET" }
[companies.bolt]
trace = { via = "gmail_reports", account = "boltgoogle", admin = "auditor@bolt.example" }
[companies.bolt.paths.hq]
to = "probe@bolt.example"
route = { via = "xclient", host = "127.0.0.1" }
mailbox = { via = "maildir", path = "mail" }
"""
CORE = """
[accounts.core]
provider = "oauth"
token_url = "{issuer}"
client = "mailpath"
secret = {{ env = "CORE_SECRET" }}
mail_servers = ["127.0.0.1"]
[companies.core.paths.hq]
to = "probe@core.example"
route = {{ via = "xclient", host = "127.0.0.1" }}
mailbox = {{ via = "jmap", url = "{url}/.well-known/jmap", user = "probe", account = "core" }}
"""


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configurations name; the accounts that are asked have secrets of their own."""
    monkeypatch.setenv("ACCOUNT_SECRET", loopback_google.key_file().get_secret_value())


@pytest.fixture
async def tenant() -> AsyncIterator[GraphTenant]:
    """Two mailboxes, of which one is open to the app; the trace is."""
    async with graph_tenant() as running:
        running.graph.boxes[CHIEF] = GraphBox()
        running.graph.scope = {loopback_microsoft.USER}
        yield running


@pytest.fixture
async def domain() -> AsyncIterator[GoogleDomain]:
    """One mailbox, whose user has consented."""
    async with google_domain() as running:
        running.server.clients["mailpath"] = OAuthClient(secret="s", refresh="r", scope=MODIFY)
        keys = {"key": None, "client": "mailpath", "secret": SecretStr("s"), "refresh": SecretStr("r")}
        use_google(running, **keys)
        yield running


def use_google(domain: GoogleDomain, **keys: object) -> None:
    """Give the account these keys."""
    settings = loopback_google.loopback_google(domain.server, domain.gmail.url, **keys)
    domain.outside.accounts.configure({loopback_google.ACCOUNT: settings})


async def examined(
    folder: Path, text: str, outside: Outside, name: str, other: str = ""
) -> tuple[dict[str, Observation], str]:
    """What is found, by subject; and what is to be sent back."""
    file = folder / "config.toml"
    file.write_text(text)
    config = read_config(file)
    checkup = AccountCheckup(name, other)
    assert checkup.trouble(config) == ""
    premises = Premises(config, file, (), outside, 5.0)
    found = {found.subject: found async for _, found in examine(premises, (), checkup.examinations)}
    return found, "\n".join(checkup.send_back(premises))


# -- Microsoft ---------------------------------------------------------------------------------------------------------


async def test_graph_as_it_should_be(tmp_path: Path, tenant: GraphTenant) -> None:
    found, sent_back = await examined(tmp_path, MICROSOFT, tenant.outside, "acme365", CHIEF)
    assert {each.state for each in found.values()} == {State.GOOD}, found
    assert "closed to it" in found[f"mailbox of {CHIEF}"].seen
    assert found["trace graph:acme365"].seen == "reads the message trace"
    assert sent_back == ""
    assert {method for method, _ in tenant.graph.requests} == {"GET"}


async def test_graph_open_to_more_than_its_own(tmp_path: Path, tenant: GraphTenant) -> None:
    tenant.graph.scope = None
    found, sent_back = await examined(tmp_path, MICROSOFT, tenant.outside, "acme365", CHIEF)
    outside = found.pop(f"mailbox of {CHIEF}")
    assert (outside.state, {each.state for each in found.values()}) == (State.BAD, {State.GOOD})
    assert "it is open: the account reaches more than its own mailboxes" in outside.seen
    assert "every permission of Microsoft Graph for mail" in outside.advice
    assert "it is open" in sent_back


async def test_graph_without_a_right(tmp_path: Path, tenant: GraphTenant) -> None:
    tenant.graph.scope = set()
    found, _ = await examined(tmp_path, MICROSOFT, tenant.outside, "acme365", CHIEF)
    assert found["mailbox of acme/hq"].state is State.BAD
    assert "New-ManagementRoleAssignment" in found["mailbox of acme/hq"].seen
    assert found[f"mailbox of {CHIEF}"].state is State.UNKNOWN


async def test_a_mailbox_that_graph_does_not_know_proves_nothing(tmp_path: Path, tenant: GraphTenant) -> None:
    del tenant.graph.boxes[CHIEF]
    found, _ = await examined(tmp_path, MICROSOFT, tenant.outside, "acme365", CHIEF)
    outside = found[f"mailbox of {CHIEF}"]
    assert (outside.state, outside.advice) == (State.UNKNOWN, "name a mailbox that exists: --outside USER")


@pytest.mark.parametrize(("principal", "says"), [(True, "ExchangeMessageTrace.Read.All"), (False, "New-MgServicePrin")])
async def test_graph_without_a_right_to_its_trace(
    tmp_path: Path, tenant: GraphTenant, principal: bool, says: str
) -> None:
    tenant.graph.principal = principal
    if principal:
        tenant.graph.plan.append(("messageTraces", refusal(403, "Forbidden", "Insufficient privileges.")))
    found, sent_back = await examined(tmp_path, MICROSOFT, tenant.outside, "acme365", CHIEF)
    trace = found.pop("trace graph:acme365")
    assert trace.state is State.BAD
    assert says in trace.seen
    assert says in sent_back
    assert {each.state for each in found.values()} == {State.GOOD}


# -- Google ------------------------------------------------------------------------------------------------------------


async def test_gmail_by_consent_is_open_to_its_own_alone(tmp_path: Path, domain: GoogleDomain) -> None:
    found, sent_back = await examined(tmp_path, GOOGLE, domain.outside, "boltgoogle", OTHER)
    assert {each.state for each in found.values()} == {State.GOOD}, found
    assert "closed to it" in found[f"mailbox of {OTHER}"].seen
    assert sent_back == ""


async def test_gmail_by_delegation_is_open_to_more(tmp_path: Path, domain: GoogleDomain) -> None:
    domain.gmail.boxes[OTHER] = GmailBox()
    use_google(domain)
    found, _ = await examined(tmp_path, BY_KEY, domain.outside, "boltgoogle", OTHER)
    outside = found[f"mailbox of {OTHER}"]
    assert outside.state is State.BAD
    assert "Google cannot limit domain-wide delegation to one mailbox" in outside.advice


async def test_a_user_whom_google_does_not_know_proves_nothing(tmp_path: Path, domain: GoogleDomain) -> None:
    use_google(domain)
    use = loopback_google.gmail_mailbox().account_use
    await domain.outside.accounts.get("boltgoogle").token(loopback_google.USER, service=use.service)
    words = {"error": "invalid_grant", "error_description": "Invalid email or User ID"}
    domain.server.next_answers.append(web.json_response(words, status=400))
    found, _ = await examined(tmp_path, BY_KEY, domain.outside, "boltgoogle", OTHER)
    assert found["mailbox of bolt/hq"].state is State.GOOD
    assert found[f"mailbox of {OTHER}"].state is State.UNKNOWN


async def test_gmail_without_its_scope(tmp_path: Path, domain: GoogleDomain) -> None:
    text = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the"
    words = {"error": "unauthorized_client", "error_description": f"{text} scopes requested."}
    use_google(domain)
    domain.server.next_answers.extend(web.json_response(words, status=401) for _ in range(2))
    found, sent_back = await examined(tmp_path, BY_KEY, domain.outside, "boltgoogle", OTHER)
    assert found["mailbox of bolt/hq"].state is State.BAD
    assert "Domain-wide delegation" in sent_back
    assert found[f"mailbox of {OTHER}"].state is not State.GOOD


@pytest.mark.parametrize("may_read", [True, False])
async def test_gmails_log(tmp_path: Path, may_read: bool) -> None:
    async with reporting_domain(lambda: datetime.now(UTC)) as domain:
        if not may_read:
            domain.reports.admins.clear()
        found, sent_back = await examined(tmp_path, LOG, domain.outside, "boltgoogle")
    (trace,) = (each for subject, each in found.items() if subject.startswith("trace "))
    assert trace.state is (State.GOOD if may_read else State.BAD)
    assert ("not authorized to read activity records" in sent_back) is not may_read


# -- JMAP, as the command has it ---------------------------------------------------------------------------------------


@pytest.fixture
async def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[JmapServer]:
    """A server that takes each token of its authorization server, and a configuration of it."""
    async with AsyncExitStack() as house:
        issuer = await house.enter_async_context(authorization_server(lambda: datetime.now(UTC)))
        issuer.clients["mailpath"] = OAuthClient(user="probe", secret="of-core")
        server = await house.enter_async_context(jmap_server())
        server.tokens = issuer.issued.keys()
        monkeypatch.setenv("CORE_SECRET", "of-core")
        (tmp_path / "config.toml").write_text(CORE.format(issuer=issuer.token_url, url=server.url))
        yield server


async def doctor(folder: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """Its exit code and its findings by subject."""
    words = ["doctor", "-c", str(folder / "config.toml"), "--account", "core", "--outside", "chief", "--json"]
    run = await asyncio.to_thread(CliRunner().invoke, app, words)
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    return run.exit_code, {row["subject"]: row for row in rows if "subject" in row}


SHARED = {"name": "Chief", "isPersonal": False, "isReadOnly": True}


@pytest.mark.parametrize(
    ("name", "state", "says"),
    [
        ("", "good", "the login reaches its own account alone, not one of chief"),
        ("Chief", "bad", "it is open"),
        ("Board", "unknown", "the login reaches more than its own account, 'Board'; none is called chief"),
    ],
)
async def test_jmap_opens_its_own_account_and_no_other(
    tmp_path: Path, core: JmapServer, name: str, state: str, says: str
) -> None:
    own = {"name": "probe", "isPersonal": True, "isReadOnly": False}
    core.session["accounts"] = {"a1": own} | ({"a2": {**SHARED, "name": name}} if name else {})
    code, found = await doctor(tmp_path)
    assert (code, found["mailbox of core/hq"]["state"]) == (Exit.NOT_OK if state == "bad" else Exit.OK, "good")
    assert found["mailbox of chief"]["state"] == state
    assert says in found["mailbox of chief"]["seen"]


async def test_jmap_without_a_right(tmp_path: Path, core: JmapServer) -> None:
    core.tokens = set()
    code, found = await doctor(tmp_path)
    assert code == Exit.NOT_OK
    assert found["mailbox of core/hq"]["state"] == "bad"
    assert "does not accept the account's token" in found["mailbox of core/hq"]["seen"]
    assert found["mailbox of chief"]["state"] == "unknown"
