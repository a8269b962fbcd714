"""One account before the doctor: tokens, clock, rights, scope; and what is to be sent back, which holds no secret."""

import base64
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.doctor.observation import Observation, Premises
from monitor.doctor.one_account import AccountCheckup
from monitor.doctor.table import examine
from probes.standing.fact import State
from tests.lab.dovecot import make_certificate
from tests.monitor.doctor.conftest import House
from tests.support.authorization_server import AuthorizationServer, OAuthClient, authorization_server
from tests.support.client_keys import certificate, pem, rsa_key
from tests.support.imap_server import ImapConversation, ImapServer, imap_server, says

SECRET = "5ecret-of-the-client"
ACCOUNT = """
[accounts.acme]
provider = "oauth"
token_url = "{url}"
client = "mailpath"
{proof}
mail_servers = ["127.0.0.1"]
[companies.acme.paths.hq]
to = "probe@acme.example"
route = {{ via = "xclient", host = "127.0.0.1" }}
mailbox = {{ via = "imap", host = "127.0.0.1", port = {port}, user = "probe", account = "acme", ca_file = "{ca}" }}
"""
BY_SECRET = 'secret = { env = "CLIENT_SECRET" }'
CLOSED = says("{tag} BAD User is authenticated but not connected.\r\n", closes=False)


class SetHours:
    """The authorization server's clock."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def hours() -> SetHours:
    """It goes right."""
    return SetHours()


@pytest.fixture
async def issuer(hours: SetHours, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AuthorizationServer]:
    """Knows the client and its secret."""
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    async with authorization_server(hours) as running:
        running.clients["mailpath"] = OAuthClient(user="probe", secret=SECRET)
        yield running


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[ImapServer, Path]]:
    """A mail server that opens each mailbox to each token, unless a test says otherwise."""
    file = make_certificate(tmp_path, ["127.0.0.1"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    async with imap_server(context) as running:
        running.capability = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 IDLE UIDPLUS"
        yield running, file


@pytest.fixture
def config(server: tuple[ImapServer, Path], issuer: AuthorizationServer) -> str:
    """One account with one mailbox."""
    return ACCOUNT.format(url=issuer.token_url, proof=BY_SECRET, port=server[0].port, ca=server[1])


async def examined(premises: Premises, checkup: AccountCheckup) -> dict[str, Observation]:
    """What is found, by subject."""
    return {found.subject: found async for _, found in examine(premises, (), checkup.examinations)}


async def test_all_is_well(house: House, config: str, server: tuple[ImapServer, Path]) -> None:
    checkup = AccountCheckup("acme")
    async with house(config) as premises:
        found = await examined(premises, checkup)
        assert checkup.send_back(premises) == []
    states = {subject: each.state for subject, each in found.items()}
    assert states == {
        "token for imap as probe": State.GOOD,
        "clock": State.GOOD,
        "mailbox of acme/hq": State.GOOD,
        "scope": State.UNKNOWN,
        "budget": State.GOOD,
    }
    assert "--outside USER" in found["scope"].advice
    assert found["budget"].seen.endswith("this examination took 1")
    assert not [each for each in server[0].heard if each.startswith(("STORE", "UID STORE", "EXPUNGE", "SELECT"))]


async def only_probe(visit: ImapConversation, tag: str, words: list[str]) -> None:
    """AUTHENTICATE of a server that lets nobody into a mailbox but that of the user "probe"."""
    visit.say("+ ")
    shown = base64.b64decode(await visit.reader.readline())
    visit.say(f"{tag} OK done" if shown.startswith(b"user=probe\x01") else f"{tag} NO AUTHENTICATE failed.")


@pytest.mark.parametrize("others_open", [True, False])
async def test_a_mailbox_outside(house: House, config: str, server: tuple[ImapServer, Path], others_open: bool) -> None:
    if not others_open:
        server[0].answers["AUTHENTICATE"] = only_probe
    checkup = AccountCheckup("acme", "chief@acme.example")
    async with house(config) as premises:
        found = (await examined(premises, checkup))["mailbox of chief@acme.example"]
        assert bool(checkup.send_back(premises)) is others_open
    assert found.state is (State.BAD if others_open else State.GOOD)
    assert ("reaches more than its own mailboxes" in found.seen) is others_open
    assert ("closed to it, if there is such a mailbox" in found.seen) is not others_open
    assert bool(found.advice) is others_open


async def test_a_mailbox_outside_proves_nothing_where_its_own_is_closed_too(
    house: House, config: str, server: tuple[ImapServer, Path]
) -> None:
    server[0].answers |= dict.fromkeys(("EXAMINE", "LIST", "SELECT"), CLOSED)
    async with house(config) as premises:
        found = await examined(premises, AccountCheckup("acme", "chief@acme.example"))
    assert found["mailbox of acme/hq"].state is State.BAD
    assert found["mailbox of chief@acme.example"].state is State.UNKNOWN
    assert "neither is the account's own" in found["mailbox of chief@acme.example"].seen


async def test_a_mailbox_outside_that_could_not_be_asked_for_is_not_called_closed(
    house: House, config: str, issuer: AuthorizationServer
) -> None:
    """The budget of requests ends with the account's own mailbox: each token lives no time here."""
    issuer.lifetime = timedelta(0)
    async with house(config) as premises:
        await examined(premises, AccountCheckup("acme"))
    enough = config.replace(BY_SECRET, f"{BY_SECRET}\nbudget = {{ per_5_minutes = {len(issuer.requests)} }}")
    async with house(enough) as premises:
        found = await examined(premises, AccountCheckup("acme", "chief@acme.example"))
    assert found["mailbox of acme/hq"].state is State.GOOD
    assert found["mailbox of chief@acme.example"].state is State.UNKNOWN
    assert "could not be tried" in found["mailbox of chief@acme.example"].seen


