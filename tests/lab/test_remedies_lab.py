"""Remedies on real servers: what was refused arrives after the remedy's own lines and commands, the forged twin is
still stopped, nothing can be relayed, and the undo brings the refusal back.

The forged twin is the same mail, From and envelope, from another IP address and without a signature.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.applied import Administrator, shows
from tests.lab.client import folder_of, send, until_accepted
from tests.lab.companies import SENDER_DOMAIN, Company
from tests.lab.lab import FOLDER, Lab, Site
from tests.lab.lab import lab as lab_up
from tests.lab.network import CONTROL_IP, NAMES_IP, SENDER_IP
from tests.lab.postgrey import PORT as GREYLIST_PORT
from tests.lab.processes import Daemon, until
from tests.lab.rbldnsd import ZONE
from tests.lab.rspamd import PORT as FILTER_PORT
from tests.lab.rspamd import rspamd

pytestmark = pytest.mark.usefixtures("inside")

TWIN_IP = CONTROL_IP
EXIM = Path("/opt/mailpath-lab/usr/sbin/exim4")  # unpacked: as a package it would replace Postfix
LISTED_AT_RCPT = {
    "smtpd_recipient_restrictions": f"reject_unlisted_recipient, reject_rbl_client {ZONE}",
    "max_use": "1",
}
LISTED_AT_CONNECT = {
    "postscreen_dnsbl_sites": ZONE,
    "postscreen_dnsbl_action": "enforce",
    "postscreen_greet_wait": "1s",
    "postscreen_dnsbl_min_ttl": "1s",  # or one answer of DNS that is lost lets the address in for a minute
    "postscreen_dnsbl_max_ttl": "1s",
}
GREYLISTED = {"smtpd_recipient_restrictions": f"check_policy_service inet:127.0.0.1:{GREYLIST_PORT}"}
FILTERED = {"milter_default_action": "tempfail"}
SCREENED_PORT = 2600

TABLES_PORT = 2603
TABLES = {
    "smtpd_client_restrictions": "check_client_access cidr:$config_directory/clients",
    "smtpd_sender_restrictions": "check_sender_access hash:$config_directory/senders",
    "smtpd_recipient_restrictions": "reject_unlisted_recipient",
}

CLASSED = Company("classed", 71, LISTED_AT_RCPT, ports={TABLES_PORT: TABLES})
SCREENED = Company("screened", 72, LISTED_AT_CONNECT, ports={SCREENED_PORT: {"program": "postscreen"}})
GREYED = Company("greyed", 73, GREYLISTED, greylist=300)
SCORED = Company("scored", 74, FILTERED | {"smtpd_milters": f"inet:192.0.2.74:{FILTER_PORT}"})


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """Companies that stop the sender, and everybody else who writes its name."""
    dmarc = f'_dmarc.{SENDER_DOMAIN}. TXT "v=DMARC1; p=none"'
    with lab_up((CLASSED, SCREENED, GREYED, SCORED), [dmarc]) as built:
        built.blocklist.write([SENDER_IP, TWIN_IP])
        yield built


def of_postfix(site: Site) -> Administrator:
    """Whoever runs the Postfix of this company."""
    conf = FOLDER / site.company.name / "postfix" / "conf"
    places = {"/etc/postfix/": f"{conf}/", "FILE": "senders"}
    return Administrator(conf.parent, places, variables={"MAIL_CONFIG": str(conf)})


def test_postfix_lets_the_domain_from_its_address_past_a_blocklist(lab: Lab) -> None:
    site, admin = lab["classed"], of_postfix(lab["classed"])
    assert [send(site, client).code for client in (SENDER_IP, TWIN_IP)] == [554, 554]
    admin.carry_out("postfix-restriction-class")
    sent = until_accepted(site, SENDER_IP, accepted=True)
    assert folder_of(site, sent) == "INBOX"
    assert send(site, TWIN_IP).code == 554
    assert send(site, SENDER_IP, to="somebody@elsewhere.test").code in (454, 550, 554), "no relay"
    admin.undo("postfix-restriction-class")
    assert until_accepted(site, SENDER_IP, accepted=False).code == 554


def test_postfix_takes_mail_again_whose_entry_was_removed(lab: Lab) -> None:
    site, admin = lab["classed"], of_postfix(lab["classed"])
    clients, senders = admin.folder / "conf" / "clients", admin.folder / "conf" / "senders"
    refused = {client: f"{client} 554 5.7.1 blocked" for client in (SENDER_IP, TWIN_IP)}
    read_again = "postmap hash:/etc/postfix/senders\npostfix reload"

    def codes() -> list[int]:
        return [send(site, client, port=TABLES_PORT).code for client in (SENDER_IP, TWIN_IP)]

    def arrives() -> None:
        assert folder_of(site, until_accepted(site, SENDER_IP, accepted=True, port=TABLES_PORT)) == "INBOX"
        assert codes() == [250, 554]

    clients.write_text("".join(f"{line}\n" for line in refused.values()))
    senders.write_text(f"{SENDER_DOMAIN} 554 5.7.1 not wanted\n")
    admin.run("postmap hash:/etc/postfix/senders")
    assert codes() == [554, 554]
    assert "not wanted" in admin.remove_entry(
        "postfix-remove-sender-entry", senders, senders.read_text()[:-1], read_again
    )
    both = clients.read_text()
    admin.remove_entry("postfix-remove-ip-entry", clients, refused[SENDER_IP], "postfix reload")
    arrives()
    admin.put_back("postfix-remove-ip-entry", clients, both)
    assert until_accepted(site, SENDER_IP, accepted=False, port=TABLES_PORT).code == 554
    admin.remove_entry("postfix-remove-ip-entry", clients, refused[SENDER_IP], "postfix reload")
    arrives()
    admin.put_back("postfix-remove-sender-entry", senders, f"{SENDER_DOMAIN} 554 5.7.1 not wanted\n", read_again)
    assert "not wanted" in until_accepted(site, SENDER_IP, accepted=False, port=TABLES_PORT).text


def test_postscreen_lets_the_address_in_and_smtpd_still_checks(lab: Lab) -> None:
    site, admin = lab["screened"], of_postfix(lab["screened"])
    assert [send(site, client, port=SCREENED_PORT).code for client in (SENDER_IP, TWIN_IP)] == [550, 550]
    admin.carry_out("postfix-postscreen-permit")
    sent = until_accepted(site, SENDER_IP, accepted=True, port=SCREENED_PORT)
    assert folder_of(site, sent) == "INBOX"
    assert shows("postfix-postscreen-permit", "ALLOWLISTED", (admin.folder / "mail.log").read_text())
    assert send(site, TWIN_IP, port=SCREENED_PORT).code == 550
    assert send(site, SENDER_IP, to="somebody@elsewhere.test", port=SCREENED_PORT).code == 554, "no relay"
    admin.undo("postfix-postscreen-permit")
    assert until_accepted(site, SENDER_IP, accepted=False, port=SCREENED_PORT).code == 550


def test_postgrey_does_not_defer_the_address(lab: Lab) -> None:
    site = lab["greyed"]
    greylist = site.postgrey
    assert greylist
    clients = FOLDER / "greyed" / "postgrey" / "clients"
    clients.write_text("")
    greylist.forget()

    def read_again() -> None:
        os.kill(greylist.pid, signal.SIGHUP)

    admin = Administrator(
        clients.parent, {"/etc/postgrey/whitelist_clients.local": str(clients)}, read_again=read_again
    )
    assert [send(site, client).code for client in (SENDER_IP, TWIN_IP)] == [450, 450]
    admin.carry_out("postgrey-whitelist-client")
    sent = until_accepted(site, SENDER_IP, accepted=True)
    assert folder_of(site, sent) == "INBOX"
    assert send(site, TWIN_IP).code == 450
    admin.undo("postgrey-whitelist-client")
    assert until_accepted(site, SENDER_IP, accepted=False).code == 450


@pytest.fixture
def scanner(lab: Lab) -> Iterator[tuple[Daemon, Path]]:
    """The filter of one company, which thinks ill of the domain, whoever writes it."""
    folder = FOLDER / "scored" / "rspamd"
    daemon = rspamd(lab["scored"].namespace, folder, dns=NAMES_IP, address="192.0.2.250", domain=SENDER_DOMAIN, score=9)
    daemon.start()
    try:
        yield daemon, folder
    finally:
        daemon.kill9()


def test_rspamd_takes_points_off_where_dmarc_passes(lab: Lab, scanner: tuple[Daemon, Path]) -> None:
    site, (daemon, folder) = lab["scored"], scanner
    admin = Administrator(folder, {"/etc/rspamd/": f"{folder}/conf/"}, read_again=daemon.restart)

    def folders() -> list[str]:
        return [folder_of(site, send(site, client)) for client in (SENDER_IP, TWIN_IP)]

    assert folders() == ["Junk", "Junk"]
    admin.carry_out("rspamd-multimap-dmarc")
    assert folders() == ["INBOX", "Junk"]
    mails = "".join(file.read_text() for file in site.letters())
    assert shows("rspamd-multimap-dmarc", "EXPECTED_SENDER_DMARC", mails)
    admin.undo("rspamd-multimap-dmarc")
    assert folders() == ["Junk", "Junk"]

    (folder / "conf" / "override.d").mkdir(exist_ok=True)  # which Debian's package has
    [found] = admin.look("rspamd-remove-entry").splitlines()
    admin.remove_entry("rspamd-remove-entry", Path(found), SENDER_DOMAIN)
    assert until_in(site, "INBOX") == "INBOX"
    admin.put_back("rspamd-remove-entry", Path(found), f"{SENDER_DOMAIN}\n")
    assert until_in(site, "Junk") == "Junk"


def until_in(site: Site, folder: str) -> str:
    """Send until the sender's mail is filed there: rspamd looks at its maps now and then. Where the last one is."""
    for _ in until(20, step=0.5):
        if (found := folder_of(site, send(site, SENDER_IP))) == folder:
            break
    return found


