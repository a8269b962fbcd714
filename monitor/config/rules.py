"""What must hold between tables. Each rule looks at what could be read, so that one error hides no other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any

from pydantic import TypeAdapter, ValidationError

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
from monitor.sandbox.settings import SandboxSettings
from monitor.sources.inbound.settings import InboundSettings
from probes.mailboxes import Mailbox
from probes.mailboxes.inbound import InboundMailbox
from probes.mailboxes.table import MailboxSettings
from probes.routes.proxy import ProxyRoute
from probes.routes.xclient import XclientRoute
from probes.settings import duration_text

NAMING = frozenset({"host", "user", "inbox", "path"})
"""Keys that say which mailbox it is: spelled otherwise, they may mean the same one."""

MAILBOX: TypeAdapter[Mailbox] = TypeAdapter(MailboxSettings)


@dataclass
class Draft:
    """What could be read: the `tables` of the main file and the `companies` that are right in themselves.

    `homes` tells the file of every company, also of those with errors. `secrets_later`: one that is not there is an
    error for whoever uses it.
    """

    main: Source
    secrets_later: bool = False
    tables: dict[str, Any] = field(default_factory=dict)
    companies: dict[str, CompanySettings] = field(default_factory=dict)
    homes: dict[str, Source] = field(default_factory=dict)


def broken(draft: Draft) -> Iterator[ConfigProblem]:
    """All that is wrong between the tables of the draft."""
    yield from _compared(draft, draft.tables.get("sender"))
    yield from _shared_mailboxes(draft)
    yield from _unheard(draft)
    yield from _crossed(draft, draft.tables.get("inbound"))
    yield from broken_maintenance(draft.main, draft.tables.get("maintenance", ()), draft.homes, draft.companies)
    yield from broken_oncall(draft.main, draft.homes)
    yield from _bound_to_nothing(draft)
    if probes := draft.tables.get("probes"):
        yield from _impatient(draft, probes)
    if sandbox := draft.tables.get("sandbox"):
        yield from _sandbox(draft, sandbox)


def _bound_to_nothing(draft: Draft) -> Iterator[ConfigProblem]:
    """Companies of those who come by single sign-on that are not there: such people would see nothing."""
    web = draft.tables.get("web")
    for place, name in enumerate(web.sign_in.header_companies if web else ()):
        if name not in draft.homes:
            close = get_close_matches(name, draft.homes, n=1)
            instead = f"did you mean {close[0]}?" if close else "take it out, or add it"
            keys: Keys = ("web", "sign_in", "header_companies", place)
            yield ConfigProblem(draft.main, keys, f"there is no company {name}; {instead}")


def _compared(draft: Draft, sender: SenderSettings | None) -> Iterator[ConfigProblem]:
    """Whoever shares the sender's domain shares its fate; a control that shares its address clears nothing of that."""
    if sender is None:
        return
    control: ControlSettings | None = draft.tables.get("control")
    neighbour: NeighbourSettings | None = draft.tables.get("neighbour")
    for table, other in (("control", control), ("neighbour", neighbour)):
        domain = other.address.rpartition("@")[2] if other else ""
        if other and (belongs(domain, sender.domain) or belongs(sender.domain, domain)):
            words = f"must be of a domain that has nothing to do with the sender's, {sender.domain}"
            yield ConfigProblem(draft.main, (table, "address"), words)
    if control and control.source_ip == sender.source_ip:
        words = (
            f"must not be the sender's, {sender.source_ip}; for another domain from the same address use [neighbour]"
        )
        yield ConfigProblem(draft.main, ("control", "source_ip"), words)


def _shared_mailboxes(draft: Draft) -> Iterator[ConfigProblem]:
    """Two paths of one company may end in one mailbox, which is visited in one way; of two companies, one of them would
    be read by the other."""
    first: dict[str, tuple[str, str, Mailbox]] = {}
    for company, path, mailbox in _mailboxes(draft):
        owner, first_path, like = first.setdefault(mailbox.key, (company, path, mailbox))
        there: Keys = ("companies", owner, "paths", first_path, "mailbox")
        shared = f"is the mailbox of {dotted(there[:-1])} too ({draft.homes[owner].place(there)})"
        here: Keys = ("companies", company, "paths", path, "mailbox")
        if owner != company:
            yield ConfigProblem(draft.homes[company], here, f"{shared}; each company must have one of its own")
        elif different := _different(mailbox, like):
            words = f"{shared}, with another {' and '.join(different)}; both must say the same"
            yield ConfigProblem(draft.homes[company], here, words)


