"""Routes are tried up to MAIL, mailboxes are opened: on real sockets and folders, good, refused and dead."""

import base64
from pathlib import Path

import pytest

from monitor.doctor import ways, ways_back
from monitor.doctor.observation import Examine, Observation
from probes.standing.fact import State
from tests.monitor.doctor.conftest import House
from tests.support.nameserver import Records, name_server
from tests.support.smtp_server import MailServer, mail_server

AUTH = {"EHLO": b"250-relay.example\r\n250 AUTH PLAIN\r\n"}


MAILBOX = 'via = "maildir", path = "mail"'


def company(route: str, mailbox: str = MAILBOX, more: str = "") -> str:
    return f"""
[sender]
source_ip = "127.0.0.1"
[companies.acme.paths.hq]
to = "probe@acme.example"
route = {{ {route} }}
mailbox = {{ {mailbox} }}
{more}
"""


def another(route: str, mailbox: str) -> str:
    return f"""
[companies.acme.paths.lab]
to = "lab@acme.example"
route = {{ {route} }}
mailbox = {{ {mailbox} }}
"""


async def found(house: House, examine: Examine, text: str) -> list[Observation]:
    async with house(text) as premises:
        return [finding async for finding in examine(premises)]


async def one(house: House, examine: Examine, text: str) -> Observation:
    (finding,) = await found(house, examine, text)
    return finding


def direct(server: MailServer) -> str:
    return f'via = "direct", host = "127.0.0.1", port = {server.port}, tls = "none"'


@pytest.fixture(autouse=True)
def _plain_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_PASSWORD", "s3cret")


async def test_a_route_is_good_when_it_is_ready_for_mail_and_nothing_is_sent(house: House) -> None:
    async with mail_server() as server:
        finding = await one(house, ways.routes, company(direct(server)))
    assert (finding.subject, finding.state) == ("acme/hq by direct", State.GOOD)
    assert "ready for mail" in finding.seen
    assert server.visit.verbs == ["EHLO", "QUIT"]


async def test_a_login_is_tried(house: House) -> None:
    login = 'user = "u", password = { env = "RELAY_PASSWORD" }'
    text = company(f'via = "relay", host = "localhost", port = PORT, tls = "none", {login}')
    async with mail_server(AUTH) as server:
        good = await one(house, ways.routes, text.replace("PORT", str(server.port)))
    async with mail_server({**AUTH, "AUTH": b"535 5.7.8 no\r\n"}) as server:
        bad = await one(house, ways.routes, text.replace("PORT", str(server.port)))
    assert (good.state, bad.state) == (State.GOOD, State.BAD)
    assert "does not take this user and password" in bad.seen
    assert "s3cret" not in repr(bad)
    assert base64.b64encode(b"\0u\0s3cret").decode() not in repr(bad)


async def test_a_gateway_that_does_not_trust_us_says_what_to_change(house: House) -> None:
    async with mail_server() as server:
        finding = await one(
            house, ways.routes, company(f'via = "xclient", host = "127.0.0.1", port = {server.port}, tls = "none"')
        )
    assert finding.state is State.BAD
    assert "smtpd_authorized_xclient_hosts=127.0.0.1" in finding.seen


async def test_a_refusal_by_the_mail_system_is_its_answer_and_not_a_fault_of_ours(house: House) -> None:
    async with mail_server({"BANNER": b"554 5.7.1 you are blocked\r\n"}) as server:
        finding = await one(house, ways.routes, company(direct(server)))
    assert finding.state is State.WEAK
    assert "refuses us at banner" in finding.seen
    assert "you are blocked" in finding.seen
    assert "a probe will say what it means" in finding.advice


async def test_what_does_not_answer_is_bad(house: House) -> None:
    async with mail_server() as server:
        route = direct(server)
    finding = await one(house, ways.routes, company(route))
    assert finding.state is State.BAD
    assert finding.seen.startswith("no answer at connect: ")


async def test_paths_that_share_a_route_are_tried_once(house: House) -> None:
    async with mail_server() as server:
        second = another(direct(server), MAILBOX)
        findings = await found(house, ways.routes, company(direct(server), more=second))
    assert len(findings) == len(server.visits) == 1


async def test_a_simulated_company_is_no_fault_while_nothing_simulates_it(house: House) -> None:
    real = company('via = "xclient", host = "127.0.0.1", port = 9, tls = "none"')
    simulated = f'{real}[sandbox.companies]\nacme = "inbox"\n'
    assert (await one(house, ways.routes, real)).state is State.BAD
    assert (await one(house, ways.routes, simulated)).state is State.NONE
    assert (await one(house, ways_back.mailboxes, simulated)).state is State.NONE


async def test_the_source_ip_matters_only_where_a_route_needs_it(house: House) -> None:
    async with mail_server() as server:
        here = await found(house, ways.source_ip, company(direct(server)))
        elsewhere = await found(house, ways.source_ip, company(direct(server)).replace("127.0.0.1", "192.0.2.1", 1))
        by_gateway = await found(house, ways.source_ip, company(f'via = "xclient", host = "a", port = {server.port}'))
    assert [each.state for each in here] == [State.GOOD]
    assert [each.state for each in elsewhere] == [State.BAD]
    assert by_gateway == []


async def test_port_25_is_tried_by_a_reference(house: House) -> None:
    async with mail_server() as server:
        text = company(direct(server), more=f'[network]\nreferences = ["127.0.0.1:{server.port}"]')
        good = await one(house, ways.port_25, text)
    bad = await one(house, ways.port_25, text)
    assert good.state is not State.BAD
    assert bad.state in (State.BAD, State.UNKNOWN)


async def test_each_mailbox_is_opened_once(house: House, tmp_path: Path) -> None:
    for part in ("tmp", "new", "cur"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    route = 'via = "direct", host = "127.0.0.1"'
    second = another(route, 'via = "maildir", path = "gone"')
    text = company(route, 'via = "maildir", path = "mail"', second)
    findings = {each.subject: each for each in await found(house, ways_back.mailboxes, text)}
    assert findings["mailbox of acme/hq"].state is State.GOOD
    assert "INBOX" in findings["mailbox of acme/hq"].seen
    assert findings["mailbox of acme/lab"].state is State.BAD
    assert "make a Maildir there" in findings["mailbox of acme/lab"].seen


ZONE: Records = {("bounces.example", "MX"): ["10 mx.bounces.example."], ("mx.bounces.example", "A"): ["127.0.0.1"]}


@pytest.mark.parametrize(
    ("zone", "state", "said"),
    [({}, State.BAD, "publish an MX record"), (ZONE, State.UNKNOWN, "try it from outside")],
)
async def test_the_way_of_bounces(house: House, zone: Records, state: State, said: str) -> None:
    async with name_server(zone or {("other.example", "A"): ["127.0.0.1"]}) as dns:
        text = f'[inbound]\ndomain = "bounces.example"\n[dns]\nnameservers = ["{dns.where}"]'
        findings = await found(house, ways_back.inbound, text)
    assert [each.state for each in findings] == [state]
    assert said in findings[0].advice


async def test_without_inbound_nothing_is_said_of_it(house: House) -> None:
    assert await found(house, ways_back.inbound, "") == []


async def test_nobody_is_told_without_a_channel(house: House) -> None:
    assert (await one(house, ways_back.channels, "")).state is State.WEAK
