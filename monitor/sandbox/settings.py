"""The `[sandbox]` table of the configuration: which companies are make-believe, and how each of them behaves."""

from datetime import timedelta
from enum import StrEnum

from probes.settings import Duration, Settings


class Behaviour(StrEnum):
    """What a make-believe mail system does with the sender's mail.

    Down to `HANGS_UP` it is about the sender, and the control gets through; from `UNKNOWN_USER` on it hits everybody.
    """

    INBOX = "inbox"
    JUNK = "junk"
    BLOCKS_IP = "blocks_ip"  # an access list with the sender's address on it
    BLOCKS_DOMAIN = "blocks_domain"  # an access list with the sender's domain on it
    LISTED = "listed"  # asks a DNS blocklist, and the sender's address is on it
    REFUSES_CONTENT = "refuses_content"  # a filter says no after the whole message was sent
    GREYLISTS = "greylists"  # "try again later" to everyone it does not know yet
    HANGS_UP = "hangs_up"  # resets the connection without a word, as a firewall does
    UNKNOWN_USER = "unknown_user"  # the mailbox has gone
    LOSES = "loses"  # says 250 and delivers nothing
    SLOW = "slow"  # says 250 and delivers late
    UNREADABLE = "unreadable"  # takes the mail, but nobody can look into the mailbox


class SandboxSettings(Settings):
    """Make-believe mail systems inside our own process, for companies that do not exist.

    `companies` names them by their key; every path of theirs must go by `xclient` or `proxy` to a loopback address and
    end in a `maildir`. `slow_by` is how long SLOW holds a message back, `greylist_for` how long GREYLISTS refuses a
    combination of client, sender and recipient that it sees for the first time.
    """

    companies: dict[str, Behaviour] = {}
    slow_by: Duration = timedelta(minutes=15)
    greylist_for: Duration = timedelta(minutes=5)
