"""Mimecast: a gateway in front of the mailboxes. Its policies are under Policies > Gateway Policies.

No endpoint of its API was found for Permitted Senders policies, so that step stays in the console.
"""

from datetime import timedelta

from probes.mailsystems.parts import (
    ADDRESS,
    ALL_GUARDS,
    ANY_FACTOR,
    AUGUST,
    BLOCKED,
    DOMAIN,
    DOMAIN_BLOCKED,
    GREYLISTED,
    NO_BARE_DOMAIN,
    NO_RANGE,
    NOTHING_TO_UNDO,
    NOVEMBER,
    POLICY,
    TEXT,
    UNCLEAR,
    request,
)
from probes.mailsystems.remedy import Certainty, FactSource, Guard, NotPossible, Remedy, Rung
from probes.mailsystems.system import ChainPlace, MailSystem, RunBy
from probes.outcome import Cause

_POLICIES = ("Mimecast Administration Console", "Policies", "Gateway Policies")
_EDIT = "the role Gateway | Policies | Edit"
_API = "https://api.services.mimecast.com"
_PERMITTED = FactSource(
    "Configuring Permitted Senders policies",
    NOVEMBER,
    "mimecastsupport.zendesk.com",
    Certainty.READ,
    "That the From and the source IP of one policy must both match is not documented in so many words.",
)
_PORTAL = FactSource(
    "Mimecast developer portal, API 2.0",
    AUGUST,
    "developer.services.mimecast.com",
    Certainty.SECONDARY,
    "The order of the fields, and which are required, is not confirmed.",
)
_HALF_HOUR = timedelta(minutes=30)

_REMEDIES = (
    Remedy(
        "mimecast-take-no-action",
        "mimecast",
        "Answer the Blocked Senders policy for the exact address",
        BLOCKED | DOMAIN_BLOCKED,
        ADDRESS | DOMAIN,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=(*_POLICIES, "Blocked Senders"),
        needs=_EDIT,
        look_first=("Find the Blocked Senders policy that matches: it wins over every permit policy.",),
        steps=(
            "Remove the sender from it, or answer it with a policy 'Blocked Sender - Take No Action' for {address}. "
            "A user's own list is changed by the user.",
        ),
        undo=("Delete the policy 'Take No Action', or add the sender to the block policy again.",),
        never=NO_BARE_DOMAIN,
        takes_effect_within=_HALF_HOUR,
        sources=(_PERMITTED,),
    ),
    Remedy(
        "mimecast-greylisting",
        "mimecast",
        "Except the domain from greylisting",
        GREYLISTED,
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        skips="the delay, and no check",
        where=(*_POLICIES, "Greylisting"),
        needs=_EDIT,
        look_first=(
            "'Internal resources are temporarily unavailable' is how Mimecast greylists; it also defers senders of "
            "poor "
            "reputation so.",
        ),
        steps=(
            "In Policies > Gateway Policies > Greylisting, create a policy 'Take No Action' for the domain "
            "{domain}: it "
            "skips only the delay of greylisting.",
            request(
                "Or create it by the API",
                f"POST {_API}/policy-management/cloud-gateway/v1/greylisting/policies\n\n"
                '{"option": "no_action", "description": "Sign-in codes",\n'
                ' "from": {"type": "email_domain", "domain": "{domain}"}}',
            ),
        ),
        undo=(
            "Delete the policy.",
            request("Or by the API", f"DELETE {_API}/policy-management/cloud-gateway/v1/greylisting/policies/ID"),
        ),
        never=NO_RANGE,
        takes_effect_within=_HALF_HOUR,
        sources=(_PORTAL,),
    ),
    Remedy(
        "mimecast-except-from-policy",
        "mimecast",
        "Except the domain, from its address, from the policy that the reply names",
        POLICY,
        ANY_FACTOR,
        Rung.DOMAIN_AND_IP,
        ALL_GUARDS,
        skips="the one policy",
        where=_POLICIES,
        needs=_EDIT,
        look_first=("The reply names the policy.",),
        steps=("Add an exception for {domain} with source IP {ip}/32 to that policy only.",),
        undo=("Delete the exception.",),
        never=NO_BARE_DOMAIN + " An anti-spoofing policy would let in just what it is there for.",
        takes_effect_within=_HALF_HOUR,
        sources=(_PERMITTED,),
    ),
    Remedy(
        "mimecast-permitted-sender",
        "mimecast",
        "Create a Permitted Senders policy for the domain together with its address",
        frozenset({Cause.CONTENT, Cause.REPUTATION, Cause.IP_LISTED}),
        TEXT | ADDRESS,
        Rung.DOMAIN_AND_IP,
        ALL_GUARDS - {Guard.SPAM},
        skips="spam scanning, IP reputation and greylisting",
        where=(*_POLICIES, "Permitted Senders", "New"),
        needs=_EDIT,
        look_first=("Look whether a Blocked Senders policy matches: it would win.",),
        steps=(
            "Create a Permitted Senders policy for Emails From {domain} with source IP range {ip}/32: both must match. "
            "Addresses based on: Both.",
            "Leave DNS Authentication on.",
        ),
        undo=("Delete the policy.",),
        never=NO_BARE_DOMAIN + " So do not leave out the source IP range.",
        takes_effect_within=_HALF_HOUR,
        risk="If the sender's address changes, the policy no longer matches: review it.",
        sources=(_PERMITTED,),
    ),
    Remedy(
        "mimecast-trace",
        "mimecast",
        "Search the Message Center for the mail",
        UNCLEAR,
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=("Mimecast Administration Console", "Message Center"),
        needs="the role Gateway | Tracking | Read",
        look_first=("In Message Center, look under Held, Rejected and Deferred; held mail is kept for 14 days.",),
        steps=("Release held mail. What was rejected is not kept.",),
        undo=NOTHING_TO_UNDO,
        never="Do not add allow entries at random: find the policy first.",
        sources=(
            FactSource(
                "Guides to the Message Center",
                NOVEMBER,
                "",
                Certainty.SECONDARY,
                "The menu and the 14 days are from secondary sources.",
            ),
        ),
    ),
)
MIMECAST = MailSystem(
    "mimecast",
    "Mimecast",
    RunBy.VENDOR,
    hosts=("mimecast.com", "mimecast.co.za", "mimecast-offshore.com"),
    headers=("x-mimecast-", "x-mc-unique"),
    reply_marks=("mimecast",),
    place=ChainPlace.GATEWAY,
    remedies=_REMEDIES,
    not_possible=(
        NotPossible(
            "Wait: Mimecast lifts the limit by itself after about 5 minutes.",
            "Nobody has to act.",
            frozenset({Cause.RATE_LIMITED}),
            "mimecast",
        ),
    ),
    takes_effect_within=_HALF_HOUR,
)
