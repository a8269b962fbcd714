"""Messages about other messages: bounces, delay notices, receipts, complaints, automatic replies.

- `report`      delivery status reports, RFC 3464
- `notices`     prose of systems that send no report, or one that says less than their prose
- `answer`      the server's answer quoted in a notice: codes, stage, host
- `complaints`  abuse reports, RFC 5965
- `services`    notifications as JSON
- `session`     the answers in a transcript, by recipient
- `classify`    bounce, delay, automatic reply, or none of them; `pasted`: text that people paste, without its header
- `token_search` the original message's token
- `recipient`   one recipient's result and its cause
- `address`     addresses in prose

Read `read_bounce` first: it tries these in turn. `reading.mime` splits the message into parts.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from probes.reading.bounces import report as reports
from probes.reading.bounces.address import address_in, addresses_in_field, is_machine, is_path, plain
from probes.reading.bounces.answer import ReportedReply, answer_in, answer_in_prose, share
from probes.reading.bounces.classify import is_auto_reply, is_from_machine, is_notice, notice_kind
from probes.reading.bounces.complaints import RETURNED, complaint_in, returned, returned_part
from probes.reading.bounces.notices import (
    ANSWERED,
    NOTICE_READ,
    RecipientNotice,
    address_anywhere,
    notice_in,
    recipients_in_notice,
)
from probes.reading.bounces.pasted import has_header, is_pasted_notice, unquoted
from probes.reading.bounces.recipient import RecipientFailure, untroubled
from probes.reading.bounces.services import notification_in
from probes.reading.bounces.session import Session, specific_answer
from probes.reading.bounces.token_search import token_in
from probes.reading.documents import is_document
from probes.reading.facts import BounceFacts, MailKind, RecipientFacts
from probes.reading.mime import ParsedMail, open_mail
from probes.reading.replies.folding import lowered

RECIPIENTS_READ = 100  # what a server must take at once (RFC 5321, section 4.5.3.1.8); a probe has one


def read_bounce(data: bytes) -> BounceFacts:
    """Read a returned message. Accepts any bytes; a message that is not about another one is MailKind.OTHER.

    Never raises; takes bounded time for any size, because only the first bytes are read (see `reading.mime`).
    """
    mail = open_mail(data)
    if not has_header(mail):  # JSON, or the text of a notice
        mail = open_mail(b"\n" + unquoted(data))
    read = _read(mail)
    token = token_in(mail, data) if read.kind is not MailKind.OTHER else None
    return BounceFacts(read.kind, tuple(read.recipients[:RECIPIENTS_READ]), read.reporting, token, read.left_out)


class _Reading(NamedTuple):
    kind: MailKind
    recipients: Sequence[RecipientFacts] = ()
    reporting: str = ""
    left_out: int = 0  # recipients that are only counted


def _read(mail: ParsedMail) -> _Reading:
    complained = complaint_in(mail)
    if complained is not None:
        return _Reading(
            MailKind.COMPLAINT,
            [untroubled(address, "") for address in complained[:RECIPIENTS_READ]],
            "",
            _beyond(complained),
        )
    text = _prose(mail)
    return (
        _reported(mail, text)
        or _notified(mail, text)
        or _receipt(mail)
        or _wrapped(mail)
        or _told(mail, notice_in(text), text)
        or _Reading(MailKind.AUTO_REPLY if is_auto_reply(mail) else MailKind.OTHER)
    )


def _beyond(recipients: Sequence[object]) -> int:
    """Return how many recipients are left out."""
    return max(0, len(recipients) - RECIPIENTS_READ)


def _prose(mail: ParsedMail) -> str:
    """Return the notice for people: the texts above the returned message, HTML only if there is nothing else."""
    ahead = []
    for part in mail.parts:
        if part.type in RETURNED:
            break
        ahead.append(part)
    plainly = [part.text() for part in ahead[:8] if part.type.startswith("text") and part.type != "text/html"]
    if any(text.strip() for text in plainly):
        return "\n\n".join(plainly)
    return "\n\n".join(part.text() for part in ahead[:8] if part.type == "text/html")


# Reports


_REPORTS = ("message/delivery-status", "message/global-delivery-status", "message/xdelivery-status")
_REPORT_IN_PROSE = re.compile(r"\n>? ?final-recipient[ \t]*:[ \t]*rfc822")


_ACTION = re.compile(r"\n>? ?(?:action|status|diagnostic-code)[ \t]*:")


def _has_report(text: str) -> bool:
    return _REPORT_IN_PROSE.search("\n" + lowered(text)) is not None


def _reported(mail: ParsedMail, text: str) -> _Reading | None:
    sources = [part.text() for part in mail.parts if part.type in _REPORTS]
    if not sources and _has_report(text) and _reports_itself(mail, text[:NOTICE_READ]):
        sources = [re.sub(r"^>[ ]?", "", text, flags=re.MULTILINE)]
    report = reports.read_report("\n\n".join(sources)) if sources else None
    if report is None or not report.recipients:
        return None
    notice = notice_in(text)
    named = [_name(group) for group in report.recipients]
    told = recipients_in_notice(notice, [name for name in named if "@" in name[1:]])
    if len(named) == 1 and (is_path(named[0]) or not address_in(named[0])):
        named = [next((address for address in _addressed(mail, notice, told) if address), named[0])]
    texts = {said.address.lower(): said.text for said in told}
    alone = notice if len(named) == 1 else ""
    groups = _first_of_each(zip(named, report.recipients, strict=True))
    longest = share(len(groups))
    session = Session(notice, len(groups))
    recipients = [
        _trouble(name, group, texts.get(name.lower(), alone)[:longest], alone[:longest], session, longest).facts()
        for name, group in groups
    ]
    reporting = reports.untyped(report.message.get("reporting-mta", ""))
    return _Reading(_kind_of(recipients), recipients, reporting, report.left_out)


def _reports_itself(mail: ParsedMail, text: str) -> bool:
    """Test if a report in a text is the message's own, not an example."""
    if not mail.headers.raw:
        return _ACTION.search("\n" + lowered(text)) is not None and not is_document(
            text
        )  # else a receipt, or an example
    return is_from_machine(mail) or is_notice(mail, text)


