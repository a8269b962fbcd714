"""The whole lab: built from nothing, taken down without a trace, also after a crash.

Read `companies` for what is in it, `network` for how it hangs together, and one file for each kind of server; `relay`
is the sender's own. `config` is how Mailpath watches it, by `service` as a process or by `probing` in the test's own.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import network
from tests.lab.companies import COMPANIES, EXEMPT_FROM_GREYLISTING, PASSWORDS, SENDER_DOMAIN, USER, Company, records
from tests.lab.dovecot import Dovecot, dovecot, make_certificate
from tests.lab.network import BLOCKLIST_IP, FILTER_IP, NAMES_IP, SENDER_IP, Namespace
from tests.lab.postfix import postfix
from tests.lab.postgrey import Postgrey
from tests.lab.processes import Daemon, until
from tests.lab.rbldnsd import ZONE, Blocklist
from tests.lab.rspamd import rspamd
from tests.lab.unbound import unbound

FOLDER = Path("/var/lib/mailpath-lab")  # not below /run: a server is run from here, which /run may forbid
LOCK = Path("/run/mailpath-lab.lock")
LOCK_SECONDS = 300.0

NEEDED = """
/usr/lib/postfix/sbin/master /usr/sbin/dovecot /usr/lib/dovecot/imap /usr/lib/dovecot/lmtp /usr/bin/sievec
/usr/bin/sieve-test /usr/bin/spamassassin /usr/sbin/spamd /opt/mailpath-lab/usr/sbin/exim4
/opt/mailpath-lab/usr/sbin/smtpd /usr/sbin/amavisd /usr/bin/redis-server
/opt/mailpath-lab/usr/lib/cyrus/bin/httpd /opt/mailpath-lab/usr/sbin/saslpasswd2
/usr/bin/rspamd /usr/sbin/unbound /usr/sbin/rbldnsd /usr/sbin/postgrey /sbin/ip /usr/sbin/nft
"""

_JUNK = """\
require ["fileinto"];
if header :is "X-Spam" "Yes" { fileinto "Junk"; stop; }
"""


@dataclass(frozen=True, slots=True)
class Site:
    """One company as it runs."""

    company: Company
    namespace: Namespace
    postfix: Daemon
    dovecot: Dovecot
    postgrey: Postgrey | None

    def letters(self, user: str = USER) -> list[Path]:
        """The files of all mail in this user's inbox and junk."""
        boxes = [self.dovecot.maildir(f"{user}@{self.company.domain}", folder) for folder in ("INBOX", "Junk")]
        return [file for box in boxes for part in ("new", "cur") for file in (box / part).glob("*")]


@dataclass(frozen=True, slots=True)
class Lab:
    """All of it. `sites` is keyed by the company's name; `passwords` are files, one for each user of all companies."""

    names: Daemon
    blocklist: Blocklist
    filter: Daemon
    sites: dict[str, Site]
    passwords: dict[str, Path]

    def __getitem__(self, name: str) -> Site:
        return self.sites[name]


def obstacle() -> str | None:
    """Why there can be no lab on this machine; None when there can."""
    if os.geteuid() != 0:
        return "the lab needs root, for network namespaces"
    if absent := [each for each in NEEDED.split() if not Path(each).exists()]:
        return f"the lab needs Debian's mail servers, see tests/lab/install.sh; absent: {', '.join(absent)}"
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        return "the lab needs network namespaces, and here even root may not make one"
    return None


@contextmanager
def lab(companies: Sequence[Company] = COMPANIES, published: Sequence[str] = ()) -> Iterator[Lab]:
    """The lab with these companies, up and ready; `published` are further records of DNS. One at a time on a machine:
    another is waited for, what a crashed one left is removed."""
    with _alone():
        sweep()
        try:
            with ExitStack() as stack:
                yield _build(stack, companies, published)
                network.end_all()  # all at once is quicker than one after the other
        finally:
            sweep()


def sweep() -> list[str]:
    """Remove every process, namespace and file of a lab. Returns the names of the namespaces that were there."""
    found = network.sweep()
    for folder in (*run_folders(), FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
    return found


def run_folders() -> list[Path]:
    """Where each Dovecot of the lab has its sockets, as its configuration records it."""
    lines = (line for file in FOLDER.glob("*/dovecot/dovecot.conf") for line in file.read_text().splitlines())
    return [Path(line.removeprefix("base_dir = ")) for line in lines if line.startswith("base_dir = ")]


@contextmanager
def _alone() -> Iterator[None]:
    with LOCK.open("w") as lock:
        for _ in until(LOCK_SECONDS, step=0.2):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            break
        else:
            raise TimeoutError(f"another lab runs on this machine and holds {LOCK}")
        yield


def _build(stack: ExitStack, companies: Sequence[Company], published: Sequence[str]) -> Lab:
    """Lay the network, then start every server, several at a time."""
    names, blocklist, content = (
        Namespace("names", NAMES_IP),
        Namespace("blocklist", BLOCKLIST_IP),
        Namespace("filter", FILTER_IP),
    )
    network.build([names, blocklist, content, *(each.namespace for each in companies)])
    FOLDER.mkdir(parents=True)
    FOLDER.chmod(0o755)
    resolver = unbound(names, FOLDER / "unbound", [*records(), *published], ZONE, BLOCKLIST_IP)
    listed = Blocklist(blocklist, FOLDER / "rbldnsd", [SENDER_IP])
    scanner = rspamd(content, FOLDER / "rspamd", dns=NAMES_IP, address=SENDER_IP, domain=SENDER_DOMAIN)
    with ThreadPoolExecutor(4) as pool:
        shared = [pool.submit(each.start) for each in (scanner, resolver, listed)]
        sites = list(pool.map(lambda company: _settle(stack, company), companies))
        for each in shared:
            each.result()
    return Lab(resolver, listed, scanner, {site.company.name: site for site in sites}, _passwords(FOLDER / "passwords"))


def _passwords(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    files = {user: folder / user for user in PASSWORDS}
    for user, file in files.items():
        file.write_text(PASSWORDS[user])
    return files


def _settle(stack: ExitStack, company: Company) -> Site:
    """Start one company's servers."""
    where, folder = company.namespace, FOLDER / company.name
    (folder / "dovecot").mkdir(parents=True)
    where.filter(company.firewall)
    where.ask(company.nameserver)
    mailboxes = stack.enter_context(
        dovecot(
            folder / "dovecot",
            address=where.address,
            users={f"{user}@{company.domain}": password for user, password in PASSWORDS.items()},
            junk={"Junk": True},
            sieve=_sieve(folder),
            names=[f"imap.{company.domain}"],
            extra="verbose_proctitle = yes",
            prefix=where.command,
        )
    )
    certificate = make_certificate(folder, [f"mx.{company.domain}"])
    server = postfix(
        where, folder / "postfix", company.domain, tuple(PASSWORDS), company.rules, certificate, company.ports
    )
    greylist = Postgrey(where, folder / "postgrey", company.greylist, EXEMPT_FROM_GREYLISTING)
    started: Sequence[Daemon] = [server, greylist] if company.greylist else [server]
    for each in started:
        each.start()
    return Site(company, where, server, mailboxes, greylist if company.greylist else None)


def _sieve(folder: Path) -> Path:
    """The script that puts marked mail into Junk, compiled, because who delivers may not write it here."""
    script = folder / "junk.sieve"
    script.write_text(_JUNK)
    subprocess.run(["sievec", "-c", "/dev/null", script], check=True, capture_output=True)
    return script
