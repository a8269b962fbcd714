"""What may be written in the configuration: one class for each table, its fields are the keys."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from monitor.certificate import CertificateFiles
from monitor.channels.table import ChannelSettings
from monitor.config.pace import Choices, ProbeSettings, first
from monitor.config.watched import WatchedPath
from monitor.incidents.maintenance import MaintenanceSettings
from monitor.incidents.settings import IncidentSettings, RoutingRule
from monitor.people.settings import ManualSettings, SignInSettings
from monitor.sandbox.settings import SandboxSettings
from monitor.sources.inbound.settings import InboundSettings
from probes.dkim import Dkim
from probes.mailboxes.table import MailboxSettings
from probes.mailsystems.table import UNKNOWN
from probes.mailsystems.words import MOST_MAIL_SYSTEMS, Chain, MailSystemKey
from probes.reference import SMTP_PORT
from probes.routes.table import RouteSettings
from probes.sender import Identity, Role
from probes.settings import (
    Address,
    Count,
    Domain,
    Duration,
    Endpoint,
    Host,
    Ip,
    Key,
    Listen,
    Settings,
    Text,
    domain_name,
    endpoint,
    shown,
)
from probes.token import TOKEN_LENGTH

LONGEST_LOCAL_PART = 64  # RFC 5321, section 4.5.3.1.1
UNAVAILABLE = "[UNAVAILABLE]"
"""What XCLIENT says for a client without a reverse name."""


def _name_server(value: Any) -> Any:
    place = endpoint(value, port=53) if isinstance(value, str) else value
    if not isinstance(place, Endpoint) or not re.fullmatch(r"[0-9.]+|.*:.*", place.host):
        raise ValueError(f'must be an IP address, with or without a port, like "192.0.2.53", not {shown(value)}')
    return place


def _reference(value: Any) -> Any:
    place = endpoint(value, port=SMTP_PORT) if isinstance(value, str) else value
    if not isinstance(place, Endpoint) or not place.port:
        raise ValueError(f'must be a mail host, with or without a port, like "mx.example:25", not {shown(value)}')
    return place


def _sqlite(url: str, info: ValidationInfo) -> str:
    name = url.removeprefix("sqlite:///")
    if name in (url, "", ":memory:") or re.search(r"[?#\x00-\x1f]", name):
        raise ValueError('must be a file like "sqlite:///mailpath.db"; only SQLite is there so far')
    folder: Path = (info.context or {}).get("folder", Path())
    return f"sqlite:///{folder / name}"


def _base_url(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]_-]{1,255}/?", text):
        raise ValueError(f'must be a URL like "https://mailpath.example", not {shown(text)}')
    return text.rstrip("/")


def _ptr(name: str) -> str:
    if name != UNAVAILABLE and domain_name(name) is None:
        raise ValueError(f'must be a host name, or "{UNAVAILABLE}" where there is none, not {shown(name)}')
    return name


def belongs(name: str, domain: str) -> bool:
    """Whether `name` is `domain` or lies under it."""
    return name == domain or name.endswith(f".{domain}")


def _with_room(address: str) -> str:
    local = address.rpartition("@")[0]
    room = LONGEST_LOCAL_PART - len("+") - TOKEN_LENGTH
    if len(local) > room:
        raise ValueError(f"must have at most {room} characters before the @, so that a +tag has room, not {len(local)}")
    return address


Bounces = Annotated[Address, AfterValidator(_with_room)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
NameServer = Annotated[Endpoint, BeforeValidator(_name_server)]
Reference = Annotated[Endpoint, BeforeValidator(_reference)]
Ptr = Annotated[str, AfterValidator(_ptr)]
StoreUrl = Annotated[str, AfterValidator(_sqlite)]


class SenderSettings(Settings):
    """[sender]: the monitored identity."""

    domain: Domain = Field("account.trimble.com", description="The domain the real mails come from.")
    address: Address = Field(
        default_factory=lambda said: f"no-reply@{said['domain']}", description="The From address, in `domain`."
    )
    source_ip: Ip = Field("104.130.122.50", description="The address the real sender connects from.")
    helo: Host = Field(default_factory=lambda said: said["domain"], description="The HELO name of the real sender.")
    ptr: Ptr = Field(UNAVAILABLE, description="Its reverse DNS name, for XCLIENT.")
    bounces: Bounces = Field(
        default_factory=lambda said: f"bounce@{said['domain']}",
        description="The envelope sender, in `domain`; the probe's token is added as +tag.",
    )
    dkim: Dkim | None = Field(None, description="A key to sign the probes with, if the sender lent us one.")

    @field_validator("address", "bounces")
    @classmethod
    def _in_domain(cls, address: str, info: ValidationInfo) -> str:
        domain = info.data.get("domain")
        if domain is not None and not belongs(address.rpartition("@")[2], domain):
            raise ValueError(f"must be an address in {domain} or below it, not {shown(address)}")
        return address

    def identity(self) -> Identity:
        """The sender as probes speak for it."""
        return Identity(Role.SENDER, self.address, self.source_ip, self.helo, self.ptr, self.bounces)


class ControlSettings(Settings):
    """[control]: a neutral sender, to tell "this sender is stopped" from "this mailbox is broken"."""

    address: Address = Field(description="The From address; its domain is not the sender's.")
    source_ip: Ip = Field(description="The address it sends from.")
    helo: Host = Field(default_factory=lambda said: said["address"].rpartition("@")[2], description="Its HELO name.")
    ptr: Ptr = Field(UNAVAILABLE, description="Its reverse DNS name, for XCLIENT.")
    bounces: Bounces = Field(default_factory=lambda said: said["address"], description="The envelope sender.")

    def identity(self) -> Identity:
        """The control as probes speak for it."""
        return Identity(Role.CONTROL, self.address, self.source_ip, self.helo, self.ptr, self.bounces)


class NeighbourSettings(Settings):
    """[neighbour]: another domain of ours, sent from the sender's IP address: tells a blocked IP from a blocked domain.

    It goes out where no control can: by the same relay, whose account may send for it, or from the same source IP.
    """

    address: Address = Field(description="The From address; its domain is ours and not the sender's.")
    bounces: Bounces = Field(default_factory=lambda said: said["address"], description="The envelope sender.")

    def identity(self, sender: SenderSettings) -> Identity:
        """The neighbour as probes speak for it: in all but the two addresses it is the sender."""
        return Identity(Role.NEIGHBOUR, self.address, sender.source_ip, sender.helo, sender.ptr, self.bounces)


class NetworkSettings(Settings):
    """[network]: our own network connection."""

    references: tuple[Reference, ...] = Field(
        (),
        description='Mail hosts outside, "mx.example" or "mx.example:25", that are asked when nothing else can be '
        "reached; none: the MX hosts of the domains we send from.",
    )


class StoreSettings(Settings):
    """[store]: the database with the evidence."""

    url: StoreUrl = Field(
        "sqlite:///mailpath.db", validate_default=True, description="The database file, beside this one or absolute."
    )
    keep: Duration = Field(timedelta(days=90), description="Finished probes older than this are deleted.")


class WebSettings(Settings):
    """[web]: the pages, the API and /metrics."""

    listen: Listen = Field(Endpoint("127.0.0.1", 8025), description="Address and port of the HTTP server.")
    url: BaseUrl | None = Field(
        None, description="The address in links and for cookies; default: the address it listens on."
    )
    metrics_listen: Listen | None = Field(
        None, description="A separate address for /metrics, /healthz and /readyz, which are then served there only."
    )
    trusted_proxies: tuple[Ip, ...] = Field(
        (), description="Addresses of proxies whose headers about the client, the user and HTTPS are trusted."
    )
    connections_per_client: Count = Field(
        128, description="Most connections of one client at the same time, not counting signed-in people."
    )
    tls: CertificateFiles | None = Field(None, description="Certificate and key, to speak HTTPS directly.")
    sign_in: SignInSettings = Field(default_factory=SignInSettings, description="How people get in.")
    manual: ManualSettings = Field(default_factory=ManualSettings, description="Probes that are sent by hand.")

    @field_validator("sign_in")
    @classmethod
    def _by_trusted_proxies(cls, sign_in: SignInSettings, info: ValidationInfo) -> SignInSettings:
        if sign_in.header and info.data.get("trusted_proxies") == ():
            raise ValueError("header is believed only from trusted_proxies, and there are none; name them")
        return sign_in

    @property
    def base_url(self) -> str:
        """Where people reach it, without a slash at the end."""
        return self.url or f"{'https' if self.tls else 'http'}://{self.listen}"


class DnsSettings(Settings):
    """[dns]: the resolver."""

    nameservers: tuple[NameServer, ...] = Field(
        (), description='Name servers, "192.0.2.53" or "192.0.2.53:5353"; none: those of the system.'
    )


class LogSettings(Settings):
    """[log]: the log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The lowest level that is logged.")
    format: Literal["auto", "text", "json"] = Field("auto", description="`auto`: text on a terminal, else JSON.")


