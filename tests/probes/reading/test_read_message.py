"""What is believed of an arrived message's headers, and what is noted of its arrival."""

import base64
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.reading.facts import AuthenticationFacts, Finding
from probes.reading.header_fields import fields, split
from probes.reading.headers import connecting_ip, read_message

BORDER = "Received: from a.example (a.example [192.0.2.1]) by mx.acme.test (Postfix); 23 Nov 2026 08:00:00 +0000\n"
BELOW = "Received: from app (app [198.51.100.4]) by a.example (Postfix); Mon, 23 Nov 2026 07:59:58 +0000\n"
MESSAGE = "From: x@a.example\nSubject: hello\nDate: Mon, 23 Nov 2026 07:59:58 +0000\n"
AR = "Authentication-Results: mx.acme.test"
OUTLOOK = (
    "Received: from A.namprd.prod.outlook.com (::1) by B.namprd.prod.outlook.com; 23 Nov 2026 08:00:02 +0000\n"
    "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dkim=none;\n"
    " header.d=none;dmarc=bestguesspass;compauth=pass reason=109\n"
    "Received: from a.example (192.0.2.1) by C.mail.protection.outlook.com (10.1.1.1); 23 Nov 2026 08:00:00 +0000\n"
)


def test_a_message_at_outlook() -> None:
    facts = read_message(
        OUTLOOK + MESSAGE + "X-MS-Exchange-Organization-SCL: 9\n"
        "X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;dest:I;OFR:TrustedSenderList\n"
    )
    assert facts.connecting_ip == "192.0.2.1"
    assert facts.authentication == AuthenticationFacts("pass", "none", "bestguesspass")
    assert [(f.vendor, f.verdict) for f in facts.filters] == [
        ("microsoft-scl", Finding.SPAM),
        ("microsoft-mailbox", Finding.CLEAN),
    ]
    assert (facts.verdict, facts.folder) == (Finding.SPAM, "inbox")  # two things, and both are told
    assert facts.notes == ("composite authentication: pass (reason 109)",)


@pytest.mark.parametrize(("letter", "folder"), [("I", "inbox"), ("J", "junk"), ("C", "custom-rule"), ("?", None)])
def test_the_folder(letter, folder) -> None:
    facts = read_message(f"{OUTLOOK}X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;dest:{letter};ENG:(1)\n")
    assert facts.folder == folder
    elsewhere = read_message(f"{BORDER}X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;dest:{letter}\n")
    assert elsewhere.folder is None  # no mailbox of theirs was on the way


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ("X-Spam-Flag: NO\n" + BORDER + BELOW + MESSAGE, Finding.CLEAN),
        (BORDER + "X-Spam-Flag: NO\n" + BELOW + MESSAGE, Finding.CLEAN),  # a milter's place
        (BORDER + BELOW + "X-Spam-Flag: NO\n" + MESSAGE, None),  # it came with it
        (BORDER + BELOW + MESSAGE + "X-Spam-Flag: NO\n", None),
        (BORDER + BELOW + MESSAGE + "X-Spam-Flag: YES\n", Finding.SPAM),  # nobody forges what harms himself
        ("X-Spam-Flag: YES\n" + BORDER + MESSAGE + "X-Rspamd-Action: no action\n", Finding.SPAM),
        (BORDER + MESSAGE + "X-Rspamd-Server: mx.acme.test\nX-Rspamd-Action: no action\n", Finding.CLEAN),
        (BORDER + MESSAGE + "X-Rspamd-Server: mx.evil.test\nX-Rspamd-Action: no action\n", None),
        (BORDER + MESSAGE + "X-MS-Exchange-Organization-SCL: 1\n", None),  # not a Microsoft border
        (OUTLOOK + MESSAGE + "X-Forefront-Antispam-Report-Untrusted: SFV:SPM;SCL:5\n", None),  # another tenant's
        (OUTLOOK + MESSAGE + "X-Forefront-Antispam-Report: SFV:NSPM;SCL:1;DIR:OUT\n", None),
        ("X-Proofpoint-Spam-Details: rule=outbound_spam score=90\n" + BORDER, None),  # on its way out
        ("X-Spam-Flag: YES\n", Finding.SPAM),  # no hop at all: a header alone
        (BORDER + MESSAGE, None),  # no verdict is not clean
    ],
)
def test_whose_verdict_counts(headers, verdict) -> None:
    assert read_message(headers).verdict is verdict


def test_of_our_own_message_every_verdict_counts() -> None:
    headers = BORDER + BELOW + MESSAGE + "X-Spam-Flag: NO\n"
    assert read_message(headers, relayed=True).verdict is Finding.CLEAN


