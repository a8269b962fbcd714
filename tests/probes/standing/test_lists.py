"""The table of DNS lists is consistent: its test entries, codes, links, and the names that replies use as well."""

import ipaddress

import pytest

from probes.reading.replies import read_reply
from probes.standing.blocklists import ListReading, ListState, question_name, read_answer, self_test
from probes.standing.lists import LISTS, DnsList, ListKind, ListWeight

ACCUSING = [row for row in LISTS if row.weight is not ListWeight.RECOMMENDS and (row.listed or row.bits)]
BY_NAME = {row.name: row for row in LISTS}
DEAD = ("sorbs", "ahbl", "njabl", "spamcannibal", "emailbasura", "wpbl", "abuse.ch", "manitu", "uceprotect.net-2")


def zone_of(row: DnsList) -> str:
    return row.public_zone


def state_of(row: DnsList, *codes: str) -> ListState:
    return read_answer(row, codes).state


@pytest.mark.parametrize("row", LISTS, ids=zone_of)
def test_codes_are_addresses_of_lists_and_have_one_meaning(row: DnsList) -> None:
    parts = [set(row.listed), set(row.neutral), set(row.refused)]
    everything = set().union(*parts)
    assert len(everything) == sum(map(len, parts))
    assert all(ipaddress.ip_address(code) in ipaddress.ip_network("127.0.0.0/8") for code in everything)
    assert not any(code.startswith("127.255.255.") for code in (*row.listed, *row.neutral))
    assert all({*row.listed.values(), *row.bits.values(), *row.neutral.values(), *row.refused.values()})
    assert not (row.listed and row.bits)


@pytest.mark.parametrize("row", LISTS, ids=zone_of)
def test_each_code_is_read_as_its_column(row: DnsList) -> None:
    assert state_of(row) is ListState.CLEAR
    assert all(state_of(row, code) is ListState.LISTED for code in row.listed)
    assert all(state_of(row, code) is ListState.CLEAR for code in row.neutral)
    assert all(state_of(row, code) is ListState.REFUSED for code in row.refused)
    assert all(state_of(row, f"127.255.255.{octet}") is ListState.REFUSED for octet in (250, 251, 252, 254, 255))
    assert state_of(row, "127.77.77.77") is ListState.UNKNOWN
    assert state_of(row, "198.51.100.80") is ListState.BROKEN


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("127.255.255.254", "asked through a public resolver"),
        ("127.255.255.250", "the key is disabled"),
        ("127.255.255.7", "refused with 127.255.255.7"),
    ],
)
def test_a_refusal_says_why(code: str, text: str) -> None:
    reading = read_answer(BY_NAME["SpamCop"], (code,))
    assert reading.state is ListState.REFUSED
    assert text in reading.text


@pytest.mark.parametrize("row", [row for row in LISTS if row.bits], ids=zone_of)
def test_answers_that_are_sums_are_taken_apart(row: DnsList) -> None:
    assert all(bit & (bit - 1) == 0 and 1 < bit < 256 for bit in row.bits)
    total = sum(row.bits)
    assert read_answer(row, (f"127.0.0.{total}",)).meanings == tuple(row.bits[bit] for bit in sorted(row.bits))
    for bit in row.bits:
        assert read_answer(row, (f"127.0.0.{bit}",)).meanings == (row.bits[bit],)
        assert state_of(row, f"127.0.0.{bit | 1}") is ListState.REFUSED
        assert state_of(row, f"127.0.1.{bit}") is ListState.UNKNOWN
    assert state_of(row, "127.0.0.1") is ListState.REFUSED


@pytest.mark.parametrize("row", ACCUSING, ids=zone_of)
def test_a_list_that_accuses_can_be_tested(row: DnsList) -> None:
    listed = ListReading(ListState.LISTED, ("127.0.0.2",), ("listed",))
    clear = ListReading(ListState.CLEAR)
    assert row.test
    assert row.clear
    assert row.test != row.clear
    assert question_name(row.test, row.kind, row.zone) != question_name(row.clear, row.kind, row.zone)
    assert ("." in row.test.strip("0123456789.")) == (row.kind is ListKind.DOMAIN)
    assert self_test(row, listed, clear) is None
    assert self_test(row, clear, clear) is not None


