"""The companies of the lab: what each of them does to the sender, as settings of real servers.

All of COMPANIES let the control through, so that each difference is the sender's; in BAD_WEATHER none is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.lab.network import (
    ADMIN_IP,
    BLOCKLIST_IP,
    CONTROL_IP,
    FILTER_IP,
    NAMES_IP,
    RELAY_IP,
    SENDER_IP,
    Namespace,
)
from tests.lab.postgrey import PORT as GREYLIST_PORT
from tests.lab.rbldnsd import ZONE
from tests.lab.rspamd import PORT as FILTER_PORT

SENDER_DOMAIN = "account.trimble.com"
RELAY = f"mail.{SENDER_DOMAIN}"
CONTROL_DOMAIN = "control.example"
NEIGHBOUR_DOMAIN = "neighbour.example"  # sent from the sender's address
USER = "probe"
OTHER_USER = "colleague"
PASSWORDS = {USER: "lab-password", OTHER_USER: "other-password"}


@dataclass(frozen=True, slots=True)
class Company:
    """One customer: a namespace with a mail server, its mailboxes, and its own view of the sender.

    `rules` are settings of Postfix. `firewall` are rules of nftables; `greylist` is for how many seconds postgrey puts
    the sender off, 0 for never. `nameserver` is whom its programs ask; `best_mx` is the address of another MX, which is
    to be tried first. `ports` are further ones of its server, each with settings of its own.
    """

    name: str
    number: int
    rules: Mapping[str, str] = field(default_factory=dict)
    firewall: tuple[str, ...] = ()
    greylist: int = 0
    nameserver: str = NAMES_IP
    best_mx: str = ""
    ports: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @property
    def gateway(self) -> bool:
        """Whether it lets us speak as somebody else's client."""
        return "smtpd_authorized_xclient_hosts" in self.rules

    @property
    def domain(self) -> str:
        """What its addresses end in. Its MX is mx.DOMAIN."""
        return f"{self.name}.test"

    @property
    def address(self) -> str:
        """Where its probes go."""
        return f"{USER}@{self.domain}"

    @property
    def namespace(self) -> Namespace:
        """Its machine on the network."""
        return Namespace(self.name, f"192.0.2.{self.number}")


def _at_rcpt(check: str) -> dict[str, str]:
    return {"smtpd_recipient_restrictions": f"reject_unlisted_recipient, {check}"}


def _if(key: str, answer: str) -> str:
    return f"inline:{{ {{{key} = {answer}}} }}"


BOUNCES_PORT = 2525  # where we listen for what comes back

IP_BLOCK = _at_rcpt(f"check_client_access {_if(SENDER_IP, '554 5.7.1 Access denied, your address is blocked here')}")
TRUSTED = {"smtpd_authorized_xclient_hosts": ADMIN_IP}

COMPANIES = (
    Company("clean", 11),
    Company("junk", 12, {"smtpd_milters": f"inet:{FILTER_IP}:{FILTER_PORT}", "milter_default_action": "tempfail"}),
    Company("ip-blocked", 13, IP_BLOCK),
    Company(
        "domain-blocked",
        14,
        {
            "smtpd_delay_reject": "no",  # say it at MAIL
            "smtpd_sender_restrictions": "check_sender_access "
            + _if(SENDER_DOMAIN, f"554 5.7.1 Mail from {SENDER_DOMAIN} is not wanted here"),
        },
    ),
    Company("listed", 15, _at_rcpt(f"reject_rbl_client {ZONE}") | {"max_use": "1"}),  # smtpd remembers listings
    Company("greylisted", 16, _at_rcpt(f"check_policy_service inet:127.0.0.1:{GREYLIST_PORT}"), greylist=4),
    Company("firewall-drop", 17, firewall=(f"ip saddr {SENDER_IP} tcp dport 25 drop",)),
    Company("firewall-reset", 18, firewall=(f"ip saddr {SENDER_IP} tcp dport 25 reject with tcp reset",)),
    Company("lost", 19, _at_rcpt(f"check_sender_access {_if(SENDER_DOMAIN, 'DISCARD')}")),
    Company(
        "bouncing",
        23,
        _at_rcpt(f"check_sender_access {_if(SENDER_DOMAIN, 'FILTER error:5.7.1 message content rejected as spam')}")
        | {"transport_maps": _if(SENDER_DOMAIN, f"smtp:[{ADMIN_IP}]:{BOUNCES_PORT}")},  # where its reports go
    ),
    Company("unreadable", 20, firewall=(f"ip saddr {ADMIN_IP} tcp dport {{ 143, 993 }} reject with tcp reset",)),
    Company("gateway", 21, TRUSTED),
    Company("gateway-blocked", 22, TRUSTED | IP_BLOCK),
)

NOBODY_HOME = "127.0.0.1"  # in a company's namespace: there is no name server

BAD_WEATHER = (  # the trouble of each hits everybody, or is no trouble for mail; see `weather`
    Company("fair", 31),
    Company(  # ciphers that no client has, so that every handshake fails
        "broken-tls", 32, {"smtpd_tls_protocols": "!TLSv1.3", "tls_medium_cipherlist": "PSK-AES128-CBC-SHA"}
    ),
    Company("broken-milter", 33, {"smtpd_milters": "inet:127.0.0.1:1", "milter_default_action": "tempfail"}),
    Company("dead-resolver", 34, _at_rcpt("reject_unknown_sender_domain"), nameserver=NOBODY_HOME),
    Company("two-mx", 35, best_mx=BLOCKLIST_IP),  # where nobody listens on port 25
    Company("gate", 36, TRUSTED),
)

EXEMPT_FROM_GREYLISTING = (CONTROL_IP,)


def records() -> list[str]:
    """What DNS says of the companies and of those who send."""
    found = [
        f'{SENDER_DOMAIN}. TXT "v=spf1 ip4:{SENDER_IP} -all"',
        f"{SENDER_DOMAIN}. MX 10 {RELAY}.",
        f"{RELAY}. A {RELAY_IP}",
        f'{NEIGHBOUR_DOMAIN}. TXT "v=spf1 ip4:{SENDER_IP} -all"',
        f'{CONTROL_DOMAIN}. TXT "v=spf1 ip4:{CONTROL_IP} -all"',
        f"{CONTROL_DOMAIN}. MX 10 mail.{CONTROL_DOMAIN}.",
    ]
    return [*found, *(record for company in (*COMPANIES, *BAD_WEATHER) for record in records_of(company))]


def records_of(company: Company) -> list[str]:
    """What DNS says of one company."""
    found = [f"{company.domain}. MX 10 mx.{company.domain}.", f"mx.{company.domain}. A {company.namespace.address}"]
    if company.best_mx:
        found += [f"{company.domain}. MX 5 mx0.{company.domain}.", f"mx0.{company.domain}. A {company.best_mx}"]
    return found
