"""Parts that the tables of remedies share."""

from datetime import date

from probes.diagnosis.factors import Factor
from probes.mailsystems.remedy import Guard, Language, Script
from probes.outcome import Cause

NOVEMBER = date(2026, 11, 15)  # when the vendors' pages were last read
SEPTEMBER = date(2026, 9, 15)
AUGUST = date(2026, 8, 4)
LAB = date(2026, 11, 28)  # when remedies were last tried on real servers by hand; tests repeat it
TRIED = date(2026, 12, 1)  # the same, for those of Amavis, OpenSMTPD and rspamd's greylisting

ALL_GUARDS = frozenset(Guard)
NO_SPAM_FILTER = ALL_GUARDS - {Guard.SPAM}

ADDRESS = frozenset({Factor.IP})
DOMAIN = frozenset({Factor.ENVELOPE, Factor.FROM})
NAMES = frozenset({Factor.IP, Factor.HELO, Factor.ENVELOPE})
TEXT = frozenset({Factor.FROM, Factor.CONTENT, Factor.LINKS, Factor.KIND})
SIGNED = frozenset({Factor.AUTHENTICATION, Factor.FROM, Factor.ENVELOPE})
ANY_FACTOR = frozenset(Factor)

BLOCKED = frozenset({Cause.IP_BLOCKED})
LISTED = frozenset({Cause.IP_LISTED})
DOMAIN_BLOCKED = frozenset({Cause.DOMAIN_BLOCKED})
SPAM = frozenset({Cause.CONTENT})
POLICY = frozenset({Cause.POLICY})
GREYLISTED = frozenset({Cause.GREYLISTED})
AUTHENTICATION = frozenset({Cause.AUTHENTICATION})
UNCLEAR = frozenset({Cause.UNCLEAR})

NOTHING_TO_UNDO = ("Nothing has been changed, so there is nothing to undo.",)
NO_BARE_DOMAIN = "Do not allow the bare domain: anybody can write it into a From header."
NO_RANGE = "Do not allow a range around {ip}: it belongs to many customers of the sender's mail service."
NO_RELAY = (
    "Do not add {ip} to a list of trusted networks or relays: it could then send mail to anybody through the server."
)
SHARED_ADDRESS = "Other customers of the sender's mail service may use the same IP address."
OWNER = "Note the owner, the reason and a date for review in its comment."


def powershell(does: str, text: str) -> Script:
    """A command of PowerShell."""
    return Script(Language.POWERSHELL, does, text)


def shell(does: str, text: str) -> Script:
    """A command of a shell."""
    return Script(Language.SHELL, does, text)


def lines(does: str, file: str, text: str, then: str = "") -> Script:
    """Lines of a configuration file."""
    return Script(Language.CONFIG, does, text, file, then)


def request(does: str, text: str) -> Script:
    """A request over HTTP: method and address; a JSON body after an empty line."""
    return Script(Language.HTTP, does, text)
