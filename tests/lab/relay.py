"""The sender's own mail service: a machine that bears the sender's address, and sends for those who log in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import network
from tests.lab.companies import NEIGHBOUR_DOMAIN, RELAY, SENDER_DOMAIN
from tests.lab.dovecot import dovecot, make_certificate
from tests.lab.lab import FOLDER
from tests.lab.network import RELAY_IP, SENDER_IP, Namespace
from tests.lab.postfix import postfix
from tests.lab.processes import Daemon

SUBMISSION = 587
AUTH_PORT = 12345  # where Postfix asks Dovecot about passwords
MAILER, INTERN = "mailer", "intern"
ACCOUNTS = {MAILER: "mailer-password", INTERN: "intern-password"}
SUPPRESSED = "gateway.test"  # where it once had a bounce from

_AUTH = f"""\
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {AUTH_PORT}
  }}
}}
"""
_SUBMISSION = {
    "smtpd_tls_security_level": "encrypt",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": f"inet:127.0.0.1:{AUTH_PORT}",
    "smtpd_sender_login_maps": f"inline:{{ @{SENDER_DOMAIN}={MAILER}, @{NEIGHBOUR_DOMAIN}={MAILER} }}",
    "smtpd_sender_restrictions": "reject_sender_login_mismatch",
    "smtpd_recipient_restrictions": "check_recipient_access "
    + f"inline:{{ {{ {SUPPRESSED} = 550 5.0.1 Not delivering to previously bounced address }} }}",
    "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
}


@dataclass(frozen=True, slots=True)
class Relay:
    """The running service. `certificate` is what a client has to trust, `passwords` are files by account."""

    postfix: Daemon
    certificate: Path
    passwords: dict[str, Path]


@contextmanager
def relay() -> Iterator[Relay]:
    """In a lab that is up. While the context lasts the sender's address is the relay's, and not ours."""
    where, folder = Namespace("relay", RELAY_IP), FOLDER / "relay"
    (folder / "dovecot").mkdir(parents=True)
    network.join([where])
    certificate = make_certificate(folder, [RELAY])
    rules = {"myhostname": RELAY, "smtp_bind_address": SENDER_IP, "smtp_tls_security_level": "may"}
    ports = {SUBMISSION: _SUBMISSION}
    server = postfix(where, folder / "postfix", SENDER_DOMAIN, ("bounce",), rules, certificate, ports)
    passwords = {account: folder / account for account in ACCOUNTS}
    for account, file in passwords.items():
        file.write_text(ACCOUNTS[account])
    with (
        network.lent(SENDER_IP, where),
        dovecot(folder / "dovecot", address=where.address, users=ACCOUNTS, extra=_AUTH, prefix=where.command),
    ):
        try:
            server.start()
            yield Relay(server, certificate, passwords)
        finally:
            server.kill9()
