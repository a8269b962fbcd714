"""Every error at once, each with its file, line, key, and what was expected. The tables are what people read."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from monitor.config import ConfigErrors, read_config
from monitor.doctor.config_warnings import config_warnings

HIDDEN = "correct-horse-battery"
KINDS = "verification, two_step_code, password_reset, invitation, address_change"
PATH = """
    to = "probe@acme.example"
    route = { via = "direct" }
    mailbox = { via = "maildir", path = "mail" }
"""


@pytest.fixture
def told(tmp_path: Path) -> Any:
    """The lines told of a configuration: `companies/a.toml` and others may be given beside it."""

    def told(text: str, **included: str) -> list[str]:
        (tmp_path / "companies").mkdir(exist_ok=True)
        for name, content in included.items():
            (tmp_path / "companies" / f"{name}.toml").write_text(dedent(content).lstrip("\n"))
        (tmp_path / "config.toml").write_text(dedent(text).lstrip("\n"))
        try:
            read_config(tmp_path / "config.toml")
        except ConfigErrors as errors:
            return str(errors).splitlines()
        return []

    return told


def acme(lines: str) -> str:
    """A path of a company, which begins in line 1; what is said of it begins in line 2."""
    return f"[companies.acme.paths.hq]\n{dedent(lines)}"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[web\n", ["config.toml:1: is not TOML: expected ']' at the end of a table declaration (column 5)"]),
        ("# Acme\nname = Acme\n", ["config.toml:2: is not TOML: not a valid value; put text in quotes (column 8)"]),
        ("a = 1\na = 2\n", ["config.toml:2: is not TOML: this key already has a value (column 6)"]),
        ("[web]\n[web]\n", ["config.toml:2: is not TOML: cannot declare ('web',) twice (column 5)"]),
        ('x = """\n\n', ["config.toml:3: is not TOML: unterminated string (at the end)"]),
        ("x = " + "[" * 5000, ["config.toml: is not TOML: brackets are nested too deeply"]),
        ("x = " + "9" * 5000, ["config.toml: is not TOML: a number in it is too long"]),
    ],
)
def test_what_is_not_toml(told: Any, text: str, lines: list[str]) -> None:
    assert told(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "[webb]\n[parking]\n",
            [
                "config.toml:1: webb: unknown key; expected one of sender, control, neighbour, network, probes, store, "
                "web, inbound, dns, standing, diagnosis, log, incidents, real, accounts, channels, routing, "
                "maintenance, sandbox, include, companies; did you mean web?",
                "config.toml:2: parking: unknown key; expected one of sender, control, neighbour, network, probes, "
                "store, web, inbound, dns, standing, diagnosis, log, incidents, real, accounts, channels, routing, "
                "maintenance, sandbox, include, companies",
            ],
        ),
        ("web = 8025", ["config.toml:1: web: must be a table, not a number"]),
        ("companies = 8025", ["config.toml:1: companies: must be a table, not a number"]),
        ("[[companies.acme]]", ["config.toml:1: companies.acme: must be a table, not a list"]),
        (
            '[web]\nlisten = "8025"\n\n[store]\nurl = "postgresql://u:p@h/d"\nkeep = 90',
            [
                'config.toml:2: web.listen: must be an address and a port like "127.0.0.1:8025", not "8025"',
                "config.toml:5: store.url: must not contain a password; put it into a password file, and name that in "
                "PGPASSFILE or at the end: ?passfile=/etc/mailpath/pgpass",
                'config.toml:6: store.keep: must be a time like "90s", "15m" or "1h", not 90',
            ],
        ),
        (
            '[dns]\nnameservers = [\n  "192.0.2.53",\n  "ns.example",\n]',
            [
                "config.toml:4: dns.nameservers: must be an IP address, with or without a port, "
                'like "192.0.2.53", not "ns.example"'
            ],
        ),
        (
            '[log]\nlevel = "WARN"',
            ['config.toml:2: log.level: must be one of debug, info, warning, error, not "WARN"; did you mean warning?'],
        ),
    ],
)
def test_tables(told: Any, text: str, lines: list[str]) -> None:
    assert told(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            '[sender]\naddress = "no-reply@other.example"\nsource_ip = "300.1.1.1"\nptr = "a b"',
            [
                "config.toml:2: sender.address: must be an address in account.trimble.com or a subdomain, "
                'not "no-reply@other.example"',
                'config.toml:3: sender.source_ip: must be an IP address like "192.0.2.1" or "2001:db8::1", '
                'not "300.1.1.1"',
                'config.toml:4: sender.ptr: must be a host name, or "[UNAVAILABLE]" if there is none, not "a b"',
            ],
        ),
        (
            f'[sender]\nbounces = "{"b" * 30}@account.trimble.com"',
            [
                "config.toml:2: sender.bounces: must have at most 29 characters before the @, leaving room for a +tag, "
                "not 30"
            ],
        ),
        (  # what follows from the domain is not told
            '[sender]\ndomain = "trimble"',
            ['config.toml:2: sender.domain: must be a domain like "acme.example", not "trimble"'],
        ),
        (
            '[control]\naddress = "x@mail.account.trimble.com"\nsource_ip = "192.0.2.1"',
            ["config.toml:2: control.address: must be in a domain unrelated to the sender's, account.trimble.com"],
        ),
        (
            "[control]",
            [
                "config.toml:1: control.address: missing; expected: the From address, not in the domain of the sender",
                "config.toml:1: control.source_ip: missing; expected: the IP address that it sends from",
            ],
        ),
    ],
)
def test_identities(told: Any, text: str, lines: list[str]) -> None:
    assert told(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            'kinds = ["verification", "verificaton", "sms"]',
            [
                f'config.toml:2: probes.kinds: must be one of {KINDS}, not "verificaton"; did you mean verification?',
                f'config.toml:2: probes.kinds: must be one of {KINDS}, not "sms"',
            ],
        ),
        (
            'kinds = ["invitation", "invitation"]',
            ["config.toml:2: probes.kinds: must name each kind once; invitation is repeated"],
        ),
        ("kinds = []", ["config.toml:2: probes.kinds: must contain at least 1, not 0"]),
        ('retry = "10m"', ["config.toml:2: probes.retry: must be a list in brackets, not text"]),
        (
            'retry = ["10m",\n"soon"]',
            ['config.toml:3: probes.retry: must be a time like "90s", "15m" or "1h", not "soon"'],
        ),
        (
            'every = "5m"\ncron = "*/5 * * * *"',
            ["config.toml:2: probes.every: every and cron exclude each other; leave one of them out"],
        ),
        (
            'cron = "*/5 * * *"',
            [
                'config.toml:2: probes.cron: must be five crontab fields like "*/15 6-20 * * mon-fri", '
                'not "*/5 * * *": it has 4 fields'
            ],
        ),
        (
            'cron = "0 6-20 * * 1-5"',
            [
                'config.toml:2: probes.cron: must be five crontab fields like "*/15 6-20 * * mon-fri", '
                'not "0 6-20 * * 1-5": name the days of the week (mon, tue, ...), because numbers mean different days '
                "to different programs"
            ],
        ),
        (
            'cron = "0 0 30 2 *"',
            [
                'config.toml:2: probes.cron: must be five crontab fields like "*/15 6-20 * * mon-fri", '
                'not "0 0 30 2 *": it never occurs'
            ],
        ),
        ('code_life = "2h"', ["config.toml:1: probes.give_up: must not be shorter than code_life, 2h, but is 1h"]),
        ('give_up = "5m"', ["config.toml:2: probes.give_up: must not be shorter than code_life, 10m, but is 5m"]),
        ("jitter = 0.6", ["config.toml:2: probes.jitter: must be at most 0.5, not 0.6"]),
        ("jitter = nan", ["config.toml:2: probes.jitter: must be at most 0.5, not nan"]),
        (
            "cap = { per_path_per_day = 0, per_hour = 3 }",
            [
                "config.toml:2: probes.cap.per_path_per_day: must be a whole number from 1 to 1000000000, not 0",
                "config.toml:2: probes.cap.per_hour: unknown key; "
                "expected one of per_host_per_minute, per_path_per_day",
            ],
        ),
    ],
)
def test_probes(told: Any, text: str, lines: list[str]) -> None:
    assert told(f"[probes]\n{text}") == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            """\
            to = "probe"
            route = { via = "xclient", hst = "192.0.2.10", port = 99999 }
            mailbox = { via = "imap", host = "a b", port = "imaps", tls = "ssl", user = 5 }
            """,
            [
                'config.toml:2: companies.acme.paths.hq.to: must be a mail address like "probe@acme.example", '
                'not "probe"',
                "config.toml:3: companies.acme.paths.hq.route.host: missing",
                "config.toml:3: companies.acme.paths.hq.route.hst: unknown key; expected one of host, port, tls",
                "config.toml:3: companies.acme.paths.hq.route.port: must be a whole number from 1 to 65535, not 99999",
                "config.toml:4: companies.acme.paths.hq.mailbox.host: must be a host name or an IP address",
                "config.toml:4: companies.acme.paths.hq.mailbox.password: missing",
                "config.toml:4: companies.acme.paths.hq.mailbox.port: must be a whole number from 1 to 65535, "
                'not "imaps"',
                "config.toml:4: companies.acme.paths.hq.mailbox.tls: must be one of implicit, starttls, none, "
                'not "ssl"',
                "config.toml:4: companies.acme.paths.hq.mailbox.user: must be text in quotes, not 5",
            ],
        ),
        (
            """\
            to = "probe@acme.example"
            route = { via = "smtp" }
            mailbox = { path = "mail" }
            """,
            [
                "config.toml:3: companies.acme.paths.hq.route.via: must be one of direct, relay, xclient, proxy, scan, "
                'not "smtp"',
                "config.toml:4: companies.acme.paths.hq.mailbox.via: missing; expected one of imap, maildir",
            ],
        ),
        (
            'route = "direct"',
            [
                "config.toml:1: companies.acme.paths.hq.mailbox: missing; expected: "
                "where Mailpath looks for probes: a table with `via`",
                "config.toml:1: companies.acme.paths.hq.to: missing; expected: "
                "recipient of the probes, converted to lower case",
                "config.toml:2: companies.acme.paths.hq.route: must be a table, not text",
            ],
        ),
        (
            f'{PATH}\nversoin = 2\ncode_life = "3h"',
            [
                "config.toml:7: companies.acme.paths.hq.versoin: unknown key; expected one of to, route, mailbox, "
                "diagnosis, trace, traces, cron, every, jitter, kinds, code_life, give_up, retry, timeout, cap"
            ],
        ),
        (
            f'{PATH}\ncode_life = "3h"',
            [
                "config.toml:7: companies.acme.paths.hq.code_life: must not be longer than give_up, 1h, but is 3h",
            ],
        ),
        (
            f"{PATH}\ncap = {{ per_host_per_minute = 5 }}",
            ["config.toml:7: companies.acme.paths.hq.cap.per_host_per_minute: unknown key; expected per_path_per_day"],
        ),
    ],
)
def test_paths(told: Any, text: str, lines: list[str]) -> None:
    heard = sorted(told(acme(text)))

    assert len(heard) == len(lines), "\n".join(heard)
    for line, beginning in zip(heard, lines, strict=True):
        assert line.startswith(beginning)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            f"[companies.ACME.paths.hq]\n{PATH}",
            ['config.toml:1: companies.ACME: must consist of a-z, 0-9, _ and -, at most 64 characters, not "ACME"'],
        ),
        (
            '[companies.acme]\nname = "Acme"',
            ["config.toml:1: companies.acme.paths: missing; expected: the company's paths, one table each"],
        ),
        ("[companies.acme.paths]", ["config.toml:1: companies.acme.paths: must contain at least 1, not 0"]),
        (
            f'[companies.acme]\nname = "A\\nB"\nmail_system = "Exchange 2019"\n[companies.acme.paths.hq]\n{PATH}',
            [
                "config.toml:2: companies.acme.name: must be one line of text, at most 200 characters",
                "config.toml:3: companies.acme.mail_system: must be a mail system of docs/reference/mail-systems.md, "
                'not "Exchange 2019"; did you mean exchange? If not, write "other:Exchange 2019", or "unknown"',
            ],
        ),
        (
            f'[companies.acme]\ncode_life = "10m"\ngive_up = "9m"\n[companies.acme.paths.hq]\n{PATH}\ngive_up = "8m"',
            [
                "config.toml:3: companies.acme.give_up: must not be shorter than code_life, 10m, but is 9m",
                "config.toml:10: companies.acme.paths.hq.give_up: must not be shorter than code_life, 10m, but is 8m",
            ],
        ),
        (
            f"[companies.acme.paths.hq]\n{PATH}\n[companies.beta.paths.hq]\n{PATH}",
            [
                "config.toml:11: companies.beta.paths.hq.mailbox: is already used by companies.acme.paths.hq "
                "(config.toml:5); each company needs its own mailbox"
            ],
        ),
        (  # an error elsewhere in a company does not hide it
            f"[companies.acme.paths.hq]\n{PATH}\nx = 1\n[companies.beta.paths.hq]\n{PATH}\nkinds = []",
            [
                "config.toml:7: companies.acme.paths.hq.x: unknown key; expected one of to, route, mailbox, "
                "diagnosis, trace, traces, cron, every, jitter, kinds, code_life, give_up, retry, timeout, cap",
                "config.toml:12: companies.beta.paths.hq.mailbox: is already used by companies.acme.paths.hq "
                "(config.toml:5); each company needs its own mailbox",
                "config.toml:14: companies.beta.paths.hq.kinds: must contain at least 1, not 0",
            ],
        ),
    ],
)
def test_companies(told: Any, text: str, lines: list[str]) -> None:
    assert told(text) == lines


