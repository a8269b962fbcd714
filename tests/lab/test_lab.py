"""The lab is what it says it is: each company answers the sender and the control as its row says, over plain SMTP."""

import itertools
import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import imapclient
import pytest

from tests.lab.companies import CONTROL_DOMAIN, PASSWORDS, SENDER_DOMAIN, USER
from tests.lab.lab import Lab, Site
from tests.lab.network import CONTROL_IP, SENDER_IP, US
from tests.lab.postfix import PROXY_PORT
from tests.lab.processes import session, until
from tests.lab.rbldnsd import ZONE

pytestmark = pytest.mark.usefixtures("inside")

SENDER, CONTROL = "sender", "control"
IDENTITY = {
    SENDER: (SENDER_IP, SENDER_DOMAIN, f"bounce+x@{SENDER_DOMAIN}", f"no-reply@{SENDER_DOMAIN}"),
    CONTROL: (CONTROL_IP, CONTROL_DOMAIN, f"bounce+x@{CONTROL_DOMAIN}", f"postmaster@{CONTROL_DOMAIN}"),
}
_numbers = itertools.count(1)


def letter(who: str, company: str) -> tuple[str, bytes]:
    """A message that can be told from all others: its mark, its bytes."""
    mark = f"{os.getpid()}-{next(_numbers)}"
    lines = [
        f"From: <{IDENTITY[who][3]}>",
        f"To: <{USER}@{company}.test>",
        f"Message-ID: <{mark}@{IDENTITY[who][1]}>",
        time.strftime("Date: %a, %d %b %Y %H:%M:%S +0000", time.gmtime()),
        f"Subject: {mark}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain",
        "",
        "Your code is 123456.",
        "",
    ]
    return mark, "\r\n".join(lines).encode()


def send(site: Site, who: str, via: str = "direct") -> tuple[str, str]:
    """What became of one message: ("rcpt", "554 5.7.1 ..."), or ("accepted", its mark)."""
    source, helo, mail_from, _ = IDENTITY[who]
    address = site.namespace.address
    mark, content = letter(who, site.company.name)
    proxied = f"PROXY TCP4 {source} {address} 40000 25\r\n".encode() if via == "proxy" else b""
    client = smtplib.SMTP()
    try:
        port, bound = (PROXY_PORT if via == "proxy" else 25), ((source, 0) if via == "direct" else None)
        client.sock = socket.create_connection((address, port), 3, bound)
        client.sock.sendall(proxied)
        client.getreply()
        client.ehlo(helo)
        if via == "xclient":
            client.docmd("XCLIENT", f"ADDR={source} NAME=[UNAVAILABLE] HELO={helo}")
            client.ehlo(helo)
        for stage, command in (("mail", f"MAIL FROM:<{mail_from}>"), ("rcpt", f"RCPT TO:<{site.company.address}>")):
            code, text = client.docmd(command)
            if code >= 400:
                return stage, f"{code} {text.decode()}"
        code, text = client.data(content)
        return ("accepted", mark) if code == 250 else ("data", f"{code} {text.decode()}")
    except OSError as error:
        return "connect", type(error).__name__
    finally:
        client.close()


def letters(site: Site, folder: str) -> Iterator[str]:
    """What lies in a folder and was not looked at yet."""
    return (file.read_text() for file in (site.dovecot.maildir(site.company.address, folder) / "new").glob("*"))


def landed(site: Site, mark: str, seconds: float = 5) -> str:
    """The folder in which the marked message lies, "INBOX" or "Junk"; "" when it does not come."""
    for _ in until(seconds, step=0.05):
        for folder in ("INBOX", "Junk"):
            if any(f"Subject: {mark}" in text for text in letters(site, folder)):
                return folder
    return ""


@pytest.mark.parametrize(
    ("company", "via", "stage", "answer"),
    [
        ("clean", "direct", "accepted", "INBOX"),
        ("junk", "direct", "accepted", "Junk"),
        ("ip-blocked", "direct", "rcpt", "554 5.7.1"),
        ("domain-blocked", "direct", "mail", "554 5.7.1"),
        ("listed", "direct", "rcpt", f"blocked using {ZONE}"),
        ("greylisted", "direct", "rcpt", "450 4.2.0"),
        ("firewall-drop", "direct", "connect", "TimeoutError"),
        ("firewall-reset", "direct", "connect", "ConnectionRefusedError"),
        ("unreadable", "direct", "accepted", "INBOX"),
        ("gateway", "xclient", "accepted", "INBOX"),
        ("gateway", "proxy", "accepted", "INBOX"),
        ("gateway-blocked", "xclient", "rcpt", "554 5.7.1"),
        ("gateway-blocked", "proxy", "rcpt", "554 5.7.1"),
    ],
)
def test_each_company_treats_the_sender_in_its_way_and_lets_the_control_through(
    lab: Lab, company: str, via: str, stage: str, answer: str
) -> None:
    site = lab[company]
    for who, expected_stage, expected in ((SENDER, stage, answer), (CONTROL, "accepted", "INBOX")):
        where, said = send(site, who, via)
        assert where == expected_stage, said
        assert (landed(site, said) == expected) if where == "accepted" else (expected in said), said


