import base64
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.token import (
    TOKEN,
    TOKEN_BYTES,
    TOKEN_LENGTH,
    Purpose,
    Verified,
    base32,
    keyed_digest,
    mint,
    new_probe_id,
    shaped,
    verify,
)

KEY = b"the key of these tests, 32 bytes"
ID = "abcdefghij234567"

ids = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16)
keys = st.binary(min_size=16, max_size=64)


purposes = st.sampled_from(Purpose)


def whose(token: str, key: bytes = KEY) -> str | None:
    verified = verify(token, key)
    return verified.probe_id if isinstance(verified, Verified) else None


@given(ids, keys, purposes)
def test_a_token_is_one_short_word_and_leads_back_to_its_probe(probe_id: str, key: bytes, purpose: Purpose) -> None:
    token = mint(probe_id, key, purpose)
    assert re.fullmatch(r"mp[a-z2-7]{32}", token)
    assert len(token) == TOKEN_LENGTH
    assert verify(token, key) == Verified(probe_id, purpose)
    assert mint(probe_id, key, purpose) == token


@given(ids)
def test_the_token_of_the_envelope_does_not_give_away_that_of_the_message(probe_id: str) -> None:
    message, envelope = mint(probe_id, KEY), mint(probe_id, KEY, Purpose.ENVELOPE)
    assert message[:18] == envelope[:18]
    assert message[18:] != envelope[18:]


def test_a_token_made_before_there_were_two_is_one_of_the_message() -> None:
    old = "mpabcdefghij234567da7vyaqosp2my3vo"  # in flight at the upgrade, made with KEY
    assert verify(old, KEY) == Verified(ID, Purpose.MESSAGE)


@given(ids)
def test_it_outlives_gateways_that_change_case(probe_id: str) -> None:
    token = mint(probe_id, KEY)
    assert {whose(form) for form in (token, token.upper(), token.title(), token.swapcase())} == {probe_id}


@given(ids, st.integers(0, TOKEN_LENGTH - 1), st.characters())
def test_no_single_character_can_be_altered(probe_id: str, place: int, other: str) -> None:
    token = mint(probe_id, KEY)
    altered = token[:place] + other + token[place + 1 :]
    if not altered.isascii() or altered.lower() != token:
        assert verify(altered, KEY) is None


@given(ids, st.integers(0, TOKEN_LENGTH), st.text("abcxyz234567 \n=", min_size=1, max_size=3))
def test_nothing_can_be_put_in_or_left_out(probe_id: str, place: int, more: str) -> None:
    token = mint(probe_id, KEY)
    assert verify(token[:place] + more + token[place:], KEY) is None
    assert whose(token[:place]) in (None, probe_id if place == TOKEN_LENGTH else None)


@given(ids, ids)
def test_the_seal_of_one_probe_does_not_fit_another(one: str, other: str) -> None:
    if one != other:
        assert verify(f"mp{other}{mint(one, KEY)[18:]}", KEY) is None


@given(ids, keys)
def test_another_key_makes_another_token(probe_id: str, key: bytes) -> None:
    if key != KEY:
        assert verify(mint(probe_id, key), KEY) is None


@given(st.text())
def test_garbage_is_no_token_and_does_no_harm(garbage: str) -> None:
    assert verify(garbage, KEY) is None


@pytest.mark.parametrize(
    "lookalike",
    [
        mint(ID, KEY).replace("k", "\N{KELVIN SIGN}") + "\N{KELVIN SIGN}",
        "mp" + "\N{KELVIN SIGN}" * 32,  # lowers to k
        "mp" + "\udc80" * 32,  # half of a surrogate pair, as a tolerant decoder leaves it
        "mp" + "٣" * 32,  # a digit elsewhere
        mint(ID, KEY)[:-1] + "\n",
        "",
    ],
)
def test_what_only_looks_like_one_is_none(lookalike: str) -> None:
    assert verify(lookalike, KEY) is None


def test_probe_ids_are_random_and_fit_a_token() -> None:
    made = {new_probe_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(whose(mint(probe_id, KEY)) == probe_id for probe_id in made)


def test_probe_ids_sort_by_the_time_of_launch() -> None:
    """Also over the places where a letter of the alphabet carries into the next."""
    begun = datetime(2026, 11, 30, tzinfo=UTC)
    steps = [*range(0, 5000, 7), *(10**power for power in range(4, 11))]
    made = [new_probe_id(begun + timedelta(seconds=step / 100)) for step in steps]
    assert made == sorted(made)
    assert len({each[:8] for each in made}) == len(made), "the first half is the time"
    assert new_probe_id(begun)[:8] == new_probe_id(begun + timedelta(milliseconds=9))[:8]


def test_ids_of_the_same_moment_differ() -> None:
    begun = datetime(2026, 11, 30, tzinfo=UTC)
    assert len({new_probe_id(begun) for _ in range(1000)}) == 1000


@pytest.mark.parametrize("at", [datetime(1969, 12, 31, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC)])
def test_an_absurd_clock_makes_an_id_all_the_same(at: datetime) -> None:
    assert whose(mint(new_probe_id(at), KEY))


@pytest.mark.parametrize("bad", ["", "short", ID.upper(), ID + "a", ID[:-1] + "1", ID[:-1] + "\n"])
def test_no_token_for_what_is_no_probe_id(bad: str) -> None:
    with pytest.raises(ValueError, match="16 characters"):
        mint(bad, KEY)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "X-Mailpath-Probe: {}\r\n",
        "<{}@account.trimble.com>",
        "bounce+{}@account.trimble.com",
        "SRS0=9xZk=TT=account.trimble.com=bounce+{}@forwarder.example",
        "prvs=0123456789=bounce+{}@account.trimble.com",
        "https://account.trimble.com/?invitation={}&lang=en",
        "https%3A%2F%2Faccount.trimble.com%2F%3Finvitation%3D{}%26lang%3Den",
        "https-3A__account.trimble.com_-3Finvitation-3D{}-26lang",
        "Reference: {}</p>",
        "dump{}",
    ],
)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_it_is_found_wherever_it_stands(text: str, case: type[str]) -> None:
    token = case(mint(ID, KEY))
    whole = text.format(token)
    assert TOKEN.findall(whole) == [token]
    assert TOKEN_BYTES.findall(whole.encode()) == [token.encode()]
    assert [match[0] for match in shaped(whole.encode())] == [token.encode()]


@pytest.mark.parametrize("text", ["mp" + "a" * 31, "mp" + "a" * 33, "mp" + "a" * 31 + "1", "mP" + "a" * 32])
def test_what_has_another_shape_is_not_found(text: str) -> None:
    assert TOKEN.search(text) is None
    assert not list(shaped(text.encode()))


@given(st.binary() | st.text("mpMPab2 1", max_size=120).map(str.encode))
def test_the_fast_search_finds_what_the_pattern_finds(data: bytes) -> None:
    assert {match.span() for match in shaped(data)} == {match.span() for match in TOKEN_BYTES.finditer(data)}


@pytest.mark.parametrize("octets", [5, 10, 20])
def test_our_base32_is_that_of_the_rfc(octets: int) -> None:
    data = secrets.token_bytes(octets)
    assert base32(data) == base64.b32encode(data).decode().lower()


@pytest.mark.parametrize("key", [b"k", b"k" * 32, b"k" * 200])
@pytest.mark.parametrize("text", [b"", b"mailpath token 1\0abc", b"x" * 5000])
def test_the_keyed_digest_is_hmac_sha256(key: bytes, text: bytes) -> None:
    assert [keyed_digest(key, text) for _ in range(2)] == [hmac.digest(key, text, "sha256")] * 2