def test_a_sandbox_stays_inside_this_machine(told: Any) -> None:
    assert told("""
        [sandbox.companies]
        acme = "inbox"
        beta = "inbocks"
        gama = "junk"
        [companies.acme.paths.direct]
        to = "probe@acme.example"
        route = { via = "direct" }
        mailbox = { via = "maildir", path = "acme" }
        [companies.acme.paths.outside]
        to = "probe@acme.example"
        route = { via = "xclient", host = "192.0.2.1" }
        mailbox = { via = "maildir", path = "acme" }
        [companies.gamma.paths.inside]
        to = "probe@gamma.example"
        route = { via = "proxy", host = "127.0.0.2", port = 2525 }
        mailbox = { via = "maildir", path = "gamma" }
    """) == [
        "config.toml:3: sandbox.companies.beta: must be one of inbox, junk, blocks_ip, blocks_domain, listed, "
        "refuses_content, greylists, hangs_up, unknown_user, filter_down, resolver_down, loses, slow, unreadable, "
        'not "inbocks"; did you mean inbox?',
    ]
    assert told("""
        [sandbox.companies]
        acme = "inbox"
        gama = "junk"
        [companies.acme.paths.direct]
        to = "probe@acme.example"
        route = { via = "direct" }
        mailbox = { via = "maildir", path = "acme" }
        [companies.acme.paths.outside]
        to = "probe@acme.example"
        route = { via = "xclient", host = "192.0.2.1" }
        mailbox = { via = "maildir", path = "acme" }
        [companies.gamma.paths.inside]
        to = "probe@gamma.example"
        route = { via = "proxy", host = "127.0.0.2", port = 2525 }
        mailbox = { via = "maildir", path = "gamma" }
    """) == [
        "config.toml:3: sandbox.companies.gama: unknown company; add [companies.gama], "
        "or remove this line; did you mean gamma?",
        "config.toml:6: companies.acme.paths.direct.route.via: must be xclient or proxy for a company in [sandbox], "
        "not direct",
        "config.toml:10: companies.acme.paths.outside.route.host: must be a loopback address like 127.0.0.1 "
        "for a company in [sandbox], not 192.0.2.1",
    ]


