"""`mailpath read` as people and scripts use it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import bounce_mails as mails

MAILPATH = (sys.executable, "-m", "monitor", "read")
TOKEN = "mp" + "a" * 32
REPLY = "550 5.7.1 Service unavailable; Client host [104.130.122.50] blocked using zen.spamhaus.org\n"
LATER = "450 4.2.0 <probe@acme.test>: Recipient address rejected: Greylisted, try again in 300 seconds\n"
REPORT = b"""{"organization-name": "Acme", "contact-info": "x", "report-id": "1",
"date-range": {"start-datetime": "2026-11-22T00:00:00Z", "end-datetime": "2026-11-22T23:59:59Z"},
"policies": [{"policy": {"policy-type": "sts", "policy-domain": "account.trimble.com"},
"summary": {"total-successful-session-count": 5, "total-failure-session-count": 0}}]}"""


def run(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [*MAILPATH, *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)


def objects(*arguments: object, given: bytes = b"") -> list[dict[str, Any]]:
    ended = run(*arguments, "--json", given=given)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(row) for row in ended.stdout.splitlines()]


def test_replies_one_object_a_line_in_the_order_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(REPLY)
    (tmp_path / "b.txt").write_text(LATER)
    first, second = objects("reply", tmp_path / "a.txt", tmp_path / "b.txt")
    assert first["file"] == str(tmp_path / "a.txt")
    assert (first["cause"], first["concerns"], first["permanent"]) == ("ip_listed", "sender", True)
    assert (first["code"], first["enhanced"]) == (550, "5.7.1")
    assert 0.9 < first["confidence"] <= 1.0
    assert "spamhaus" in first["blocklist"].lower()
    assert (second["cause"], second["permanent"], second["retry_after"]) == ("greylisted", False, 300.0)


def test_a_bounce_from_standard_input() -> None:
    (facts,) = objects("bounce", "-", given=mails.bounce(TOKEN))
    assert (facts["file"], facts["is_bounce"], facts["kind"], facts["token"]) == ("-", True, "bounce", TOKEN)
    (recipient,) = facts["recipients"]
    assert recipient["address"] == "probe@acme.test"
    assert (recipient["action"], recipient["status"]) == ("failed", "5.7.1")
    assert (recipient["cause"], recipient["permanent"]) == ("ip_listed", True)
    assert "blocked using bl.test" in recipient["reply"]


def test_how_many_recipients_of_a_bounce_are_left_out_is_said() -> None:
    said = "".join(f"<u{number}@acme.test>:\n550 5.1.1 no such user\n\n" for number in range(103))
    given = f"From: MAILER-DAEMON@x.test\nSubject: failure notice\n\nNot delivered.\n\n{said}".encode()
    (facts,) = objects("bounce", "-", given=given)
    assert (len(facts["recipients"]), facts["left_out"]) == (100, 3)
    assert "3 more recipients: only the first 100 are read" in run("bounce", "-", given=given).stdout.decode()


def test_that_a_text_is_no_bounce_is_said_and_why() -> None:
    said = run("bounce", "-", given=b"# Bounces\n\nMail that could not be delivered comes back.\n").stdout.decode()
    assert "not a bounce" in said
    assert "neither the structure of a report nor an address that failed" in said


def test_a_vacation_answer_is_no_bounce() -> None:
    (facts,) = objects("bounce", "-", given=mails.vacation(TOKEN))
    assert (facts["is_bounce"], facts["kind"], facts["recipients"]) == (False, "auto_reply", [])


def test_an_arrived_message() -> None:
    more = (
        "X-Spam-Flag: YES\nX-Spam-Status: Yes, score=7.1 required=5.0 tests=BAYES_99\n"
        "Authentication-Results: mx.acme.test; spf=pass smtp.mailfrom=account.trimble.com; dkim=fail\n"
    )
    content = mails.wire(more) + mails.probe(TOKEN)
    (facts,) = objects("message", "-", given=content)
    assert facts["connecting_ip"] == "104.130.122.50"
    assert facts["hops"][0]["by"] == "mx.acme.test"
    assert facts["hops"][0]["at"] == "2026-11-23T08:00:03Z"
    assert (facts["authentication"]["spf"], facts["authentication"]["dkim"]) == ("pass", "fail")
    assert set(facts["authentication"]) == {"spf", "dkim", "dmarc", "arc"}
    assert any((each["score"], each["threshold"]) == (7.1, 5.0) for each in facts["filters"])
    assert {"vendor", "verdict", "score", "threshold"} <= set(facts["filters"][0])
    assert facts["verdict"] == "spam"


FORWARDED = (
    b"Received: from out.acme.test (out.acme.test [192.0.2.9]) by mx.home.test; Mon, 23 Nov 2026 08:00:09 +0000\n"
    b"Authentication-Results: mx.home.test; spf=fail smtp.mailfrom=account.trimble.com\n"
    b"Received: from x.test (x.test [104.130.122.50]) by mx.acme.test; Mon, 23 Nov 2026 08:00:03 +0000\n"
    b"Authentication-Results: mx.acme.test; spf=pass smtp.mailfrom=account.trimble.com\n"
    b"From: no-reply@account.trimble.com\n\nhello\n"
)


@pytest.mark.parametrize(
    ("receiver", "connecting", "spf"),
    [
        ([], "192.0.2.9", "fail"),
        (["--receiver", "mx.acme.test"], "104.130.122.50", "pass"),
        (["--receiver", "Acme.test."], "104.130.122.50", "pass"),
        (["--receiver", "home.test"], "192.0.2.9", "fail"),
    ],
)
def test_the_receiver_of_a_forwarded_message_can_be_named(receiver: list[str], connecting: str, spf: str) -> None:
    (facts,) = objects("message", "-", *receiver, given=FORWARDED)
    assert (facts["connecting_ip"], facts["authentication"]["spf"], facts["notes"]) == (connecting, spf, [])


def test_a_receiver_that_wrote_no_received_line_is_told_with_the_hosts_that_did() -> None:
    ended = run("message", "-", "--receiver", "other.test", given=FORWARDED)
    assert ended.returncode == 0
    said = " ".join(ended.stdout.decode().split())
    assert "note no Received line is by other.test; they are by mx.home.test, mx.acme.test" in said
    assert "192.0.2.9" in said
    (facts,) = objects("message", "-", "--receiver", "other.test", given=b"Subject: hello\n\nhello\n")
    assert facts["notes"] == ["no Received line is by other.test"]


def test_a_report() -> None:
    pytest.importorskip("parsedmarc")
    (facts,) = objects("report", "-", given=REPORT)
    assert (facts["kind"], facts["organisation"], facts["messages"]) == ("smtp_tls", "Acme", 5)
    assert (facts["ours_passed"], facts["ours_failed"]) == (5, 0)


@pytest.mark.parametrize(
    ("sort", "content", "says"),
    [
        ("reply", REPLY.encode(), ["Public blocklist", "concerns: sender", "confidence  ", "550  5.7.1"]),
        (
            "bounce",
            mails.bounce(TOKEN),
            ["probe@acme.test", "Public blocklist", "confidence  ", "blocked using bl.test", TOKEN],
        ),
        ("reply", b"250 2.0.0 Ok: queued as 4Q1mXw7zT2", ["Accepted: no refusal", "250  2.0.0"]),
        ("reply", b"550 5.1.1 no such user, 250 others were fine", ["No such user", "confidence"]),
        ("message", mails.probe(TOKEN), ["104.130.122.50", "mx.acme.test"]),
        ("report", REPORT, ["TLS report", "Acme", "5 passed"]),
    ],
)
def test_the_short_text_says_it(tmp_path: Path, sort: str, content: bytes, says: list[str]) -> None:
    if sort == "report":
        pytest.importorskip("parsedmarc")
    (tmp_path / "file").write_bytes(content)
    ended = run(sort, tmp_path / "file")
    assert ended.returncode == 0
    for words in says:
        assert words in ended.stdout.decode()


def test_a_file_that_cannot_be_read_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(REPLY)
    ended = run("reply", tmp_path / "gone", tmp_path, tmp_path / "good", "--json")
    assert ended.returncode == 2
    assert ended.stderr.decode().splitlines() == [
        f"{tmp_path / 'gone'}: No such file or directory",
        f"{tmp_path}: Is a directory",
    ]
    assert [json.loads(row)["cause"] for row in ended.stdout.splitlines()] == ["ip_listed"]


def test_what_is_no_report_is_told(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"hello")
    ended = run("report", tmp_path / "f")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode() == f"{tmp_path / 'f'}: no DMARC or TLS report in it\n"


@pytest.mark.parametrize("arguments", [(), ("reply",), ("nonsense", "x")])
def test_how_it_is_used_is_told(arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert b"Usage" in ended.stderr + ended.stdout


@pytest.mark.parametrize("sort", ["reply", "bounce", "message", "report"])
@pytest.mark.parametrize("as_json", [True, False])
def test_hostile_files_do_no_harm_to_a_terminal(tmp_path: Path, sort: str, as_json: bool) -> None:
    hostile = b"From: \x1b[2J\x07x\r\nSubject: [bold]\xff\xfe\r\n\r\n550 \x1b]0;x\x07 <a@[/]> rejected \x9b31m\r\n"
    (tmp_path / "f").write_bytes(hostile)
    ended = run(sort, tmp_path / "f", *(["--json"] if as_json else []))
    assert ended.returncode in (0, 2)
    assert b"Traceback" not in ended.stderr
    assert not {0x1B, 0x07, 0x9B} & set(ended.stdout)
