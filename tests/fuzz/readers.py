"""Who reads hostile input: one row for each reader, with what it is given."""

import json
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from probes.evidence import BodyState, Folder, encode
from probes.mailboxes import MailboxError, gmail_answers, graph_mail, jmap_answers
from probes.mailboxes.excerpt import sighting, split
from probes.mailboxes.imap_line import FolderConnection, Patience
from probes.mailboxes.inbound import copy_of_probe
from probes.reading.arrival_notes import body_notes, greylisted, subject_marks
from probes.reading.bounce_origin import BounceOrigin
from probes.reading.bounces import read_bounce
from probes.reading.header_fields import Field
from probes.reading.headers import read_message
from probes.reading.mime import header_text, open_mail
from probes.reading.received import border_of, hops, latest
from probes.reading.replies import read_reply
from probes.reading.report_files import ReportError
from probes.reading.report_reader import worker_reply
from probes.reading.reports import read_report
from probes.recognise import arrival, came_back, recognise
from probes.routes.reply import Reply, ReplyReader, extensions
from probes.traces import (
    TraceQuestion,
    cisco_rows,
    cloudflare_rows,
    gmail_reports_rows,
    graph_rows,
    mailgun_rows,
    mimecast_rows,
)
from tests.fuzz import seeds

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DOMAIN = "account.trimble.com"
REPLY_READ = 64 * 1024  # characters: as `mailpath read reply` does
IMAP_READ = 60_000  # octets: what a socket holds without a reader
IMAP_SEED = 7  # imaplib makes the tags of a connection by chance


@dataclass(frozen=True, slots=True)
class Reader:
    """What is called, with what; `share` of all inputs are its own. `mails`: it is also given the huge hostile ones."""

    read: Callable[[bytes], object]
    seeds: Callable[[], seeds.Seeds]
    share: float
    mails: bool = False


def _bounce(data: bytes) -> None:
    came_back(read_bounce(data), "probe@acme.test", {DOMAIN}, NOW, BounceOrigin("192.0.2.7"))


def _message(data: bytes) -> None:
    read_message(data, relayed=(None, True, False)[len(data) % 3])


def _copy(data: bytes) -> None:
    copy_of_probe(data, "copies", "192.0.2.7")


def _recognised(data: bytes) -> None:
    """As a mailbox does: the start of a message, its markers, whose it is, and when it came."""
    headers, body = split(data)
    seen = sighting("1", Folder.INBOX, "INBOX", headers, body, None)
    if seen:
        found = recognise(seen, seeds.KEY, {f"no-reply@{DOMAIN}"})
        arrival(seen, found.body if found else BodyState.UNVERIFIED, NOW, NOW)


def _received(data: bytes) -> None:
    section = split(data)[0].decode("utf-8", "replace")
    latest(hops(section))
    border_of(hops(section), relayed=len(data) % 2 == 0)


def _notes(data: bytes) -> None:
    head, body = split(data)
    text = head.decode("utf-8", "replace")
    list(subject_marks(text))
    list(body_notes(body or data))
    greylisted(Field("x-greylist", "X-Greylist", text))


def _parts(data: bytes) -> None:
    mail = open_mail(data)
    header_text(mail.headers.get("subject"))
    for part in mail.parts:
        part.text()


def _reply(data: bytes) -> None:
    read_reply(data.decode("utf-8", "replace")[:REPLY_READ])


def _smtp(data: bytes) -> None:
    """A server's half of a dialogue, in pieces of every length."""
    reader, start, length = ReplyReader(), 0, 1
    while start < len(data):
        reader.feed(data[start : start + length])
        start, length = start + length, min(2 * length, 4096)
        while isinstance(reply := reader.take(), Reply):
            extensions(reply)
        reader.half()
    reader.discard()


def _report(data: bytes) -> None:
    with suppress(ReportError):
        read_report(data, "104.130.122.50", DOMAIN)


def _answer(data: bytes) -> None:
    with suppress(ReportError):
        worker_reply(data)


def _imap(data: bytes) -> None:
    """All that the server will say is there already, and after it the end: nothing is waited for."""
    random.seed(IMAP_SEED)
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data.replace(b"TAG", _tag())[:IMAP_READ])
        theirs.shutdown(socket.SHUT_WR)
        line = FolderConnection(ours, "imap", Patience(step=2.0))
        with suppress(MailboxError):
            line.greet("imap.test", None, upgrade=False)
            line.log_in("probe", "secret")
            line.list_folders()
            line.watch(Folder.INBOX, "INBOX")
            line.read(line.search(NOW)[:50], NOW)
        line.close()


def _tag() -> bytes:
    """What imaplib will begin its tags with; the next connection draws the same again."""
    import imaplib

    tag: bytes = imaplib.Int2AP(random.randint(4096, 65535))
    random.seed(IMAP_SEED)
    return tag


