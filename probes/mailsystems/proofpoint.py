"""Proofpoint: Protection Server and on Demand, and Essentials, which is a product of its own."""

from datetime import timedelta

from probes.mailsystems.parts import (
    ALL_GUARDS,
    ANY_FACTOR,
    AUGUST,
    AUTHENTICATION,
    NO_BARE_DOMAIN,
    NO_SPAM_FILTER,
    NOTHING_TO_UNDO,
    NOVEMBER,
    SPAM,
    TEXT,
    UNCLEAR,
    request,
)
from probes.mailsystems.remedy import Certainty, FactSource, NotPossible, Remedy, Rung
from probes.mailsystems.system import ChainPlace, MailSystem, RunBy
from probes.outcome import Cause

_API = "https://us1.proofpointessentials.com/api/v1/orgs/PRIMARY-DOMAIN/sender-lists"
_HOUR = timedelta(minutes=60)
_ANTI_SPOOFING = FactSource("Proofpoint knowledge base, anti-spoofing", NOVEMBER, "help.proofpoint.com")


def _reputation(system: str) -> tuple[NotPossible, ...]:
    """Dynamic Reputation refuses before safe lists are looked at."""
    return (
        NotPossible(
            "Look {ip} up at ipcheck.proofpoint.com: safe lists are known to come after this check.",
            "A delay ends by itself within minutes; a block stays as long as Proofpoint sees spam from the address.",
            frozenset({Cause.REPUTATION, Cause.IP_LISTED}),
            system,
        ),
        NotPossible(
            "Wait: Proofpoint lifts the limit by itself within minutes.",
            "Nobody has to act.",
            frozenset({Cause.RATE_LIMITED}),
            system,
        ),
        NotPossible(
            "An exception from its anti-spoofing would let forged mail of the domain in.",
            "The sender corrects what fails; a gateway in front of Proofpoint must not change the mail.",
            AUTHENTICATION,
            system,
        ),
    )


def _trace(system: str, key: str, where: tuple[str, ...]) -> Remedy:
    return Remedy(
        key,
        system,
        "Search the message log and the quarantine",
        UNCLEAR,
        ANY_FACTOR,
        Rung.NOTHING_SKIPPED,
        ALL_GUARDS,
        where=where,
        needs="an administrator with access to the logs",
        look_first=("Search for the mail in the message log: it shows the rule and the quarantine folder.",),
        steps=("Release it from the quarantine, and report it as not spam.",),
        undo=NOTHING_TO_UNDO,
        never="Do not add allow entries at random: find the rule first.",
        sources=(FactSource("Guides to the logs", NOVEMBER, "", Certainty.MEMORY, "No page of it was read."),),
    )


PROOFPOINT = MailSystem(
    "proofpoint",
    "Proofpoint",
    RunBy.EITHER,
    aliases=("pphosted", "pps", "pod"),
    hosts=("pphosted.com", "gpphosted.com"),
    headers=("x-proofpoint-",),
    reply_marks=("proofpoint", "pphosted.com"),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "proofpoint-safe-list",
            "proofpoint",
            "Add the exact address to the Organizational Safe List; DMARC stays on",
            SPAM,
            TEXT,
            Rung.DMARC,
            NO_SPAM_FILTER,
            skips="the spam module",
            where=("Proofpoint console", "Email Protection", "Spam Detection", "Organizational Safe List", "Add"),
            needs="an administrator of Email Protection",
            steps=(
                "Add {address} to the Organizational Safe List, with the operator Equals. "
                "Leave the DMARC, SPF and DKIM rules on.",
            ),
            undo=("Remove {address} from the list.",),
            never=NO_BARE_DOMAIN,
            takes_effect_within=_HOUR,
            sources=(
                FactSource(
                    "Guides to the Organizational Safe List",
                    NOVEMBER,
                    "",
                    Certainty.SECONDARY,
                    "The name of the filter type for the sender's address is not confirmed, and its user lists match "
                    "the envelope sender.",
                ),
            ),
        ),
        _trace("proofpoint", "proofpoint-trace", ("Proofpoint console", "Smart Search")),
    ),
    not_possible=_reputation("proofpoint"),
    takes_effect_within=_HOUR,
)
ESSENTIALS = MailSystem(
    "proofpoint_essentials",
    "Proofpoint Essentials",
    RunBy.VENDOR,
    aliases=("proofpoint-essentials", "ppe", "ppe-hosted"),
    hosts=("ppe-hosted.com",),
    banners=("ppe hosted esmtp server",),
    headers=("x-ppe-",),
    reply_marks=("ppe-hosted.com",),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "proofpoint-essentials-safe-sender",
            "proofpoint_essentials",
            "Add the exact address to the Safe Sender List; anti-spoofing stays on",
            SPAM,
            TEXT,
            Rung.DMARC,
            NO_SPAM_FILTER,
            skips="the spam filter",
            where=("Proofpoint Essentials", "Security Settings", "Email", "Sender Lists", "Safe Sender List"),
            needs="an organisation administrator",
            look_first=(request("Read the list, and keep it for the undo", f"GET {_API}"),),
            steps=(
                "Add {address} to the Safe Sender List. Anti-Spoofing stays on and still checks DMARC.",
                request(
                    "Or write the whole list back by the API, with the entries that you have read before the new one",
                    f'PATCH {_API}\n\n{{"allow_list": ["ENTRIES-AS-READ", "{{address}}"]}}',
                ),
            ),
            undo=(
                "Remove {address} from the list.",
                request("Or write the old list back", f'PATCH {_API}\n\n{{"allow_list": ["ENTRIES-AS-READ"]}}'),
            ),
            never=NO_BARE_DOMAIN + " A write by the API replaces the list: never write one entry alone.",
            takes_effect_within=_HOUR,
            sources=(
                FactSource("Proofpoint Essentials API", AUGUST, "us1.proofpointessentials.com/api/v1/docs"),
                _ANTI_SPOOFING,
            ),
        ),
        _trace("proofpoint_essentials", "proofpoint-essentials-trace", ("Proofpoint Essentials", "Logs")),
    ),
    not_possible=_reputation("proofpoint_essentials"),
    takes_effect_within=_HOUR,
)