IMAP = 'mailbox = {{ via = "imap", host = "192.0.2.1", user = "probe", password = {} }}'


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (f'"{HIDDEN}"', 'must be a reference, { env = "NAME" } or { file = "path" }: a secret is never in this file'),
        (f'["{HIDDEN}"]', 'must be a reference, { env = "NAME" } or { file = "path" }: a secret is never in this file'),
        (f'{{ text = "{HIDDEN}" }}', 'must be a reference, { env = "NAME" } or { file = "path" }: a secret is never'),
        ('{ env = "NOT_SET" }', 'the environment variable "NOT_SET" is not set; set it, or refer to a file'),
        ('{ file = "none" }', 'the secret file "none" cannot be read: No such file or directory'),
    ],
)
def test_secrets_are_by_reference_and_never_told(told: Any, password: str, words: str) -> None:
    path = f'to = "probe@acme.example"\nroute = {{ via = "direct" }}\n{IMAP.format(password)}\npasswort = "{HIDDEN}"'

    heard = told(acme(path))

    assert heard[0].startswith(f"config.toml:4: companies.acme.paths.hq.mailbox.password: {words}")
    assert heard[1].startswith("config.toml:5: companies.acme.paths.hq.passwort: unknown key; expected one of ")
    assert HIDDEN not in "\n".join(heard)


