"""Which remedies the lab carries out, and why not the others: each remedy of a product that companies run by themselves
is carried out by a test here, or has its reason in one of these tables. `test_proved` compares."""

from collections.abc import Mapping

IN_DEBIAN: Mapping[str, str] = {
    "postfix": "postfix",
    "postgrey": "postgrey",
    "exim": "exim4-daemon-light",
    "opensmtpd": "opensmtpd",
    "dovecot": "dovecot-sieve",
    "rspamd": "rspamd",
    "spamassassin": "spamassassin",
    "amavis": "amavisd-new",
}
"""Mail systems that `install.sh` installs, with their package."""

_LICENCE = "It is sold, and cannot be installed without a licence."
_APPLIANCE = "It is sold as an appliance or a licensed image."

NOT_IN_DEBIAN: Mapping[str, str] = {
    "mailcow": "It is a set of containers from its own registry; its remedies are rspamd's, which are carried out.",
    "zimbra": "It has an installer of its own for a whole machine; its line of SpamAssassin is carried out there.",
    "proxmox": "It comes from its maker's own repository, and its remedy is a page of its web interface.",
    "exchange": "It runs on Windows Server.",
    "mdaemon": "It runs on Windows.",
    "plesk": _LICENCE,
    "cpanel": _LICENCE,
    "cisco_asa": _APPLIANCE,
    "fortigate": _APPLIANCE,
}
"""Mail systems with remedies that cannot be installed here, and why."""

_LOOKS = "It only looks: it changes nothing, so nothing is let through and nothing can be undone."

NOT_CARRIED_OUT: Mapping[str, str] = {"postfix-trace": _LOOKS, "exim-trace": _LOOKS, "rspamd-history": _LOOKS}
"""Remedies of installed systems that no test carries out, and why."""