@pytest.mark.parametrize("row", [row for row in LISTS if row not in ACCUSING], ids=zone_of)
def test_a_list_that_cannot_be_tested_never_accuses(row: DnsList) -> None:
    assert not row.test
    every = [f"127.0.{third}.{last}" for third in range(21) for last in range(256)]
    assert ListState.LISTED not in {state_of(row, code) for code in every}


@pytest.mark.parametrize("row", LISTS, ids=zone_of)
def test_a_row_says_who_uses_the_list_how_to_leave_it_and_where_that_is_from(row: DnsList) -> None:
    assert row.leave.startswith("https://")
    assert row.used_by.endswith(".")
    assert row.source
    assert row.zone or row.keyed
    assert not row.keyed or row.asked_zone("k3y") == f"k3y.{row.keyed.partition('.')[2]}"
    assert row.asked_zone("") == row.zone
    assert "{" not in row.public_zone


def test_no_zone_is_there_twice_and_none_is_dead() -> None:
    zones = [row.public_zone for row in LISTS]
    assert len(set(zones)) == len(zones)
    assert not [zone for zone in zones if any(dead in zone for dead in DEAD)]
    assert not [zone for zone in zones if zone.startswith(("dnsbl-2.", "dnsbl-3."))]


@pytest.mark.parametrize("row", [row for row in ACCUSING if not row.own_name], ids=zone_of)
def test_a_reply_that_names_the_list_has_the_same_name(row: DnsList) -> None:
    assert row.name != row.zone
    reply = f"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using {row.zone}"
    assert read_reply(reply).blocklist == row.name


@pytest.mark.parametrize(
    ("name", "codes", "state", "lesser"),
    [
        ("Spamhaus ZEN", ("127.0.0.2", "127.0.0.9"), ListState.LISTED, False),
        ("Spamhaus ZEN", ("127.0.0.5",), ListState.UNKNOWN, False),  # not in use
        ("Spamhaus ZEN", ("127.0.0.2", "127.255.255.254"), ListState.REFUSED, False),
        ("Spamhaus ZEN", ("127.0.0.2", "198.51.100.80"), ListState.BROKEN, False),
        ("Spamhaus ZEN", ("127.0.1.2",), ListState.UNKNOWN, False),  # a code of the list of domains
        ("Spamhaus DBL", ("127.0.1.2",), ListState.LISTED, False),
        ("Spamhaus DBL", ("127.0.0.2",), ListState.UNKNOWN, False),
        ("Spamhaus DBL", ("127.0.1.255",), ListState.REFUSED, False),
        ("Spamhaus ZRD", ("127.0.2.3",), ListState.CLEAR, False),  # new is not bad
        ("Mailspike", ("127.0.0.12",), ListState.LISTED, False),
        ("Mailspike", ("127.0.0.13",), ListState.CLEAR, False),
        ("Mailspike", ("127.0.0.18",), ListState.CLEAR, False),
        ("Mailspike", ("127.0.0.18", "127.0.0.12"), ListState.LISTED, False),
        ("Sender Score", ("127.0.0.1",), ListState.LISTED, False),
        ("SURBL", ("127.0.0.254",), ListState.LISTED, False),
        ("SURBL", ("127.0.0.2",), ListState.UNKNOWN, False),
        ("SURBL", ("127.0.0.64",), ListState.LISTED, False),
        ("URIBL", ("127.0.0.14",), ListState.LISTED, False),
        ("URIBL", ("127.0.0.2",), ListState.LISTED, False),
        ("URIBL", ("127.0.0.4",), ListState.LISTED, True),
        ("URIBL", ("127.0.0.64",), ListState.UNKNOWN, False),  # a bit of another list
        ("SpamCop", ("127.0.0.3",), ListState.UNKNOWN, False),
        ("DNSWL", ("127.0.9.3",), ListState.CLEAR, False),
        ("DNSWL", ("127.0.0.255",), ListState.REFUSED, False),
    ],
)
def test_what_an_answer_means_is_the_affair_of_its_list(
    name: str, codes: tuple[str, ...], state: ListState, lesser: bool
) -> None:
    reading = read_answer(BY_NAME[name], codes)
    assert (reading.state, reading.lesser) == (state, lesser)
    assert bool(reading.meanings) or state is not ListState.LISTED