def _different(mailbox: Mailbox, other: Mailbox) -> list[str]:
    """The keys in which two ways to one mailbox differ. Names only: a value may be a secret."""
    one, two = vars(mailbox), vars(other)
    return [key for key in one if key not in NAMING and one[key] != two.get(key)]


def _unheard(draft: Draft) -> Iterator[ConfigProblem]:
    """Copies need somebody who listens."""
    if "inbound" in draft.main.data:
        return
    for company, path, mailbox in _mailboxes(draft):
        if isinstance(mailbox, InboundMailbox):
            words = "needs the listener for copies; add an [inbound] table"
            yield ConfigProblem(draft.homes[company], ("companies", company, "paths", path, "mailbox", "via"), words)


def _crossed(draft: Draft, inbound: InboundSettings | None) -> Iterator[ConfigProblem]:
    """An address of the listener is for one thing."""
    uses = dict.fromkeys(inbound.bounces if inbound else (), "inbound.bounces")
    for number, address in enumerate(inbound.reports if inbound else ()):
        if address in uses:
            yield ConfigProblem(draft.main, ("inbound", "reports", number), f"{address} stands in {uses[address]} too")
        uses[address] = "inbound.reports"
    for company, path, mailbox in _mailboxes(draft):
        if isinstance(mailbox, InboundMailbox) and mailbox.address in uses:
            words = f"stands in {uses[mailbox.address]} too; copies need an address of their own"
            yield ConfigProblem(
                draft.homes[company], ("companies", company, "paths", path, "mailbox", "address"), words
            )


def _mailboxes(draft: Draft) -> Iterator[tuple[str, str, Mailbox]]:
    for key, home in draft.homes.items():
        if company := draft.companies.get(key):
            for name, path in company.paths.items():
                yield key, name, path.mailbox
        else:
            yield from ((key, name, mailbox) for name, mailbox in _readable(home, home.data["companies"][key]))


def _readable(home: Source, company: Any) -> Iterator[tuple[str, Mailbox]]:
    """The mailboxes that are right in themselves, of a company with errors."""
    paths = company.get("paths") if isinstance(company, dict) else None
    for name, path in paths.items() if isinstance(paths, dict) else ():
        if isinstance(path, dict) and "mailbox" in path:
            try:
                yield name, MAILBOX.validate_python(path["mailbox"], context={"folder": home.folder})
            except ValidationError:
                continue  # told already, with the company


def _impatient(draft: Draft, probes: ProbeSettings) -> Iterator[ConfigProblem]:
    """Nobody gives up while the code still lives, on whatever level the two times were set."""
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
    """Make-believe stays inside this machine."""
    for key in sandbox.companies:
        if key not in draft.homes:
            close = get_close_matches(key, draft.homes, n=1)
            meant = f"; did you mean {dotted(close)}?" if close else ""
            words = (
                f"there is no company of this name; add [{dotted(('companies', key))}], or take this line out{meant}"
            )
            yield ConfigProblem(draft.main, ("sandbox", "companies", key), words)
        elif company := draft.companies.get(key):
            for name, path in company.paths.items():
                keys: Keys = ("companies", key, "paths", name)
                yield from (ConfigProblem(draft.homes[key], (*keys, *at), words) for at, words in _real(path))


def _real(path: PathSettings) -> Iterator[tuple[Keys, str]]:
    """What of a make-believe path would leave the machine."""
    route = path.route
    if not isinstance(route, XclientRoute | ProxyRoute):
        yield ("route", "via"), f"must be xclient or proxy for a company of [sandbox], not {route.via}"
    elif not _loopback(route.host):
        yield (
            ("route", "host"),
            f"must be a loopback address like 127.0.0.1 for a company of [sandbox], not {route.host}",
        )
    if path.mailbox.via != "maildir":
        yield ("mailbox", "via"), f"must be maildir for a company of [sandbox], not {path.mailbox.via}"


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
