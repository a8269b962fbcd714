"""The table of mail systems and its queries.

It is closed: `other:NAME` is a system without a row, "unknown" one that nobody knows. Their operator is not known, so
they are treated as if each company ran its own: nothing is concluded from two companies that have the same.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from probes.mailsystems import gateways, providers, servers
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.google import GOOGLE
from probes.mailsystems.microsoft import EXCHANGE, M365, OUTLOOK
from probes.mailsystems.mimecast import MIMECAST
from probes.mailsystems.proofpoint import PROOFPOINT
from probes.mailsystems.system import IMMEDIATELY, MailSystem, RunBy, Steps
from probes.outcome import Cause

UNKNOWN = "unknown"
OTHER = "other:"

_ROWS: tuple[MailSystem, ...] = (  # the order is policy: of the marks in one refusal, those of the first row win
    M365,
    OUTLOOK,
    EXCHANGE,
    GOOGLE,
    providers.YAHOO,
    providers.APPLE,
    PROOFPOINT,
    MIMECAST,
    gateways.SYMANTEC,
    gateways.BARRACUDA,
    gateways.CISCO,
    gateways.SOPHOS,
    gateways.TRENDMICRO,
    gateways.FORTINET,
    gateways.CLOUDMARK,
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
    gateways.CLOUDFLARE,
    servers.POSTGREY,
    servers.SPAMASSASSIN,
    servers.AMAVIS,
    servers.DOMINO,
    servers.ZIMBRA,
    servers.POSTFIX,
    servers.EXIM,
    servers.SENDMAIL,
    servers.QMAIL,
    gateways.HORNETSECURITY,
    gateways.SPAMTITAN,
    gateways.CHECKPOINT,
    gateways.MAILASSURE,
    gateways.TRELLIX,
    gateways.FORCEPOINT,
    gateways.ZIX,
    gateways.VIPRE,
    gateways.PROXMOX,
    servers.RSPAMD,
    servers.MAILCOW,
    servers.MDAEMON,
    servers.OPENSMTPD,
    servers.PLESK,
    servers.CPANEL,
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


def steps_for(key: str, cause: Cause | None, family: CauseFamily) -> Steps:
    """Return the administrator's steps in this mail system for a cause, or else its family; () if unknown."""
    row = MAIL_SYSTEMS.get(key)
    if row is None:
        return ()
    return (row.exceptions.get(cause) if cause else None) or row.remedies.get(family, ())


def takes_effect_within(key: str) -> timedelta:
    """Return the longest time until a change in this mail system takes effect."""
    return MAIL_SYSTEMS[key].takes_effect_within if key in MAIL_SYSTEMS else IMMEDIATELY


def system_at(host: str) -> str:
    """Return the mail system of a server name such as "mx.acme.mail.protection.outlook.com[192.0.2.1]:25"; "" if
    unknown. The longest suffix of whole labels wins."""
    labels = host.partition("[")[0].partition(":")[0].rstrip(".").lower().split(".")
    suffixes = (".".join(labels[place:]) for place in range(len(labels)))
    return next((_BY_HOST[suffix] for suffix in suffixes if suffix in _BY_HOST), "")
