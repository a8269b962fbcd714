"""Whose word on SPF, DKIM, DMARC and ARC is believed, and what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.reading.authentication import checks, results, without_comments
from probes.reading.header_fields import fields

AR = "Authentication-Results: mx.acme.test"


def facts(above, beneath="", servers=("mx.acme.test",)):
    found = checks(fields(above), fields(beneath), servers).facts
    return " ".join(str(word) for word in (found.spf, found.dkim, found.dmarc, found.arc))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (
            "Authentication-Results: mx.acme.test; spf=pass smtp.mailfrom=a.b; dkim=fail; dmarc=none",
            "pass fail none None",
        ),
        ("Authentication-Results: mx.acme.test 1;\n spf=pass;\n arc=pass (i=1)", "pass None None pass"),
        ("Authentication-Results: filter.acme.test; spf=softfail", "softfail None None None"),  # the same organisation
        ("Authentication-Results: mx.evil.test; spf=pass; dmarc=pass", "None None None None"),
        ("Authentication-Results: mx.acme.test; none", "None None None None"),
        ("Authentication-Results: mx.acme.test; dkim=fail (a) header.d=a; dkim=pass header.d=b", "None pass None None"),
        ("Authentication-Results: mx.acme.test; spf=hardfail", "fail None None None"),
        (  # Microsoft: no server id, a semicolon missing
            "Authentication-Results: spf=fail (sender IP is 192.0.2.1)\n smtp.mailfrom=a.b; dkim=none (not signed)\n"
            " header.d=none;dmarc=fail action=none header.from=a.b;compauth=fail reason=001",
            "fail none fail None",
        ),
        ("Received-SPF: SoftFail (mx.acme.test: domain of a.b ...) client-ip=192.0.2.1", "softfail None None None"),
        (
            "Received-SPF: pass\nAuthentication-Results: mx.acme.test; spf=fail",
            "fail None None None",
        ),
        ("ARC-Authentication-Results: i=2; mx.acme.test; dmarc=pass", "None None pass None"),
        ("ARC-Authentication-Results: mx.acme.test; dmarc=pass", "None None None None"),  # no instance
        ("ARC-Seal: i=1; a=rsa-sha256; cv=none; d=acme.test; b=x", "None None None none"),
        ("Authentication-Results: mx.acme.test; spf=none (dmarc=pass (dkim=pass))", "none None None None"),
        ('Authentication-Results: mx.acme.test; spf=none smtp.mailfrom="x; dmarc=pass"@a.b', "none None None None"),
        ("Authentication-Results: mx.acme.test; spf=none smtp.mailfrom=dmarc=pass@a.b", "none None None None"),
        ("X-Original-Authentication-Results: mx.acme.test; spf=pass", "None None None None"),
    ],
)
def test_what_is_read_above_the_border(headers, found) -> None:
    assert facts(headers + "\n") == found


@pytest.mark.parametrize(
    ("above", "beneath", "found"),
    [
        ("", "Authentication-Results: mx.acme.test; dkim=pass", "None pass None None"),  # where milters put it
        ("", "Authentication-Results: dkim=pass", "None None None None"),  # anybody can say that
        ("", "Authentication-Results: mx.evil.test; dkim=pass", "None None None None"),
        (f"{AR}; dkim=fail", f"{AR}; dkim=pass", "None fail None None"),
        ("", "Received-SPF: pass client-ip=192.0.2.1", "None None None None"),
        ("", "Received-SPF: pass (x) receiver=mx.acme.test; client-ip=192.0.2.1", "pass None None None"),
    ],
)  # fmt: skip
def test_what_is_believed_beneath_it(above, beneath, found) -> None:
    assert facts(above + "\n", beneath + "\n") == found


def test_who_met_the_sender_speaks_before_the_servers_behind_it() -> None:
    headers = "Authentication-Results: in.other.test; spf=fail\nAuthentication-Results: mx.acme.test; spf=pass\n"
    assert facts(headers, servers=("mx.acme.test", "in.other.test")) == "pass None None None"


def test_of_our_own_message_every_statement_is_the_receivers() -> None:
    assert facts("Authentication-Results: anything; spf=fail\n", servers=()) == "fail None None None"


@pytest.mark.parametrize(
    ("headers", "line"),
    [
        ("Authentication-Results: mx; spf=fail\n", "Authentication-Results: mx; spf=fail"),
        ("Authentication-Results: mx; spf=softfail; dmarc=pass\n", None),  # DMARC has the last word
        ("Authentication-Results: mx; spf=pass\n", None),
        ("Received-SPF: softfail\n", "Received-SPF: softfail"),
        ("", None),
    ],
)
def test_the_line_that_states_a_failure(headers, line) -> None:
    assert checks(fields(headers)).failure == line


def test_microsofts_composite_result() -> None:
    said = "Authentication-Results: spf=none; dmarc=none action=none;compauth=fail reason=001\n"
    assert checks(fields(said)).composite == "fail (reason 001)"


@pytest.mark.parametrize(
    ("value", "bare"),
    [("a (b (c) d) e", "a e"), ('a "(b" c', "a c"), ("a \\( b", "a b"), ("a ) b", "a b"), ("a (b", "a")],
)
def test_comments_and_quotes_are_left_out(value, bare) -> None:
    assert without_comments(value).split() == bare.split()


@given(st.text(alphabet='()"\\;= spfdkimas\n'))
def test_results_never_break_the_reader(text) -> None:
    results(without_comments(text))
    checks(fields(f"Authentication-Results: {text}\nARC-Authentication-Results: {text}\nReceived-SPF: {text}\n"))
