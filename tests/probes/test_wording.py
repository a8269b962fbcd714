import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from probes.kinds import Kind
from probes.mail_text import Wording, plain, rich, wording
from probes.sender import Role

DOMAIN = "account.trimble.com"
VOID = {"meta", "br"}
FILLED = {
    "code": "428913",
    "token": "mpTOKEN",
    "recipient": "a&b@acme.example",
    "recipient_html": "a&amp;b@acme.example",
}

every_mail = pytest.mark.parametrize("mail", [wording(k, r) for k in Kind for r in Role], ids=lambda m: m.subject)


class Page(HTMLParser):
    """What a reader sees of an HTML page, and whether its tags are in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("href", "src", "background")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["title"]:
            self.text += data


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w']+", re.sub(r"https://\S+", "", text)))


def test_every_kind_is_a_mail_of_its_own() -> None:
    mails = [wording(kind, Role.SENDER) for kind in Kind]
    assert len({mail.subject for mail in mails}) == len({mail.blocks for mail in mails}) == len(Kind)


@pytest.mark.parametrize("role", [Role.CONTROL, Role.NEIGHBOUR])
@pytest.mark.parametrize("kind", Kind)
def test_whom_the_sender_is_compared_with_is_neutral_and_of_the_same_shape(kind: Kind, role: Role) -> None:
    sender, other = (rich(wording(kind, each), DOMAIN) % FILLED for each in (Role.SENDER, role))
    assert "Trimble" in sender
    assert "trimble" not in (rich(wording(kind, role), "other.example") % FILLED).lower()
    assert (FILLED["code"] in other) == (FILLED["code"] in sender) == kind.facts.needs_code


@every_mail
def test_both_parts_say_the_same(mail: Wording) -> None:
    text, page = plain(mail, DOMAIN) % FILLED, Page(rich(mail, DOMAIN) % FILLED)
    assert not page.open
    assert words(text) | words(mail.subject) == words(page.text)


@every_mail
def test_it_fetches_nothing_and_leads_nowhere_else(mail: Wording) -> None:
    page = rich(mail, DOMAIN) % FILLED
    assert all(str(link).startswith(f"https://{DOMAIN}/") for link in Page(page).links)
    assert re.findall(r"<(?:img|script|link|iframe|form|style)\b|url\(|@import", page) == []
    in_text = re.findall(r"https://\S+", plain(mail, DOMAIN) % FILLED)
    assert in_text == Page(page).links
    assert "://" not in Page(page).text


@every_mail
@pytest.mark.parametrize("render", [plain, rich])
def test_it_is_safe_on_every_wire(mail: Wording, render: Callable[[Wording, str], str]) -> None:
    text = render(mail, DOMAIN) % FILLED
    assert text.isascii()
    assert not re.search(r"(?m)^(?:From |\.|--)|[ \t]$|[^\n -~]", text)  # mbox, dot-stuffing, boundaries, trimming
    assert max(map(len, text.splitlines())) < 400
    assert re.findall(r"(?<!\d)\d{6}(?!\d)", text.replace(FILLED["code"], "")) == []


def test_the_readers_address_stands_in_both_parts() -> None:
    mail = wording(Kind.INVITATION, Role.SENDER)
    assert "\na&b@acme.example\n" in plain(mail, DOMAIN) % FILLED
    assert "a&b@acme.example." in html.unescape(rich(mail, DOMAIN) % FILLED)