# ---- Without a server that listens ----------------------------------------------------------------------------------


@dataclass
class SpamAssassin:
    """SpamAssassin with network tests, inside a company's network; it thinks ill of the domain."""

    site: Site
    folder: Path

    def stops(self, client: str) -> bool:
        """Test if it marks the sender's mail from this address as spam."""
        return self.status(client).startswith("X-Spam-Status: Yes")

    def status(self, client: str) -> str:
        """What it notes on the sender's mail from this address."""
        border = f"from mail.{SENDER_DOMAIN} (mail.{SENDER_DOMAIN} [{client}]) by mx.scored.test (Postfix) with ESMTP"
        message = (
            f"Return-Path: <no-reply@{SENDER_DOMAIN}>\r\n"
            f"Received: {border} id 4Xy1; Tue, 01 Dec 2026 08:00:00 +0000\r\n"
            f"From: <no-reply@{SENDER_DOMAIN}>\r\nTo: <probe@scored.test>\r\nSubject: your code\r\n"
            f"Message-ID: <1@{SENDER_DOMAIN}>\r\nDate: Tue, 01 Dec 2026 08:00:00 +0000\r\n\r\nYour code is 123456\r\n"
        )
        command = [*self.site.namespace.command, "spamassassin", "-p", f"{self.folder}/preferences"]
        command += [f"--siteconfigpath={self.folder}", f"--configpath={self.folder}/rules"]
        done = subprocess.run(command, input=message, capture_output=True, text=True, timeout=90, check=True)
        fields = re.sub(r"\n[ \t]+", " ", done.stdout).splitlines()
        return next(line for line in fields if line.startswith("X-Spam-Status:"))


