"""A configuration that is right, and what the service makes of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config import Config, WatchedPath, read_config
from monitor.config.lines import Lines
from probes.kinds import Kind
from probes.mailboxes.imap import ImapMailbox
from probes.routes.xclient import XclientRoute
from probes.sender import Identity, Role
from probes.settings import Endpoint

MINUTE = timedelta(minutes=1)

WHOLE = """
[sender]
domain    = "account.trimble.com"
address   = "no-reply@account.trimble.com"
source_ip = "104.130.122.50"
helo      = "account.trimble.com"
ptr       = "[UNAVAILABLE]"
bounces   = "bounce@account.trimble.com"

[control]
address   = "postmaster@control.example"
source_ip = "198.51.100.7"

[probes]
every   = "15m"
kinds   = ["verification", "two_step_code", "password_reset", "invitation", "address_change"]
code_life = "10m"
give_up   = "1h"
retry     = ["10m", "15m", "30m"]
cap       = { per_path_per_day = 1500, per_host_per_minute = 60 }

[store]
url = "sqlite:///mailpath.db"
[web]
listen = "127.0.0.1:8025"

[companies.acme]
name        = "Acme Steel"
mail_system = "postfix"
[companies.acme.paths.hq]
to      = "Probe@ACME.example"
route   = { via = "xclient", host = "192.0.2.10", port = 25 }
mailbox = { via = "imap", host = "192.0.2.11", port = 993, tls = "implicit", user = "probe", password = { env = "PW" } }
every   = "5m"
"""


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PW", "correct-horse-battery")


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(text: str) -> Config:
        (tmp_path / "config.toml").write_text(text)
        return read_config(tmp_path / "config.toml")

    return read


def company(over: str = "", path: str = "") -> str:
    """One company with one path, and what each of them says otherwise than [probes]."""
    return f"""
        [companies.acme]
        {over}
        [companies.acme.paths.hq]
        to = "probe@acme.example"
        route = {{ via = "xclient", host = "192.0.2.10" }}
        mailbox = {{ via = "maildir", path = "mail" }}
        {path}
    """


def test_the_file_of_the_design(read: Any) -> None:
    config = read(WHOLE)

    [path] = config.paths()
    assert path.key == "acme/hq"
    assert (path.company_name, path.mail_system, path.to) == ("Acme Steel", "postfix", "probe@acme.example")
    assert path.route == XclientRoute(via="xclient", host="192.0.2.10", port=25)
    assert isinstance(path.mailbox, ImapMailbox)
    assert path.mailbox.password is not None
    assert path.mailbox.password.get_secret_value() == "correct-horse-battery"
    assert (path.every, path.cron) == (5 * MINUTE, None)
    assert (path.code_life, path.give_up, path.retry) == (
        10 * MINUTE,
        60 * MINUTE,
        (10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    )
    assert path.kinds == tuple(Kind)
    assert (path.per_path_per_day, config.probes.cap.per_host_per_minute) == (1500, 60)


def test_what_the_design_writes_is_what_holds_without_it(read: Any) -> None:
    said, unsaid = read(WHOLE), read(company())

    assert unsaid.sender == said.sender
    assert unsaid.probes == said.probes
    assert unsaid.store == said.store
    assert unsaid.web == said.web
    assert unsaid.control is None


def test_an_empty_file_watches_nobody(read: Any) -> None:
    assert read("").paths() == ()


def test_the_identities(read: Any) -> None:
    config = read(WHOLE)

    assert config.sender.identity() == Identity(
        Role.SENDER,
        address="no-reply@account.trimble.com",
        source_ip="104.130.122.50",
        helo="account.trimble.com",
        ptr="[UNAVAILABLE]",
        bounces="bounce@account.trimble.com",
    )
    assert config.control.identity() == Identity(
        Role.CONTROL,
        address="postmaster@control.example",
        source_ip="198.51.100.7",
        helo="control.example",
        ptr="[UNAVAILABLE]",
        bounces="postmaster@control.example",
    )


def test_the_senders_names_follow_its_domain(read: Any) -> None:
    sender = read('[sender]\ndomain = "Mail.Example"').sender

    assert (sender.address, sender.helo, sender.bounces) == (
        "no-reply@mail.example",
        "mail.example",
        "bounce@mail.example",
    )


def test_the_sender_may_write_from_below_its_domain(read: Any) -> None:
    assert read('[sender]\nbounces = "b@bounces.account.trimble.com"').sender.bounces == "b@bounces.account.trimble.com"


@pytest.mark.parametrize(
    ("defaults", "over", "path", "every", "cron"),
    [
        ("", "", "", 15 * MINUTE, None),
        ('every = "1h"', "", "", 60 * MINUTE, None),
        ('every = "1h"', 'every = "30m"', "", 30 * MINUTE, None),
        ('every = "1h"', 'every = "30m"', 'every = "5m"', 5 * MINUTE, None),
        ('every = "1h"', 'cron = "0 * * * *"', "", None, "0 * * * *"),
        ('every = "1h"', 'cron = "0 * * * *"', 'every = "5m"', 5 * MINUTE, None),
        ('cron = "0 * * * mon-fri"', "", "", None, "0 * * * mon-fri"),
        ('cron = "0 * * * *"', 'every = "30m"', 'cron = "*/5 6-20 * * sat,sun"', None, "*/5 6-20 * * sat,sun"),
    ],
)
def test_the_nearest_rhythm_holds(
    read: Any, defaults: str, over: str, path: str, every: timedelta | None, cron: str | None
) -> None:
    [watched] = read(f"[probes]\n{defaults}\n{company(over, path)}").paths()

    assert (watched.every, watched.cron) == (every, cron)


@pytest.mark.parametrize(
    ("key", "default", "over", "path"),
    [
        ("code_life", '"11m"', '"12m"', '"13m"'),
        ("give_up", '"2h"', '"3h"', '"4h"'),
        ("timeout", '"10s"', '"20s"', '"30s"'),
        ("jitter", "0.2", "0.1", "0.0"),
        ("kinds", '["verification"]', '["invitation"]', '["password_reset"]'),
        ("retry", '["1m"]', '["2m", "3m"]', '["4m"]'),
    ],
)
def test_the_nearest_word_holds(read: Any, key: str, default: str, over: str, path: str) -> None:
    def resolved(*said: str) -> Any:
        """What holds, and what [probes] alone would say if it said the same."""
        values = [f"{key} = {value}" if value else "" for value in said]
        [watched] = read(f"[probes]\n{values[0]}\n{company(*values[1:])}").paths()
        return getattr(watched, key), getattr(
            read(f"[probes]\n{key} = {[each for each in said if each][-1]}").probes, key
        )

    for said in ((default, "", ""), (default, over, ""), (default, over, path), ("", "", path)):
        holds, expected = resolved(*said)
        assert holds == expected


def test_a_path_may_have_a_cap_of_its_own(read: Any) -> None:
    config = read(f"[probes]\ncap = {{ per_host_per_minute = 7 }}\n{company(path='cap = { per_path_per_day = 9 }')}")

    assert [path.per_path_per_day for path in config.paths()] == [9]
    assert (config.probes.cap.per_path_per_day, config.probes.cap.per_host_per_minute) == (1500, 7)


def test_a_company_without_a_name_is_called_by_its_key(read: Any) -> None:
    [path] = read(company()).paths()

    assert (path.company_name, path.mail_system) == ("acme", "unknown")


def test_paths_in_the_file_begin_beside_it(read: Any, tmp_path: Path) -> None:
    config = read(company())

    assert config.store.url == f"sqlite:///{tmp_path}/mailpath.db"
    assert config.paths()[0].mailbox.path == tmp_path / "mail"


def test_an_absolute_store_stays_where_it_is(read: Any) -> None:
    assert (
        read('[store]\nurl = "sqlite:////var/lib/mailpath.db"\nkeep = "7d"').store.url
        == "sqlite:////var/lib/mailpath.db"
    )


def test_the_other_tables(read: Any) -> None:
    config = read("""
        [web]
        listen = "[::1]:0"
        [dns]
        nameservers = ["192.0.2.53", "192.0.2.54:5353", "2001:db8::53"]
        [log]
        level = "debug"
        format = "json"
    """)

    assert config.web.listen == Endpoint("::1", 0)
    assert [str(server) for server in config.dns.nameservers] == [
        "192.0.2.53:53",
        "192.0.2.54:5353",
        "[2001:db8::53]:53",
    ]
    assert (config.log.level, config.log.format) == ("debug", "json")


def test_two_paths_of_one_company_may_share_a_mailbox(read: Any) -> None:
    second = company().replace("[companies.acme]", "").replace("paths.hq", "paths.branch")

    assert [path.path for path in read(company() + second).paths()] == ["hq", "branch"]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (WHOLE, True),
        (WHOLE.replace("Probe@ACME", "probe@acme"), True),
        (
            WHOLE
            + '[companies.other.paths.x]\nto="a@b.example"\nroute={via="direct"}\nmailbox={via="maildir",path="m"}',
            True,
        ),
        (WHOLE.replace('"5m"', '"6m"'), False),
        (WHOLE.replace("port = 25", "port = 26"), False),
        (WHOLE.replace('["10m", "15m", "30m"]', '["10m"]'), False),
    ],
)
def test_a_path_that_nothing_was_changed_of_is_equal_after_a_reload(read: Any, text: str, same: bool) -> None:
    before: WatchedPath = read(WHOLE).paths()[0]
    after: WatchedPath = read(text).paths()[0]

    assert (before == after) is same


def test_a_new_password_makes_a_path_another_one(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(WHOLE).paths()
    monkeypatch.setenv("PW", "battery-staple")

    assert read(WHOLE).paths() != before


def test_what_is_read_shows_no_secret(read: Any) -> None:
    config = read(WHOLE)

    assert "correct-horse" not in f"{config!r} {config.paths()!r}"


def test_windows_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())

    assert len(read_config(tmp_path / "config.toml").paths()) == 1


def test_the_lines_of_many_companies_are_found_in_time() -> None:
    """The parser that knows lines took a time that grew with the square: 15 seconds for these."""
    text = "".join(f"[companies.c{number}]\nname = 'x'\n" for number in range(4000))

    assert Lines(text).line(("companies", "c3999", "name")) == 8000
