"""What is broken: inputs that the tests construct, and the corpora where they are beside this repository."""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from probes.token import mint
from tests.clouds.fake_cisco import tracked as cisco_row
from tests.clouds.fake_cloudflare import row as cloudflare_row
from tests.clouds.fake_mailgun import row as mailgun_row
from tests.clouds.fake_mimecast import tracked as mimecast_row
from tests.clouds.trace_rows import DETAILS, trace_row
from tests.probes.reading.test_bounces_hostile import HARM as HOSTILE_BOUNCES
from tests.probes.reading.test_bounces_hostile import MANY
from tests.probes.reading.test_reports import FAILURE, aggregate, mail, record, tls, zipped
from tests.probes.reading.test_reports_hostile import HARM as HOSTILE_REPORTS
from tests.support import bounce_mails as mails

CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
LARGEST = 100_000  # octets of a seed; what is larger is tried as it is, see `hostile`
KEY = b"k" * 32
TOKEN = mint("a" * 16, KEY)
MESSAGE_ID = "a@account.trimble.com"
RECIPIENT = "probe@acme.example"

Seeds = tuple[bytes, ...]


@cache
def mails_back() -> Seeds:
    """Bounces, notices of delay, automatic replies, complaints."""
    own = [mails.bounce(TOKEN), mails.delay(TOKEN), mails.vacation(TOKEN)]
    return (*own, *_small(HOSTILE_BOUNCES.values()), *_files("sisimai-bounces", "flufl-bounces", "kumomta"))


@cache
def messages() -> Seeds:
    """Messages as they arrive, and copies of them."""
    own = [mails.probe(TOKEN), mails.journal(TOKEN), mails.probe(TOKEN, MORE)]
    return (*own, *_files("phishing-pot-headers", "kernel-list-headers"))


@cache
def reports() -> Seeds:
    """DMARC and TLS reports, bare and packed."""
    one = aggregate(record(count=7), record("192.0.2.1", 2, spf="fail", dkim="fail"))
    packed = [gzip.compress(one), zipped(one), mail(one), mail(gzip.compress(one)), mail(zipped(one)), mail(tls())]
    return (one, tls(), FAILURE, *packed, *_files("parsedmarc-samples", "stalwart-reports"))


@cache
def replies() -> Seeds:
    """What servers say to what we send: one reply in each."""
    tables = ("sisimai-replies/replies.tsv", "zonemta-replies/replies.tsv", "mautic-replies/replies.tsv")
    known = [line for name in tables for line in _lines(CORPORA / name)]
    return (*REPLIES, *known)


@cache
def answers() -> Seeds:
    """What the process that reads reports answers."""
    return ANSWERS


def conversations() -> Seeds:
    """What an IMAP server says, from its greeting on."""
    return IMAP


JMAP = tuple(
    json.dumps(each).encode()
    for each in (
        {"apiUrl": "/jmap/", "downloadUrl": "/d/{accountId}/{blobId}/{name}?t={type}", "eventSourceUrl": "/e/?t={types}",
         "primaryAccounts": {"urn:ietf:params:jmap:mail": "a1"},
         "capabilities": {"urn:ietf:params:jmap:core": {"maxCallsInRequest": 16, "maxObjectsInGet": 500}}},
        {"methodResponses": [["Mailbox/get", {"list": [
            {"id": "a", "name": "Inbox", "role": "inbox", "parentId": None, "myRights": {"mayReadItems": True}},
            {"id": "b", "name": "Old", "role": None, "parentId": "a"}]}, "0"]]},
        {"methodResponses": [["Email/get", {"state": "7", "notFound": ["z"], "list": [
            {"id": "m", "blobId": "b", "mailboxIds": {"a": True}, "keywords": {"$junk": True}, "size": 900,
             "receivedAt": "2026-11-23T08:00:00Z", "headers": [{"name": "Subject", "value": " x\r\n y"}],
             "bodyValues": {"1": {"value": "Your code", "isTruncated": False}}}]}, "0"]]},
        {"methodResponses": [["error", {"type": "cannotCalculateChanges", "description": "too old"}, "0"]]},
        {"methodResponses": [["Email/set", {"notDestroyed": {"m": {"type": "forbidden"}}}, "0"]]},
        {"type": "urn:ietf:params:jmap:error:limit", "limit": "maxSizeRequest", "status": 400},
    )
)  # fmt: skip
GOOGLE = tuple(
    json.dumps(each).encode()
    for each in (
        {"messages": [{"id": "18f", "threadId": "18f"}], "nextPageToken": "2", "resultSizeEstimate": 1},
        {"history": [{"id": "9007199254740996", "messagesAdded": [{"message": {"id": "18f", "labelIds": ["INBOX"]}}],
                      "labelsAdded": [{"message": {"id": "18e"}, "labelIds": ["SPAM"]}]}],
         "historyId": "9007199254740999"},
        {"labels": [{"id": "Label_1", "name": "Codes", "type": "user"}]},
        {"id": "18f", "labelIds": ["INBOX", "UNREAD"], "internalDate": "1795420800000", "sizeEstimate": 900,
         "payload": {"headers": [{"name": "Subject", "value": "x"}]}, "raw": "U3ViamVjdDogeA0KDQp5"},
        {"items": [{"id": {"time": "2026-11-23T08:00:00.000Z"}, "events": [{"name": "delivery", "parameters": [
            {"name": "event_info", "messageValue": {"parameter": [{"name": "mail_event_type", "intValue": "5"}]}},
            {"name": "message_info.rfc2822_message_id", "value": "<a@b>"}]}]}]},
    )
)  # fmt: skip


