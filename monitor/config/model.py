"""The configuration schema: one class per table, its fields are the keys."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from monitor.certificate import CertificateFiles
from monitor.channels.table import ChannelSettings
from monitor.config.addresses import BaseUrl, GrafanaUrl, NameServer, Reference
from monitor.config.diagnosis import DiagnosisLimits, DiagnosisSettings
from monitor.config.pace import Choices, ProbeSettings
from monitor.config.real import RealSettings
from monitor.config.trace_choice import TraceChoice
from monitor.config.watched import WatchedPath, watched_path
from monitor.incidents.maintenance import MaintenanceSettings
from monitor.incidents.settings import IncidentSettings, RoutingRule
from monitor.people.settings import ManualSettings, SignInSettings
from monitor.sandbox.settings import SandboxSettings
from monitor.sources.inbound.settings import InboundSettings
from monitor.store.address import store_address
from probes.accounts.table import ProviderSettings
from probes.dkim import Dkim
from probes.mailboxes.table import MailboxSettings
from probes.mailsystems.table import UNKNOWN
from probes.mailsystems.words import MAX_MAIL_SYSTEMS, Chain, MailSystemKey
from probes.route_traits import traits_of
from probes.routes import Route
from probes.routes.scan import ScanRoute
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
    MailSize,
    Settings,
    Text,
    domain_name,
    shown,
)
from probes.standing.settings import StandingSettings
from probes.token import TOKEN_LENGTH
from probes.traces.table import TraceSettings

MAX_LOCAL_PART_CHARS = 64  # RFC 5321, section 4.5.3.1.1
UNAVAILABLE = "[UNAVAILABLE]"
"""The XCLIENT value for a client without a reverse DNS name."""


def _store_address(url: str, info: ValidationInfo) -> str:
    return store_address(url, (info.context or {}).get("folder", Path()))


def _ptr(name: str) -> str:
    if name != UNAVAILABLE and domain_name(name) is None:
        raise ValueError(f'must be a host name, or "{UNAVAILABLE}" if there is none, not {shown(name)}')
    return name


def belongs(name: str, domain: str) -> bool:
    """Test if `name` is `domain` or a subdomain of it."""
    return name == domain or name.endswith(f".{domain}")


def _with_room(address: str) -> str:
    local = address.rpartition("@")[0]
    room = MAX_LOCAL_PART_CHARS - len("+") - TOKEN_LENGTH
    if len(local) > room:
        raise ValueError(f"must have at most {room} characters before the @, leaving room for a +tag, not {len(local)}")
    return address


Bounces = Annotated[Address, AfterValidator(_with_room)]
Ptr = Annotated[str, AfterValidator(_ptr)]
StoreUrl = Annotated[str, AfterValidator(_store_address)]


def _date(value: Any) -> Any:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"must be a date like 2025-01-01, without quotes, not {shown(value)}")
    return value


class ProfileSettings(Settings):
    """[[sender.profile]]: the sender since a date. What it leaves out is as [sender] says."""

    since: Annotated[date, BeforeValidator(_date)] = Field(description="Its first day, in UTC.")
    source_ip: Ip | None = Field(None, description="The IP address that the real sender sends from.")
    helo: Host | None = Field(None, description="HELO name of the real sender.")
    ptr: Ptr | None = Field(None, description="Reverse DNS name of `source_ip`, stated by XCLIENT.")

    @property
    def begins_at(self) -> datetime:
        """The time from which it holds."""
        return datetime.combine(self.since, time(), UTC)


class SenderSettings(Settings):
    """[sender]: the monitored identity."""

    domain: Domain = Field("account.trimble.com", description="Domain of the real mail.")
    address: Address = Field(
        default_factory=lambda data: f"no-reply@{data['domain']}", description="The From address, in `domain`."
    )
    source_ip: Ip = Field("104.130.122.50", description="The IP address that the real sender sends from.")
    helo: Host = Field(default_factory=lambda data: data["domain"], description="HELO name of the real sender.")
    ptr: Ptr = Field(UNAVAILABLE, description="Reverse DNS name of `source_ip`, stated by XCLIENT.")
    bounces: Bounces = Field(
        default_factory=lambda data: f"bounce@{data['domain']}",
        description="The envelope sender, in `domain`; the probe's token is added as +tag.",
    )
    dkim: Dkim | None = Field(None, description="DKIM key to sign probes with, if the sender provided one.")
    size: MailSize | None = Field(
        None, description="Size of a real mail in octets; probes are padded to it. Default: none, some 4,000."
    )
    trace: TraceSettings | None = Field(
        None, description="Its own mail service's log, asked about what was sent by it: a table with `via`."
    )
    profile: tuple[ProfileSettings, ...] = Field(
        (), description="The sender at different times, one table each; the newest `since` that is past holds."
    )

    @field_validator("address", "bounces")
    @classmethod
    def _in_domain(cls, address: str, info: ValidationInfo) -> str:
        domain = info.data.get("domain")
        if domain is not None and not belongs(address.rpartition("@")[2], domain):
            raise ValueError(f"must be an address in {domain} or a subdomain, not {shown(address)}")
        return address

    @field_validator("profile")
    @classmethod
    def _one_of_a_day(cls, profiles: tuple[ProfileSettings, ...]) -> tuple[ProfileSettings, ...]:
        days = [profile.since for profile in profiles]
        if twice := [day for place, day in enumerate(days) if day in days[:place]]:
            raise ValueError(f"has two profiles since {twice[0]}; write one for each day")
        return profiles

    def holding(self, at: datetime) -> ProfileSettings | None:
        """Return the profile that holds at this time, None before the first: then [sender] says all."""
        past = [profile for profile in self.profile if profile.begins_at <= at]
        return max(past, key=lambda profile: profile.since, default=None)

    def next_profile_at(self, at: datetime) -> datetime | None:
        """Return when the next profile begins to hold."""
        return min((each.begins_at for each in self.profile if each.begins_at > at), default=None)

    def as_of(self, at: datetime) -> "SenderSettings":
        """Return the sender at this time, the keys of its profile in the place of its own."""
        profile = self.holding(at)
        said = profile.model_dump(exclude_none=True, exclude={"since"}) if profile else {}
        return self.model_copy(update=said)

    def identity(self) -> Identity:
        """Return the sender's identity for probes."""
        return Identity(Role.SENDER, self.address, self.source_ip, self.helo, self.ptr, self.bounces)