def _mailgun(data: bytes) -> None:
    """Whatever JSON Mailgun's log answers, and an entry of its lists."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    items = value.get("items", value) if isinstance(value, dict) else value
    asked = TraceQuestion("a@account.trimble.com", "probe@acme.test", NOW)
    for said in mailgun_rows.read_rows(items, [asked], NOW).get(asked.message_id, ()):
        encode(said)
    mailgun_rows.sent_rows(items, NOW)
    mailgun_rows.read_suppression(value)


def _graph(data: bytes) -> None:
    """Whatever JSON Microsoft Graph answers: mail and folders, and rows of the message trace."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    for item in graph_mail.items_of(value) or [value]:
        if seen := graph_mail.message(item):
            sighting(seen.id, Folder.INBOX, "INBOX", seen.headers, graph_mail.body(item), seen.came)
        graph_mail.folder(item)
    graph_mail.next_page(value)
    for row in graph_rows.rows_of(value, "probe@acme.test") or ():
        encode(graph_rows.statement(row, graph_rows.details_of(value), 1, NOW))


def _jmap(data: bytes) -> None:
    """Whatever a JMAP server answers: a session, or responses of methods."""
    values = jmap_answers.as_object(data)
    with suppress(jmap_answers.JmapFaultError):
        jmap_answers.read_session(values, "https://mail.acme.test/.well-known/jmap")
    jmap_answers.problem(400, data)
    with suppress(jmap_answers.JmapFaultError):
        for answer in jmap_answers.read_responses(values, ["0"]).values():
            jmap_answers.failure_of(answer)
            jmap_answers.read_folders(answer)
            jmap_answers.read_texts(answer)
            jmap_answers.not_destroyed(answer)
            jmap_answers.is_last_page(answer, 50)
            for mail in jmap_answers.read_mails(answer, 50):
                sighting(mail.id, Folder.INBOX, "INBOX", mail.headers or b"", b"", mail.received_at)


def _google(data: bytes) -> None:
    """Whatever JSON Google answers: mail, its history, and Gmail's log."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    gmail_answers.listed_ids(value)
    gmail_answers.changed(value)
    gmail_answers.labels(value)
    gmail_answers.history_id(value)
    if seen := gmail_answers.message(value):
        headers, body = split(gmail_answers.raw_message(value))
        sighting(seen.id, Folder.INBOX, "INBOX", headers or seen.headers, body, seen.came)
    for said in gmail_reports_rows.statements(gmail_reports_rows.events_of(value, "a@b") or [], 1, NOW):
        encode(said)


def _gateways(data: bytes) -> None:
    """Whatever JSON the API of a mail gateway answers, read as an answer of each of them."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    said = [cloudflare_rows.statement(row, 1, NOW) for row in cloudflare_rows.rows_of(value, seeds.MESSAGE_ID) or ()]
    mimecast_rows.failure_of(value)
    said += [mimecast_rows.statement(row, seeds.RECIPIENT, 1, NOW) for row in mimecast_rows.rows_of(value) or ()]
    for row in cisco_rows.rows_of(value) or ():
        cisco_rows.is_about(row, seeds.MESSAGE_ID)
        said += cisco_rows.statements(row, seeds.RECIPIENT, 1, NOW)
    for each in said:
        if each:
            encode(each)


READERS: dict[str, Reader] = {
    "bounce": Reader(_bounce, seeds.mails_back, 0.12, mails=True),
    "mailgun": Reader(_mailgun, seeds.mailgun_answers, 0.02),
    "graph": Reader(_graph, seeds.graph_answers, 0.02),
    "jmap": Reader(_jmap, seeds.jmap_answers, 0.02),
    "google": Reader(_google, seeds.google_answers, 0.02),
    "gateways": Reader(_gateways, seeds.gateway_answers, 0.03),
    "message": Reader(_message, seeds.messages, 0.12, mails=True),
    "copy": Reader(_copy, seeds.messages, 0.1, mails=True),
    "markers": Reader(_recognised, seeds.messages, 0.1, mails=True),
    "received": Reader(_received, seeds.messages, 0.08, mails=True),
    "notes": Reader(_notes, seeds.messages, 0.05, mails=True),
    "parts": Reader(_parts, seeds.mails_back, 0.08, mails=True),
    "reply": Reader(_reply, seeds.replies, 0.08, mails=True),
    "smtp": Reader(_smtp, seeds.replies, 0.04),
    "imap": Reader(_imap, seeds.conversations, 0.06),
    "report": Reader(_report, seeds.reports, 0.04),
    "answer": Reader(_answer, seeds.answers, 0.02),
}
