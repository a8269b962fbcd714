"""Whom a bounce is about: quoted local parts, paths instead of addresses, and several recipients in one text."""

import pytest

from probes.outcome import Cause
from probes.reading.bounces import read_bounce
from probes.reading.bounces.address import address_in, addresses_in, addresses_in_field, is_path, plain
from probes.reading.facts import BounceFacts, MailKind

HEAD = "From: MAILER-DAEMON@mail.sender.example\nSubject: Undelivered mail\n"


def notice(body: str, more: str = "") -> BounceFacts:
    return read_bounce(f"{HEAD}{more}\n{body}".encode())


def report(group: str, prose: str = "Your message could not be delivered.", more: str = "") -> BounceFacts:
    head = f"{HEAD}{more}Content-Type: multipart/report; boundary=b\n\n--b\n\n{prose}\n--b\n"
    return read_bounce(
        f"{head}Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{group}\n--b--\n".encode()
    )


def told(facts: BounceFacts) -> list[tuple[str, Cause]]:
    return [(one.address, one.cause) for one in facts.recipients]


QUOTED = ['"a b"@company.example', '"ann@home"@company.example', r'"a\"b"@company.example', '"a,b;<c>"@company.example']


@pytest.mark.parametrize("address", QUOTED)
@pytest.mark.parametrize(
    "body",
    [
        "<ADDRESS>:\nRemote host said: 550 5.1.1 no such user\n",  # qmail
        "could not be delivered\n\n<ADDRESS>: host mx.company.example[192.0.2.8] said: 550 5.1.1 no such user\n",  # Postfix
        "could not be delivered\n\n  ADDRESS\n    host mx.company.example [192.0.2.8]: 550 5.1.1 no such user\n",  # Exim
        "The message to ADDRESS could not be delivered: 550 5.1.1 no such user\n",
        "   ----- Transcript of session follows -----\n>>> RCPT To:<ADDRESS>\n<<< 550 5.1.1 no such user\n"
        "550 5.1.1 <ADDRESS>... User unknown\n",  # sendmail
        "Recipient: <ADDRESS>\n550 5.1.1 no such user\n",
        "did not reach the following recipient(s):\n\nADDRESS on Mon, 23 Nov 2026 10:00:00 +0100\n    550 5.1.1 no such user\n",
    ],
    ids=["qmail", "Postfix", "Exim", "sentence", "sendmail", "label", "Exchange"],
)  # fmt: skip
def test_a_quoted_local_part_in_prose(body: str, address: str) -> None:
    assert told(notice(body.replace("ADDRESS", address))) == [(address, Cause.NO_SUCH_USER)]


@pytest.mark.parametrize("address", QUOTED[:3])
def test_a_quoted_local_part_in_fields(address: str) -> None:
    group = f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.1.1\n"
    assert told(report(group)) == [(address, Cause.NO_SUCH_USER)]
    original = (
        f"Original-Recipient: rfc822; {address}\nFinal-Recipient: rfc822; |/bin/x\nAction: failed\nStatus: 5.1.1\n"
    )
    assert told(report(original)) == [(address, Cause.NO_SUCH_USER)]
    known = notice("could not be delivered: 550 5.1.1 no such user\n", f"X-Failed-Recipients: {address}\n")
    assert told(known) == [(address, Cause.NO_SUCH_USER)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ('"ann"@company.example', "ann@company.example"),  # the quotes mean nothing (RFC 5321, section 4.1.2)
        ('"ann@company.example"', "ann@company.example"),
        ('"Ann Smith" <ann@company.example>', "ann@company.example"),
        ('<"ann smith"@company.example>,', '"ann smith"@company.example'),
        ('x "ann@home"@company.example y', '"ann@home"@company.example'),
        ("'ann@company.example'", "ann@company.example"),
        ('""@company.example', ""),
    ],
)
def test_quotes_around_and_inside_an_address(text: str, address: str) -> None:
    assert address_in(text) == address
    assert plain(address) == address


