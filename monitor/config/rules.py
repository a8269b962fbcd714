"""Checks across tables. Each looks at whatever could be read, so that one error hides no other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monitor.config.account_rules import Use, broken_trace, broken_uses
from monitor.config.errors import dotted
from monitor.config.maintenance_rules import broken_maintenance
from monitor.config.model import (
    CompanySettings,
    ControlSettings,
    NeighbourSettings,
    PathSettings,
    SenderSettings,
    belongs,
)
from monitor.config.oncall_rules import broken_oncall
from monitor.config.pace import Choices, ProbeSettings, first, too_early
from monitor.config.schema import Keys
from monitor.config.sources import ConfigProblem, Source
from monitor.config.trace_choice import TraceChoice
from monitor.sandbox.settings import SandboxSettings
from monitor.sources.inbound.settings import InboundSettings
from monitor.triage.public_domains import PUBLIC_DOMAINS
from probes.mailboxes import Mailbox
from probes.mailboxes.table import MailboxSettings
from probes.route_traits import kinds_that_assert, traits_of
from probes.settings import duration_text
from probes.traced import Side
from probes.traces import Trace
from probes.traces.table import sent_mail_log

NAMING = frozenset({"host", "user", "inbox", "path"})
"""Keys that identify a mailbox: different spellings may mean the same one."""

MAILBOX: TypeAdapter[Mailbox] = TypeAdapter(MailboxSettings)


@dataclass
class Draft:
    """The parts that could be read: the `tables` of the main file and the valid `companies`.

    `homes` maps every company to its file, including those with errors. With `secrets_later` a missing secret is an
    error only when it is used.
    """

    main: Source
    secrets_later: bool = False
    tables: dict[str, Any] = field(default_factory=dict)
    companies: dict[str, CompanySettings] = field(default_factory=dict)
    homes: dict[str, Source] = field(default_factory=dict)


def broken(draft: Draft) -> Iterator[ConfigProblem]:
    """Yield the problems between the tables of the draft."""
    yield from _compared(draft, draft.tables.get("sender"))
    yield from _shared_mailboxes(draft)
    yield from _copies_without_listener(draft)
    sender = draft.tables.get("sender")
    yield from broken_uses(draft.main, draft.tables.get("accounts"), _account_uses(draft, sender))
    for source, keys, trace, side in _traces(draft, sender):
        yield from broken_trace(source, keys, trace, side)
    yield from _shared_addresses(draft, draft.tables.get("inbound"))
    yield from _domains(draft)
    yield from broken_maintenance(draft.main, draft.tables.get("maintenance", ()), draft.homes, draft.companies)
    yield from broken_oncall(draft.main, draft.homes)
    yield from _unknown_header_companies(draft)
    if draft.tables.get("real") and sender and sent_mail_log(sender.trace) is None:
        words = "requires the log of the sender's own service; add trace to [sender]"
        yield ConfigProblem(draft.main, ("real",), words)
    if probes := draft.tables.get("probes"):
        yield from _short_give_up(draft, probes)
    if sandbox := draft.tables.get("sandbox"):
        yield from _sandbox(draft, sandbox)


def _unknown_header_companies(draft: Draft) -> Iterator[ConfigProblem]:
    """Companies of single sign-on users that do not exist: those users would see nothing."""
    web = draft.tables.get("web")
    for place, name in enumerate(web.sign_in.header_companies if web else ()):
        if name not in draft.homes:
            close = get_close_matches(name, draft.homes, n=1)
            instead = f"did you mean {close[0]}?" if close else "remove it or add the company"
            keys: Keys = ("web", "sign_in", "header_companies", place)
            yield ConfigProblem(draft.main, keys, f"unknown company {name}; {instead}")


def _compared(draft: Draft, sender: SenderSettings | None) -> Iterator[ConfigProblem]:
    """A control in the sender's domain, or at its IP address, would be blocked together with the sender."""
    if sender is None:
        return
    control: ControlSettings | None = draft.tables.get("control")
    neighbour: NeighbourSettings | None = draft.tables.get("neighbour")
    for table, other in (("control", control), ("neighbour", neighbour)):
        domain = other.address.rpartition("@")[2] if other else ""
        if other and (belongs(domain, sender.domain) or belongs(sender.domain, domain)):
            words = f"must be in a domain unrelated to the sender's, {sender.domain}"
            yield ConfigProblem(draft.main, (table, "address"), words)
    if control and control.source_ip == sender.source_ip:
        words = (
            f"must differ from the sender's, {sender.source_ip}; for another domain at the same address use [neighbour]"
        )
        yield ConfigProblem(draft.main, ("control", "source_ip"), words)