def _addressed(mail: ParsedMail, notice: str, told: Sequence[RecipientNotice]) -> Iterator[str]:
    """Yield who was addressed, where the report names no address: by the prose, a header, or the returned message."""
    yield from (said.address for said in told)
    yield from (said.address for said in recipients_in_notice(notice))
    yield from _known(mail)
    yield from _original_to(mail, notice, "")


def _name(group: reports.Group) -> str:
    said = reports.recipient_of(group)
    return address_in(said) or plain(said)


def _trouble(
    name: str, group: reports.Group, told: str, notice: str, session: Session, longest: int
) -> RecipientFailure:
    """Return the diagnostic, else the prose about this recipient, else about the only one."""
    status = reports.status_of(group)
    expected = (status or " ")[0].strip()
    answer = answer_in(reports.diagnostic_of(group)[:longest], expected)
    for prose in (told, notice):
        if answer.code is None and prose:
            other = answer_in_prose(prose, expected)
            if not answer.text or (other.code and str(other.code)[0] == (expected or str(other.code)[0])):
                answer = other
    remote = reports.untyped(group.get("remote-mta", ""))
    answer = _whole(specific_answer(answer, name, told or notice, session, remote, expected), told)
    return RecipientFailure(name, reports.action_of(group, status), status, answer, remote, told)


def _whole(answer: ReportedReply, told: str) -> ReportedReply:
    """Return all lines of an answer of which the report has only the first, "550-"; the notice has the others."""
    if answer.words[3:4] != "-" or not answer.code:
        return answer
    lines = [line for line in ANSWERED.findall(told) if line.startswith(str(answer.code))]
    whole = answer_in("\n".join(lines)) if len(lines) > 1 else answer_in_prose(told)
    if whole.code != answer.code or len(whole.words) <= len(answer.words):
        return answer
    return replace(whole, stage=whole.stage or answer.stage, host=whole.host or answer.host)


def _first_of_each(groups: Iterable[tuple[str, reports.Group]]) -> Collection[tuple[str, reports.Group]]:
    """Keep the first statement about each recipient: one that is named often is read once."""
    kept: dict[str, tuple[str, reports.Group]] = {}
    for name, group in groups:
        kept.setdefault(name.lower(), (name, group))
    return kept.values()


def _kind_of(recipients: Sequence[RecipientFacts]) -> MailKind:
    actions = {recipient.action for recipient in recipients}
    return MailKind.BOUNCE if "failed" in actions else MailKind.DELAY if "delayed" in actions else MailKind.SUCCESS


def _wrapped(mail: ParsedMail) -> _Reading | None:
    """Read a report that a gateway forwarded inside a notice of its own."""
    inner = returned_part(mail)
    if inner is None or not is_from_machine(mail):
        return None
    wrapped = open_mail(inner.octets())
    return _reported(wrapped, _prose(wrapped)) if any(part.type in _REPORTS for part in wrapped.parts) else None


# Other forms