def test_an_address_in_a_display_name_is_none() -> None:
    assert addresses_in_field('"eve@other.example" <ann@company.example>, bob@company.example') == [
        "ann@company.example",
        "bob@company.example",
    ]
    assert addresses_in_field("<<ann@company.example") == ["ann@company.example"]  # invalid: whatever is found
    returned = 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\ncould not be delivered: 550 5.1.1 no\n--b\nContent-Type: message/rfc822\n\nTo: "eve@other.example" <ann@company.example>\n\nx\n--b--\n'
    assert [one.address for one in read_bounce(f"{HEAD}{returned}".encode()).recipients] == ["ann@company.example"]


PATHS = (
    "|/usr/bin/procmail",
    '"|/usr/bin/procmail -d ann"',
    '"|/usr/bin/procmail -d ann"@mx.company.example',
    "/dev/null",
    "/var/spool/mail/ann",
    ":include:/etc/mail/all",
    "hub!ann",
    "hub!store!ann@gate.example",
    "@relay.example:ann@store.company.example",
    "@a.example,@b.example:ann@store.company.example",
    "<@relay.example:ann@store.company.example>",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("order", [1, -1])
def test_who_was_addressed_is_reported_not_the_path(path: str, order: int) -> None:
    assert is_path(path)
    fields = [f"Final-Recipient: rfc822; {path}", "Original-Recipient: rfc822; ann@company.example"]
    group = "\n".join([*fields[::order], "Action: failed", "Status: 5.3.0", "Diagnostic-Code: X-Unix; 75", ""])
    assert [one.address for one in report(group).recipients] == ["ann@company.example"]


@pytest.mark.parametrize(
    "address", ["ann@company.example", '"a b"@company.example', "a/b@company.example", "ann", r"\ann"]
)
def test_these_are_no_paths(address: str) -> None:
    assert not is_path(address)


PROGRAM = "Final-Recipient: rfc822; |/usr/bin/procmail\nAction: failed\nStatus: 5.3.0\n"
RETURNED = "\n--b\nContent-Type: text/rfc822-headers\n\nTo: Ann <ann@company.example>\n"


@pytest.mark.parametrize(
    ("prose", "more", "below"),
    [
        ('"|/usr/bin/procmail -Y"\n    (reason: Can\'t create output)\n    (expanded from: <ann@company.example>)\n', "", ""),
        ("  |/usr/bin/procmail\n    (generated from ann@company.example)\n    Child process returned 127\n", "", ""),
        ("could not be delivered", "X-Failed-Recipients: ann@company.example\n", ""),
        ("could not be delivered", "", RETURNED),
    ],
    ids=["sendmail", "Exim", "header", "returned message"],
)  # fmt: skip
def test_a_path_without_original_recipient(prose: str, more: str, below: str) -> None:
    assert [one.address for one in report(PROGRAM + below, prose, more).recipients] == ["ann@company.example"]


def test_a_route_without_original_recipient_leads_to_an_address() -> None:
    facts = report("Final-Recipient: rfc822; @relay.example:ann@company.example\nAction: failed\nStatus: 5.1.1\n")
    assert [one.address for one in facts.recipients] == ["ann@company.example"]


@pytest.mark.parametrize(
    "body",
    [
        'had permanent fatal errors\n"|/usr/bin/procmail -Y -a $h"\n    (reason: 550 5.2.2 mailbox full)\n'
        "    (expanded from: <ann@company.example>)\n",
        "could not be delivered\n\n  /var/mail/ann\n    (generated from ann@company.example)\n    mailbox is full\n",
        "could not be delivered\n\n  save to /var/mail/ann\n    (ultimately generated from ann@company.example)\n"
        "    mailbox is full\n",
        'could not be delivered\n\n<"|/usr/bin/procmail"@mx.company.example> (expanded from <ann@company.example>):\n'
        "    mailbox is full\n",
        "could not be delivered\n\n:include:/etc/mail/all\n    (expanded from: ann@company.example)\n    mailbox is full\n",
    ],
    ids=["sendmail", "Exim", "Exim's file", "Postfix", "a list"],
)
def test_what_an_alias_was_expanded_to_in_prose(body: str) -> None:
    two = f"{body}\n<bob@company.example>:\n    550 5.1.1 no such user\n"
    assert told(notice(two)) == [
        ("ann@company.example", Cause.MAILBOX_FULL),
        ("bob@company.example", Cause.NO_SUCH_USER),
    ]


# Several recipients


EACH = (
    "The following addresses failed:\n\n"
    "  joann@company.example\n    550 5.7.1 blocked using zen.spamhaus.org\n\n"
    "  ann@company.example\n    550 5.1.1 no such user\n\n"
    "  bob@company.example\n    552 5.2.2 mailbox full\n"
)


@pytest.mark.parametrize("header", ["X-Failed-Recipients", "X-Bounced-Address"])
@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ("ann@company.example", [("ann@company.example", Cause.NO_SUCH_USER)]),
        ("<ann@company.example>", [("ann@company.example", Cause.NO_SUCH_USER)]),
        ("ANN@company.example", [("ann@company.example", Cause.NO_SUCH_USER)]),
        ("bob@company.example", [("bob@company.example", Cause.MAILBOX_FULL)]),
        ("joann@company.example", [("joann@company.example", Cause.IP_LISTED)]),
        (
            "bob@company.example, ann@company.example",
            [("ann@company.example", Cause.NO_SUCH_USER), ("bob@company.example", Cause.MAILBOX_FULL)],
        ),
    ],
)
def test_the_text_about_the_recipient_that_a_header_names(
    header: str, known: str, expected: list[tuple[str, Cause]]
) -> None:
    assert told(notice(EACH, f"{header}: {known}\n")) == expected


