"""Lines that a company adds to its mail system before a route can be used, by route and product. Facts.

The only place of these lines: the set-up pages show them, and tests compare those in the documentation. `{host}` and
`{port}` are the listener's, `{listen}` is both, `{us}` is the address that Mailpath's machine connects from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from probes.mailsystems.remedy import Certainty, FactSource, Language, Script
from probes.mailsystems.system import ChainPlace
from probes.mailsystems.table import MAIL_SYSTEMS, UNKNOWN, is_service, system_label

READ_ON = date(2026, 12, 1)


@dataclass(frozen=True, slots=True)
class GatewaySetup:
    """The lines for one product. `systems`: the mail systems that are this product, or are built on it. `never`: what
    must not be done with it, as a sentence."""

    via: str
    product: str
    systems: frozenset[str]
    script: Script
    never: str
    source: FactSource


@dataclass(frozen=True, slots=True)
class GatewayNames:
    """Names that are filled into the lines."""

    host: str = "GATEWAY_IP"
    port: str = "PORT"
    us: str = "MAILPATH_IP"

    def filled(self, text: str) -> str:
        """Put the names into a text."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        words = {"{listen}": f"{host}:{self.port}", "{host}": self.host, "{port}": self.port, "{us}": self.us}
        for mark, word in words.items():
            text = text.replace(mark, word)
        return text


POSTFIX_BASED = frozenset({"postfix", "mailcow", "zimbra", "proxmox", "plesk"})
ONLY_US = "Let only {us} reach this port in the firewall: whoever can use it can claim any address."

GATEWAY_SETUP: Sequence[GatewaySetup] = (
    GatewaySetup(
        "xclient",
        "Postfix",
        POSTFIX_BASED,
        Script(
            Language.CONFIG,
            "Add a listener of its own, which trusts one machine to state the client by XCLIENT",
            "{listen} inet n - n - - smtpd\n  -o smtpd_authorized_xclient_hosts={us}\n",
            "/etc/postfix/master.cf",
            "postfix reload",
        ),
        "Never allow XCLIENT on the public port: a client that may use it can claim any address.",
        FactSource(
            "Postfix, XCLIENT_README", READ_ON, "https://www.postfix.org/XCLIENT_README.html", Certainty.TESTED
        ),
    ),
    GatewaySetup(
        "proxy",
        "Postfix",
        POSTFIX_BASED,
        Script(
            Language.CONFIG,
            "Add a listener of its own, which expects a PROXY header",
            "{listen} inet n - n - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy\n",
            "/etc/postfix/master.cf",
            "postfix reload",
        ),
        ONLY_US,
        FactSource(
            "Postfix, postconf(5), smtpd_upstream_proxy_protocol",
            READ_ON,
            "https://www.postfix.org/postconf.5.html#smtpd_upstream_proxy_protocol",
            Certainty.TESTED,
        ),
    ),
    GatewaySetup(
        "proxy",
        "Exim",
        frozenset({"exim", "cpanel"}),
        Script(
            Language.CONFIG,
            "Expect a PROXY header from Mailpath's machine, in the main section",
            "hosts_proxy = {us}\n",
            "exim's configuration",
            "systemctl reload exim4",
        ),
        "Name this one address only: whoever is in hosts_proxy can claim any address.",
        FactSource(
            "Exim specification, chapter 58",
            READ_ON,
            "https://www.exim.org/exim-html-current/doc/html/spec_html/ch-proxies.html",
            Certainty.MEMORY,
        ),
    ),
    GatewaySetup(
        "scan",
        "rspamd",
        frozenset({"rspamd", "mailcow"}),
        Script(
            Language.CONFIG,
            "Let rspamd's normal worker listen where Mailpath reaches it",
            'bind_socket = "{listen}";\n',
            "/etc/rspamd/local.d/worker-normal.inc",
            "systemctl restart rspamd",
        ),
        "Let only {us} and the company's mail servers reach this port in the firewall.",
        FactSource(
            "rspamd, normal worker", READ_ON, "https://docs.rspamd.com/workers/normal", Certainty.MEMORY
        ),
    ),
    GatewaySetup(
        "scan",
        "SpamAssassin",
        frozenset({"spamassassin"}),
        Script(
            Language.CONFIG,
            "Let spamd listen where Mailpath reaches it, and answer it",
            'OPTIONS="--create-prefs --max-children 5 -i {host} -A 127.0.0.1,{us}"\n',
            "/etc/default/spamd",
            "systemctl restart spamd",
        ),
        "Name this one address only.",
        FactSource(
            "spamd(1), --listen and --allowed-ips",
            READ_ON,
            "https://spamassassin.apache.org/full/4.0.x/doc/spamd.html",
            Certainty.MEMORY,
        ),
    ),
)  # fmt: skip


