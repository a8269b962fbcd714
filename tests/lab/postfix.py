"""A company's mail server: one small Postfix instance."""

import os
import pwd
import time
from collections.abc import Mapping
from grp import getgrnam
from pathlib import Path

from tests.lab.network import Namespace
from tests.lab.processes import Daemon, listens

MASTER = "/usr/lib/postfix/sbin/master"
SMTP_PORT = 25
PROXY_PORT = 2525

_PRIVATE = "active bounce corrupt defer deferred flush hold incoming private saved trace"

_SERVICES = """\
smtp inet n - n - - smtpd
{proxy_port} inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def postfix(
    namespace: Namespace,
    folder: Path,
    domain: str,
    users: tuple[str, ...],
    rules: Mapping[str, str],
    certificate: Path,
    ports: Mapping[int, Mapping[str, str]] | None = None,
) -> Daemon:
    """Takes mail for `users` at `domain` and hands it to LMTP on the same machine.

    Port 25 speaks SMTP, 2525 wants a PROXY header first; `ports` are further ones with settings of their own. `rules`
    are settings of main.cf that go above ours. `certificate` holds key and chain for STARTTLS. The log is
    `folder`/mail.log.
    """
    ports = ports or {}
    _lay_queue(folder)
    log = folder / "mail.log"
    settings = _settings(namespace, folder, domain, users, certificate) | dict(rules)
    main, master = folder / "conf" / "main.cf", folder / "conf" / "master.cf"
    main.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
    master.write_text(_SERVICES.format(proxy_port=PROXY_PORT) + "".join(_listener(*each) for each in ports.items()))
    for file in (main, master):
        os.utime(file, (time.time() - 3600,) * 2)  # Postfix waits for a file younger than a second to "cool down"
    command = (*namespace.command, MASTER, "-c", str(folder / "conf"), "-s")
    ready = listens(namespace.inode, SMTP_PORT, PROXY_PORT, *ports)
    return Daemon(f"postfix of {domain}", command, log, ready)


def _listener(port: int, settings: Mapping[str, str]) -> str:
    program = settings.get("program", "smtpd")  # or postscreen, which has one process
    rules = "".join(f" -o {{ {key} = {value} }}" for key, value in settings.items() if key != "program")
    return f"{port} inet n - n - {'-' if program == 'smtpd' else '1'} {program}{rules}\n"


def _settings(
    namespace: Namespace, folder: Path, domain: str, users: tuple[str, ...], certificate: Path
) -> dict[str, str]:
    return {
        "compatibility_level": "3.6",
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "maillog_file": str(folder / "mail.log"),
        "maillog_file_prefixes": str(folder),
        "inet_protocols": "ipv4",
        "myhostname": f"mx.{domain}",
        "mydestination": "",
        "mynetworks": "127.0.0.1/32",
        "alias_maps": "",
        "virtual_mailbox_domains": domain,
        "virtual_mailbox_maps": "inline:{" + ", ".join(f"{user}@{domain}=here" for user in users) + "}",
        "virtual_transport": f"lmtp:inet:{namespace.address}:24",
        "recipient_delimiter": "+",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": str(certificate),
        "smtpd_tls_received_header": "yes",
        "minimal_backoff_time": "1s",  # mail that waits for its mailbox goes on soon after that is back
        "maximal_backoff_time": "2s",
        "queue_run_delay": "1s",
        # a mailbox's process that outlives its killed master takes a connection and says nothing more
        **{f"lmtp_{step}_timeout": "3s" for step in ("connect", "lhlo", "mail", "rcpt", "data_init", "data_done")},
        "lmtp_destination_concurrency_failed_cohort_limit": "0",
    }


def _lay_queue(folder: Path) -> None:
    """What `postfix check` would make in a second of shell: the queue's folders with their owners."""
    owner, drop = pwd.getpwnam("postfix").pw_uid, getgrnam("postdrop").gr_gid
    (folder / "conf").mkdir(parents=True)
    (folder / "queue" / "pid").mkdir(parents=True)
    rooms = [(f"queue/{name}", 0o700, -1) for name in _PRIVATE.split()]
    rooms += [("queue/maildrop", 0o730, drop), ("queue/public", 0o710, drop), ("data", 0o700, -1)]
    for name, mode, group in rooms:
        room = folder / name
        room.mkdir()
        os.chown(room, owner, group)
        room.chmod(mode)