def _shared_mailboxes(draft: Draft) -> Iterator[ConfigProblem]:
    """Two paths of one company may share a mailbox, with the same settings; two companies may not: one of them could
    read the other's mail."""
    first: dict[str, tuple[str, str, Mailbox]] = {}
    for company, path, mailbox in _mailboxes(draft):
        owner, first_path, like = first.setdefault(mailbox.key, (company, path, mailbox))
        different = _different(mailbox, like)
        if owner == company and not different:
            continue  # to name the place reads the file again, slowly: only for an error
        there: Keys = ("companies", owner, "paths", first_path, "mailbox")
        words = f"is already used by {dotted(there[:-1])} ({draft.homes[owner].place(there)})"
        if owner != company:
            words += "; each company needs its own mailbox"
        else:
            words += f" with a different {' and '.join(different)}; both must have the same settings"
        yield ConfigProblem(draft.homes[company], ("companies", company, "paths", path, "mailbox"), words)


def _different(mailbox: Mailbox, other: Mailbox) -> list[str]:
    """Return the keys in which two settings of one mailbox differ. Names only: a value may be a secret."""
    one, two = vars(mailbox), vars(other)
    return [key for key in one if key not in NAMING and one[key] != two.get(key)]


def _account_uses(draft: Draft, sender: SenderSettings | None) -> Iterator[Use]:
    for company, path, mailbox in _mailboxes(draft):
        if use := mailbox.account_use:
            yield draft.homes[company], ("companies", company, "paths", path, "mailbox"), use
    yield from ((source, keys, trace.account_use) for source, keys, trace, _ in _traces(draft, sender))


def _traces(draft: Draft, sender: SenderSettings | None) -> Iterator[tuple[Source, Keys, Trace, Side]]:
    """Yield every trace, where it is, and whose it has to be."""
    if sender and sender.trace:
        yield draft.main, ("sender", "trace"), sender.trace, Side.SENDER
    for key, company in draft.companies.items():
        tables: list[tuple[Keys, TraceChoice]] = [
            ((), company),
            *((("paths", name), path) for name, path in company.paths.items()),
        ]
        for inside, table in tables:
            for at, trace in _of_table(table):
                yield draft.homes[key], ("companies", key, *inside, *at), trace, Side.RECEIVER


def _of_table(table: TraceChoice) -> Iterator[tuple[Keys, Trace]]:
    if table.trace:
        yield ("trace",), table.trace
    yield from ((("traces", number), trace) for number, trace in enumerate(table.traces))


def _copies_without_listener(draft: Draft) -> Iterator[ConfigProblem]:
    """Mailboxes fed by forwarded copies need the [inbound] listener."""
    if "inbound" in draft.main.data:
        return
    for company, path, mailbox in _mailboxes(draft):
        if mailbox.received:
            words = "requires the listener for copies; add an [inbound] table"
            yield ConfigProblem(draft.homes[company], ("companies", company, "paths", path, "mailbox", "via"), words)


def _shared_addresses(draft: Draft, inbound: InboundSettings | None) -> Iterator[ConfigProblem]:
    """Each address of the listener has one purpose."""
    uses = dict.fromkeys(inbound.bounces if inbound else (), "inbound.bounces")
    for number, address in enumerate(inbound.reports if inbound else ()):
        if address in uses:
            yield ConfigProblem(draft.main, ("inbound", "reports", number), f"{address} is also in {uses[address]}")
        uses[address] = "inbound.reports"
    for company, path, mailbox in _mailboxes(draft):
        if (copies := mailbox.received) and copies.address in uses:
            words = f"is also in {uses[copies.address]}; copies need an address of their own"
            yield ConfigProblem(
                draft.homes[company], ("companies", company, "paths", path, "mailbox", "address"), words
            )