@pytest.fixture
def spamassassin(lab: Lab, tmp_path: Path) -> SpamAssassin:
    """Its plugins, the rules about lists of welcome senders, and one rule; all that Debian ships would take seconds."""
    folder = tmp_path / "spamassassin"
    rules = folder / "rules"
    rules.mkdir(parents=True)
    for file in Path("/usr/share/spamassassin").glob("60_welcomelist*.cf"):
        shutil.copy(file, rules)
    (folder / "preferences").write_text("")
    (folder / "init.pre").write_text(
        "".join(f"loadplugin Mail::SpamAssassin::Plugin::{name}\n" for name in ("Check", "SPF", "WLBLEval"))
    )
    (folder / "local.cf").write_text(
        f"util_rb_tld com test\ndns_server {NAMES_IP}\nuse_bayes 0\nclear_internal_networks\n"
        "internal_networks 192.0.2.74\nclear_trusted_networks\ntrusted_networks 192.0.2.74\nclear_headers\n"
        "add_header all Status _YESNO_, score=_SCORE_ tests=_TESTS_\n"
        f"header LAB_DOMAIN From =~ /{SENDER_DOMAIN}/\nscore LAB_DOMAIN 50\n"
    )
    return SpamAssassin(lab["scored"], folder)


@pytest.mark.parametrize(
    ("key", "mark"),
    [
        ("spamassassin-welcomelist-auth", "USER_IN_SPF_WELCOMELIST"),
        ("spamassassin-welcomelist-rcvd", "USER_IN_WELCOMELIST"),
    ],
)
def test_spamassassin_welcomes_what_cannot_be_forged(spamassassin: SpamAssassin, key: str, mark: str) -> None:
    admin = Administrator(spamassassin.folder, {"/etc/spamassassin/": f"{spamassassin.folder}/"})
    both = (SENDER_IP, TWIN_IP)
    assert [spamassassin.stops(client) for client in both] == [True, True]
    admin.carry_out(key)
    welcomed, twin = (spamassassin.status(client) for client in both)
    assert welcomed.startswith("X-Spam-Status: No")
    assert shows(key, mark, welcomed)
    assert twin.startswith("X-Spam-Status: Yes")
    admin.undo(key)
    assert spamassassin.stops(SENDER_IP)