def jmap_answers() -> Seeds:
    """A session of a JMAP server, and its answers to methods."""
    return JMAP


def google_answers() -> Seeds:
    """Pages of Gmail's API: messages, history, labels; and a record of Gmail's log."""
    return GOOGLE


def mailgun_answers() -> Seeds:
    """What Mailgun's log answers."""
    rows = [
        mailgun_row("failed", "a@account.trimble.com", severity="permanent", reply="550 5.7.1 blocked"),
        mailgun_row("failed", "a@account.trimble.com", severity="permanent", reason="suppress-bounce"),
        mailgun_row("delivered", "a@account.trimble.com", reply="250 2.0.0 Ok"),
    ]
    rows = [each | {"@timestamp": "2026-12-01T10:00:00.000Z"} for each in rows]  # the same inputs every time
    return (
        json.dumps({"items": rows, "pagination": {"next": "1"}}).encode(),
        *(json.dumps(each).encode() for each in rows),
    )


def gateway_answers() -> Seeds:
    """What the APIs of mail gateways answer about a message."""
    at = datetime(2026, 12, 1, 10, tzinfo=UTC)
    moved = [{"operation": "MOVE", "completed_at": at.isoformat(), "properties": {"folder": "JunkEmail"}}]
    cloudflare = [
        cloudflare_row(MESSAGE_ID, at, "quarantined", final_disposition="SPOOF", validation={"dmarc": "fail"}),
        cloudflare_row(MESSAGE_ID, at, "delivered", "moved", action_log=moved, detection_reasons=["a link"]),
    ]
    mimecast = [mimecast_row("held", at, "Message Hold Applied - Spam Signature policy"), mimecast_row("archived", at)]
    cisco = [
        cisco_row(MESSAGE_ID, "Quarantined by Anti-Spam/Graymail", at),
        cisco_row(MESSAGE_ID, {"1756": "Dropped by Content Filter", "1757": "Delivered"}, at),
    ]
    failed = {"fail": [{"errors": [{"code": "err_track_and_trace_invalid_start_date"}]}]}
    answers = ({"result": cloudflare}, {"data": [{"trackedEmails": mimecast}]}, {"data": cisco}, failed)
    return tuple(json.dumps(each).encode() for each in answers)


def graph_answers() -> Seeds:
    """Pages of Microsoft Graph: mail, folders, and message traces with their details."""
    return GRAPH


def hostile() -> Mapping[str, Callable[[], bytes]]:
    """How to make mails of up to 50 MB that are to take time or memory."""
    bounces: dict[str, Callable[[], bytes]] = {
        **HOSTILE_BOUNCES,
        **{name: partial(bytes, mail) for name, mail in MANY.items()},
    }
    return {**bounces, **{name: make for name, (make, _) in HOSTILE_REPORTS.items()}}


def _small(makers: Iterable[Callable[[], bytes]]) -> list[bytes]:
    return [content[:2000] for content in (make() for make in makers)]


def _files(*corpora: str) -> list[bytes]:
    paths = [path for name in corpora for path in sorted((CORPORA / name).rglob("*")) if path.is_file()]
    return [path.read_bytes()[:LARGEST] for path in paths if path.suffix not in (".md", ".tsv", ".json", "")]


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()[1:] if file.exists() else []


