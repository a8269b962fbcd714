"""Links in notices: what is signed is read back, and nothing else is."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.incidents.incident import Incident
from monitor.people.action_links import PATH, VALID_FOR, ActionLink, LinkAction, LinkSigner
from tests.support.incident_samples import incident

NOW = datetime(2026, 11, 29, 21, 0, tzinfo=UTC)
KEY = bytes(range(32))
LINK = ActionLink(LinkAction.ACK, "6d5a400ab759", "oncall", "6d5a400ab759-oncall-1", NOW + VALID_FOR)
SIGNER = LinkSigner(KEY)


@pytest.mark.parametrize("action", LinkAction)
def test_a_link_is_read_as_it_was_made(action: LinkAction) -> None:
    link = replace(LINK, action=action)
    token = SIGNER.token(link)
    assert LinkSigner(KEY).read(token) == link  # by another process
    assert re.fullmatch(r"[\w.-]+", token)
    assert len(token) < 220  # fits into every channel


@given(st.text())
def test_nothing_else_is_a_link(text: str) -> None:
    assert SIGNER.read(text) is None


@given(st.data())
def test_no_character_of_it_can_be_changed(data: st.DataObject) -> None:
    token = SIGNER.token(LINK)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([c for c in "abcXYZ019-_.=" if c != token[place]]))
    assert SIGNER.read(token[:place] + other + token[place + 1 :]) is None


def test_a_link_of_another_store_is_none() -> None:
    assert LinkSigner(bytes(32)).read(SIGNER.token(LINK)) is None


@pytest.mark.parametrize(
    "facts",
    [
        [1, "mute", "6d5a400ab759", "oncall", "6d5a400ab759-oncall-1", 1796000000],
        [1, "ack", "another", "oncall", "6d5a400ab759-oncall-1", 1796000000],
        [2, "ack"],
        {},
    ],
)
def test_content_without_its_signature_is_none(facts: object) -> None:
    content = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
    signature = SIGNER.token(LINK).partition(".")[2]
    for forged in (content, f"{content}.", f"{content}.{signature}", f"{content}.{signature}.{signature}"):
        assert SIGNER.read(forged) is None


def test_it_is_valid_for_a_day() -> None:
    assert timedelta(hours=24) == VALID_FOR
    assert not LINK.expired(NOW + timedelta(hours=24, seconds=-1))
    assert LINK.expired(NOW + timedelta(hours=24))


def urls(of: Incident, visible: tuple[str, ...] | None = None) -> dict[str, str]:
    return dict(SIGNER.urls(of, "oncall", "i1-oncall-3", visible, "https://mailpath.example", NOW))


def test_a_notice_gets_a_link_for_each_action() -> None:
    found = urls(incident())
    assert set(found) == {"ack_url", "mute_url"}
    for name, url in found.items():
        start = f"https://mailpath.example{PATH}"
        assert url.startswith(start)
        action = LinkAction(name.removesuffix("_url"))
        assert SIGNER.read(url.removeprefix(start)) == ActionLink(
            action, "i1", "oncall", "i1-oncall-3", NOW + VALID_FOR
        )


BOTH: dict[str, Any] = {"companies": ("acme", "bolt"), "touches": ("acme",)}


@pytest.mark.parametrize(
    ("of", "visible", "names"),
    [
        (incident(closed_at=NOW), None, set()),  # there is nothing to do
        (incident(), ("acme", "cord"), {"ack_url", "mute_url"}),
        (incident(**BOTH), None, {"ack_url", "mute_url"}),
        (incident(**BOTH), ("acme",), {"mute_url"}),  # acme does not speak for bolt
    ],
)
def test_a_notice_gets_only_links_that_can_do_something(
    of: Incident, visible: tuple[str, ...] | None, names: set[str]
) -> None:
    assert set(urls(of, visible)) == names