COMPANY = """
    [companies.{0}.paths.hq]
    to = "probe@{0}.example"
    route = {{ via = "direct" }}
    mailbox = {{ via = "maildir", path = "{0}" }}
"""


def test_includes_are_read_and_begin_in_their_own_folder(tmp_path: Path) -> None:
    (tmp_path / "companies").mkdir()
    (tmp_path / "companies" / "a.toml").write_text(COMPANY.format("acme"))
    (tmp_path / "companies" / "b.toml").write_text(COMPANY.format("beta"))
    (tmp_path / "gamma.toml").write_text(COMPANY.format("gamma"))
    absolute = f'"{tmp_path}/gamma.toml"'
    (tmp_path / "config.toml").write_text(f'include = ["companies/*.toml", "companies/a.toml", {absolute}]')

    paths = read_config(tmp_path / "config.toml").paths()

    assert [path.company for path in paths] == ["acme", "beta", "gamma"]
    assert [path.mailbox_key for path in paths] == [
        f"maildir:{tmp_path}/companies/acme",
        f"maildir:{tmp_path}/companies/beta",
        f"maildir:{tmp_path}/gamma",
    ]


def test_errors_of_all_files_come_at_once(told: Any) -> None:
    assert told(
        """
        include = ["companies/*.toml"]
        [web]
        listen = 8025
        """,
        a=COMPANY.format("acme") + "x = 1",
        b="[companies.beta",
        c='[probes]\nevery = "1m"\ninclude = ["more.toml"]',
    ) == [
        'config.toml:3: web.listen: must be an address and a port like "127.0.0.1:8025", not 8025',
        "companies/a.toml:5: companies.acme.paths.hq.x: unknown key; expected one of to, route, mailbox, "
        "diagnosis, trace, traces, cron, every, jitter, kinds, code_life, give_up, retry, timeout, cap",
        "companies/b.toml:1: is not TOML: expected ']' at the end of a table declaration (at the end)",
        "companies/c.toml:1: probes: not allowed here; an included file may hold only [companies.KEY] tables",
    ]