class PathSettings(Choices):
    """[companies.KEY.paths.KEY]: a route and the mailbox at its end."""

    to: Address = Field(description="The recipient of its probes; compared and sent in lower case.")
    route: RouteSettings = Field(description="How its probes enter: a table with `via`.")
    mailbox: MailboxSettings = Field(description="Where Mailpath looks for its probes: a table with `via`.")


class CompanySettings(Choices):
    """[companies.KEY]: a customer."""

    name: Text | None = Field(None, description="The company's name on pages and in notices; default: its key.")
    mail_system: MailSystemKey | None = Field(
        None, description="The product that receives its mail: postfix, m365, google, ... Default: `unknown`."
    )
    mail_systems: tuple[MailSystemKey, ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_MAIL_SYSTEMS,
        description='Several in a row, the gateway first: `["proofpoint", "m365"]`. Instead of `mail_system`.',
    )
    paths: dict[Key, PathSettings] = Field(min_length=1, description="Its paths, each a table of its own.")

    @field_validator("mail_systems")
    @classmethod
    def _one_chain(cls, chain: Chain | None, info: ValidationInfo) -> Chain | None:
        if chain and info.data.get("mail_system"):
            raise ValueError("stands beside mail_system; write one of them, with all systems in mail_systems")
        if chain and (twice := [system for place, system in enumerate(chain) if system in chain[:place]]):
            raise ValueError(f"names {twice[0]} twice; write each mail system once, the gateway first")
        return chain

    @property
    def chain(self) -> Chain:
        """Its mail systems, the gateway first."""
        return self.mail_systems or (self.mail_system or UNKNOWN,)


