"""A real Dovecot: IMAP, IMAPS and LMTP over Maildirs in a temporary folder."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.lab.processes import Daemon, listens

DOVECOT = Path("/usr/sbin/dovecot")
MAIL_OWNER = 5000  # user and group of the mail; Dovecot wants one that is not root, and it needs no name
_SERIAL = count(1)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens; `imap` offers STARTTLS."""

    imap: int
    imaps: int
    lmtp: int


STANDARD_PORTS = Ports(143, 993, 24)


@dataclass(slots=True)
class Dovecot:
    """One running server. `certificate` is the file a client has to trust."""

    address: str
    ports: Ports
    folder: Path
    certificate: Path
    daemon: Daemon = field(repr=False)

    @property
    def log(self) -> Path:
        """What it says of itself and its clients."""
        return self.folder / "dovecot.log"

    def start(self) -> None:
        """Start it again, with the same ports and mail; returns when the ports are open."""
        self.daemon.start()

    def stop(self) -> None:
        """End it in good order: its clients hear BYE."""
        self.daemon.stop()

    def kill(self) -> None:
        """End it and all it began at once, as a power cut would."""
        self.daemon.kill9()

    def restart(self) -> None:
        """Stop and start."""
        self.daemon.restart()

    def maildir(self, user: str, mailbox: str = "INBOX") -> Path:
        """The folder on disk of one of the user's mailboxes (ASCII names only). It need not exist."""
        home = self.folder / "mail" / user / "Maildir"
        return home if mailbox == "INBOX" else home / f".{mailbox}"

    def create(self, user: str, mailbox: str) -> Path:
        """Make a mailbox on disk, as a delivery agent would."""
        there = self.maildir(user, mailbox)
        for part in (there / "tmp", there / "new", there / "cur"):
            part.mkdir(parents=True, exist_ok=True)
        for each in (there.parent.parent, there.parent, there, *there.iterdir()):
            if each.is_relative_to(self.folder / "mail"):
                os.chown(each, MAIL_OWNER, MAIL_OWNER)
        return there

    def deliver(self, user: str, content: bytes, mailbox: str = "INBOX", *, at: float | None = None) -> Path:
        """Put a message straight into a mailbox, the way a delivery agent does. Returns its file in `new`.

        `at` is the time of its arrival in seconds since the epoch, which becomes its INTERNALDATE.
        """
        there = self.create(user, mailbox)
        name = f"{(at or datetime.now(UTC).timestamp()):.0f}.M{next(_SERIAL)}P{os.getpid()}.lab"
        draft = there / "tmp" / name
        draft.write_bytes(content)
        os.chown(draft, MAIL_OWNER, MAIL_OWNER)
        if at is not None:
            os.utime(draft, (at, at))
        return draft.rename(there / "new" / name)


@contextmanager
def dovecot(
    folder: Path,
    *,
    address: str = "127.0.0.1",
    ports: Ports | None = None,
    users: Mapping[str, str],
    junk: Mapping[str, bool] | None = None,
    capability: str = "",
    sieve: Path | None = None,
    extra: str = "",
    names: Sequence[str] = (),
    prefix: tuple[str, ...] = (),
) -> Iterator[Dovecot]:
    """Run Dovecot below `folder` while the context lasts; whatever happens, no process of it is left behind.

    `users` are names and passwords; a name may hold a domain. `junk` are mailboxes that every user has, and whether
    each is marked SPECIAL-USE \\Junk. `capability` replaces what it says it can do after login. `sieve` is a script
    run over all mail that comes by LMTP. `names` are further host names for its certificate. `prefix` stands before
    its command, to start it in a network namespace; there the ports are the standard ones unless given, else free
    ones. Every folder above `folder` must be open to other users.
    """
    closed = [each for each in (folder, *folder.parents) if not each.stat().st_mode & 0o001]
    if closed:
        raise ValueError(f"{closed[0]} is closed to Dovecot's own users: chmod o+x, or take another folder")
    ports = ports or (STANDARD_PORTS if prefix else free_ports(address))
    certificate = make_certificate(folder, (address, *names))
    (folder / "users").write_text("".join(f"{user}:{{PLAIN}}{word}::::::\n" for user, word in users.items()))
    run = Path(tempfile.mkdtemp(prefix="mailpath-dc-", dir="/tmp"))  # short: its sockets' paths may have 107 octets
    run.chmod(0o755)
    config = folder / "dovecot.conf"
    config.write_text(_CONFIG.format(
        run=run, folder=folder, address=address, ports=ports, owner=MAIL_OWNER, certificate=certificate,
        capability=f"imap_capability = {capability}" if capability else "",
        mailboxes="\n".join(_mailbox(*each) for each in (junk or {}).items()),
        sieve=_sieve(sieve), lmtp_plugins="sieve" if sieve else "", extra=extra,
    ))  # fmt: skip
    (folder / "mail").mkdir(exist_ok=True)
    os.chown(folder / "mail", MAIL_OWNER, MAIL_OWNER)
    command = (*prefix, str(DOVECOT), "-F", "-c", str(config))
    ready = listens(network_namespace(prefix), ports.imap, ports.imaps, ports.lmtp)
    server = Dovecot(
        address, ports, folder, certificate, Daemon(f"dovecot on {address}", command, folder / "dovecot.out", ready)
    )
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(run, ignore_errors=True)


_CONFIG = """\
base_dir = {run}
state_dir = {run}
instance_name = {run.name}
log_path = {folder}/dovecot.log
listen = {address}
protocols = imap lmtp
mail_home = {folder}/mail/%u
mail_location = maildir:~/Maildir
mail_uid = {owner}
mail_gid = {owner}
first_valid_uid = {owner}
auth_failure_delay = 0
disable_plaintext_auth = no
mail_max_userip_connections = 1000
{capability}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
ssl_dh =
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={folder}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  {mailboxes}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {ports.lmtp}
  }}
}}
protocol lmtp {{
  mail_plugins = {lmtp_plugins}
}}
{sieve}
{extra}
"""


def _mailbox(name: str, special: bool) -> str:
    use = "special_use = \\Junk\n    " if special else ""
    return f'mailbox "{name}" {{\n    {use}auto = create\n  }}'


def _sieve(script: Path | None) -> str:
    return f"plugin {{\n  sieve_before = {script}\n}}" if script else ""


def network_namespace(prefix: tuple[str, ...]) -> int:
    """The inode of the network namespace in which a command with this prefix lives."""
    link = subprocess.run([*prefix, "readlink", "/proc/self/ns/net"], capture_output=True, text=True, check=True)
    return int(link.stdout.strip().removeprefix("net:[").removesuffix("]"))


def free_ports(address: str) -> Ports:
    """Three ports that nobody listens on at `address` at this moment."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sockets = [socket.socket(family) for _ in range(3)]
    try:
        for each in sockets:
            each.bind((address, 0))
        return Ports(*(each.getsockname()[1] for each in sockets))
    finally:
        for each in sockets:
            each.close()


def make_certificate(folder: Path, names: Sequence[str]) -> Path:
    """Key and self-signed certificate for these addresses and host names in one file, `folder`/server.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([_alternative(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    ssl.create_default_context(cafile=str(file))  # or else it would fail far from here
    return file


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
