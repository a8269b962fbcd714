"""The words every table of the configuration is made of."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from probes.settings import (
    Address,
    Domain,
    Duration,
    Endpoint,
    FilePath,
    Host,
    Ip,
    Listen,
    MissingSecretError,
    Port,
    Secret,
    Settings,
    checked_secret,
    duration_text,
    endpoint,
    missing_secrets,
    shown,
)

HIDDEN = "correct-horse-battery"


def read(kind: Any, value: object, folder: Path = Path()) -> Any:
    return TypeAdapter(kind).validate_python(value, context={"folder": folder})


def refusal(kind: Any, value: object, folder: Path = Path()) -> str:
    with pytest.raises(ValidationError) as caught:
        read(kind, value, folder)
    return str(caught.value.errors()[0]["ctx"]["error"])


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        (Duration, "500ms", timedelta(milliseconds=500)),
        (Duration, "1.5h", timedelta(minutes=90)),
        (Duration, " 90s ", timedelta(seconds=90)),
        (Duration, "3660d", timedelta(days=3660)),
        (Port, 65535, 65535),
        (Address, "Probe+X@ACME.Example", "probe+x@acme.example"),
        (Address, " o'neil@acme.example ", "o'neil@acme.example"),
        (Domain, "Acme.Example", "acme.example"),
        (Domain, "xn--bcher-kva.example", "xn--bcher-kva.example"),
        (Ip, "2001:DB8:0:0::1", "2001:db8::1"),
        (Host, "MX1.acme.example", "mx1.acme.example"),
        (Host, "localhost", "localhost"),
        (Host, "2001:db8::1", "2001:db8::1"),
        (Listen, "127.0.0.1:0", Endpoint("127.0.0.1", 0)),
        (Listen, "[::1]:8025", Endpoint("::1", 8025)),
        (FilePath, "mail/probe", Path("/etc/mailpath/mail/probe")),
        (FilePath, "/var/mail/probe", Path("/var/mail/probe")),
    ],
)
def test_what_is_written_means(kind: Any, written: object, meant: object) -> None:
    assert read(kind, written, Path("/etc/mailpath")) == meant


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Duration, "15 minutes"),
        (Duration, "-1s"),
        (Duration, 15),
        (Duration, "٣s"),  # a digit, but not one of ours
        (Duration, "0s"),
        (Duration, "3661d"),
        (Duration, "999999999d"),  # more than a timedelta holds
        (Port, 0),
        (Port, 99999),
        (Port, "25"),
        (Port, True),
        (Port, 25.0),
        (Address, "probe"),
        (Address, "@acme.example"),
        (Address, "probe@acme"),
        (Address, "probe@acme..example"),
        (Address, "probe@192.0.2.1"),
        (Address, "pro be@acme.example"),
        (Address, "a@b@acme.example"),
        (Address, "probe@acme.example\r\nRCPT TO:<x@y.example>"),
        (Address, "probe@\u212acme.example"),  # KELVIN SIGN, whose lower case is an ASCII k
        (Address, f"{'a' * 65}@acme.example"),
        (Domain, "bücher.example"),
        (Domain, "acme.example."),
        (Domain, f"{'a' * 64}.example"),
        (Ip, "300.1.1.1"),
        (Ip, "fe80::1%eth0"),
        (Ip, "mx.acme.example"),
        (Host, "192.0.2.999"),
        (Host, "mx.acme.example:25"),
        (Host, "-mx.acme.example"),
        (Host, ""),
        (Listen, "8025"),
        (Listen, "127.0.0.1:65536"),
        (Listen, "::1:8025"),
        (Listen, 8025),
        (FilePath, ""),
        (FilePath, "a\0b"),
    ],
)
def test_what_is_refused(kind: Any, written: object) -> None:
    assert refusal(kind, written).startswith("must be")


@pytest.mark.parametrize(
    ("kind", "written", "words"),
    [
        (Port, 99999, "must be a whole number from 1 to 65535, not 99999"),
        (Port, "smtp", 'must be a whole number from 1 to 65535, not "smtp"'),
        (Duration, "quick", 'must be a time like "90s", "15m" or "1h", not "quick"'),
        (Address, "probe", 'must be a mail address like "probe@acme.example", not "probe"'),
        (Secret, HIDDEN, 'must be a reference, { env = "NAME" } or { file = "path" }: a secret is never in this file'),
        (Secret, {"env": "MAILPATH_NOT_SET"}, 'the environment variable "MAILPATH_NOT_SET" is not set; set it, '),
        (Secret, {"file": "nowhere"}, 'the secret file "nowhere" cannot be read: No such file or directory'),
        (Secret, {"file": "."}, 'the secret file "." cannot be read: Is a directory'),
        (Secret, {"file": "a\0b"}, 'the secret file "a\\u0000b" cannot be read: embedded null byte'),
    ],
)
def test_a_refusal_says_what_is_expected(tmp_path: Path, kind: Any, written: object, words: str) -> None:
    assert refusal(kind, written, tmp_path).startswith(words)


@pytest.mark.parametrize(
    "written",
    [
        HIDDEN,
        [HIDDEN],
        {"value": HIDDEN},
        {"env": "PATH", "file": HIDDEN},
        {"env": [HIDDEN]},
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(written: object) -> None:
    assert HIDDEN not in refusal(Secret, written)


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILPATH_TEST", HIDDEN)

    assert read(Secret, {"env": "MAILPATH_TEST"}) == SecretStr(HIDDEN)


def test_a_secret_comes_from_a_file_beside_the_configuration_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(HIDDEN.encode() + b"\r\n")

    assert read(Secret, {"file": "password"}, tmp_path) == SecretStr(HIDDEN)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\n", "is empty"),
        (b"\xff", "is not text in UTF-8"),
        (HIDDEN.encode() * 10_000, "is larger than 65536 bytes"),
    ],
)
def test_a_file_that_is_no_secret_is_refused_and_not_repeated(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "password").write_bytes(content)

    told = refusal(Secret, {"file": "password"}, tmp_path)

    assert words in told
    assert HIDDEN not in told


def test_an_endless_file_is_no_secret() -> None:
    assert "is larger than" in refusal(Secret, {"file": "/dev/zero"})


class Outer(Settings):
    password: Secret


def test_no_secret_is_in_the_text_of_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILPATH_TEST", HIDDEN)

    table = Outer.model_validate({"password": {"env": "MAILPATH_TEST"}})

    assert HIDDEN not in f"{table} {table!r} {table.model_dump_json()}"


def test_no_secret_is_in_the_text_of_an_error() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"password": HIDDEN, "passwort": HIDDEN})

    assert HIDDEN not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "port", "place"),
    [
        ("192.0.2.53", 53, Endpoint("192.0.2.53", 53)),
        ("192.0.2.53:5353", 53, Endpoint("192.0.2.53", 5353)),
        ("2001:db8::1", 53, Endpoint("2001:db8::1", 53)),
        ("[2001:db8::1]", 53, Endpoint("2001:db8::1", 53)),
        ("mx.example:25", None, Endpoint("mx.example", 25)),
        ("mx.example", None, None),
        ("2001:db8::1", None, None),
        ("[192.0.2.1]:25", None, None),
        ("mx.example:٢٥", None, None),
        (":25", None, None),
        ("", 53, None),
    ],
)
def test_an_endpoint(text: str, port: int | None, place: Endpoint | None) -> None:
    assert endpoint(text, port) == place


@pytest.mark.parametrize("place", [Endpoint("192.0.2.1", 25), Endpoint("2001:db8::1", 25), Endpoint("mx.example", 0)])
def test_an_endpoint_reads_what_it_writes(place: Endpoint) -> None:
    assert endpoint(str(place)) == place


@pytest.mark.parametrize("text", ["15m", "90s", "1h", "90d", "250ms", "36h", "1500ms"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert duration_text(read(Duration, text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", '"a\\nb"'),
        ("\x7f\u2028\u200b", '"\\u007f\\u2028\\u200b"'),
        ("x" * 1000, '"' + "x" * 55 + "..."),
        (True, "true"),
        (1.5, "1.5"),
        (float("inf"), "inf"),
        pytest.param(1 << 100_000, "a number of more than 30 digits", id="huge"),
        ({"password": HIDDEN}, "a table"),
        ([HIDDEN], "a list"),
    ],
)
def test_a_value_is_shown_on_one_line(value: object, text: str) -> None:
    assert shown(value) == text


class Hook(Settings):
    secret: Annotated[Secret, checked_secret(lambda secret: secret if len(secret) > 3 else _short())]


def _short() -> SecretStr:
    raise ValueError("is too short")


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ({"env": "MAILPATH_NOT_SET"}, 'the environment variable "MAILPATH_NOT_SET" is not set'),
        ({"file": "nowhere"}, 'the secret file "nowhere" cannot be read: No such file or directory'),
    ],
)
def test_a_secret_that_is_not_there_is_an_error_for_whoever_uses_it(reference: dict[str, str], why: str) -> None:
    hook = Hook.model_validate({"secret": reference}, context={"secrets_later": True})

    with pytest.raises(MissingSecretError, match=why):
        hook.secret.get_secret_value()
    assert [*missing_secrets({"hooks": [hook]})] == [hook.secret.why]  # type: ignore[attr-defined]
    assert repr(hook)
    with pytest.raises(ValidationError, match=why):
        Hook.model_validate({"secret": reference})


def test_a_secret_that_is_there_is_checked_also_by_those_who_may_not_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILPATH_TEST", "abc")
    with pytest.raises(ValidationError, match="is too short"):
        Hook.model_validate({"secret": {"env": "MAILPATH_TEST"}}, context={"secrets_later": True})
    with pytest.raises(ValidationError, match="a secret is never in this file"):
        Hook.model_validate({"secret": "plain"}, context={"secrets_later": True})


class Table(Settings):
    """A table with two keys."""

    host: str
    port: int = 25


def test_tables_share_the_names_of_the_keys_that_were_given() -> None:
    """There are four for each path, and ten thousand paths."""
    one, two, other = Table(host="a"), Table(host="b"), Table(host="a", port=26)
    assert one.model_fields_set is two.model_fields_set
    assert (one.model_fields_set, other.model_fields_set) == ({"host"}, {"host", "port"})
    moved = one.model_copy(update={"port": 27})
    assert (moved.model_fields_set, two.model_fields_set) == ({"host", "port"}, {"host"})