class ControlSettings(Settings):
    """[control]: a neutral sender, to tell "this sender is stopped" from "this mailbox is broken"."""

    address: Address = Field(description="The From address, not in the domain of the sender.")
    source_ip: Ip = Field(description="The IP address that it sends from.")
    helo: Host = Field(default_factory=lambda data: data["address"].rpartition("@")[2], description="Its HELO name.")
    ptr: Ptr = Field(UNAVAILABLE, description="Reverse DNS name of `source_ip`, stated by XCLIENT.")
    bounces: Bounces = Field(default_factory=lambda data: data["address"], description="The envelope sender.")

    def identity(self) -> Identity:
        """Return the control's identity for probes."""
        return Identity(Role.CONTROL, self.address, self.source_ip, self.helo, self.ptr, self.bounces)


class NeighbourSettings(Settings):
    """[neighbour]: another domain of ours, sent from the sender's IP address, to tell a blocked IP from a blocked
    domain.

    It is used where no control is possible: over the same relay, whose account may send for it, or from the source IP.
    """

    address: Address = Field(description="The From address, in a domain that is ours and not the sender's.")
    bounces: Bounces = Field(default_factory=lambda data: data["address"], description="The envelope sender.")

    def identity(self, sender: SenderSettings) -> Identity:
        """Return the neighbour's identity for probes: the sender's, except for the two addresses."""
        return Identity(Role.NEIGHBOUR, self.address, sender.source_ip, sender.helo, sender.ptr, self.bounces)


class NetworkSettings(Settings):
    """[network]: our own network connection."""

    references: tuple[Reference, ...] = Field(
        (),
        description='Outside mail hosts, "mx.example" or "mx.example:25", to test our own connection when no company '
        "can be reached; default: the MX hosts of the sending domains.",
    )


class StoreSettings(Settings):
    """[store]: the database with the evidence."""

    url: StoreUrl = Field(
        "sqlite:///mailpath.db",
        validate_default=True,
        description="The database: a file of SQLite, whose relative path starts here, or PostgreSQL, `postgresql://USER@HOST/NAME`.",
    )
    keep_all: Duration = Field(
        timedelta(days=2), description="Evidence of routine probes that is older than this is deleted."
    )
    keep_verdicts: Duration = Field(
        timedelta(days=30), description="Finished routine probes that are older than this are deleted."
    )
    keep: Duration = Field(timedelta(days=90), description="All finished probes older than this are deleted.")
    keep_reports: Duration = Field(
        timedelta(days=400), description="DMARC and TLS reports about days longer ago than this are deleted."
    )


class WebSettings(Settings):
    """[web]: the pages, the API and /metrics."""

    listen: Listen = Field(Endpoint("127.0.0.1", 8025), description="Address and port of the HTTP server.")
    url: BaseUrl | None = Field(
        None, description="The address in links and for cookies; default: the address it listens on."
    )
    grafana: GrafanaUrl | None = Field(
        None, description="The address of the Grafana that shows the boards, for links in notices."
    )
    metrics_listen: Listen | None = Field(
        None, description="A separate address for /metrics, /healthz and /readyz, which are then served there only."
    )
    trusted_proxies: tuple[Ip, ...] = Field(
        (), description="Addresses of proxies whose headers about the client, the user and HTTPS are trusted."
    )
    connections_per_client: Count = Field(
        128, description="Maximum simultaneous connections of one client; signed-in people are not counted."
    )
    tls: CertificateFiles | None = Field(None, description="Certificate and key, to speak HTTPS directly.")
    sign_in: SignInSettings = Field(default_factory=SignInSettings, description="Sign-in.")
    manual: ManualSettings = Field(default_factory=ManualSettings, description="Limits for manual probes.")

    @field_validator("sign_in")
    @classmethod
    def _by_trusted_proxies(cls, sign_in: SignInSettings, info: ValidationInfo) -> SignInSettings:
        if sign_in.header and info.data.get("trusted_proxies") == ():
            raise ValueError("header requires trusted_proxies; add the addresses of the proxies")
        return sign_in

    @property
    def base_url(self) -> str:
        """Return the public base URL, without a trailing slash."""
        return self.url or f"{'https' if self.tls else 'http'}://{self.listen}"