class Config(Settings):
    """The whole configuration. Each field is one table of the file."""

    sender: SenderSettings = Field(default_factory=SenderSettings)
    control: ControlSettings | None = None
    neighbour: NeighbourSettings | None = None
    network: NetworkSettings = Field(default_factory=NetworkSettings)
    probes: ProbeSettings = Field(default_factory=ProbeSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    inbound: InboundSettings | None = None
    dns: DnsSettings = Field(default_factory=DnsSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    incidents: IncidentSettings = Field(default_factory=IncidentSettings)
    channels: dict[Key, ChannelSettings] = Field({}, description="Ways to people, each a table of its own.")
    routing: tuple[RoutingRule, ...] = Field((), description="Who hears of what; each rule a table of its own.")
    maintenance: tuple[MaintenanceSettings, ...] = Field(
        (), description="When nobody is told, every week; each a table of its own."
    )
    sandbox: SandboxSettings = Field(default_factory=SandboxSettings)
    include: tuple[str, ...] = Field((), description='Files with more companies, such as "companies/*.toml".')
    companies: dict[Key, CompanySettings] = Field({}, description="The customers, each a table of its own.")

    def identities(self) -> dict[Role, Identity]:
        """Who can speak: the sender, and those of the others that there are."""
        found = {Role.SENDER: self.sender.identity()}
        if self.control:
            found[Role.CONTROL] = self.control.identity()
        if self.neighbour:
            found[Role.NEIGHBOUR] = self.neighbour.identity(self.sender)
        return found

    def paths(self) -> tuple[WatchedPath, ...]:
        """Every path of every company, resolved, in the order of the files."""
        return tuple(
            watched_path(self.probes, company_key, company, path_key, path)
            for company_key, company in self.companies.items()
            for path_key, path in company.paths.items()
        )


def watched_path(
    probes: ProbeSettings, company_key: str, company: CompanySettings, path_key: str, path: PathSettings
) -> WatchedPath:
    """The path with what is said of it nearest: by itself, by its company, by [probes]."""
    rhythm: Choices = next((level for level in (path, company) if level.every or level.cron), probes)
    cap = first(path.cap, company.cap, probes.cap)
    return WatchedPath(
        company=company_key,
        company_name=company.name or company_key,
        mail_systems=company.chain,
        path=path_key,
        to=path.to,
        route=path.route,
        mailbox=path.mailbox,
        kinds=first(path.kinds, company.kinds, probes.kinds),
        every=rhythm.every,
        cron=rhythm.cron,
        jitter=first(path.jitter, company.jitter, probes.jitter),
        code_life=first(path.code_life, company.code_life, probes.code_life),
        give_up=first(path.give_up, company.give_up, probes.give_up),
        retry=first(path.retry, company.retry, probes.retry),
        per_path_per_day=cap.per_path_per_day,
        timeout=first(path.timeout, company.timeout, probes.timeout),
    )
