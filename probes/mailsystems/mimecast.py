"""Mimecast: a gateway in front of the mailboxes. Its policies are under Policies > Gateway Policies.

Sources: Mimecast, "Configuring Permitted Senders" (validity by source IP ranges; a Blocked Senders policy wins). That
a policy's From and its source IP must both match is not documented in so many words. The menu and the 14 days of held
mail are from secondary sources.
"""

from datetime import timedelta

from probes.mailsystems.family import CauseFamily
from probes.mailsystems.system import MailSystem, RunBy, Steps
from probes.outcome import Cause

_PERMIT: Steps = (
    "Create a Permitted Senders policy for Emails From {domain} with source IP range {ip}/32: both must match.",
    "Leave DNS Authentication on.",
)
_UNBLOCK: Steps = (
    "Find the Blocked Senders policy that matches: it wins over every permit policy.",
    "Answer it with a policy 'Blocked Sender - Take No Action' for the exact address of {domain}.",
)

MIMECAST = MailSystem(
    "mimecast",
    "Mimecast",
    RunBy.VENDOR,
    hosts=("mimecast.com", "mimecast.co.za", "mimecast-offshore.com"),
    reply_marks=("mimecast",),
    remedies={
        CauseFamily.ADDRESS: _UNBLOCK,
        CauseFamily.DOMAIN: _UNBLOCK,
        CauseFamily.REPUTATION: _PERMIT,
        CauseFamily.CONTENT: _PERMIT,
        CauseFamily.GREYLISTING: (
            "'Internal resources are temporarily unavailable' is how Mimecast greylists.",
            *_PERMIT,
        ),
        CauseFamily.POLICY: (
            "The reply names the policy. Add an exception for {domain} with source IP {ip}/32 to that policy only.",
        ),
        CauseFamily.UNCLEAR: (
            "In Message Center, look under Held, Rejected and Deferred; held mail is kept for 14 days.",
        ),
    },
    exceptions={
        Cause.IP_LISTED: _PERMIT,
        Cause.RATE_LIMITED: ("Wait: Mimecast lifts the limit by itself after about 5 minutes.",),
    },
    takes_effect_within=timedelta(minutes=30),
)
