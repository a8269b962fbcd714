"""Texts of the probe mails. They are ours, but shaped like an identity service's mail, because filters judge the form.

A mail is a subject and a few blocks. `plain` and `rich` render it once per kind and identity; what differs from probe
to probe stays open as `%(name)s`: code, token, recipient, recipient_html. No text or colour contains six digits in a
row, so that the code is the only one, and no line starts with "--", so that no MIME boundary occurs by accident.
"""

import html
import textwrap
from dataclasses import dataclass

from probes.kinds import Kind
from probes.sender import Role


@dataclass(frozen=True, slots=True)
class Code:
    """Place of the six-digit code."""


@dataclass(frozen=True, slots=True)
class Link:
    """A button to the home page of the sender's own site: a scanner that follows it changes nothing there."""

    label: str
    about: str  # what it is for, as the link's query says it


Block = str | Code | Link


@dataclass(frozen=True, slots=True)
class Wording:
    """One mail in the words of `brand`."""

    brand: str
    subject: str
    blocks: tuple[Block, ...]


_TRIMBLE = "Trimble Identity"
_CONTROL = "Delivery Check"

_NOT_YOU = "If this was not you, someone may have typed your address by mistake. You can safely ignore this message."
_SECRET = "Never share this code. Nobody at Trimble will ask you for it by phone, chat or email."  # noqa: S105

_SENDER: dict[Kind, Wording] = {
    Kind.VERIFICATION: Wording(
        _TRIMBLE,
        "Verify your email address for your Trimble account",
        (
            "Thank you for creating a Trimble account. To confirm that this email address is yours, enter this code on "
            "the sign-up page:",
            Code(),
            "The code is valid for 10 minutes. If it has run out, choose Resend code on the same page.",
            _NOT_YOU,
        ),
    ),
    Kind.TWO_STEP_CODE: Wording(
        _TRIMBLE,
        "Your Trimble sign-in code",
        (
            "Someone is signing in to your Trimble account from a device we have not seen before. If it is you, enter "
            "this code to finish signing in:",
            Code(),
            "The code is valid for 10 minutes and can be used once.",
            _SECRET,
            "If you are not signing in, change your password, because somebody else may know it.",
        ),
    ),
    Kind.PASSWORD_RESET: Wording(
        _TRIMBLE,
        "Reset your Trimble password",
        (
            "We were asked to reset the password of your Trimble account. To choose a new one, enter this code on the "
            "password page:",
            Code(),
            "The code is valid for 10 minutes.",
            "If you did not ask for this, you need not do anything: your password stays as it is.",
            _SECRET,
        ),
    ),
    Kind.INVITATION: Wording(
        _TRIMBLE,
        "You are invited to join your company on Trimble",
        (
            "An administrator of your company has added you to its Trimble account. Accept the invitation to see the "
            "projects and licenses that are shared with you.",
            Link("Accept invitation", "invitation"),
            "The invitation is valid for 72 hours. After that, ask your administrator to send a new one.",
            "If you do not know the company, you can ignore this message, and nothing will be shared with you.",
        ),
    ),
    Kind.ADDRESS_CHANGE: Wording(
        _TRIMBLE,
        "The email address of your Trimble account has changed",
        (
            "The email address of your Trimble account was changed. From now on, sign in with the new address. Your "
            "password and your licenses stay the same.",
            "If you made this change, there is nothing else to do.",
            "If you did not, look through your account's security settings without delay:",
            Link("Review account", "security"),
        ),
    ),
}

_ROUTINE = (
    "This is a routine check that mail reaches this mailbox. It is sent by arrangement with the people who run it and "
    "calls for no action."
)
_AFTERWARDS = "The check is read by a program, which then deletes this message."

_CODE_CONTROL = Wording(
    _CONTROL,
    "Routine mail delivery check",
    (_ROUTINE, "The number of this check is:", Code(), "It means nothing outside this check.", _AFTERWARDS),
)
_LINK_CONTROL = Wording(
    _CONTROL,
    "Routine mail delivery notice",
    (_ROUTINE, Link("About this sender", "check"), "You need not follow the link.", _AFTERWARDS),
)


def wording(kind: Kind, role: Role) -> Wording:
    """Return the mail of a kind. Control and neighbour get neutral mails of the same shape."""
    match role:
        case Role.SENDER:
            return _SENDER[kind]
        case Role.CONTROL | Role.NEIGHBOUR:
            return _CODE_CONTROL if kind.facts.needs_code else _LINK_CONTROL


