"""Remedies on real filters and on OpenSMTPD, as in `test_remedies_lab`: refused before, arrives after, the forged twin
is still stopped, and the undo brings the refusal back. Amavis, rspamd's greylisting, OpenSMTPD."""

import base64
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from probes.dkim import Signer
from probes.mailsystems.signs import signs_of_server
from tests.lab.amavis import BACK_PORT, amavis
from tests.lab.amavis import PORT as AMAVIS_PORT
from tests.lab.applied import UNPACKED, Administrator, shows
from tests.lab.client import Sent, folder_of, send
from tests.lab.companies import CONTROL_DOMAIN, SENDER_DOMAIN, Company
from tests.lab.lab import FOLDER, Lab, Site
from tests.lab.lab import lab as lab_up
from tests.lab.mounts import beside
from tests.lab.network import CONTROL_IP, NAMES_IP, SENDER_IP
from tests.lab.opensmtpd import LISTED_PORT, NAMES_PORT, TABLES_PORT, opensmtpd
from tests.lab.postgrey import PORT as GREYLIST_PORT
from tests.lab.processes import Daemon, until
from tests.lab.rspamd import PORT as FILTER_PORT
from tests.lab.rspamd import redis, rspamd

pytestmark = pytest.mark.usefixtures("inside")

TWIN_IP = CONTROL_IP
SELECTOR = "lab"
KEY = rsa.generate_private_key(65537, 2048)
PROXIED_PORT, GREYLISTED_PORT, POSTGREY_PORT, NAMELESS_PORT = 2601, 2602, 2603, 2604
MILTER = {"smtpd_milters": f"inet:192.0.2.75:{FILTER_PORT}", "milter_default_action": "tempfail"}
FILTERED = Company(
    "filtered",
    75,
    ports={
        PROXIED_PORT: {"smtpd_proxy_filter": f"127.0.0.1:{AMAVIS_PORT}"},
        BACK_PORT: {"smtpd_authorized_xforward_hosts": "127.0.0.0/8"},
        GREYLISTED_PORT: MILTER,
        POSTGREY_PORT: {"smtpd_recipient_restrictions": f"check_policy_service inet:127.0.0.1:{GREYLIST_PORT}"},
        NAMELESS_PORT: {"smtpd_banner": "$myhostname ESMTP"},
    },
    greylist=300,
)


