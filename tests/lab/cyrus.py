"""A real Cyrus: JMAP over HTTP and HTTPS, and LMTP, in a temporary folder."""

import shutil
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.dovecot import make_certificate, network_namespace
from tests.lab.processes import Daemon, listens

UNPACKED = Path("/opt/mailpath-lab/usr")
MASTER = UNPACKED / "lib/cyrus/bin/master"
DOMAIN = "cyrus.test"
_LIBRARIES = f"LD_LIBRARY_PATH={UNPACKED}/lib/x86_64-linux-gnu"


@dataclass(frozen=True, slots=True)
class CyrusPorts:
    """Where it listens."""

    http: int
    https: int
    lmtp: int


@dataclass(slots=True)
class Cyrus:
    """One running server. `certificate` is the file a client has to trust."""

    address: str
    ports: CyrusPorts
    folder: Path
    domain: str
    certificate: Path
    daemon: Daemon = field(repr=False)

    @property
    def url(self) -> str:
        """Where its clients begin, without TLS."""
        return f"http://{self.address}:{self.ports.http}/.well-known/jmap"

    @property
    def secure_url(self) -> str:
        """The same with TLS."""
        return f"https://{self.address}:{self.ports.https}/.well-known/jmap"

    def add_user(self, user: str, password: str) -> None:
        """Let this user log in. The mailbox is made when its first mail comes, with a folder Junk."""
        program = ["env", _LIBRARIES, f"{UNPACKED}/sbin/saslpasswd2", "-p", "-c", "-f", f"{self.folder}/sasldb2"]
        subprocess.run([*program, "-u", self.domain, user], input=password, text=True, check=True)
        shutil.chown(self.folder / "sasldb2", "cyrus", "cyrus")

    def deliver(self, user: str, content: bytes, folder: str = "") -> None:
        """Deliver by LMTP, as a mail server does."""
        with smtplib.LMTP(self.address, self.ports.lmtp) as client:
            client.sendmail("", [f"{user}{f'+{folder}' if folder else ''}@{self.domain}"], content)

    def restart(self) -> None:
        """Stop and start, with the same ports and mail."""
        self.daemon.restart()

    def stop(self) -> None:
        """End it in good order."""
        self.daemon.stop()


@contextmanager
def cyrus(
    folder: Path,
    *,
    domain: str = DOMAIN,
    address: str = "127.0.0.1",
    ports: CyrusPorts | None = None,
    extra: str = "",
    prefix: tuple[str, ...] = (),
) -> Iterator[Cyrus]:
    """Run Cyrus below `folder` while the context lasts; whatever happens, no process of it is left behind.

    `ports` are free ones unless given. `extra` are more lines of imapd.conf. `prefix` stands before its command, to
    start it in a network namespace. Every folder above `folder` must be open to other users.
    """
    ports = ports or _free_ports(address)
    certificate = make_certificate(folder, (address,))
    for part in ("socket", "db", "proc", "log", "msg", "user", "quota", "sieve"):
        (folder / "conf" / part).mkdir(parents=True)
    programs = UNPACKED / "lib/cyrus/bin"
    settings = folder / "imapd.conf"
    settings.write_text(_IMAPD.format(folder=folder, domain=domain, certificate=certificate, extra=extra))
    (folder / "cyrus.conf").write_text(
        _MASTER.format(programs=programs, settings=settings, address=address, ports=ports)
    )
    for each in (folder, *folder.rglob("*")):
        shutil.chown(each, "cyrus", "cyrus")
    command = [*prefix, "env", _LIBRARIES, str(MASTER), "-C", str(settings), "-M", str(folder / "cyrus.conf")]
    ready = listens(network_namespace(prefix), ports.http, ports.https, ports.lmtp)
    daemon = Daemon(f"cyrus on {address}", [*command, "-p", str(folder / "pid"), "-D"], folder / "cyrus.out", ready)
    server = Cyrus(address, ports, folder, domain, certificate, daemon)
    try:
        daemon.start()
        yield server
    finally:
        daemon.kill9()


_IMAPD = """\
configdirectory: {folder}/conf
partition-default: {folder}/spool
sievedir: {folder}/conf/sieve
cyrus_user: cyrus
cyrus_group: cyrus
servername: {domain}
defaultdomain: {domain}
virtdomains: userid
httpmodules: jmap
conversations: yes
search_engine: xapian
searchpartition-default: {folder}/search
defaultsearchtier: default
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {folder}/sasldb2
sasl_mech_list: PLAIN
allowplaintext: yes
tls_server_cert: {certificate}
tls_server_key: {certificate}
autocreate_post: yes
autocreate_quota: 0
autocreate_inbox_folders: Junk
autocreate_acl_folders: Junk anyone p
xlist-junk: Junk
duplicatesuppression: no
{extra}
"""

_MASTER = """\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {settings} -r"
}}
SERVICES {{
  http cmd="{programs}/httpd -C {settings}" listen="{address}:{ports.http}" prefork=1
  https cmd="{programs}/httpd -s -C {settings}" listen="{address}:{ports.https}" prefork=0
  lmtp cmd="{programs}/lmtpd -a -C {settings}" listen="{address}:{ports.lmtp}" prefork=1
}}
EVENTS {{
}}
"""


def _free_ports(address: str) -> CyrusPorts:
    sockets = [socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) for _ in range(3)]
    try:
        for each in sockets:
            each.bind((address, 0))
        return CyrusPorts(*(each.getsockname()[1] for each in sockets))
    finally:
        for each in sockets:
            each.close()