def test_a_lost_message_is_accepted_and_never_seen(lab: Lab) -> None:
    site = lab["lost"]
    stage, mark = send(site, SENDER)
    _, later = send(site, CONTROL)
    assert stage == "accepted"
    assert landed(site, later) == "INBOX"
    assert landed(site, mark, 0.5) == ""


def test_who_is_greylisted_gets_through_when_he_waits_and_is_forgotten_on_demand(lab: Lab) -> None:
    site = lab["greylisted"]
    assert site.postgrey
    site.postgrey.forget()
    started = time.monotonic()
    tries = []
    for _ in until(site.company.greylist + 5, step=0.5):
        tries.append(send(site, SENDER))
        if tries[-1][0] == "accepted":
            break
    assert tries[0][0] == "rcpt"
    assert tries[-1][0] == "accepted"
    assert time.monotonic() - started > site.company.greylist - 1  # it counts whole seconds
    site.postgrey.forget()
    assert send(site, SENDER)[0] == "rcpt"


def test_the_receiver_writes_down_the_true_source_address(lab: Lab) -> None:
    site = lab["clean"]
    _, mark = send(site, SENDER)
    assert landed(site, mark)
    headers = next(text for text in letters(site, "INBOX") if f"Subject: {mark}" in text)
    assert f"from {SENDER_DOMAIN} (unknown [{SENDER_IP}])" in headers


def test_mail_is_read_by_imap_and_where_it_cannot_be_the_connection_is_refused(lab: Lab) -> None:
    clean, unreadable = lab["clean"], lab["unreadable"]
    with imapclient.IMAPClient(clean.namespace.address, port=143, ssl=False, timeout=3) as client:
        client.login(clean.company.address, PASSWORDS[USER])
        assert [name for flags, _, name in client.list_folders() if b"\\Junk" in flags] == ["Junk"]
    for port in (143, 993):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((unreadable.namespace.address, port), 3)


def test_a_blocklist_forgets_whom_it_is_told_to(lab: Lab) -> None:
    lab.blocklist.write([])
    try:
        assert any(send(lab["listed"], SENDER)[0] == "accepted" for _ in until(10, step=0.3))
    finally:
        lab.blocklist.write([SENDER_IP])
    assert any(send(lab["listed"], SENDER)[0] == "rcpt" for _ in until(10, step=0.3))


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_mail_waits_for_a_mailbox_that_is_down_and_comes_when_it_is_back(lab: Lab, how: str) -> None:
    site = lab["clean"]
    getattr(site.dovecot, how)()
    assert not site.dovecot.daemon.running
    try:
        stage, mark = send(site, SENDER)
        assert stage == "accepted"
    finally:
        site.dovecot.start()
    assert landed(site, mark, 30) == "INBOX"


@pytest.mark.parametrize("how", ["stop", "kill9"])
def test_a_mail_server_that_is_down_refuses_connections_and_comes_back_with_its_mail(lab: Lab, how: str) -> None:
    site = lab["clean"]
    family = session(site.postfix.pid)
    getattr(site.postfix, how)()
    assert len(family) > 1
    assert not family & set(site.namespace.pids())
    try:
        assert send(site, SENDER) == ("connect", "ConnectionRefusedError")
    finally:
        site.postfix.start()
    assert landed(site, send(site, SENDER)[1]) == "INBOX"


def test_there_is_no_way_out_of_the_lab(lab: Lab) -> None:
    for each in (US, lab["clean"].namespace):
        routes = subprocess.run(["ip", "-n", each.label, "route"], capture_output=True, text=True, check=True).stdout
        assert "default" not in routes
    with pytest.raises(OSError, match="unreachable"):
        socket.create_connection(("203.0.113.1", 25), timeout=2)


def test_this_process_is_inside_and_its_children_too(lab: Lab) -> None:
    inode = os.stat("/proc/thread-self/ns/net").st_ino
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.stat('/proc/self/ns/net').st_ino)"], capture_output=True, check=True
    )
    assert US.inode == inode == int(child.stdout)