def test_spamassassin_takes_what_is_no_longer_on_its_list(spamassassin: SpamAssassin) -> None:
    admin = Administrator(spamassassin.folder, {"/etc/spamassassin": str(spamassassin.folder)})
    settings, entry = spamassassin.folder / "local.cf", f"blocklist_from *@{SENDER_DOMAIN}"
    listed = settings.read_text().replace("score LAB_DOMAIN 50", entry)
    settings.write_text(listed)
    assert spamassassin.stops(SENDER_IP)
    assert entry in admin.look("spamassassin-remove-entry")
    admin.remove_entry("spamassassin-remove-entry", settings, entry)
    assert not spamassassin.stops(SENDER_IP)
    admin.put_back("spamassassin-remove-entry", settings, listed)
    assert spamassassin.stops(SENDER_IP)


JUNK = 'require ["fileinto"];\nif header :is "X-Spam" "Yes" { fileinto "Junk"; stop; }\n'


def test_sieve_keeps_what_passed_dmarc_before_the_rule_that_files_spam(lab: Lab) -> None:
    there = FOLDER / "sieve"  # where somebody else than root may read
    there.mkdir()
    before = there / "before.d"
    admin = Administrator(there, {"/var/lib/dovecot/sieve/before.d": str(before)})
    settings, junk = there / "dovecot.conf", there / "junk.sieve"
    settings.write_text(f"mail_uid = nobody\nmail_gid = nogroup\nmail_location = maildir:{there}/mails\n")
    junk.write_text(JUNK)

    def folder(dmarc: str) -> str:
        """Where a marked mail of the domain goes, whose authentication our server has noted so."""
        mail = there / "mail"
        mail.write_text(
            f"Authentication-Results: mx.scored.test; dmarc={dmarc} header.from={SENDER_DOMAIN}\r\nX-Spam: Yes\r\n"
            f"From: <no-reply@{SENDER_DOMAIN}>\r\nTo: <probe@scored.test>\r\nSubject: your code\r\n\r\n123456\r\n"
        )
        scripts = [part for script in sorted(before.glob("*.sieve")) for part in ("-s", str(script))]
        command = ["sieve-test", "-c", str(settings), *scripts, str(junk), str(mail)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        return "Junk" if "Junk" in done.stdout else "INBOX"

    assert [folder(dmarc) for dmarc in ("pass", "fail")] == ["Junk", "Junk"]
    admin.carry_out("dovecot-sieve-keep")
    assert [folder(dmarc) for dmarc in ("pass", "fail")] == ["INBOX", "Junk"]
    admin.undo("dovecot-sieve-keep")
    assert folder("pass") == "Junk"


EXIM_CONFIG = """\
primary_hostname = mx.scored.test
domainlist local_domains = scored.test
acl_smtp_rcpt = acl_check_rcpt
exim_user = root
exim_group = root
never_users =
spool_directory = {folder}
log_file_path = {folder}/%slog
begin acl
acl_check_rcpt:
{accept}
  deny message = Your address is blocked
       hosts = {folder}/refused
  accept domains = +local_domains
  deny message = relay not permitted
"""


def test_exim_accepts_the_domain_from_its_address_for_its_own_domains(tmp_path: Path) -> None:
    acl, refused = tmp_path / "acl", tmp_path / "refused"
    refused.write_text(f"{SENDER_IP}\n{TWIN_IP}\n")
    admin = Administrator(tmp_path, {"the ACL acl_check_rcpt": str(acl)})

    def answer(client: str, domain: str = SENDER_DOMAIN, to: str = "probe@scored.test") -> int:
        """What Exim says to RCPT, in its own test session for a client of this address."""
        accept = acl.read_text() if acl.exists() else ""
        config = tmp_path / "exim.conf"
        config.write_text(EXIM_CONFIG.format(folder=tmp_path, accept=accept))
        commands = f"EHLO mail.{domain}\r\nMAIL FROM:<no-reply@{domain}>\r\nRCPT TO:<{to}>\r\nQUIT\r\n"
        done = subprocess.run(
            [EXIM, "-C", config, "-bh", client], input=commands, capture_output=True, text=True, timeout=30
        )
        return [int(line[:3]) for line in done.stdout.splitlines() if line[3:4] == " "][-2]

    assert [answer(client) for client in (SENDER_IP, TWIN_IP)] == [550, 550]
    admin.carry_out("exim-accept")
    assert [answer(client) for client in (SENDER_IP, TWIN_IP)] == [250, 550]
    assert answer(SENDER_IP, domain="elsewhere.test") == 550, "another domain from the address"
    assert answer(SENDER_IP, domain=f"bounce.{SENDER_DOMAIN}") == 250
    assert answer(SENDER_IP, to="somebody@elsewhere.test") == 550, "no relay"
    acl.unlink()  # its undo is to delete the three lines
    assert answer(SENDER_IP) == 550

    both = refused.read_text()
    admin.remove_entry("exim-remove-entry", refused, SENDER_IP)
    assert [answer(client) for client in (SENDER_IP, TWIN_IP)] == [250, 550]
    admin.put_back("exim-remove-entry", refused, both)
    assert answer(SENDER_IP) == 550