def _notified(mail: ParsedMail, text: str) -> _Reading | None:
    attached = (part.text() for part in mail.parts[:8] if part.type == "application/json")
    said = next(filter(None, map(notification_in, (text, *attached))), None)
    if said is None:
        return None
    if said.kind is MailKind.COMPLAINT:
        complained = [untroubled(one.address, "") for one in said.recipients[:RECIPIENTS_READ]]
        return _Reading(said.kind, complained, "", _beyond(said.recipients))
    about = said.recipients[:RECIPIENTS_READ]
    longest = share(len(about))
    troubles = [
        RecipientFailure(
            one.address,
            one.action,
            one.status or None,
            answer_in(one.text[:longest], "2" if one.action == "delivered" else ""),
            said.server,
            stated=one.stated,
            lasting=one.permanent,
        )
        for one in about
    ]
    recipients = [trouble.facts() for trouble in troubles]
    return _Reading(said.kind, recipients, reports.untyped(said.reporting_mta), _beyond(said.recipients))


def _receipt(mail: ParsedMail) -> _Reading | None:
    """Read a message disposition notification, RFC 8098: the message was delivered, whatever happened then."""
    source = next((part for part in mail.parts if part.type == "message/disposition-notification"), None)
    if source is None:
        return None
    report = reports.read_report(source.text())
    return _Reading(
        MailKind.SUCCESS, [untroubled(_name(group), "") for group in report.recipients], "", report.left_out
    )


_REPORTER = re.compile(  # in lower case
    r"(?:(?:program|system|agent[^\n]{0,20}|service|relay) (?:at|on)(?: host)?|generating server:)[ \t]+"
    r"([a-z0-9][\w-]*(?:\.[\w-]+)+)|^message from +([\w.-]+\w)",
    re.MULTILINE,
)


def _told(mail: ParsedMail, notice: str, text: str) -> _Reading | None:
    if not (is_notice(mail, notice) if mail.headers.raw else is_pasted_notice(notice)):
        return None
    kind = notice_kind(mail, notice)
    action = "delayed" if kind is MailKind.DELAY else "failed"
    every = _named(mail, notice, text)
    named = every[:RECIPIENTS_READ]
    longest = share(len(named))
    session = Session(notice, len(named))
    troubles = [
        RecipientFailure(
            said.address, action, None, _answer(said, session, longest), "", context[:longest], told=said.text[:longest]
        )
        for said, context in ((said, said.text if len(named) > 1 else notice) for said in named)
    ]
    return _Reading(kind, [trouble.facts() for trouble in troubles], _reporter(mail, notice), _beyond(every))


def _reporter(mail: ParsedMail, notice: str) -> str:
    if named := _REPORTER.search(lowered(notice)):
        return notice[slice(*named.span(named.lastindex or 0))]
    sender = address_in(mail.headers.get("from"))
    return sender.rpartition("@")[2] if is_machine(sender) else ""


def _answer(said: RecipientNotice, session: Session, longest: int) -> ReportedReply:
    """Return the statement about this recipient; else the answer above the list of recipients."""
    answer = answer_in_prose(said.text[:longest])
    if answer.code is None and answer.enhanced is None:
        above = answer_in_prose(said.above[:longest])
        return answer if above.code is None else above
    return specific_answer(answer, said.address, said.text[:longest], session) if answer.code else answer


def _named(mail: ParsedMail, notice: str, text: str) -> list[RecipientNotice]:
    """Return the recipients named in the notice; else the original message's; else the first address in the notice.

    Else one without an address, because what is said still counts: Exchange may give only a person's name.
    """
    if named := recipients_in_notice(notice, _known(mail)):
        return named
    addressed = _original_to(mail, notice, text[len(notice) :])
    told = [one.lower() for one in addresses_in_field(mail.headers.get("to"))]
    return [RecipientNotice(address, notice) for address in addressed or [address_anywhere(notice, told)]]


def _known(mail: ParsedMail) -> list[str]:
    values = mail.headers.all("x-failed-recipients") + mail.headers.all("x-bounced-address")
    return list(dict.fromkeys(address for value in values for address in addresses_in_field(value)))


_TO = re.compile(r"^[ \t]{0,8}(?:To|X-Envelope-To|X-Receiver):(.*(?:\n[ \t].*){0,20})", re.IGNORECASE | re.MULTILINE)


def _original_to(mail: ParsedMail, notice: str, below: str) -> list[str]:
    headers = returned(mail)
    if headers is not None:
        return addresses_in_field(headers.get("to"))[:1]
    match = _TO.search(below) or _TO.search(notice)
    return addresses_in_field(match[1].strip())[:1] if match else []