async def test_what_is_sent_back_helps_and_is_harmless(
    house: House, config: str, server: tuple[ImapServer, Path], issuer: AuthorizationServer
) -> None:
    server[0].answers |= dict.fromkeys(("EXAMINE", "LIST", "SELECT"), CLOSED)
    checkup = AccountCheckup("acme")
    async with house(config) as premises:
        found = await examined(premises, checkup)
        lines = checkup.send_back(premises)
    assert "mailpath account setup acme" in found["mailbox of acme/hq"].advice
    text = "\n".join(lines)
    for part in ("Mailpath: ", "examined at: ", "provider: oauth", "client: mailpath", f"token_url: {issuer.token_url}",
                 "credentials: secret", "s against the provider's", "fault: mailbox of acme/hq: ",
                 "User is authenticated but not connected", "Add-MailboxPermission"):  # fmt: skip
        assert part in text
    assert SECRET not in text
    assert not [each for each in issuer.issued if each in text]


@pytest.mark.parametrize(
    ("seconds", "state", "says"),
    [(-4, State.GOOD, "ahead of"), (-60, State.WEAK, "60 s ahead of"), (-400, State.BAD, "400 s ahead of"),
     (400, State.BAD, "400 s behind")],
)  # fmt: skip
async def test_the_clock(
    house: House, config: str, issuer: AuthorizationServer, hours: SetHours, seconds: int, state: State, says: str
) -> None:
    hours.ahead = timedelta(seconds=seconds)
    async with house(config) as premises:
        found = (await examined(premises, AccountCheckup("acme")))["clock"]
    assert (found.state, bool(found.advice)) == (state, state is not State.GOOD)
    assert says.split()[-1] in found.seen


@pytest.mark.parametrize(("days", "state"), [(60, State.GOOD), (20, State.WEAK), (-1, State.BAD)])
async def test_a_certificate_that_ends(house: House, config: str, tmp_path: Path, days: int, state: State) -> None:
    key = rsa_key()
    file = tmp_path / "client.pem"
    file.write_text(certificate(key, ends=datetime.now(UTC) + timedelta(days=days, hours=1)) + pem(key))
    checkup = AccountCheckup("acme")
    async with house(config.replace(BY_SECRET, f'certificate = {{ file = "{file}" }}')) as premises:
        found = await examined(premises, checkup)
        text = "\n".join(checkup.send_back(premises))
    assert found["certificate"].state is state
    assert found["token for imap as probe"].state is State.BAD  # it is not registered
    assert "certificate: SHA-256 thumbprint " in text
    assert "PRIVATE KEY" not in text


@pytest.mark.parametrize(
    ("outside", "says"),
    [("probe", "is one of the account's own"), ("PROBE", "is one of the account's own"), ("a\nb", "there can be no")],
)
async def test_a_mailbox_outside_that_is_none(house: House, config: str, outside: str, says: str) -> None:
    async with house(config) as premises:
        assert says in AccountCheckup("acme", outside).trouble(premises.config)
        assert AccountCheckup("acme", "chief").trouble(premises.config) == ""


async def test_an_account_that_nobody_uses(house: House, config: str) -> None:
    async with house(config[: config.index("[companies")]) as premises:
        found = await examined(premises, AccountCheckup("acme"))
        assert "has no mailbox" in AccountCheckup("acme", "chief").trouble(premises.config)
    assert found["account acme"].state is State.WEAK
    assert found["clock"].state is State.UNKNOWN
