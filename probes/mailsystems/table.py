"""The table of mail systems and its queries.

It is closed: `other:NAME` is a system without a row, "unknown" one that nobody knows. Their operator is not known, so
they are treated as if each company ran its own: nothing is concluded from two companies that have the same.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from probes.mailsystems import (
    cloud_filters,
    content_filters,
    firewalls,
    gateways,
    postfix,
    providers,
    servers,
    suites,
)
from probes.mailsystems.exchange import EXCHANGE
from probes.mailsystems.google import GOOGLE
from probes.mailsystems.microsoft import M365, OUTLOOK
from probes.mailsystems.mimecast import MIMECAST
from probes.mailsystems.proofpoint import ESSENTIALS, PROOFPOINT
from probes.mailsystems.remedy import IMMEDIATELY
from probes.mailsystems.system import MailSystem, RunBy

UNKNOWN = "unknown"
OTHER = "other:"

_ROWS: tuple[MailSystem, ...] = (  # the order is policy: of the marks in one refusal, those of the first row win
    M365,
    OUTLOOK,
    EXCHANGE,
    GOOGLE,
    providers.YAHOO,
    providers.APPLE,
    ESSENTIALS,
    PROOFPOINT,
    MIMECAST,
    gateways.SYMANTEC,
    gateways.BARRACUDA,
    gateways.CISCO,
    gateways.SOPHOS,
    gateways.TRENDMICRO,
    gateways.FORTINET,
    cloud_filters.CLOUDMARK,
    providers.GMX,
    providers.IONOS,
    providers.TONLINE,
    providers.OVH,
    providers.ORANGE,
    providers.LAPOSTE,
    providers.FREE,
    providers.TENCENT,
    providers.NETEASE,
    providers.MAILRU,
    providers.YANDEX,
    providers.DOCOMO,
    providers.KDDI,
    providers.FACEBOOK,
    providers.GODADDY,
    providers.COMCAST,
    providers.COX,
    providers.ATT,
    providers.ZOHO,
    providers.AMAZON,
    providers.SENDGRID,
    providers.MAILGUN,
    cloud_filters.CLOUDFLARE,
    postfix.POSTGREY,
    content_filters.SPAMASSASSIN,
    content_filters.AMAVIS,
    suites.DOMINO,
    content_filters.ZIMBRA,
    postfix.POSTFIX,
    servers.EXIM,
    servers.SENDMAIL,
    servers.QMAIL,
    cloud_filters.HORNETSECURITY,
    cloud_filters.SPAMTITAN,
    cloud_filters.CHECKPOINT,
    cloud_filters.MAILASSURE,
    cloud_filters.TRELLIX,
    cloud_filters.CLEARSWIFT,
    *cloud_filters.UNREAD,
    cloud_filters.CLOUDFLARE_ROUTING,
    firewalls.CISCO_ASA,
    firewalls.FORTIGATE,
    suites.PROXMOX,
    content_filters.RSPAMD,
    content_filters.MAILCOW,
    suites.MDAEMON,
    servers.OPENSMTPD,
    servers.DOVECOT,
    servers.HARAKA,
    suites.PLESK,
    suites.CPANEL,
    suites.KERIO,
    suites.COMMUNIGATE,
    providers.PROTON,
    providers.ALIBABA,
    providers.WPPL,
    providers.FASTMAIL,
    providers.RACKSPACE,
)

MAIL_SYSTEMS: Mapping[str, MailSystem] = {each.key: each for each in _ROWS}
"""Every mail system by its key."""

_BY_HOST: Mapping[str, str] = {host: each.key for each in _ROWS for host in each.hosts}


def reply_marks() -> Iterator[tuple[str, str]]:
    """Return the marks in a refusal and the key of the system each identifies; the first that occurs wins."""
    return ((mark, system.key) for system in _ROWS for mark in system.reply_marks)


def system_label(key: str) -> str:
    """Return a mail system's display name; for one without a row the name in the configuration."""
    if row := MAIL_SYSTEMS.get(key):
        return row.label
    return key.removeprefix(OTHER)


def is_shared(key: str) -> bool:
    """Test if one operator runs this mail system for many companies, and so could have a problem that hits them all."""
    row = MAIL_SYSTEMS.get(key)
    return row is not None and row.shared


def is_service(key: str) -> bool:
    """Test if a vendor runs the servers of this mail system for its customers, without exception."""
    row = MAIL_SYSTEMS.get(key)
    return row is not None and row.run_by is RunBy.VENDOR


def takes_effect_within(key: str) -> timedelta:
    """Return the longest time until a change in this mail system takes effect."""
    return MAIL_SYSTEMS[key].takes_effect_within if key in MAIL_SYSTEMS else IMMEDIATELY


def system_at(host: str) -> str:
    """Return the mail system of a server name such as "mx.acme.mail.protection.outlook.com[192.0.2.1]:25"; "" if
    unknown. The longest suffix of whole labels wins."""
    labels = host.partition("[")[0].partition(":")[0].rstrip(".").lower().split(".")
    suffixes = (".".join(labels[place:]) for place in range(len(labels)))
    return next((_BY_HOST[suffix] for suffix in suffixes if suffix in _BY_HOST), "")