def test_several_headers_name_several_recipients() -> None:
    more = "X-Bounced-Address: ann@company.example\nX-Bounced-Address: bob@company.example\n"
    assert told(notice(EACH, more)) == [
        ("ann@company.example", Cause.NO_SUCH_USER),
        ("bob@company.example", Cause.MAILBOX_FULL),
    ]


def test_a_recipient_without_text_does_not_get_that_of_another() -> None:
    facts = notice(EACH, "X-Failed-Recipients: ann@company.example, eve@company.example\n")
    assert told(facts) == [("ann@company.example", Cause.NO_SUCH_USER), ("eve@company.example", Cause.UNCLEAR)]


def test_a_mention_before_the_list_is_not_the_text_about_it() -> None:
    body = (
        "Your message to bob@company.example and ann@company.example could not be delivered.\n\n"
        "<ann@company.example>: 550 5.1.1 no such user\n<bob@company.example>: 552 5.2.2 mailbox full\n"
    )
    assert told(notice(body, "X-Bounced-Address: bob@company.example\n")) == [
        ("bob@company.example", Cause.MAILBOX_FULL)
    ]


def test_an_address_on_a_line_of_the_answer_ends_no_text() -> None:
    body = (
        "could not be delivered\n\n  ann@company.example\n    host mx [192.0.2.8] said: 550\n"
        "      <ann.smith@store.example>: mailbox is full\n"
    )
    assert told(notice(body, "X-Failed-Recipients: ann@company.example\n")) == [
        ("ann@company.example", Cause.MAILBOX_FULL)
    ]


# Exchange 5.5


EXCHANGE = "From: System Administrator <postmaster@company.example>\nSubject: Undeliverable: Your code\n\n"
OPENING = (
    "Your message did not reach some or all of the intended recipients.\n\n"
    "      Subject:\tYour code\n      Sent:\t11/23/2026 10:00 AM\n\n"
    "The following recipient(s) could not be reached:\n\n"
)
UNKNOWN = (
    "            The recipient name is not recognized\n"
    "\tThe MTS-ID of the original message is: c=us;a= ;p=company;l=HQ-261123100000Z-550\n"
    "            MSEXCH:IMS:COMPANY:HQ:MAIL 0 (000C05A6) Unknown Recipient\n"
)
FULL = "            MSEXCH:IMS:COMPANY:HQ:MAIL 3552 (000B09B6) 552 5.2.2 mailbox full\n"


