"""The `[sandbox]` table of the configuration: the simulated companies and their behaviour."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from probes.settings import Duration, Settings


class Behaviour(StrEnum):
    """Treatment of the sender's mail by a simulated mail system.

    Up to `HANGS_UP` only the sender is affected and the control gets through; from `UNKNOWN_USER` on everybody is.
    """

    INBOX = "inbox"
    JUNK = "junk"
    BLOCKS_IP = "blocks_ip"  # the sender's IP address is on an access list
    BLOCKS_DOMAIN = "blocks_domain"  # the sender's domain is on an access list
    LISTED = "listed"  # the sender's IP address is on a DNS blocklist
    REFUSES_CONTENT = "refuses_content"  # a content filter rejects the complete message
    GREYLISTS = "greylists"  # temporarily refuses clients it has not seen before
    HANGS_UP = "hangs_up"  # resets the connection without a reply, as a firewall does
    UNKNOWN_USER = "unknown_user"  # the mailbox does not exist
    FILTER_DOWN = "filter_down"  # temporarily refuses everybody: its filter is not running
    RESOLVER_DOWN = "resolver_down"  # "domain not found" for every sender: its resolver does not answer
    LOSES = "loses"  # accepts and never delivers
    SLOW = "slow"  # accepts and delivers late
    UNREADABLE = "unreadable"  # accepts, but the mailbox cannot be read


class SandboxSettings(Settings):
    """[sandbox]: simulated mail systems inside the process, for companies that do not exist.

    Every path of a company named here must go by `xclient` or `proxy` to a loopback address and end in a `maildir`.
    """

    companies: dict[str, Behaviour] = Field(
        default_factory=dict,
        description="Simulated companies by key, with the behaviour of their mail system.",
    )
    slow_by: Duration = Field(timedelta(minutes=15), description="How long `slow` delays a message.")
    greylist_for: Duration = Field(
        timedelta(minutes=5), description="How long `greylists` refuses a client it has not seen before."
    )
