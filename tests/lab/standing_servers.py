"""Name servers for standing, as plain processes on loopback: knot signs and serves, unbound validates, rbldnsd lists.

`name_servers` runs them with the zones that it is given. unbound forgets at once, so that a test sees what changes.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from probes.resolver import DnsResolver
from tests.lab.processes import Daemon, listens
from tests.support.let_in import let_others_in

REVERSE = "2.0.192.in-addr.arpa"  # of 192.0.2.0/24
TOP = "$TTL 60\n@ SOA ns.example. root.example. {serial} 3600 600 86400 60\n@ NS ns.example.\n"
SIGNED, BOGUS = "signed.example", "bogus.example"
REFUSED, SILENT = "refused.example", "silent.example"

_KNOT = """\
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
database:
    storage: "{folder}/db"
policy:
  - id: lab
    single-type-signing: on
zone:
"""
_ZONE = """\
  - domain: {zone}
    file: "{folder}/{zone}.zone"
    dnssec-signing: {signed}
    dnssec-policy: lab
    zonefile-sync: -1
    journal-content: none
"""
_UNBOUND = """\
server:
    interface: 127.0.0.1@{port}
    do-ip6: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    logfile: "{folder}/unbound.log"
    num-threads: 1
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    infra-host-ttl: 0
    module-config: "validator iterator"
    do-not-query-localhost: no
    local-zone: "." static
    local-zone: "{refused}" refuse
    local-zone: "{silent}" deny
{more}
remote-control:
    control-enable: no
"""
_STUB = 'stub-zone:\n    name: "{zone}"\n    stub-addr: 127.0.0.1@{port}\n'


@dataclass(frozen=True)
class NameServers:
    """All of them, while they run."""

    folder: Path
    unbound: str
    knot: str

    @property
    def resolver(self) -> DnsResolver:
        """A new one: each belongs to one event loop."""
        return DnsResolver([self.unbound], authority_port=int(self.knot.rpartition(":")[2]))

    def publish(self, zone: str, text: str, serial: int) -> None:
        """Replace an unsigned zone."""
        (self.folder / f"{zone}.zone").write_text(TOP.format(serial=serial) + text)
        command = ("knotc", "-b", "-c", str(self.folder / "knot.conf"), "zone-reload", zone)
        subprocess.run(command, check=True, capture_output=True, timeout=10)


@contextmanager
def name_servers(
    folder: Path, zones: Mapping[str, str], lists: Mapping[str, tuple[str, list[str]]]
) -> Iterator[NameServers]:
    """Run the name servers. `zones`: their text without SOA and NS; those below SIGNED and BOGUS are signed, the latter
    by a key that unbound does not trust. `lists`: zone of a blocklist -> type and lines of rbldnsd."""
    knot_port, list_port, port = free_ports(3)
    with ExitStack() as house:
        anchors = house.enter_context(_knot(folder, zones, knot_port))
        if lists:
            house.enter_context(_rbldnsd(folder / "lists", lists, list_port))
        more = [f'    trust-anchor: "{anchor}"' for anchor in anchors]
        more += [f'    domain-insecure: "{zone}"' for zone in (*zones, *lists) if zone not in (SIGNED, BOGUS)]
        more += [f'    local-zone: "{zone}" transparent' for zone in (*zones, *lists)]
        text = _UNBOUND.format(folder=folder, port=port, refused=REFUSED, silent=SILENT, more="\n".join(more))
        text += "".join(_STUB.format(zone=zone, port=knot_port) for zone in zones)
        text += "".join(_STUB.format(zone=zone, port=list_port) for zone in lists)
        (folder / "unbound.conf").write_text(text)
        binary = shutil.copy("/usr/sbin/unbound", folder / "unbound")  # AppArmor lets the other read /etc/unbound only
        command = (str(binary), "-d", "-p", "-c", str(folder / "unbound.conf"))
        _started(Daemon("unbound", command, folder / "unbound.out", _listens(port)), house)
        yield NameServers(folder, f"127.0.0.1:{port}", f"127.0.0.1:{knot_port}")


@contextmanager
def _knot(folder: Path, zones: Mapping[str, str], port: int) -> Iterator[list[str]]:
    """Serve the zones. Yields the trust anchors: of SIGNED its key, of BOGUS that of another zone."""
    (folder / "db").mkdir()
    config = _KNOT.format(folder=folder, port=port)
    for zone, text in zones.items():
        (folder / f"{zone}.zone").write_text(TOP.format(serial=1) + text)
        config += _ZONE.format(zone=zone, folder=folder, signed="on" if zone in (SIGNED, BOGUS) else "off")
    (folder / "knot.conf").write_text(config)
    log = folder / "knot.log"
    signed = sum(zone in zones for zone in (SIGNED, BOGUS))

    def ready(_: int) -> bool:
        said = log.read_text()
        return said.count("successfully signed") >= signed and "server started" in said

    with ExitStack() as house:
        _started(Daemon("knot", ("knotd", "-c", str(folder / "knot.conf")), log, ready), house)
        keymgr = ("keymgr", "-c", str(folder / "knot.conf"), SIGNED, "dnskey")
        key = subprocess.run(keymgr, capture_output=True, text=True, check=True).stdout.strip()
        yield [key.replace(SIGNED, zone, 1) for zone in (SIGNED, BOGUS) if zone in zones]


@contextmanager
def _rbldnsd(folder: Path, lists: Mapping[str, tuple[str, list[str]]], port: int) -> Iterator[None]:
    folder.mkdir()
    let_others_in(folder)
    zones = []
    for zone, (kind, lines) in lists.items():
        (folder / zone).write_text("\n".join(lines) + "\n")
        zones.append(f"{zone}:{kind}:{zone}")
    command = ["/usr/sbin/rbldnsd", "-n", "-u", "rbldns", "-w", str(folder), "-b", f"127.0.0.1/{port}", *zones]
    with ExitStack() as house:
        _started(Daemon("rbldnsd", command, folder.parent / "rbldnsd.log", _listens(port)), house)
        yield


def _started(daemon: Daemon, house: ExitStack) -> None:
    house.callback(daemon.stop)
    daemon.start()


def _listens(port: int) -> Callable[[int], bool]:
    return listens(os.stat("/proc/self/ns/net").st_ino, port, protocol="udp")


def free_ports(count: int) -> list[int]:
    """Return ports that are free on loopback, for UDP and TCP."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
        return ports