@pytest.mark.parametrize(
    "line",
    [
        "      ann@company.example on 11/23/2026 10:00 AM",
        "      'ann@company.example' on 11/23/2026 10:00 AM",
        "ann@company.example on Mon, 23 Nov 2026 10:00:00 +0100",
        "      Ann Smith <ann@company.example> on 23.11.2026 10:00",
        "      ann@company.example am Mo, 23.11.2026 10:00",
        "c=us;a= ;p=company;o=HQ;dda:SMTP=ann@company.example; on Mon, 23 Nov 2026 10:00:00 +0100",
        "c=us;a= ;p=company;o=HQ;dda:RFC-822=ann(a)company.example; on Mon, 23 Nov 2026 10:00:00 +0100",
    ],
)
def test_exchanges_recipients_and_their_dates(line: str) -> None:
    other = "      bob@company.example on 11/23/2026 10:00 AM\n"
    for body in (f"{line}\n{UNKNOWN}{other}{FULL}", f"{other}{FULL}{line}\n{UNKNOWN}"):
        facts = read_bounce((EXCHANGE + OPENING + body).encode())
        assert facts.kind is MailKind.BOUNCE
        assert sorted(told(facts)) == [
            ("ann@company.example", Cause.NO_SUCH_USER),
            ("bob@company.example", Cause.MAILBOX_FULL),
        ]
        by_name = {one.address: one for one in facts.recipients}
        ann, bob = (by_name[f"{name}@company.example"].facts for name in ("ann", "bob"))
        assert ann is not None
        assert bob is not None
        assert (ann.code, bob.code, bob.enhanced) == (None, 552, "5.2.2")


def test_exchanges_text_about_a_name_is_not_about_the_address_above() -> None:
    body = f"      ann@company.example on 11/23/2026 10:00 AM\n{UNKNOWN}      Bob Jones on 11/23/2026 10:00 AM\n{FULL}"
    assert told(read_bounce((EXCHANGE + OPENING + body).encode())) == [("ann@company.example", Cause.NO_SUCH_USER)]


@pytest.mark.parametrize("where", ["notice", "returned"])
def test_exchanges_only_recipient_may_be_a_name(where: str) -> None:
    to = "      To:\tann@company.example\n" if where == "notice" else ""
    below = "\n-----Original Message-----\nTo: ann@company.example\n" if where == "returned" else ""
    body = f"Your message\n\n{to}      Subject:\tYour code\n\ndid not reach the following recipient(s):\n\n"
    body += f"Ann Smith on Mon, 23 Nov 2026 10:00:00 +0100\n{UNKNOWN}{below}"
    assert told(read_bounce((EXCHANGE + body).encode())) == [("ann@company.example", Cause.NO_SUCH_USER)]


def test_a_notice_that_names_only_a_person_still_has_its_cause() -> None:
    body = "Your message\n\n  To:      Ann Smith\n\ndid not reach the following recipient(s):\n\n"
    body += "Ann Smith on Mon, 23 Nov 2026 10:00:00 +0100\n    <mx.company.example #5.5.0 smtp;550 5.7.1 Blocked using zen.spamhaus.org>\n"
    [one] = read_bounce((EXCHANGE + body).encode()).recipients
    assert (one.address, one.action, one.status, one.cause) == ("", "failed", "5.7.1", Cause.IP_LISTED)


@pytest.mark.parametrize(
    "noise",
    ['"', '"a', '"@', "|/", "/\n", " /\n (", "\n /a\n  (expanded from: ", '"a b"@c.example', "dda:smtp=a(a)", "x on 1\n", "!", "\\", '@a:"'],
)  # fmt: skip
def test_hostile_addresses(noise: str) -> None:
    """Bounded in time: pytest's own limit ends what is not."""
    text = noise * (100_000 // len(noise))
    addresses_in(text)
    addresses_in_field(text)
    plain(text)
    is_path(text)
    notice(f"{OPENING}<ann@company.example>:\n550 5.1.1 no such user\n{text}")
    report(f"Final-Recipient: rfc822; {text}\nOriginal-Recipient: {text}\nAction: failed\n", text)
