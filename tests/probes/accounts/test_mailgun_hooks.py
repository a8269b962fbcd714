"""Webhooks of Mailgun: what is taken, and that nobody else's, old or used one is."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.accounts.mailgun_hooks import MAX_AGE, MAX_TOKENS, Hook, HookError, UsedTokens, read_hook

KEY = "signing-key-of-the-account"
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)


def signed(token: str = "t1", at: datetime = NOW, key: str = KEY, **event: Any) -> dict[str, Any]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    about = {"event": "failed", "message": {"headers": {"message-id": "m1@account.trimble.com"}}}
    return {"signature": {"timestamp": stamp, "token": token, "signature": digest}, "event-data": about | event}


def read(said: object, now: datetime = NOW) -> Hook:
    return read_hook(json.dumps(said).encode(), KEY, now)


def test_a_signed_hint() -> None:
    assert read(signed()) == Hook("t1", NOW, "m1@account.trimble.com")


def test_of_a_subaccount_the_parent_signs_too() -> None:
    said = signed(key="of the subaccount")
    assert read(said | {"parent-signature": signed()["signature"]}).token == "t1"


@pytest.mark.parametrize("away", [MAX_AGE, -MAX_AGE])
def test_an_old_signature_is_not_taken(away: timedelta) -> None:
    assert read(signed(at=NOW + away))
    with pytest.raises(HookError, match="too old, or a clock is wrong"):
        read(signed(at=NOW + away * 1.01))


def test_another_key_or_time_or_token_is_not_taken() -> None:
    later = signed()
    later["signature"]["timestamp"] = str(int(NOW.timestamp()) + 1)
    other = signed()
    other["signature"]["token"] = "t2"
    forgeries: list[dict[str, Any]] = [signed(key="guessed"), later, other, {"event-data": {}}, {"signature": {}}]
    for forged in forgeries:
        with pytest.raises(HookError, match="signature is wrong"):
            read(forged)


@pytest.mark.parametrize(
    "event", [{"message": None}, {"message": {"headers": []}}, {"message": {"headers": {"message-id": "x" * 5000}}}]
)
def test_a_hint_without_a_message_is_one_all_the_same(event: dict[str, Any]) -> None:
    assert read(signed(**event)).message_id == ""


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(repr)))
def test_rubbish_is_refused_and_never_an_error(body: bytes | str) -> None:
    with pytest.raises(HookError):
        read_hook(body if isinstance(body, bytes) else body.encode(errors="replace"), KEY, NOW)


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"signature": ' * 50_000, "null", "[]", '"x"', '{"signature": 7}', '{"signature": [1]}']
)
def test_deep_and_odd_json_is_refused(body: str) -> None:
    with pytest.raises(HookError):
        read_hook(body.encode(), KEY, NOW)


def test_the_error_has_nothing_of_what_was_sent() -> None:
    with pytest.raises(HookError) as error:
        read(signed(key="guessed", recipient="jane@acme.example"))
    assert "jane" not in str(error.value) + str(error.value.__cause__ or "")


def test_a_token_is_taken_once_as_long_as_its_signature_counts() -> None:
    used, hook = UsedTokens(), read(signed())
    used.take(hook, NOW)
    with pytest.raises(HookError, match="used before"):
        used.take(hook, NOW + 2 * MAX_AGE)
    for number in range(MAX_TOKENS + 5):
        used.take(Hook(f"x{number}", NOW, ""), NOW)
    used.take(hook, NOW)  # so many were remembered that it is forgotten; then it is a needless question, and no more