def plain(mail: Wording, domain: str) -> str:
    """Render the text part, with lines of at most 76 characters before values are filled in."""

    def render(block: Block) -> str:
        match block:
            case str():
                return textwrap.fill(literal(block), 76)
            case Code():
                return "    %(code)s"
            case Link():
                return f"{block.label}:\n{_address(block, domain)}"

    blocks = ["Hello,", *map(render, mail.blocks), f"{mail.brand}\nhttps://{domain}/"]
    return "\n\n".join(blocks) + (
        "\n\nThis message was sent automatically to\n%(recipient)s\n"
        "Please do not reply: this address is not read.\nReference: %(token)s\n"
    )


_HEADING = "font-family:Arial,Helvetica,sans-serif;font-size:20px;color:#0a3d66;margin:0 0 16px 0"
_TEXT = "font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:22px;color:#2b2f36;margin:0 0 16px 0"
_DIGITS = "font-family:Consolas,Menlo,monospace;font-size:30px;letter-spacing:6px;color:#0a3d66;margin:0 0 16px 0"
_BUTTON = (
    "display:inline-block;padding:12px 24px;background:#0b63a5;color:#fff;text-decoration:none;border-radius:4px;"
    "font-family:Arial,Helvetica,sans-serif;font-size:15px"
)
_SMALL = "font-family:Arial,Helvetica,sans-serif;font-size:12px;line-height:18px;color:#6b717b;margin:0"


def rich(mail: Wording, domain: str, padding: int = 0) -> str:
    """Render the HTML part: one table, inline styles, no images, nothing fetched. It has the same links as the text
    part, and no link text shows a URL: filters penalise unequal links, and link texts that differ from their target.
    `padding`: octets of style rules that nothing uses, as real mails have them."""

    def render(block: Block) -> str:
        match block:
            case str():
                return _paragraph(block)
            case Code():
                return f'<p style="{_DIGITS}"><strong>%(code)s</strong></p>'
            case Link():
                link = html.escape(_address(block, domain))
                return f'<p style="{_TEXT}"><a style="{_BUTTON}"\nhref="{link}">{html.escape(block.label)}</a></p>'

    subject = literal(html.escape(mail.subject))
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{subject}</title>",
            *_unused_styles(padding),
            "</head>",
            '<body style="margin:0;padding:0;background:#f3f4f6">',
            '<table role="presentation" width="100%%" cellpadding="0" cellspacing="0" border="0">',
            '<tr><td align="center" style="padding:24px 12px">',
            '<table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0"',
            ' style="max-width:560px;background:#fff;border:1px solid #dfe2e7">',
            '<tr><td style="padding:32px">',
            f'<h1 style="{_HEADING}">{subject}</h1>',
            _paragraph("Hello,"),
            *map(render, mail.blocks),
            f'<p style="{_TEXT}"><a style="color:#0b63a5" href="https://{domain}/">{html.escape(mail.brand)}</a></p>',
            "</td></tr>",
            '<tr><td style="padding:16px 32px;border-top:1px solid #dfe2e7">',
            f'<p style="{_SMALL}">This message was sent automatically to %(recipient_html)s.<br>',
            "Please do not reply: this address is not read.<br>",
            "Reference: %(token)s</p>",
            "</td></tr>",
            "</table>",
            "</td></tr>",
            "</table>",
            "</body>",
            "</html>",
            "",
        ]
    )


_STYLE = ".c%04d td{padding:0 16px;font-family:Arial,Helvetica,sans-serif;line-height:22px}"
_LINE_END = len("\r\n")  # in the message


def _unused_styles(octets: int) -> list[str]:
    """Return style rules of about so many octets. Comments or hidden text would look like a spammer's."""
    rules = octets // (len(_STYLE % 0) + _LINE_END)
    return ["<style>", *(_STYLE % number for number in range(rules)), "</style>"] if rules else []


def _paragraph(text: str) -> str:
    return f'<p style="{_TEXT}">{literal(textwrap.fill(html.escape(text), 100))}</p>'


def _address(link: Link, domain: str) -> str:
    return f"https://{domain}/?{link.about}=%(token)s"


def literal(text: str) -> str:
    """Escape text for the template, so that it stays as it is when values are filled in."""
    return text.replace("%", "%%")
