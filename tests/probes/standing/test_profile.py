"""Drift: what counts as a change of what is published, and what does not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from probes.standing.profile import (
    ITEMS,
    Change,
    Profile,
    ProfileItem,
    ProfileKey,
    changes,
    lasting_changes,
    merge,
    profile,
)

START = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
NAME = "trimble.example"
KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"

Answer = Sequence[str] | None


def at(minutes: int, item: ProfileItem, records: Answer, name: str = NAME) -> Profile:
    return profile(START + timedelta(minutes=minutes), {ProfileKey(item, name): records})


def differences(item: ProfileItem, old: Answer, new: Answer) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(change.old, change.new) for change in changes(at(0, item, old), at(15, item, new))]


@pytest.mark.parametrize(
    ("item", "old", "new"),
    [
        (
            ProfileItem.SPF,
            ["v=spf1 include:a.example ip4:192.0.2.1 -all"],
            ["V=SPF1  ip4:192.0.2.1/32 +include:A.example -all"],
        ),
        (ProfileItem.SPF, ["v=spf1 -all", "other text"], ["another text", "v=spf1 -all"]),
        (ProfileItem.SPF, ["v=spf1 -all"], ["v=spf1 -all ip4:192.0.2.9"]),  # never evaluated
        (ProfileItem.SPF, ["", " "], ["v=spf10 -all"]),
        (ProfileItem.DKIM_KEY, [f"v=DKIM1; k=rsa; p={KEY}"], [f"p={KEY[:9]} {KEY[9:]};n=a note;s=*"]),
        (ProfileItem.DKIM_KEY, [f"p={KEY}; t=y:s"], [f"p={KEY};t=s:y"]),
        (ProfileItem.DKIM_KEY, [f"p={KEY}", "unrelated"], [f"p={KEY}"]),
        (
            ProfileItem.DMARC,
            ["v=DMARC1; p=reject; rua=mailto:a@x.example,mailto:b@x.example"],
            ["v=DMARC1;p=reject;adkim=r;aspf=R;pct=100;rua=mailto:b@x.example, mailto:a@x.example;x=unknown"],
        ),
        (ProfileItem.DMARC, ["v=DMARC1"], ["v=DMARC1; p=none"]),
        (ProfileItem.DMARC, ["v=DMARC1; p=reject"], ["v=DMARC1; p=reject; p=none"]),  # the first counts
        (ProfileItem.ADDRESSES, ["192.0.2.1", "2001:db8::1"], ["2001:0DB8:0::1", "192.0.2.1"]),
        (ProfileItem.PTR, ["mail.trimble.example."], ["Mail.Trimble.example"]),
        (ProfileItem.MX, ["10 mx1.example.", "20 mx2.example."], ["20 MX2.example", "10 mx1.example"]),
        (ProfileItem.MTA_STS, ["v=STSv1; id=20260101;"], ["v=STSv1;id=20260101"]),
        (ProfileItem.SELECTORS, ["k1", "s2"], ["S2", "k1"]),
    ],
)
def test_order_spelling_and_defaults_are_no_drift(item: ProfileItem, old: list[str], new: list[str]) -> None:
    assert differences(item, old, new) == []
    assert differences(item, new, old) == []


@pytest.mark.parametrize(
    ("item", "old", "new", "gone", "come"),
    [
        (
            ProfileItem.SPF,
            ["v=spf1 include:a.example ~all"],
            ["v=spf1 include:b.example -all"],
            ("include:a.example", "~all"),
            ("-all", "include:b.example"),
        ),
        (ProfileItem.SPF, ["v=spf1 -all"], ["v=spf1 ip4:192.0.2.9 -all"], (), ("ip4:192.0.2.9",)),
        (
            ProfileItem.SPF,
            ["v=spf1 ip4:192.0.2.0/24"],
            ["v=spf1 ip4:192.0.2.0/25"],
            ("ip4:192.0.2.0/24",),
            ("ip4:192.0.2.0/25",),
        ),
        (ProfileItem.SPF, ["v=spf1 exists:%{i}.x"], ["v=spf1 exists:%{I}.x"], ("exists:%{i}.x",), ("exists:%{I}.x",)),
        (ProfileItem.SPF, ["v=spf1 a"], ["v=spf1 a", "v=spf1 a"], ("a",), ("v=spf1 a",)),  # two are an error
        (ProfileItem.SPF, ["v=spf1"], [], ("v=spf1",), ()),
        (ProfileItem.SPF, ["v=spf1 -all exp=a.x"], ["v=spf1 -all exp=b.x"], ("exp=a.x",), ("exp=b.x",)),
        (ProfileItem.SPF, ["v=spf1 a"], [], ("a",), ()),
        (ProfileItem.DKIM_KEY, [f"p={KEY}"], ["p="], ("key 21c53cc2da50ff3f",), ("revoked",)),
        (ProfileItem.DKIM_KEY, [f"p={KEY}"], [f"p={KEY};t=y"], (), ("t=y",)),
        (ProfileItem.DKIM_KEY, [f"p={KEY}"], [f"p={KEY};k=ed25519"], (), ("k=ed25519",)),
        (ProfileItem.DMARC, ["v=DMARC1; p=none"], ["v=DMARC1; p=reject"], ("p=none",), ("p=reject",)),
        (ProfileItem.DMARC, ["v=DMARC1; p=none"], ["v=DMARC1; p=none; sp=reject"], (), ("sp=reject",)),
        (ProfileItem.DMARC, ["v=DMARC1; p=none"], [], ("p=none",), ()),
        (ProfileItem.ADDRESSES, ["192.0.2.1"], ["192.0.2.2"], ("192.0.2.1",), ("192.0.2.2",)),
        (ProfileItem.PTR, ["mail.x.example."], ["pool.y.example."], ("mail.x.example",), ("pool.y.example",)),
        (ProfileItem.MX, ["10 mx1.example."], ["5 mx1.example."], ("10 mx1.example",), ("5 mx1.example",)),
        (ProfileItem.MTA_STS, ["v=STSv1; id=1"], ["v=STSv1; id=2"], ("1",), ("2",)),
        (ProfileItem.SELECTORS, ["k1"], ["k1", "k2"], (), ("k2",)),
    ],
)
def test_a_change_has_what_is_gone_and_what_has_come(
    item: ProfileItem, old: list[str], new: list[str], gone: tuple[str, ...], come: tuple[str, ...]
) -> None:
    assert differences(item, old, new) == [(gone, come)]
    assert differences(item, new, old) == [(come, gone)]


def test_two_dmarc_records_differ_from_one() -> None:
    one = "v=DMARC1; p=reject"
    assert differences(ProfileItem.DMARC, [one], [one, "v=DMARC1; p=none"]) == [
        (("p=reject",), ("one of 2 records, p=none", "one of 2 records, p=reject"))
    ]


@pytest.mark.parametrize("item", ProfileItem)
def test_what_is_not_known_is_no_change(item: ProfileItem) -> None:
    assert differences(item, None, ["192.0.2.1"]) == []
    assert differences(item, ["192.0.2.1"], None) == []


def test_a_change_says_what_when_and_of_which_name() -> None:
    item, name = ProfileItem.PTR, "192.0.2.1"
    found = changes(at(0, item, ["a.example"], name), at(15, item, ["b.example"], name))
    assert found == (Change(item, name, ("a.example",), ("b.example",), START + timedelta(minutes=15)),)


def test_what_changes_while_nobody_could_look_is_seen_afterwards() -> None:
    known = at(0, ProfileItem.MX, ["10 mx1.example"])
    blind = merge(known, at(15, ProfileItem.MX, None))
    assert changes(known, blind) == ()
    assert [change.new for change in changes(blind, at(30, ProfileItem.MX, ["10 mx2.example"]))] == [
        ("10 mx2.example",)
    ]
    assert merge(known, at(15, ProfileItem.MX, ["10 mx3.example"])) == at(15, ProfileItem.MX, ["10 mx3.example"])


@pytest.mark.parametrize(
    ("first", "second", "minutes", "lasts"),
    [
        (["b.example"], ["b.example"], 10, True),
        (["b.example"], ["b.example"], 9, False),
        (["a.example"], ["b.example"], 10, False),  # only just changed
        (["b.example"], ["a.example"], 10, False),  # changed back
        (["b.example"], ["c.example"], 10, False),
        (None, ["b.example"], 10, False),
        (["b.example"], None, 10, False),
    ],
)
def test_a_change_lasts_if_two_looks_ten_minutes_apart_agree(
    first: Answer, second: Answer, minutes: int, lasts: bool
) -> None:
    item = ProfileItem.PTR
    looks = at(5, item, first), at(5 + minutes, item, second)
    found = lasting_changes(at(0, item, ["a.example"]), *looks)
    assert [change.at for change in found] == ([START + timedelta(minutes=5)] if lasts else [])


def test_every_item_has_its_words() -> None:
    assert set(ITEMS) == set(ProfileItem)
