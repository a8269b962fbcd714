"""JSON of a text to send."""

from typing_extensions import TypedDict

from monitor.notices.contact_texts import ContactText, TextReceiver


class TextJson(TypedDict):
    """One text. `to` says who gets it; `address` is their mail address from the configuration, null without one."""

    receiver: TextReceiver
    to: str
    address: str | None
    subject: str
    body: str


def text_json(text: ContactText) -> TextJson:
    """Return one text."""
    return {
        "receiver": text.receiver,
        "to": text.to,
        "address": text.address or None,
        "subject": text.subject,
        "body": text.body,
    }
