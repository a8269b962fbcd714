"""The outside world, as routes, mailboxes and channels see it: one context, handed to each of them.

`monitor/app.py` makes it, or a test. A new kind that needs another part of the world gets it here, and no seam changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from probes.accounts.registry import Accounts
from probes.http import HttpSession
from probes.resolver import Resolver

if TYPE_CHECKING:
    from probes.mailboxes.threads import MailboxThreads


@dataclass(frozen=True, slots=True)
class Outside:
    """Time, DNS, HTTP, threads for blocking work, and accounts."""

    now: Callable[[], datetime]
    resolver: Resolver
    http: HttpSession
    threads: "MailboxThreads"
    accounts: Accounts
