"""The signed webhook: what is posted, how it is signed, and what becomes of it whatever the receiver does."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import probes.http
from monitor.channels.webhook import WebhookChannel, signature, written
from monitor.notices.notice import NoticeKind
from probes.display import timestamp
from probes.http import HttpSession
from probes.outside import Outside
from tests.support.certificates import new_authority
from tests.support.channel_samples import BEGAN, labels, notice
from tests.support.http_receiver import HUGE, ReceivedRequest, Receiver, receiving
from tests.support.outside_world import outside_world
from tests.support.pipeline_app import Clock

SECRET = "correct-horse-battery"


def webhook(url: str, **other: Any) -> WebhookChannel:
    return WebhookChannel(url=url, secret=SecretStr(SECRET), **other)


def signed(said: ReceivedRequest, secret: str = SECRET) -> bool:
    """What a receiver does: the time is in the signature and is not old, the rest is the HMAC of both."""
    time, proof = (part.split("=", 1)[1] for part in said.headers["Mailpath-Signature"].split(","))
    expected = hmac.new(secret.encode(), time.encode() + b"." + said.body, hashlib.sha256).hexdigest()
    fresh = abs(datetime.now(UTC).timestamp() - int(time)) < 300
    return hmac.compare_digest(proof, expected) and fresh


async def test_the_whole_notice_is_posted_as_json(receiver: Receiver, around: Outside) -> None:
    told = notice(number=2, news=NoticeKind.WIDENED, replaces=labels(scope="mailbox"))
    assert not (await webhook(f"{receiver.url}/mail?to=ops").deliver(told, around)).fault
    [said] = receiver.heard
    assert (said.method, said.path, said.query) == ("POST", "/mail", {"to": "ops"})
    assert said.headers["Content-Type"] == "application/json"
    assert said.json == {
        "id": "i1/ops/2",
        "incident": "i1",
        "channel": "ops",
        "number": 2,
        "news": "widened",
        "at": timestamp(BEGAN),
        "title": told.title,
        "text": told.text,
        "labels": told.labels,
        "facts": told.facts,
        "replaces": told.replaces,
    }


async def test_each_try_has_the_same_key_and_body(receiver: Receiver, around: Outside, clock: Clock) -> None:
    receiver.answers = [500, 200]
    channel = webhook(receiver.url)
    assert (await channel.deliver(notice(), around)).fault == "HTTP 500"
    clock.pass_(seconds=90)
    assert not (await channel.deliver(notice(), around)).fault
    first, second = receiver.heard
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == "i1/ops/1"
    assert first.body == second.body
    assert first.headers["Mailpath-Signature"] != second.headers["Mailpath-Signature"], "the time is that of the try"


async def test_the_signature_proves_who_says_it(receiver: Receiver, around: Outside) -> None:
    await webhook(receiver.url).deliver(notice(), around)
    [said] = receiver.heard
    assert signed(said)
    assert not signed(said, "another secret")
    assert not signed(ReceivedRequest(said.method, said.path, {}, said.headers, said.body + b" "))


def test_the_signature_is_what_the_documentation_says() -> None:
    expected = hmac.new(b"key", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert signature("key", 1700000000, b'{"a":1}') == f"t=1700000000,v1={expected}"


async def test_hostile_text_arrives_as_it_is(receiver: Receiver, around: Outside) -> None:
    text = "\x00\x1b[2J\u202e550 \ud800 <script>" + "x" * 1_000_000
    assert not (await webhook(receiver.url).deliver(notice(text=text), around)).fault
    assert receiver.heard[0].json["text"] == text


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (200, None),
        (202, None),
        (204, None),
        (301, "HTTP 301: it leads elsewhere, and we do not follow; put the final address into url"),
        (400, "HTTP 400"),
        (404, "HTTP 404"),
        (429, "HTTP 429"),
        (503, "HTTP 503"),
        ("close", "the connection broke (ServerDisconnectedError)"),
        ("garbage", "the connection broke (ClientResponseError)"),
    ],
)
async def test_what_an_answer_means(receiver: Receiver, around: Outside, answer: int | str, fault: str | None) -> None:
    receiver.answer = answer
    assert (await webhook(receiver.url).deliver(notice(), around)).fault == (fault or "")


async def test_a_redirect_is_not_followed(receiver: Receiver, around: Outside) -> None:
    receiver.answer = "/elsewhere"
    fault = (await webhook(f"{receiver.url}/here").deliver(notice(), around)).fault
    assert fault is not None
    assert fault.startswith("HTTP 302: it leads elsewhere")
    assert [said.path for said in receiver.heard] == ["/here"]


async def test_a_receiver_that_hangs_is_left(receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes.http, "TIMEOUT", 0.2)
    receiver.answer = "hang"
    async with HttpSession() as http:
        fault = (await webhook(receiver.url).deliver(notice(), outside_world(now=clock, http=http))).fault
    assert fault == "no answer within 0.2 seconds"


async def test_an_answer_without_an_end_is_not_read(receiver: Receiver, around: Outside) -> None:
    receiver.answer = "huge"
    assert not (await webhook(receiver.url).deliver(notice(), around)).fault
    assert receiver.sent < HUGE


async def test_nobody_there(around: Outside) -> None:
    async with receiving() as gone:
        url = gone.url
    assert (await webhook(url).deliver(notice(), around)).fault == "no connection: Connection refused"


async def test_a_certificate_must_be_one_that_we_trust(around: Outside, tmp_path: Path) -> None:
    authority = new_authority(tmp_path)
    async with receiving(authority.serve("127.0.0.1")) as receiver:
        fault = "its certificate is not one that we trust; see ca_file"
        assert (await webhook(receiver.url).deliver(notice(), around)).fault == (fault or "")
        assert receiver.heard == []
        assert not (await webhook(receiver.url, ca_file=authority.file).deliver(notice(), around)).fault


async def test_no_fault_tells_the_secret_or_the_address(receiver: Receiver, around: Outside) -> None:
    channel = webhook(f"{receiver.url}/tok3n?key=tok3n")
    for answer in (500, "close", "garbage", "/tok3n"):
        receiver.answer = answer
        fault = (await channel.deliver(notice(), around)).fault
        assert fault is not None
        assert "tok3n" not in fault
        assert SECRET not in fault
    assert SECRET not in repr(channel)


async def test_nothing_is_repeated(receiver: Receiver, around: Outside) -> None:
    assert await webhook(receiver.url).repeat([notice()], [], around) is None
    assert receiver.heard == []


@pytest.mark.parametrize(
    "url", ["https://hooks.example", "http://192.0.2.1:8080/a/b?c=d", "https://[2001:db8::1]/x", "http://localhost/"]
)
def test_an_address_that_can_be_asked(url: str) -> None:
    assert webhook(url).url == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("hooks.example", "must be a URL like"),
        ("ftp://hooks.example/", "must be a URL like"),
        ("file:///etc/passwd", "must be a URL like"),
        ("https://", "must be a URL like"),
        ("https://hooks.example:99999/", "must be a URL like"),
        ("https://hooks.example:0/", "must be a URL like"),
        ("https://hooks .example/", "must be a URL like"),
        ("https://hooks.example/\n", "must be a URL like"),
        ("https://hooks.example/" + "a" * 2000, "must be a URL like"),
        ("https://user:pass@hooks.example/", "must not hold a user or a password"),
        ("https://hooks.example/#there", "must not have a # in it"),
    ],
)
def test_an_address_that_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        webhook(url)
    [error] = refused.value.errors(include_input=False)
    assert error["loc"] == ("url",)
    assert problem in error["msg"]
    assert "user:pass" not in error["msg"]


def test_the_body_is_json_that_anything_reads() -> None:
    body = written(notice(title="Größe \N{SNOWMAN}"))
    assert body.isascii()
    assert json.loads(body)["title"] == "Größe \N{SNOWMAN}"
