"""What a token endpoint's answer means, by the documented answers of each provider; and that none can upset us."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.accounts import AccessToken
from probes.accounts.answers import MAX_LIFE, UNSTATED_LIFE, AskedFor, TokenRefusal, masked, read_answer
from probes.accounts.faults import FAULTS, AccountFault, remedy_of
from probes.accounts.microsoft_codes import CODES, PAGE, REMEDIES
from probes.http import HttpReply
from probes.mailsystems.remedy import Certainty

NOW = datetime(2026, 12, 1, 6, tzinfo=UTC)
GOOD = {"access_token": "eyJ0.a-_b~c+/==", "token_type": "Bearer", "expires_in": 3599}
BY_ASSERTION = AskedFor(NOW, asserts=True)
BY_SECRET = AskedFor(NOW)
BY_REFRESH = AskedFor(NOW, refreshes=True)


def read(status: int, values: Any, asked: AskedFor = BY_SECRET, **other: Any) -> AccessToken | TokenRefusal:
    return read_answer(HttpReply(status, json.dumps(values).encode(), **other), asked, ("pa55word",))


@pytest.mark.parametrize(
    ("changed", "life"),
    [
        ({}, timedelta(seconds=3599)),
        ({"expires_in": "3599"}, timedelta(seconds=3599)),  # Azure's machine identity
        ({"token_type": "bearer"}, timedelta(seconds=3599)),
        ({"expires_in": 0}, timedelta(0)),
        ({"expires_in": 10**30}, MAX_LIFE),
        ({"expires_in": float("inf")}, MAX_LIFE),
        ({"expires_in": float("nan")}, UNSTATED_LIFE),
        ({"expires_in": -5}, UNSTATED_LIFE),
        ({"expires_in": True}, UNSTATED_LIFE),
        ({"expires_in": None}, UNSTATED_LIFE),
        ({"expires_in": "soon"}, UNSTATED_LIFE),
    ],
)
def test_a_token(changed: dict[str, Any], life: timedelta) -> None:
    token = read(200, GOOD | changed)
    assert isinstance(token, AccessToken)
    assert (token.value, token.expires_at - NOW) == (GOOD["access_token"], life)
    assert "eyJ0" not in repr(token)


@pytest.mark.parametrize(
    "changed",
    [
        {"access_token": "a b"},
        {"access_token": "a\x01auth=Bearer b"},
        {"access_token": "a\r\nA1 LOGOUT"},
        {"access_token": ""},
        {"access_token": "x" * 20_000},
        {"access_token": ["x"]},
        {"token_type": "mac"},
        {"token_type": None},
    ],
)
def test_what_is_no_token_for_us(changed: dict[str, Any]) -> None:
    assert read(200, GOOD | changed) == TokenRefusal(AccountFault.UNREADABLE, "HTTP 200, without a usable token")


@pytest.mark.parametrize(
    ("status", "error", "words", "asked", "fault"),
    [
        (401, "invalid_client", "AADSTS7000215: Invalid client secret provided.", BY_SECRET, AccountFault.WRONG_SECRET),
        (401, "invalid_client", "AADSTS7000222: The provided client secret", BY_SECRET, AccountFault.EXPIRED_SECRET),
        (401, "invalid_client", "AADSTS700027: Client assertion failed", BY_ASSERTION, AccountFault.WRONG_CERTIFICATE),
        (401, "invalid_client", "AADSTS700024: Client assertion is not within", BY_ASSERTION, AccountFault.CLOCK),
        (400, "unauthorized_client", "AADSTS700016: Application not found", BY_SECRET, AccountFault.WRONG_CLIENT),
        (400, "invalid_request", "AADSTS90038: The specified tenant belongs", BY_SECRET, AccountFault.WRONG_TENANT),
        (400, "invalid_grant", "AADSTS50173: expired due to it being revoked", BY_REFRESH, AccountFault.REVOKED),
        (400, "invalid_grant", "AADSTS50133: not valid due to password expiration", BY_REFRESH, AccountFault.REVOKED),
        (400, "invalid_client", "AADSTS7000229: missing service principal", BY_SECRET, AccountFault.NO_CONSENT),
        (400, "invalid_request", "AADSTS90002: Tenant 'acme' not found.", BY_SECRET, AccountFault.WRONG_TENANT),
        (400, "invalid_grant", "AADSTS65001: has not consented", BY_REFRESH, AccountFault.NO_CONSENT),
        (400, "invalid_grant", "AADSTS700082: expired due to inactivity", BY_REFRESH, AccountFault.REVOKED),
        (400, "invalid_grant", "AADSTS53003: Conditional Access", BY_REFRESH, AccountFault.POLICY),
        (400, "invalid_scope", "AADSTS70011: scope", BY_SECRET, AccountFault.WRONG_SCOPE),
        (400, "invalid_grant", "AADSTS1: something new", BY_SECRET, AccountFault.REFUSED),
        (400, "invalid_grant", "Invalid JWT: Token must be a short-lived token", BY_ASSERTION, AccountFault.CLOCK),
        (400, "invalid_grant", "Invalid JWT Signature.", BY_ASSERTION, AccountFault.WRONG_CERTIFICATE),
        (400, "invalid_grant", "Invalid grant: account not found", BY_ASSERTION, AccountFault.WRONG_CLIENT),
        (400, "invalid_grant", "Invalid email or User ID", BY_ASSERTION, AccountFault.WRONG_USER),
        (400, "invalid_grant", "Token has been expired or revoked.", BY_REFRESH, AccountFault.REVOKED),
        (401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client "
         "not authorized for any of the scopes requested.", BY_ASSERTION, AccountFault.NO_DELEGATION),
        (401, "invalid_client", "The OAuth client was not found.", BY_REFRESH, AccountFault.WRONG_CLIENT),
        (401, "invalid_client", "Unauthorized", BY_REFRESH, AccountFault.WRONG_SECRET),
        (400, "invalid_request", "Identity not found", BY_SECRET, AccountFault.NO_IDENTITY),
        (400, "invalid_grant", "", BY_REFRESH, AccountFault.REVOKED),
        (400, "unauthorized_client", "", BY_SECRET, AccountFault.NO_CONSENT),
        (400, "unsupported_grant_type", "", BY_SECRET, AccountFault.REFUSED),
        (400, "temporarily_unavailable", "", BY_SECRET, AccountFault.BUSY),
        (503, "", "", BY_SECRET, AccountFault.BUSY),
        (429, "", "", BY_SECRET, AccountFault.BUSY),
        (404, "", "", BY_SECRET, AccountFault.UNREADABLE),
        (302, "", "", BY_SECRET, AccountFault.UNREADABLE),
    ],
)  # fmt: skip
def test_a_refusal(status: int, error: str, words: str, asked: AskedFor, fault: AccountFault) -> None:
    answer = read(status, {"error": error, "error_description": words}, asked)
    assert isinstance(answer, TokenRefusal)
    assert answer.fault is fault


def test_microsofts_numbers_go_before_the_text() -> None:
    values = {"error": "invalid_client", "error_description": "AADSTS7000222", "error_codes": [7000215]}
    values["trace_id"] = "255d1aef-8c98-452f-ac51-23d051240864"
    answer = read(401, values)
    assert answer == TokenRefusal(
        AccountFault.WRONG_SECRET, "invalid_client, AADSTS7000215, trace id 255d1aef-8c98-452f-ac51-23d051240864"
    )


@pytest.mark.parametrize(("seconds", "ahead"), [(9, None), (11, 11), (100, 100), (-100, None)])
def test_a_clock_within_limits_is_not_blamed_but_named(seconds: int, ahead: int | None) -> None:
    asked = AskedFor(NOW + timedelta(seconds=seconds), asserts=True)
    answer = read(401, {"error": "invalid_client"}, asked, clock=NOW)
    assert isinstance(answer, TokenRefusal)
    assert answer.fault is AccountFault.WRONG_CERTIFICATE
    assert answer.ahead == (None if ahead is None else timedelta(seconds=ahead))


def test_what_a_stranger_says_is_one_harmless_line() -> None:
    words = "you sent pa55word\r\nand \x1b[31m" + "x" * 50 + " " + "y " * 500
    answer = read(400, {"error": "new", "error_description": words})
    assert isinstance(answer, TokenRefusal)
    assert answer.error.startswith("new, you sent *** ")
    assert answer.error.isprintable()
    assert "xxxx" not in answer.error
    assert len(answer.error) < 250


def test_a_secret_is_masked_in_each_form() -> None:
    assert masked("a b+c, a+b%2Bc", ["a b+c"]) == "***, ***"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = ["access_token", "token_type", "expires_in", "refresh_token", "error", "error_description", "error_codes"]


@given(
    status=st.sampled_from([200, 201, 302, 400, 401, 403, 429, 500]),
    values=st.dictionaries(st.sampled_from([*NAMES, "trace_id"]), JSON) | JSON,
    asserts=st.booleans(),
    refreshes=st.booleans(),
    clock=st.none() | st.datetimes(timezones=st.just(UTC)),
)
def test_any_json_is_a_token_or_a_refusal(
    status: int, values: Any, asserts: bool, refreshes: bool, clock: datetime | None
) -> None:
    reply = HttpReply(status, json.dumps(values).encode("utf-8", "surrogatepass"), clock=clock)
    answer = read_answer(reply, AskedFor(NOW, asserts, refreshes, NOW), ("pa55word",))
    assert isinstance(answer, AccessToken | TokenRefusal)
    if isinstance(answer, TokenRefusal):
        assert answer.error.isprintable()


@given(st.binary(max_size=200))
def test_any_octets_are_a_refusal(body: bytes) -> None:
    assert isinstance(read_answer(HttpReply(200, body), BY_SECRET), TokenRefusal)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"expires_in": ' + b"9" * 5000 + b"}", b'\xff{"a": 1}', b""])
def test_json_that_is_too_much(body: bytes) -> None:
    assert read_answer(HttpReply(200, body), BY_SECRET) == TokenRefusal(
        AccountFault.UNREADABLE, "HTTP 200, no JSON object"
    )


@pytest.mark.parametrize("fault", AccountFault)
def test_each_fault_has_a_sentence_and_a_remedy(fault: AccountFault) -> None:
    assert FAULTS[fault].sentence
    assert remedy_of(fault, {})


def test_what_microsoft_refuses_has_its_own_remedy() -> None:
    general = {AccountFault.CLOCK, AccountFault.BUSY, AccountFault.REVOKED}
    assert {row.fault for row in CODES.values()} - general <= REMEDIES.keys()


@pytest.mark.parametrize("code", CODES)
def test_each_of_microsofts_codes_has_a_source(code: int) -> None:
    source = CODES[code].source
    assert source.address or source.unsure
    assert (source is PAGE) == (source.certainty is Certainty.READ)
    assert source.certainty in (Certainty.READ, Certainty.SECONDARY)


@pytest.mark.parametrize(
    ("status", "values", "managed", "otherwise"),
    [
        (404, {}, AccountFault.BUSY, AccountFault.UNREADABLE),
        (410, {}, AccountFault.BUSY, AccountFault.UNREADABLE),
        (401, {"error": "unauthorized_client"}, AccountFault.NO_IDENTITY, AccountFault.NO_CONSENT),
        (400, {"error": "invalid_resource", "error_description": "AADSTS50001: The application named X was not found"},
         AccountFault.WRONG_SCOPE, AccountFault.WRONG_SCOPE),
    ],
)  # fmt: skip
def test_a_machines_own_endpoint(
    status: int, values: dict[str, str], managed: AccountFault, otherwise: AccountFault
) -> None:
    """It is updated now and then, and knows only its own identities."""
    for asked, fault in ((AskedFor(NOW, managed=True), managed), (AskedFor(NOW), otherwise)):
        answer = read(status, values, asked)
        assert isinstance(answer, TokenRefusal)
        assert answer.fault is fault
