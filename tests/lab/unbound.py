"""The lab's name server: unbound, which knows the companies' domains and asks rbldnsd about the blocklist."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.lab.network import Namespace
from tests.lab.processes import Daemon, listens

BINARY = "/usr/sbin/unbound"

_CONFIG = """\
server:
    interface: {ip}
    do-ip6: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    logfile: "{folder}/unbound.log"
    access-control: 0.0.0.0/0 allow
    module-config: "iterator"
    num-threads: 1
    cache-max-ttl: 1
    cache-max-negative-ttl: 1
    local-zone: "." static
    local-zone: "{blocklist}." transparent
{records}
remote-control:
    control-enable: no
stub-zone:
    name: "{blocklist}."
    stub-addr: {blocklist_ip}
    stub-no-cache: yes
"""


def unbound(namespace: Namespace, folder: Path, records: Iterable[str], blocklist: str, blocklist_ip: str) -> Daemon:
    """Answers with `records` ("clean.test. MX 10 mx.clean.test."), with NXDOMAIN for all else.

    The zone `blocklist` is asked of the server at `blocklist_ip`. Nothing is remembered longer than a second, and
    nothing at all of the blocklist.
    """
    folder.mkdir(parents=True)
    data = "\n".join(f"    local-data: '{record}'" for record in records)
    config = folder / "unbound.conf"
    config.write_text(
        _CONFIG.format(
            ip=namespace.address, folder=folder, records=data, blocklist=blocklist, blocklist_ip=blocklist_ip
        )
    )
    binary = shutil.copy(
        BINARY, folder / "unbound"
    )  # a copy, because AppArmor lets the one in /usr/sbin read /etc/unbound only
    command = (*namespace.command, str(binary), "-d", "-p", "-c", str(config))
    return Daemon("unbound", command, folder / "unbound.log", listens(namespace.inode, 53, protocol="udp"))