@pytest.mark.parametrize(
    ("headers", "spf"),
    [
        ("Authentication-Results: mx.acme.test; spf=fail\n" + BORDER + MESSAGE, "fail"),
        (BORDER + "Authentication-Results: mx.acme.test; spf=fail\n" + MESSAGE, "fail"),
        (BORDER + BELOW + "Authentication-Results: mx.acme.test; spf=pass\n" + MESSAGE, None),
        (BORDER + MESSAGE + "Authentication-Results: mx.acme.test; spf=pass\n", None),
        (f"{AR}; spf=fail\n{BORDER}{AR}; spf=pass\n", "fail"),
        (BORDER + "Authentication-Results: mx.evil.test; spf=pass\n" + MESSAGE, None),
        (BORDER + "Received-SPF: pass\n" + MESSAGE, None),
    ],
)  # fmt: skip
def test_whose_checks_count(headers, spf) -> None:
    assert read_message(headers).authentication.spf == spf


@pytest.mark.parametrize(
    ("headers", "ip"),
    [
        (BORDER, "192.0.2.1"),
        (BORDER + BELOW, "192.0.2.1"),
        ("X-Sender-IP: 203.0.113.9\n" + BORDER, "192.0.2.1"),  # the border's own line is the better witness
        ("Received-SPF: pass client-ip=192.0.2.9\nReceived: from x by mx.acme.test\n", "192.0.2.9"),
        ("X-Sender-IP: 192.0.2.9\n", "192.0.2.9"),
        ("X-Forefront-Antispam-Report: CIP:192.0.2.9;CTRY:US\n", "192.0.2.9"),
        ("X-Forefront-Antispam-Report: CIP:255.255.255.255;CTRY:\n", None),
        ("Authentication-Results: spf=fail (sender IP is 192.0.2.9) smtp.mailfrom=x\n", "192.0.2.9"),
        ("Authentication-Results: mx; arc=none smtp.client-ip=192.0.2.9\n", "192.0.2.9"),
        (f"{AR}; spf=pass (domain of x@a designates 192.0.2.9 as permitted sender)\n", "192.0.2.9"),
        ("X-Barracuda-Connect: a.example[192.0.2.9]\n", "192.0.2.9"),
        ("X-Spam-source: IP='192.0.2.9', Host='a'\n", "192.0.2.9"),
        ("X-FEAS-Client-IP: 192.0.2.9\n", "192.0.2.9"),
        ("X-IronPort-RemoteIP: 192.0.2.9\n", "192.0.2.9"),
        ("X-Originating-IP: [192.0.2.9]\n", None),  # the sender's words
        ("X-Sender-IP: 999.0.2.9\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_connecting_address(headers, ip) -> None:
    assert read_message(headers).connecting_ip == ip


@pytest.mark.parametrize("relayed", [False, True])
@pytest.mark.parametrize(
    "section", [BORDER, BORDER + BELOW, OUTLOOK, f"{BELOW}\n{BORDER}", f"{MESSAGE}\r\n\n{BORDER}", ""]
)
def test_the_connecting_address_alone_is_the_same(section: str, *, relayed: bool) -> None:
    """Nor is anything below an empty line believed, however it ends."""
    assert connecting_ip(section, relayed=relayed) == read_message(section, relayed=relayed).connecting_ip


def test_the_border_of_a_named_receiver() -> None:
    assert read_message(BORDER + BELOW, receiver="a.example").connecting_ip == "198.51.100.4"


FORWARDED = (
    "X-Spam-Status: Yes, score=7.1 required=5.0\n"
    "Received: from out.acme.example (out.acme.example [192.0.2.9]) by mx.home.example; {date}\n"
    "Authentication-Results: mx.home.example; spf=fail; dkim=fail\n"
    "Received: from scan.acme.example (scan.acme.example [192.0.2.8]) by store.acme.example; {date}\n"
    "Received: from localhost (localhost [127.0.0.1]) by scan (filter); {date}\n"
    "Authentication-Results: scan.acme.example; dmarc=pass\n"
    "Received: from x.example (x.example [198.51.100.4]) by mx.acme.example; {date}\n"
    "Authentication-Results: mx.acme.example; spf=pass\n"
    "Received: from inner (inner [10.0.0.1]) by x.example; {date}\n"
    "Authentication-Results: x.example; dkim=pass\n"
    "From: a@x.example\n"
).replace("{date}", "Mon, 23 Nov 2026 08:00:03 +0000")


@pytest.mark.parametrize(
    ("receiver", "ip", "spf", "dkim", "dmarc", "verdict"),
    [
        (None, "192.0.2.9", "fail", "fail", None, Finding.SPAM),
        ("mx.home.example", "192.0.2.9", "fail", "fail", None, Finding.SPAM),
        ("acme.example", "198.51.100.4", "pass", None, "pass", None),  # and what its sender claims is not believed
        ("mx.acme.example", "198.51.100.4", "pass", None, "pass", None),
        ("other.example", "192.0.2.9", "fail", "fail", None, Finding.SPAM),
    ],
)
def test_only_what_a_named_receiver_stated_is_believed(receiver, ip, spf, dkim, dmarc, verdict) -> None:
    facts = read_message(FORWARDED, receiver=receiver)
    stated = facts.authentication
    assert (facts.connecting_ip, stated.spf, stated.dkim, stated.dmarc) == (ip, spf, dkim, dmarc)
    assert facts.verdict is verdict


@pytest.mark.parametrize("below", ["X-Spam-Flag: YES\n", "X-Spam-Status: Yes, score=9.1 required=5.0\n"])
@pytest.mark.parametrize(
    ("receiver", "verdict"),
    [
        ("acme.example", None),  # what stands below its border was in the message when it came
        ("x.example", None),  # its border is the lowest: nor is what the sender wrote its own
        ("mx.home.example", Finding.SPAM),  # its own line at the top says so
        (None, Finding.SPAM),
    ],
)
def test_a_spam_mark_below_the_border_of_a_named_receiver_is_shown_and_not_believed(below, receiver, verdict) -> None:
    facts = read_message(FORWARDED + below, receiver=receiver)
    assert facts.verdict is verdict
    assert [one.believed for one in facts.filters] == [verdict is not None, False]


def test_without_a_name_a_bad_mark_of_unknown_origin_is_believed() -> None:
    """Nobody forges what harms himself, and nobody was named whose statement it should be."""
    unmarked = FORWARDED.partition("\n")[2] + "X-Spam-Flag: YES\n"
    assert read_message(unmarked).verdict is Finding.SPAM
    assert read_message(unmarked, receiver="other.example").verdict is Finding.SPAM  # no such receiver
    assert read_message(unmarked, receiver="mx.home.example").verdict is None


@pytest.mark.parametrize(
    ("receiver", "notes"),
    [
        ("acme.example", ()),
        (None, ()),
        (
            "other.example",
            (
                "no Received line is by other.example; they are by mx.home.example, store.acme.example, scan, "
                "mx.acme.example, x.example",
            ),
        ),
    ],
)
def test_a_receiver_that_wrote_no_received_line_is_noted(receiver: str | None, notes: tuple[str, ...]) -> None:
    assert read_message(FORWARDED, receiver=receiver).notes == notes


def test_the_note_about_a_missing_receiver_names_few_hosts() -> None:
    many = "".join(f"Received: from a by mx{number}.example; x\n" for number in range(50))
    [note] = read_message(many, receiver="other.example").notes
    assert note.endswith("mx4.example and 45 more")


@pytest.mark.parametrize(
    ("headers", "note"),
    [
        ("Subject: [EXTERNAL] Your code", "subject marked as external: [EXTERNAL]"),
        ("Subject: =?utf-8?b?W0VYVF0gSGVsbG8=?=", "subject marked as external: [EXT]"),
        ("Subject: EXTERN: Ihr Code", "subject marked as external: EXTERN:"),
        ("Subject: ***SPAM*** Your code", "subject marked as spam: ***SPAM***"),
        ("Subject: {Suspected Spam} Your code", "subject marked as spam: {Suspected Spam}"),
        (
            "X-Greylist: delayed 301 seconds by postgrey-1.37 at mx.acme.test; Mon",
            "greylisted for 301 s by mx.acme.test",
        ),
        ("X-Greylist: Delayed for 00:05:01 by milter-greylist-4.6", "greylisted for 301 s"),
    ],
)
def test_notes_of_headers(headers, note) -> None:
    assert read_message(headers + "\n").notes == (note,)


@pytest.mark.parametrize("subject", ["External audit", "Your next step", "Spam report of this week", "=?utf-8?b?%%%?="])
def test_subjects_without_a_mark(subject) -> None:
    assert read_message(f"Subject: {subject}\n").notes == ()


LINKS = [
    ("https://eur01.safelinks.protection.outlook.com/?url=x", "Microsoft Safe Links"),
    ("https://urldefense.com/v3/__https://a.b__;!!x", "Proofpoint URL Defense"),
    ("https://urldefense.proofpoint.com/v2/url?u=x", "Proofpoint URL Defense"),
    ("https://linkprotect.cudasvc.com/url?a=x", "Barracuda Link Protection"),
    ("https://protect-us.mimecast.com/s/x", "Mimecast URL Protection"),
    ("https://url.us.m.mimecastprotect.com/s/x", "Mimecast URL Protection"),
    ("https://secure-web.cisco.com/1x/y", "Cisco Secure Email"),
    ("https://us-west-2.protection.sophos.com/?d=x", "Sophos Time of Click"),
    ("https://clicktime.symantec.com/x", "Symantec Click-time Protection"),
    ("https://imsva91-ctp.trendmicro.com/wis/x", "Trend Micro Time-of-Click"),
]


@pytest.mark.parametrize(("link", "name"), LINKS)
def test_rewritten_links(link, name) -> None:
    note = f"links rewritten by {name}"
    assert note in read_message(f"Subject: x\n\nclick {link} now").notes
    quoted = link.replace("=", "=3D")
    assert note in read_message(f"Subject: x\n\n{quoted[:20]}=\r\n{quoted[20:]}").notes
    hidden = base64.encodebytes(f"<a href='{link}'>{'x' * 60}</a>".encode())
    assert note in read_message(b"Subject: x\n\n--b\nContent-Transfer-Encoding: base64\n\n" + hidden + b"\n--b--").notes


def test_links_that_only_look_rewritten() -> None:
    assert read_message("Subject: x\n\nhttps://a.example/?u=secure-web.cisco.com https://notcisco.com").notes == ()


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ("Enter this code on the page:\n\n  123456\n", False),
        ("Enter this code on the page:\n\n  ******\n", True),
        ("Enter this code on the page: <b>123456</b>", False),
        ("Enter this code: <img src='x' color=#123456>", True),
        ("Nothing to enter.", False),
    ],
)
def test_a_code_that_can_no_longer_be_read(body, lost) -> None:
    assert (read_message(f"Subject: x\n\n{body}").notes != ()) is lost


def test_a_banner_in_the_body() -> None:
    notes = read_message("Subject: x\n\nCAUTION: This email originated from outside of the organization.").notes
    assert notes[0].startswith("a banner in the body calls it external")


def test_header_sections_in_all_forms() -> None:
    for text in (
        "A: 1\nB: 2\n 3\n\nC: 4",
        "A: 1\r\nB: 2\r\n\t3\r\n\r\nC: 4",
        "From x Mon Nov 23\nA : 1\nB:2 3",
        b"\xff\nA:1\nB: 2\n\n3",
    ):
        head, _ = split(text)
        found = {field.name: field.value for field in fields(head)}
        assert set(found) == {"a", "b"}
        assert found["a"] == "1"
    assert split("\nA: 1") == ("", b"\nA: 1")


HOSTILE = {
    "10,000 headers": b"X-Spam-Status: Yes, score=1 required=2\r\n" * 10_000,
    "5,000 hops": BORDER.encode() * 5_000,
    "a header of 1 MB": b"Received: from " + b"(" * (1 << 20) + b"\r\nX-Spam-Flag: YES\r\n",
    "1 MB of folds": b"Authentication-Results: mx;" + b"\r\n " * (1 << 18) + b"spf=pass\r\nX-Spam-Flag: YES\r\n",
    "a name of 1 MB": b"X" * (1 << 20) + b": 1\r\nX-Spam-Flag: YES\r\n",
    "quotes": b'Authentication-Results: mx; spf="' + b'"\\(' * (1 << 18) + b"\r\nX-Spam-Flag: YES\r\n",
    "spam reports of required": b"X-MailScanner-SpamCheck: spam" + b" required" * (1 << 16) + b"\r\n",
    "a body of 20 MB": b"X-Spam-Flag: YES\r\n\r\n" + b"https://a.b/ external code " * (1 << 20),
    "no line end": b"x" * (8 << 20),
    "no bytes that mean anything": bytes(range(256)) * 4096 + b"\nX-Spam-Flag: YES\n",
}  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_messages_are_read_in_no_time(data) -> None:
    began = time.perf_counter()
    facts = read_message(data)
    assert time.perf_counter() - began < 2
    assert len(facts.hops) <= 200
    assert len(facts.filters) <= 100


def test_what_follows_a_huge_header_is_still_read() -> None:
    facts = read_message(b"X-Padding: " + b"x" * (1 << 20) + b"\r\nX-Spam-Flag: YES\r\n")
    assert facts.verdict is Finding.SPAM


@given(st.binary(max_size=2000))
def test_bytes_never_break_the_reader(data) -> None:
    read_message(data)
    read_message(BORDER.encode() + data, relayed=True)


@given(st.text(max_size=500))
def test_texts_never_break_the_reader(text) -> None:
    read_message(text, receiver=text, relayed=None)
    read_message(f"Subject: {text}\nX-Greylist: {text}\n\n{text}")


@settings(max_examples=200)
@given(st.integers(0, 2**32))
def test_a_message_with_flaws_never_breaks_the_reader(seed) -> None:
    chance = random.Random(seed)
    data = bytearray((OUTLOOK + BORDER + BELOW + MESSAGE + "X-Spam-Status: Yes, score=7 required=5\n").encode())
    for _ in range(chance.randint(1, 30)):
        place = chance.randrange(len(data))
        data[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
    read_message(bytes(data))