class DnsSettings(Settings):
    """[dns]: the resolver."""

    nameservers: tuple[NameServer, ...] = Field(
        (), description='Name servers, "192.0.2.53" or "192.0.2.53:5353"; default: the system\'s.'
    )


class LogSettings(Settings):
    """[log]: the log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level to log.")
    format: Literal["auto", "text", "json"] = Field("auto", description="`auto`: text on a terminal, else JSON.")


def _needed(mailbox: object, info: ValidationInfo) -> object:
    """A mailbox is missing, unless the path's route delivers nothing."""
    route: Route | None = info.data.get("route")
    if mailbox is None and (route is None or traits_of(route.via).needs_mailbox):
        raise PydanticKnownError("missing")
    return mailbox


class PathSettings(Choices, TraceChoice):
    """[companies.KEY.paths.KEY]: a route and the mailbox at its end."""

    to: Address = Field(description="Recipient of the probes, converted to lower case.")
    route: RouteSettings = Field(description="How probes are sent: a table with `via`.")
    mailbox: Annotated[MailboxSettings | None, BeforeValidator(_needed)] = Field(
        None, validate_default=True, description="Where Mailpath looks for probes: a table with `via`."
    )
    diagnosis: DiagnosisLimits | None = Field(
        None, description="Narrower limits of diagnoses than those of [diagnosis]."
    )


class ContactSettings(Settings):
    """[companies.KEY.contact]: whom to write to about a problem there."""

    it: Address | None = Field(None, description="The company's IT team.")
    trimble: Address | None = Field(None, description="Trimble's support for this company.")


class CompanySettings(Choices, TraceChoice):
    """[companies.KEY]: a customer."""

    name: Text | None = Field(None, description="The company's name on pages and in notices; default: its key.")
    mail_system: MailSystemKey | None = Field(
        None, description="The product that receives its mail: postfix, m365, google, ... Default: `unknown`."
    )
    mail_systems: tuple[MailSystemKey, ...] | None = Field(
        None,
        min_length=1,
        max_length=MAX_MAIL_SYSTEMS,
        description='Several in a row, the gateway first: `["proofpoint", "m365"]`. Instead of `mail_system`.',
    )
    domains: tuple[Domain, ...] = Field(
        (), description="Mail domains of its people, by which the help desk finds it; those of `to` need not be listed."
    )
    filter: ScanRoute | None = Field(
        None, description="Its content filter, asked by itself about each probe that was taken for spam: as for `scan`."
    )
    contact: ContactSettings | None = Field(None, description="Mail addresses for texts to send.")
    diagnosis: DiagnosisLimits | None = Field(
        None, description="Narrower limits of diagnoses than those of [diagnosis]."
    )
    paths: dict[Key, PathSettings] = Field(min_length=1, description="The company's paths, one table each.")

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
    standing: StandingSettings = Field(default_factory=StandingSettings)
    diagnosis: DiagnosisSettings = Field(default_factory=DiagnosisSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    incidents: IncidentSettings = Field(default_factory=IncidentSettings)
    real: RealSettings | None = None
    accounts: dict[Key, ProviderSettings] = Field({}, description="Credentials at providers, one table each.")
    channels: dict[Key, ChannelSettings] = Field({}, description="Notification channels, one table each.")
    routing: tuple[RoutingRule, ...] = Field((), description="Notification routing, one table per rule.")
    maintenance: tuple[MaintenanceSettings, ...] = Field((), description="Weekly maintenance windows, one table each.")
    sandbox: SandboxSettings = Field(default_factory=SandboxSettings)
    include: tuple[str, ...] = Field((), description='Files with more companies, such as "companies/*.toml".')
    companies: dict[Key, CompanySettings] = Field({}, description="The customers, one table each.")

    def identities(self) -> dict[Role, Identity]:
        """Return the configured identities: the sender, and control and neighbour if present."""
        found = {Role.SENDER: self.sender.identity()}
        if self.control:
            found[Role.CONTROL] = self.control.identity()
        if self.neighbour:
            found[Role.NEIGHBOUR] = self.neighbour.identity(self.sender)
        return found

    def paths(self) -> tuple[WatchedPath, ...]:
        """Return every path of every company, resolved, in the order of the files."""
        return self.resolved_paths

    @cached_property
    def resolved_paths(self) -> tuple[WatchedPath, ...]:
        """The same; resolved once: a dozen parts of the service ask, and 10,000 paths take 0.1 s."""
        return tuple(
            watched_path(self.probes, self.sender.trace, self.diagnosis.within, company_key, company, path_key, path)
            for company_key, company in self.companies.items()
            for path_key, path in company.paths.items()
        )
