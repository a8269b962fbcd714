"""A status page as an Atom feed (RFC 4287). Pure.

Atom, as its texts say that they are plain text: in RSS 2.0 a description is HTML, and readers disagree about titles.
Whatever somebody else wrote stays text in every reader.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from monitor.web.status.view import StatusIncident, StatusPage
from probes.display import safe_text

ATOM = "http://www.w3.org/2005/Atom"
MAX_ENTRIES = 50
MAX_TITLE_CHARS = 300
MAX_TEXT_CHARS = 4000

register_namespace("", ATOM)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry. `key` identifies it for ever within the feed; `anchor` its place on the page."""

    key: str
    at: datetime
    title: str
    text: str
    anchor: str


def entries_of(page: StatusPage) -> list[FeedEntry]:
    """Return the newest entries, newest first: an incident began, was updated, is over."""
    found = [entry for incident in page.incidents for entry in _of_incident(incident, page.name)]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:MAX_ENTRIES]


def _of_incident(incident: StatusIncident, name: str) -> Iterator[FeedEntry]:
    title = f"{incident.problem}: mail to {name}"
    yield FeedEntry(f"{incident.id}/began", incident.began_at, title, incident.means, incident.id)
    for update in incident.updates:
        key = f"{incident.id}/update/{update.at.isoformat()}"
        yield FeedEntry(key, update.at, f"Update. {title}", update.text, incident.id)
    if incident.closed_at:
        ending = f"It ended: {incident.ending}." if incident.ending else "It ended."
        yield FeedEntry(f"{incident.id}/over", incident.closed_at, f"Over. {title}", ending, incident.id)


def atom_feed(page: StatusPage, share_id: str, page_url: str, created_at: datetime) -> bytes:
    """Return the feed as XML. `page_url`: the public address of the page; `created_at`: of its link, which is the
    time of a feed without entries."""
    entries = entries_of(page)
    feed = Element(f"{{{ATOM}}}feed")
    _text(feed, "title", f"Trimble sign-in mail at {page.name}", MAX_TITLE_CHARS)
    _text(feed, "subtitle", f"{page.impact.sentence}.", MAX_TITLE_CHARS)
    _plain(feed, "id", _urn(share_id))
    _plain(feed, "updated", _time(max((entry.at for entry in entries), default=created_at)))
    _plain(SubElement(feed, f"{{{ATOM}}}author"), "name", "Mailpath")
    SubElement(feed, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=f"{page_url}/feed")
    SubElement(feed, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=page_url)
    for entry in entries:
        element = SubElement(feed, f"{{{ATOM}}}entry")
        _text(element, "title", entry.title, MAX_TITLE_CHARS)
        _plain(element, "id", _urn(f"{share_id}/{entry.key}"))
        _plain(element, "updated", _time(entry.at))
        SubElement(element, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=f"{page_url}#{entry.anchor}")
        _text(element, "content", entry.text, MAX_TEXT_CHARS)
    xml: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return xml


def _text(parent: Element, name: str, text: str, most: int) -> None:
    """Add text that others may have written: what XML forbids, and what would hide or reorder it, is replaced."""
    SubElement(parent, f"{{{ATOM}}}{name}", type="text").text = safe_text(text, most)


def _plain(parent: Element, name: str, text: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _urn(key: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'mailpath:share:{key}')}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