class FitRank(IntEnum):
    """Ranks of a route for a company, the best first."""

    READY = 0
    NEEDS_SOMETHING = 1
    UNLIKELY = 2


@dataclass(frozen=True, slots=True)
class RouteFit:
    """The rank of a kind of route for a company. `why`: a sentence."""

    via: str
    rank: FitRank
    why: str


def setups_for(via: str, chain: Sequence[str]) -> list[GatewaySetup]:
    """Return the lines for a route into this chain: of its own products, or all where none of them is known."""
    rows = [row for row in GATEWAY_SETUP if row.via == via]
    return [row for row in rows if row.systems & {*chain}] or rows


def route_fits(chain: Sequence[str], *, has_source_ip: bool, has_relay: bool, source_ip: str) -> list[RouteFit]:
    """Return every kind of route, the best for this chain first."""
    fits = (
        _relay(has_relay=has_relay),
        _direct(source_ip, has_source_ip=has_source_ip),
        *(_at_gateway(via, chain) for via in ("xclient", "proxy")),
        _scan(chain),
    )
    return sorted(fits, key=lambda each: each.rank)


def _relay(*, has_relay: bool) -> RouteFit:
    if has_relay:
        return RouteFit("relay", FitRank.READY, "Mailpath has an account at the sender's mail service already.")
    why = "Needs an account at the sender's own mail service; nothing at the company."
    return RouteFit("relay", FitRank.NEEDS_SOMETHING, why)


def _direct(source_ip: str, *, has_source_ip: bool) -> RouteFit:
    if has_source_ip:
        why = f"This machine has {source_ip}. Nothing is needed at the company."
        return RouteFit("direct", FitRank.READY, why)
    why = f"This machine does not have {source_ip}, so nothing would be sent: it would be spoofed."
    return RouteFit("direct", FitRank.UNLIKELY, why)


def _at_gateway(via: str, chain: Sequence[str]) -> RouteFit:
    own = [key for key in chain if not is_service(key) and _is_in_the_way(key)]
    suited = _systems_for(via)
    if known := [key for key in own if key in suited]:
        why = f"{system_label(known[0])} can do this. The company changes a few lines."
        return RouteFit(via, FitRank.READY, why)
    if any(key == UNKNOWN or key not in MAIL_SYSTEMS for key in own):
        why = "Only if the company runs a gateway of its own, such as Postfix or Exim."
        return RouteFit(via, FitRank.NEEDS_SOMETHING, why)
    if own:
        return RouteFit(via, FitRank.UNLIKELY, f"{system_label(own[0])} is not known to offer this.")
    why = f"{system_label(chain[0])} is run by its vendor, who lets nobody state another client."
    return RouteFit(via, FitRank.UNLIKELY, why)


def _scan(chain: Sequence[str]) -> RouteFit:
    if known := [key for key in chain if key in _systems_for("scan")]:
        why = f"Asks {system_label(known[0])} what it would do with the message."
        return RouteFit("scan", FitRank.NEEDS_SOMETHING, why)
    return RouteFit("scan", FitRank.UNLIKELY, "Only where the company filters with rspamd or SpamAssassin.")


def _systems_for(via: str) -> set[str]:
    return {key for row in GATEWAY_SETUP if row.via == via for key in row.systems}


def _is_in_the_way(key: str) -> bool:
    row = MAIL_SYSTEMS.get(key)
    return row is None or row.place in (ChainPlace.GATEWAY, ChainPlace.MAILBOXES)
