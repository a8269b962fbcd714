"""The `[sandbox]` table of the configuration: which companies are make-believe, and how each of them behaves."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

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
    FILTER_DOWN = "filter_down"  # "try again later" to everybody: the filter that the server asks does not run
    RESOLVER_DOWN = "resolver_down"  # "domain not found" of every sender: the server's own resolver does not answer
    LOSES = "loses"  # says 250 and delivers nothing
    SLOW = "slow"  # says 250 and delivers late
    UNREADABLE = "unreadable"  # takes the mail, but nobody can look into the mailbox


class SandboxSettings(Settings):
    """[sandbox]: simulated mail systems inside the process, for companies that do not exist.

    Every path of a company named here must go by `xclient` or `proxy` to a loopback address and end in a `maildir`.
    """

    companies: dict[str, Behaviour] = Field(
        default_factory=dict,
        description="The simulated companies by key, and the behaviour of their mail system.",
    )
    slow_by: Duration = Field(timedelta(minutes=15), description="How long `slow` delays a message.")
    greylist_for: Duration = Field(
        timedelta(minutes=5), description="How long `greylists` refuses a client that it has not seen before."
    )