def published(domain: str) -> str:
    """The record of DNS with the public key of SELECTOR."""
    key = base64.b64encode(KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    return f'{SELECTOR}._domainkey.{domain}. TXT "v=DKIM1; k=rsa; p={key[:200]}" "{key[200:]}"'


def signer(domain: str) -> Callable[[bytes], bytes]:
    """Sign as this domain."""
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signs = Signer(domain, SELECTOR, pem)
    return lambda message: signs.sign(message, datetime.now(UTC))


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """One company, whose filters think ill of the domain, whoever writes it."""
    with lab_up((FILTERED,), [published(SENDER_DOMAIN), published(CONTROL_DOMAIN)]) as built:
        yield built


@pytest.fixture(scope="module")
def site(lab: Lab) -> Site:
    """The company as it runs."""
    return lab["filtered"]


def started(*servers: Daemon) -> Iterator[None]:
    """Have these servers run."""
    try:
        for each in servers:
            each.start()
        yield
    finally:
        for each in servers:
            each.kill9()


# ---- Amavis ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def greylisting(site: Site) -> Iterator[Administrator]:
    """Who runs rspamd, which puts off mail that it thinks ill of."""
    folder = FOLDER / "filtered" / "rspamd"
    memory = redis(site.namespace, FOLDER / "filtered" / "redis")
    daemon = rspamd(site.namespace, folder, dns=NAMES_IP, address="192.0.2.250", domain=SENDER_DOMAIN, greylists=True)
    for _ in started(memory, daemon):
        yield Administrator(folder, {"/etc/rspamd/": f"{folder}/conf/"}, read_again=daemon.restart)


@pytest.fixture(scope="module")
def scanner(site: Site) -> Iterator[tuple[Daemon, Path]]:
    """Amavis, and its folder."""
    folder = FOLDER / "filtered" / "amavis"
    daemon = amavis(site.namespace, folder, site.company.domain)
    for _ in started(daemon):
        yield daemon, folder


def test_amavis_lets_the_domain_pass_where_it_has_signed(site: Site, scanner: tuple[Daemon, Path]) -> None:
    daemon, folder = scanner
    places = {"/etc/amavis/": f"{folder}/etc/", "/var/log/mail.log": f"{folder}/home/amavis.log"}
    admin = Administrator(folder, places, read_again=daemon.restart, beside=lambda: beside(daemon))

    def arrivals() -> list[str]:
        """Where the sender's signed mail is, its twin without a signature, and one that another domain has signed."""
        tries = (SENDER_IP, signer(SENDER_DOMAIN)), (TWIN_IP, bytes), (TWIN_IP, signer(CONTROL_DOMAIN))
        return [place(site, send(site, client, port=PROXIED_PORT, sign=sign)) for client, sign in tries]

    assert arrivals() == ["554", "554", "554"]
    admin.carry_out("amavis-author-policy-bank")
    assert arrivals() == ["INBOX", "554", "554"]
    log = (folder / "home" / "amavis.log").read_text()
    assert shows("amavis-author-policy-bank", "EXPECTED_SENDER", log)
    admin.undo("amavis-author-policy-bank")
    assert arrivals() == ["554", "554", "554"]

    held = send(site, SENDER_IP, port=PROXIED_PORT)
    assert place(site, held) == "554"
    line = admin.look("amavis-release").splitlines()[-1]
    admin.places = places | {"QUARANTINED": line.partition("quarantine: ")[2].partition(",")[0]}
    admin.carry_out("amavis-release")
    assert folder_of(site, held) == "INBOX"


def place(site: Site, sent: Sent) -> str:
    """The folder of a message that was accepted, or the code of the refusal."""
    return folder_of(site, sent) if sent.accepted else str(sent.code)


# ---- rspamd's greylisting -------------------------------------------------------------------------------------------


def test_rspamd_does_not_greylist_the_address(site: Site, greylisting: Administrator) -> None:
    def arrivals() -> list[str]:
        return [place(site, send(site, client, port=GREYLISTED_PORT)) for client in (SENDER_IP, TWIN_IP)]

    assert arrivals() == ["451", "451"]
    greylisting.carry_out("rspamd-greylisting")
    assert arrivals() == ["INBOX", "451"]
    greylisting.undo("rspamd-greylisting")
    assert arrivals() == ["451", "451"]


# ---- OpenSMTPD ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[tuple[Daemon, Administrator]]:
    """OpenSMTPD, and who runs it."""
    folder = FOLDER / "filtered" / "opensmtpd"
    daemon = opensmtpd(site.namespace, folder, site.company.domain, TWIN_IP)
    places = {"/etc/smtpd.conf": f"{folder}/smtpd.conf"}
    for _ in started(daemon):
        yield daemon, Administrator(folder, places, read_again=daemon.restart, beside=lambda: beside(daemon))


def test_opensmtpd_lets_the_address_past_its_first_phase_only(site: Site, server: tuple[Daemon, Administrator]) -> None:
    _, admin = server

    def arrivals(port: int) -> list[str]:
        return [place(site, send(site, client, port=port)) for client in (SENDER_IP, TWIN_IP)]

    def update(name: str, text: str) -> None:
        (admin.folder / name).write_text(text)
        admin.run(f"smtpctl update table {name}")

    ports = (TABLES_PORT, NAMES_PORT, LISTED_PORT)
    assert [arrivals(port) for port in ports] == [["550", "550"]] * 3
    admin.carry_out("opensmtpd-bypass-connect")
    assert [arrivals(port) for port in ports] == [["INBOX", "550"]] * 3
    relayed = [send(site, SENDER_IP, to="somebody@elsewhere.test", port=port).code for port in ports]
    assert relayed == [550] * 3, "no relay"
    strict, unwanted = admin.folder / "strict", (admin.folder / "unwanted").read_text()
    strict.touch()
    assert [send(site, SENDER_IP, port=port).code for port in ports] == [550] * 3, "the content is still judged"
    strict.unlink()
    update("unwanted", f"@{SENDER_DOMAIN}$\n")
    assert [send(site, SENDER_IP, port=port).code for port in ports] == [550] * 3, "later phases still judge"
    update("unwanted", unwanted)
    admin.undo("opensmtpd-bypass-connect")
    assert [arrivals(port) for port in ports] == [["550", "550"]] * 3

    addresses = admin.folder / "addresses"
    blocked = addresses.read_text()
    admin.places = {**admin.places, "NAME": "addresses"}
    admin.remove_entry("opensmtpd-remove-entry", addresses, SENDER_IP)
    assert arrivals(TABLES_PORT) == ["INBOX", "550"]
    admin.put_back("opensmtpd-remove-entry", addresses, blocked)
    for _ in until(5, step=0.3):
        if (seen := arrivals(TABLES_PORT)) == ["550", "550"]:
            break
    assert seen == ["550", "550"]


# ---- By what each is recognised -------------------------------------------------------------------------------------

STRANGER = "somebody@elsewhere.test"


@dataclass(frozen=True)
class Said:
    """What a server says of itself, with the names in its certificate, and how it refuses."""

    greeting: str
    ehlo: str
    names: tuple[str, ...]
    refusal: str


def greeting_of(host: str, port: int) -> str:
    """What a server says first."""
    with socket.create_connection((host, port), 20) as connection:
        return connection.makefile().readline().strip()


def said(site: Site, port: int, to: str = STRANGER, host: str = "") -> Said:
    """Speak to a server as the sender, in vain."""
    home = host or site.namespace.address
    greeting = greeting_of(home, port)
    with smtplib.SMTP(home, port, timeout=20) as smtp:
        ehlo = smtp.ehlo(f"mail.{SENDER_DOMAIN}")[1]
        names: tuple[str, ...] = ()
        if smtp.has_extn("starttls"):
            context = ssl.create_default_context(cafile=str(FOLDER / "filtered" / "server.pem"))
            context.check_hostname = False
            smtp.starttls(context=context)
            assert isinstance(smtp.sock, ssl.SSLSocket)
            shown = smtp.sock.getpeercert() or {}
            names = tuple(str(entry[1]) for entry in shown.get("subjectAltName", ()))
            smtp.ehlo(f"mail.{SENDER_DOMAIN}")
        smtp.mail(f"no-reply@{SENDER_DOMAIN}")
        reply: tuple[int, bytes | str] = smtp.rcpt(to)
        if reply[0] == 250:
            mail = f"From: <no-reply@{SENDER_DOMAIN}>\r\nSubject: your code\r\n\r\n123456\r\n"
            try:
                reply = smtp.data(mail)
            except smtplib.SMTPDataError as refused:
                reply = refused.smtp_code, refused.smtp_error
    code, text = reply
    assert 400 <= code < 600
    return Said(greeting, ehlo.decode(), names, f"{code} {text.decode() if isinstance(text, bytes) else text}")


def named(greeting: str = "", names: tuple[str, ...] = (), reply: str = "") -> str:
    """The systems that are recognised by this, in words."""
    return " ".join(sign.system for sign in signs_of_server(greeting, names, reply))


def said_by_exim(folder: Path, banner: str = "") -> Said:
    """The same of Exim, in its own test session; `banner` is a setting."""
    config = folder / "exim.conf"
    config.write_text(
        f"{banner}\nprimary_hostname = mx.filtered.test\nacl_smtp_rcpt = rcpt\nspool_directory = {folder}\n"
        "exim_user = root\nexim_group = root\nnever_users =\n"
        "begin acl\nrcpt:\n  deny message = relay not permitted\n"
    )
    commands = f"EHLO mail.{SENDER_DOMAIN}\r\nMAIL FROM:<no-reply@{SENDER_DOMAIN}>\r\nRCPT TO:<{STRANGER}>\r\nQUIT\r\n"
    session = [f"{UNPACKED}/exim4", "-C", str(config), "-bh", SENDER_IP]
    done = subprocess.run(session, input=commands, capture_output=True, text=True, timeout=30)
    lines = [line for line in done.stdout.splitlines() if line[:3].isdigit()]
    return Said(lines[0], "\n".join(line for line in lines if line.startswith("250")), (), lines[-2])


def test_each_server_is_recognised_where_it_names_itself_and_nowhere_else(
    site: Site,
    scanner: tuple[Daemon, Path],
    server: tuple[Daemon, Administrator],
    greylisting: Administrator,
    tmp_path: Path,
) -> None:
    ours = site.company.address
    heard = {
        "Postfix": said(site, 25),
        "Postfix, with a greeting of its own": said(site, NAMELESS_PORT),
        "Postgrey": said(site, POSTGREY_PORT, ours),
        "rspamd": said(site, GREYLISTED_PORT, ours),
        "Amavis before the queue": said(site, PROXIED_PORT, ours),
        "OpenSMTPD": said(site, TABLES_PORT),
        "Exim": said_by_exim(tmp_path),
        "Exim, with a greeting of its own": said_by_exim(tmp_path, "smtp_banner = $primary_hostname ESMTP"),
    }
    with site.namespace.entered():
        heard["Amavis"] = said(site, AMAVIS_PORT, ours, "127.0.0.1")
    recognised = {
        who: (named(each.greeting), named(each.ehlo), named("", each.names), named(reply=each.refusal))
        for who, each in heard.items()
    }
    assert recognised == {
        "Postfix": ("postfix", "", "", "postfix"),
        "Postfix, with a greeting of its own": ("", "", "", "postfix"),
        "Postgrey": ("postfix", "", "", "postgrey"),
        "rspamd": ("postfix", "", "", ""),
        "Amavis before the queue": ("postfix", "", "", ""),
        "OpenSMTPD": ("opensmtpd", "", "", ""),
        "Exim": ("exim", "", "", "exim"),
        "Exim, with a greeting of its own": ("", "", "", "exim"),
        "Amavis": ("amavis", "", "", ""),
    }, heard
    assert named(greeting_of(site.namespace.address, 24)) == "dovecot"
    assert heard["Postfix"].names == ("mx.filtered.test",)