def test_a_company_stands_in_one_file_and_has_its_own_mailbox(told: Any) -> None:
    assert told(
        'include = ["companies/*.toml"]\n' + dedent(COMPANY.format("acme")),
        a=COMPANY.format("acme"),
        b=COMPANY.format("beta"),
        c="\n" + COMPANY.format("gamma").replace('"gamma"', '"beta"'),
    ) == [
        "companies/a.toml:1: companies.acme: is already defined at config.toml:3; define it only once",
        "companies/c.toml:4: companies.gamma.paths.hq.mailbox: is already used by companies.beta.paths.hq "
        "(companies/b.toml:4); each company needs its own mailbox",
    ]


@pytest.mark.parametrize(
    ("include", "lines"),
    [
        ('"a.toml"', ["config.toml:1: include: must be a list in brackets, not text"]),
        ("[5]", ["config.toml:1: include: must be text in quotes, not 5"]),
        ('["no/*.toml", "no.toml"]', ['"no/*.toml" matches no file', '"no.toml" matches no file']),
        ('["/no/such/*.toml"]', ['"/no/such/*.toml" matches no file']),
        ('["a\\u0000b"]', ['"a\\u0000b" matches no file']),
        ('[""]', ['"" matches no file']),
        ('["*.toml"]', ['"*.toml" includes this file itself; put the companies in a separate folder']),
        ('["./companies/../config.toml"]', ["includes this file itself"]),
        ('["companies"]', ["companies: cannot be read: Is a directory"]),
    ],
)
def test_includes_that_lead_nowhere(told: Any, include: str, lines: list[str]) -> None:
    heard = told(f"include = {include}")

    assert len(heard) == len(lines)
    for line, end in zip(heard, lines, strict=True):
        assert end in line


def test_a_folder_may_wait_for_its_first_company(tmp_path: Path) -> None:
    """Which an admin adds in the browser; what may be a mistake is a warning."""
    file = tmp_path / "config.toml"
    file.write_text('include = ["companies/*.toml"]')
    (tmp_path / "companies").mkdir()
    config = read_config(file)
    assert config.companies == {}
    assert config_warnings(file, config) == ['include: "companies/*.toml" matches no file yet']


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        read_config(tmp_path / "config.toml")

    assert str(caught.value) == "config.toml: cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'[web]\nlisten = "\xff"', "config.toml:2: is not UTF-8; save the file in that encoding"),
        ("[web]".encode("utf-16"), "config.toml:1: is not UTF-8; save the file in that encoding"),
    ],
)
def test_a_file_in_another_encoding(tmp_path: Path, content: bytes, line: str) -> None:
    (tmp_path / "config.toml").write_bytes(content)

    with pytest.raises(ConfigErrors) as caught:
        read_config(tmp_path / "config.toml")

    assert str(caught.value) == line


def test_a_file_without_end_is_not_read_to_it() -> None:
    with pytest.raises(ConfigErrors, match="is longer than 33554432 bytes; split it and include the parts"):
        read_config(Path("/dev/zero"))
