"""[incidents], [channels] and [[routing]]: what may be written, what it becomes, and what is told of errors."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.channels.alertmanager import AlertmanagerChannel
from monitor.channels.services import ServiceChannel
from monitor.channels.table import CHANNELS, ChannelSettings
from monitor.channels.webhook import WebhookChannel
from monitor.config import Config, ConfigErrors, read_config
from monitor.config.lines import Lines
from monitor.config.reference import reference
from monitor.config.schema import tagged
from monitor.incidents.incident import Scope, Severity
from monitor.incidents.settings import IncidentSettings, RoutingRule

TOKEN = "c0rrecth0rse"

ACME = """
[companies.acme.paths.hq]
to = "Probe@Mail.ACME.example"
route = { via = "xclient", host = "gw.acme.example" }
mailbox = { via = "imap", host = "IMAP.acme.example", user = "probe", password = { env = "IMAP" } }
"""
WHOLE = f"""
[incidents]
of_last = 4
bad = 3
good = 1
settle = "30s"

[channels.prometheus]
via = "alertmanager"
url = "http://127.0.0.1:9093/"

[channels.tickets]
via = "webhook"
url = "https://tickets.example/mailpath"
secret = {{ env = "HOOK" }}

[channels.oncall]
via = "apprise"
url = {{ env = "ONCALL" }}

[[routing]]
to = ["oncall", "prometheus"]
severities = ["page"]