def _domains(draft: Draft) -> Iterator[ConfigProblem]:
    """A domain belongs to one company; that of a mail provider for the public, to none."""
    owners: dict[str, str] = {}
    for key, company in draft.companies.items():
        for number, domain in enumerate(company.domains):
            keys: Keys = ("companies", key, "domains", number)
            if provider := PUBLIC_DOMAINS.get(domain):
                words = (
                    f"{domain} belongs to a mail provider for the public ({provider}); list the company's own domains"
                )
                yield ConfigProblem(draft.homes[key], keys, words)
            elif owners.setdefault(domain, key) != key:
                words = f"{domain} is already in {dotted(('companies', owners[domain], 'domains'))}; one company has it"
                yield ConfigProblem(draft.homes[key], keys, words)


def _mailboxes(draft: Draft) -> Iterator[tuple[str, str, Mailbox]]:
    for key, home in draft.homes.items():
        if company := draft.companies.get(key):
            for name, path in company.paths.items():
                if path.mailbox:
                    yield key, name, path.mailbox
        else:
            yield from ((key, name, mailbox) for name, mailbox in _readable(home, home.data["companies"][key]))


def _readable(home: Source, company: Any) -> Iterator[tuple[str, Mailbox]]:
    """Yield the valid mailboxes of a company with errors."""
    paths = company.get("paths") if isinstance(company, dict) else None
    for name, path in paths.items() if isinstance(paths, dict) else ():
        if isinstance(path, dict) and "mailbox" in path:
            try:
                yield name, MAILBOX.validate_python(path["mailbox"], context={"folder": home.folder})
            except ValidationError:
                continue  # reported already, with the company


def _short_give_up(draft: Draft, probes: ProbeSettings) -> Iterator[ConfigProblem]:
    """`give_up` must not be shorter than `code_life`, on whatever levels the two are set."""
    for key, company in draft.companies.items():
        here: Keys = ("companies", key)
        levels = [
            (here, company, company),
            *(((*here, "paths", name), path, company) for name, path in company.paths.items()),
        ]
        for keys, own, above in levels:
            if problem := _too_early(own, above, probes):
                yield ConfigProblem(draft.homes[key], (*keys, problem[0]), problem[1])


def _too_early(own: Choices, above: Choices, probes: ProbeSettings) -> tuple[str, str] | None:
    if own.code_life is None and own.give_up is None:
        return None
    life = first(own.code_life, above.code_life, probes.code_life)
    give_up = first(own.give_up, above.give_up, probes.give_up)
    if give_up >= life:
        return None
    if own.give_up is not None:
        return "give_up", too_early(give_up, life)
    return "code_life", f"must not be longer than give_up, {duration_text(give_up)}, but is {duration_text(life)}"


def _sandbox(draft: Draft, sandbox: SandboxSettings) -> Iterator[ConfigProblem]:
    """Sandbox companies must not reach outside this machine."""
    for key in sandbox.companies:
        if key not in draft.homes:
            close = get_close_matches(key, draft.homes, n=1)
            meant = f"; did you mean {dotted(close)}?" if close else ""
            words = f"unknown company; add [{dotted(('companies', key))}], or remove this line{meant}"
            yield ConfigProblem(draft.main, ("sandbox", "companies", key), words)
        elif company := draft.companies.get(key):
            for name, path in company.paths.items():
                keys: Keys = ("companies", key, "paths", name)
                yield from (ConfigProblem(draft.homes[key], (*keys, *at), words) for at, words in _real(path))


def _real(path: PathSettings) -> Iterator[tuple[Keys, str]]:
    """Yield the settings of a sandbox path that would leave the machine."""
    route = path.route
    if not traits_of(route.via).asserts_client or route.host is None:
        yield ("route", "via"), f"must be {kinds_that_assert()} for a company in [sandbox], not {route.via}"
    elif not _loopback(route.host):
        yield (
            ("route", "host"),
            f"must be a loopback address like 127.0.0.1 for a company in [sandbox], not {route.host}",
        )
    if path.mailbox and path.mailbox.local is None:
        yield ("mailbox", "via"), f"must be maildir for a company in [sandbox], not {path.mailbox.via}"


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