MORE = """\
X-Spam-Status: Yes, score=7.1 required=5.0 tests=BAYES_99,HTML_MESSAGE autolearn=no
X-Forefront-Antispam-Report: CIP:104.130.122.50;CTRY:US;LANG:en;SCL:5;SRV:;IPV:NLI;SFV:SPM;H:mail.example;CAT:SPM;
X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;jmr:0;auth:0;dest:J;ENG:(910001);
X-Spamd-Result: default: False [4.50 / 15.00]; R_SPF_ALLOW(-0.20)[+ip4:104.130.122.50]; ARC_NA(0.00)[]
X-Greylist: delayed 312 seconds by postgrey-1.37 at mx.acme.test; Mon, 23 Nov 2026 08:00:00 UTC
Authentication-Results: mx.acme.test; spf=pass smtp.mailfrom=account.trimble.com; dkim=fail reason="x"; dmarc=pass
ARC-Seal: i=1; a=rsa-sha256; cv=none; d=acme.test; s=a; t=1; b=x
Received-SPF: pass (mx.acme.test: domain of x designates 104.130.122.50 as permitted sender) client-ip=104.130.122.50
"""
REPLIES = (
    b"550 5.7.1 Service unavailable; Client host [104.130.122.50] blocked using zen.spamhaus.org\r\n",
    b"450 4.2.0 <probe@acme.test>: Recipient address rejected: Greylisted, try again in 300 seconds\r\n",
    b"250-mx.acme.test\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n",
    b"220 mx.acme.test ESMTP\r\n250 2.1.0 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n250 2.0.0 Ok: queued as 1\r\n",
    b"554-5.7.1 line one https://example.com/why?id=1 (S77719)\r\n554 5.7.1 line two [AM7EUR06FT029.eop]\r\n",
)
ANSWERS = (
    b'{"facts": null, "error": "no DMARC or TLS report in it", "last": true}\n',
    b'{"facts": {"kind": "smtp_tls", "organisation": "a", "report_id": "1", "domain": "b", "policy": "sts", '
    b'"begins": "", "ends": "", "records": 1, "messages": 10, "passed": 10, "ours": [{"source_ip": "", "domain": "b", '
    b'"count": 10, "passed": true, "disposition": "", "spf": "", "dkim": "", "result": ""}]}, "error": "", "last": false}\n',
)
GRAPH = (
    b'{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users", "value": [{"id": "AAMk=", "internetMessageId":'
    b' "<1@b.test>", "receivedDateTime": "2026-11-23T08:00:00Z", "parentFolderId": "AA", "internetMessageHeaders": [{"name":'
    b' "X-Mailpath-Probe", "value": "' + TOKEN.encode() + b'"}], "body": {"contentType": "text", "content": "x"}}],'
    b' "@odata.nextLink": "https://graph.microsoft.com/v1.0/users/x?$skiptoken=1"}',
    b'{"value": [{"id": "AA", "displayName": "Inbox", "childFolderCount": 2}, {"id": "BB", "displayName": "Junk Email"}]}',
    *(json.dumps({"value": [trace_row(status), *details]}).encode() for status, details in DETAILS.values()),
)
IMAP = tuple(
    greeting
    + b"* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS\r\nTAG0 OK done\r\n+ \r\nTAG1 OK logged in\r\n"
    + b"* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\nTAG2 OK done\r\n"
    + b'* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Junk) "." "Sp&AOQ-m"\r\nTAG3 OK done\r\n'
    + b"* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4] ok\r\nTAG4 OK [READ-ONLY] done\r\n"
    + b"TAG5 OK done\r\n* SEARCH 1 2 3\r\nTAG6 OK done\r\n"
    + fetched
    + b"TAG7 OK done\r\n"
    for greeting in (b"* OK ready\r\n", b"* PREAUTH hello\r\n")
    for fetched in (
        b'* 1 FETCH (UID 1 INTERNALDATE "23-Nov-2026 08:00:00 +0000" RFC822.SIZE 500 BODY[HEADER]<0> {14}\r\nSubject: hi\r\n\r\n)\r\n',
        b"* 1 FETCH (UID 1 RFC822.SIZE 500 BODY[HEADER]<0> NIL)\r\n* 2 EXPUNGE\r\n* BYE\r\n",
    )
)