[[routing]]
to = ["tickets"]
scopes = ["ourselves", "company"]
companies = ["acme"]
{ACME}
"""


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAP", "p")
    monkeypatch.setenv("HOOK", TOKEN)
    monkeypatch.setenv("ONCALL", f"pagerduty://{TOKEN}@{TOKEN}")


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(text: str) -> Config:
        (tmp_path / "config.toml").write_text(text)
        return read_config(tmp_path / "config.toml")

    return read


@pytest.fixture
def told(read: Any) -> Any:
    def told(text: str) -> list[str]:
        try:
            read(text)
        except ConfigErrors as errors:
            return str(errors).splitlines()
        return []

    return told


def test_all_of_it(read: Any) -> None:
    config = read(WHOLE)
    assert config.incidents == IncidentSettings(of_last=4, bad=3, good=1, settle=timedelta(seconds=30))
    prometheus, tickets, oncall = config.channels.values()
    assert [*config.channels] == ["prometheus", "tickets", "oncall"]
    assert isinstance(prometheus, AlertmanagerChannel)
    assert prometheus.url == "http://127.0.0.1:9093"
    assert isinstance(tickets, WebhookChannel)
    assert isinstance(oncall, ServiceChannel)
    assert config.routing == (
        RoutingRule(to=("oncall", "prometheus"), severities=(Severity.PAGE,)),
        RoutingRule(to=("tickets",), scopes=(Scope.OURSELVES, Scope.COMPANY), companies=("acme",)),
    )
    assert TOKEN not in repr(config)


def test_none_of_it(read: Any) -> None:
    config = read(ACME)
    assert (config.channels, config.routing, config.incidents) == ({}, (), IncidentSettings())


def test_what_is_read_twice_is_the_same(read: Any) -> None:
    """A reload keeps the channels that did not change."""
    assert read(WHOLE).channels == read(WHOLE).channels


def test_every_kind_of_channel_is_in_the_table() -> None:
    settings: dict[str, Any] = dict(tagged(ChannelSettings))
    assert settings == CHANNELS


def channel(lines: str) -> str:
    return f"[channels.a]\n{lines}\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            channel('via = "webhok"'),
            [
                f'config.toml:2: channels.a.via: must be one of {", ".join(CHANNELS)}, not "webhok"; '
                "did you mean webhook?"
            ],
        ),
        (
            channel('url = "x"'),
            [f"config.toml:1: channels.a.via: missing; expected one of {', '.join(CHANNELS)}"],
        ),
        (
            channel('via = "webhook"\nurl = "hooks.example"\nsecret = "s3cret"'),
            [
                'config.toml:3: channels.a.url: must be a URL like "https://alerts.example/path", not "hooks.example"',
                'config.toml:4: channels.a.secret: must be a reference, { env = "NAME" } or { file = "path" }: '
                "a secret is never in this file",
            ],
        ),
        (
            channel('via = "webhook"\nurl = "https://u:p@hooks.example"\nsecret = { env = "HOOK" }\nredirect = true'),
            [
                "config.toml:3: channels.a.url: must not hold a user or a password: a secret is never in this file",
                "config.toml:5: channels.a.redirect: unknown key; expected one of url, secret, ca_file",
            ],
        ),
        (
            channel('via = "alertmanager"\nurl = "127.0.0.1:9093"'),
            ['config.toml:3: channels.a.url: must be a URL like "https://alerts.example/path", not "127.0.0.1:9093"'],
        ),
        (
            channel('via = "alertmanager"\nurl = "http://127.0.0.1:9093"\nuser = "me"'),
            ["config.toml:1: channels.a: user and password go together; give both or none"],
        ),
        (
            channel('via = "apprise"\nurl = { env = "NOBODY" }'),
            [
                'config.toml:3: channels.a.url: the environment variable "NOBODY" is not set; set it, '
                "or refer to a file"
            ],
        ),
        (
            '[channels."Über uns"]\nvia = "webhook"\n',
            [
                'config.toml:1: channels."Über uns": must consist of a-z, 0-9, _ and -, at most 64 characters, '
                'not "Über uns"',
                'config.toml:1: channels."Über uns".url: missing; expected: the address that receives notices; '
                "any answer from 200 to 299 counts as delivered",
                'config.toml:1: channels."Über uns".secret: missing; expected: signs them: `Mailpath-Signature` is '
                "`t=TIME,v1=HEX`, HEX the HMAC-SHA256 of `TIME.BODY`",
            ],
        ),
        ("channels = 3", ["config.toml:1: channels: must be a table, not a number"]),
    ],
)  # fmt: skip
def test_channels(told: Any, text: str, lines: list[str]) -> None:
    assert told(text) == lines


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"pagerduty://{TOKEN}", "must be a URL of pagerduty that Apprise takes; see https://appriseit.com/services/"),
        (f"{TOKEN}://{TOKEN}", 'must be a URL of Apprise, like "slack://..."; see https://appriseit.com/services/'),
        (TOKEN, 'must be a URL of Apprise, like "slack://..."; see https://appriseit.com/services/'),
    ],
)
def test_what_apprise_cannot_load_is_told_without_the_secret(
    told: Any, monkeypatch: pytest.MonkeyPatch, url: str, problem: str
) -> None:
    monkeypatch.setenv("ONCALL", url)
    assert told(channel('via = "apprise"\nurl = { env = "ONCALL" }')) == [f"config.toml:3: channels.a.url: {problem}"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            '[[routing]]\nto = ["oncal", "nobody"]\n' + channel("").replace("[channels.a]", "")
            + '[channels.oncall]\nvia = "apprise"\nurl = { env = "ONCALL" }\n',
            [
                'config.toml:2: routing.to: unknown channel "oncal"; did you mean oncall?',
                'config.toml:2: routing.to: unknown channel "nobody"; add [channels.nobody], or remove the name',
            ],
        ),
        (
            '[[routing]]\nto = ["a"]\n[[routing]]\nto = ["a"]\ncompanies = [\n  "acme",\n  "acmee",\n  "x\\ny"\n]\n'
            + channel('via = "apprise"\nurl = { env = "ONCALL" }') + ACME,
            [
                'config.toml:7: routing.companies: unknown company "acmee"; did you mean acme?',
                'config.toml:8: routing.companies: unknown company "x\\ny"; add [companies."x\\ny"], or remove the '
                "name",
            ],
        ),
        (
            '[[routing]]\nto = []\n\n[[routing]]\nseverity = ["page"]\n\n'
            '[[routing]]\nto = "a"\nseverities = ["loud"]\n[[routing]]\nto = ["a"]\n',
            [
                "config.toml:2: routing.to: must contain at least 1, not 0",
                "config.toml:4: routing.to: missing; expected: names of channels",
                "config.toml:5: routing.severity: unknown key; expected one of to, severities, scopes, companies, "
                "after; did you mean severities?",
                "config.toml:8: routing.to: must be a list in brackets, not text",
                'config.toml:9: routing.severities: must be one of page, ticket, note, not "loud"',
                'config.toml:11: routing.to: unknown channel "a"; add [channels.a], or remove the name',
            ],
        ),
        (
            "[routing]\nto = []\n",
            ["config.toml:1: routing: must be a list of tables; write [[routing]] in double brackets"],
        ),
        (
            "[incidents]\nbad = 4\ngood = 0\n[web]\nurl = 'mailpath.example'\n",
            [
                "config.toml:2: incidents.bad: must not be more than of_last, 3, but is 4",
                "config.toml:3: incidents.good: must be at least 1, not 0",
                'config.toml:5: web.url: must be a URL like "https://mailpath.example", not "mailpath.example"',
            ],
        ),
    ],
)  # fmt: skip
def test_routing_and_incidents(told: Any, text: str, lines: list[str]) -> None:
    assert told(text) == lines


MAIL = channel('via = "apprise"\nurl = { env = "ONCALL" }') + ACME
FAILS = "and fails when it does"
USE = "or a chat, phone or paging service"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("mailtos://u:p@own.example?to=it@mail.acme.example", "mail to mail.acme.example"),
        ("mailtos://u:p@own.example?to=it@mx.mail.acme.example", "mail to mx.mail.acme.example"),
        ("mailtos://u:p@own.example?to=a@own.example&bcc=it@MAIL.acme.example", "mail to mail.acme.example"),
        ("resend://aaaaaaaaaaaa:me@own.example/it@mail.acme.example", "mail to mail.acme.example"),
    ],
)
def test_mail_into_a_watched_domain_is_refused(told: Any, monkeypatch: pytest.MonkeyPatch, url: str, what: str) -> None:
    monkeypatch.setenv("ONCALL", url)
    assert told(MAIL) == [
        f"config.toml:3: channels.a.url: {what} depends on the monitored path at companies.acme.paths.hq.to "
        f"(config.toml:6) {FAILS}; use a mailbox in another domain, {USE}"
    ]


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("gw.acme.example", "companies.acme.paths.hq.route.host (config.toml:7)"),
        ("Imap.Acme.example", "companies.acme.paths.hq.mailbox.host (config.toml:8)"),
    ],
)
def test_mail_over_a_watched_server_is_refused(
    told: Any, monkeypatch: pytest.MonkeyPatch, host: str, place: str
) -> None:
    monkeypatch.setenv("ONCALL", f"mailtos://u:p@own.example?smtp={host}&to=it@other.example")
    assert told(MAIL) == [
        f"config.toml:3: channels.a.url: mail over {host.lower()} depends on the monitored path at {place} {FAILS}; "
        f"use another mail server, {USE}"
    ]


@pytest.mark.parametrize(
    "url",
    [
        "mailtos://u:p@own.example?to=it@own.example",
        "mailtos://u:p@acme.example?to=it@acme.example",  # above what is watched, and so another mail system
        "mailtos://u:p@own.example?to=it@notmail.acme.example",
        "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/it@mail.acme.example",
        "json://mail.acme.example/hook",
    ],
)
def test_other_ways_are_good(told: Any, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ONCALL", url)
    assert told(MAIL) == []


def test_the_place_may_be_in_another_file(told: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONCALL", "mailtos://u:p@own.example?to=it@mail.acme.example")
    (tmp_path / "acme.toml").write_text(ACME)
    [line] = told('include = ["acme.toml"]\n' + channel('via = "apprise"\nurl = { env = "ONCALL" }'))
    assert line.startswith("config.toml:4: channels.a.url: mail to mail.acme.example depends on the monitored path at ")
    assert "(acme.toml:3)" in line


def test_other_errors_do_not_hide_it(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONCALL", "mailtos://u:p@own.example?to=it@mail.acme.example")
    wrong = '[channels.b]\nvia = "x"\n'
    lines = told(wrong + MAIL + "evry = 1\n")
    assert [line[: line.index(":", 13)] for line in lines] == ["config.toml:2", "config.toml:5", "config.toml:11"]
    assert "config.toml:5: channels.a.url: mail to mail.acme.example" in lines[1]


def test_make_believe_hosts_are_loopback_where_other_things_live_too(
    told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONCALL", "mailto://127.0.0.1?from=mailpath@own.example&to=it@own.example")
    text = (
        '[sandbox.companies]\nacme = "inbox"\n' + channel('via = "apprise"\nurl = { env = "ONCALL" }')
        + '[companies.acme.paths.hq]\nto = "a@acme.example"\nroute = { via = "xclient", host = "127.0.0.1" }\n'
        'mailbox = { via = "maildir", path = "mail" }\n'
    )  # fmt: skip
    assert told(text) == []


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("routing",), 3),
        (("routing", 0), 3),
        (("routing", 0, "to"), 5),
        (("routing", 0, "nothing"), 3),
        (("routing", 1, "to", 1), 9),
        (("routing", 1, "nothing"), 7),
        (("routing", 2), 3),
        (("dns", "list", 1, "b"), 13),
    ],
)
def test_the_lines_of_tables_in_a_list(keys: Any, line: int) -> None:
    text = (
        'a = "[[not a header]]"\n\n[[routing]]\n# [[nor this]]\nto = []\n\n  [[ routing ]]\nto = ["a",\n  "b"]\n'
        "[[routing]]\n[dns]\nlist = [{a = 1},\n {b = 2}]\n"
    )
    assert Lines(text).line(keys) == line


@pytest.mark.parametrize(
    "row",
    [
        '## `[channels.KEY]` with `via = "alertmanager"`',
        '## `[channels.KEY]` with `via = "webhook"`',
        '## `[channels.KEY]` with `via = "apprise"`',
        "## `[[routing]]`\n\nIncidents of a channel.",
        "## `[[maintenance]]`",
        "| `to` | list of text | required | Names of channels. |",
        '| `severities` | list of `page`, `ticket`, `note` | `["page", "ticket"]` | The severities of the incidents. |',
        "| `secret` | secret | required |",
        "## `[incidents]`",
    ],
)
def test_what_the_reference_says(row: str) -> None:
    assert row in reference()
