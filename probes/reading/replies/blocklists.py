"""Blocklists in a reply: by zone, by page, or by name if the words around it say that it lists."""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from probes.outcome import Cause


class Listing(NamedTuple):
    """A blocklist named by a reply, and the meaning of being on it."""

    name: str
    cause: Cause


ZONES: tuple[tuple[str, str], ...] = (  # in the raw reply, lower case, at a word's start; first hit per operator
    ("zen.spamhaus", "Spamhaus ZEN"),
    ("spamhaus.org/zen", "Spamhaus ZEN"),
    ("spamhaus zen", "Spamhaus ZEN"),
    ("sbl-xbl", "Spamhaus SBL-XBL"),
    ("spl-xbl", "Spamhaus SBL-XBL"),
    ("spamhaus sbl", "Spamhaus SBL"),
    ("spamhaus-sbl", "Spamhaus SBL"),
    ("sbl.spamhaus", "Spamhaus SBL"),
    ("spamhaus.org/sbl", "Spamhaus SBL"),
    ("spamhaus block list", "Spamhaus SBL"),
    ("spamhaus css", "Spamhaus CSS"),
    ("css.spamhaus", "Spamhaus CSS"),
    ("spamhaus.org/css", "Spamhaus CSS"),
    ("spamhaus xbl", "Spamhaus XBL"),
    ("spamhaus-xbl", "Spamhaus XBL"),
    ("xbl.spamhaus", "Spamhaus XBL"),
    ("spamhaus.org/xbl", "Spamhaus XBL"),
    ("shxbl", "Spamhaus XBL"),
    ("exploits block list", "Spamhaus XBL"),
    ("spamhaus pbl", "Spamhaus PBL"),
    ("spamhaus-pbl", "Spamhaus PBL"),
    ("pbl.spamhaus", "Spamhaus PBL"),
    ("spamhaus.org/pbl", "Spamhaus PBL"),
    ("policy block list", "Spamhaus PBL"),
    ("spamhaus dbl", "Spamhaus DBL"),
    ("dbl.spamhaus", "Spamhaus DBL"),
    ("spamhaus.org/dbl", "Spamhaus DBL"),
    ("spamhaus.org/query/domain", "Spamhaus DBL"),
    ("spamhaus zrd", "Spamhaus ZRD"),
    ("zrd.spamhaus", "Spamhaus ZRD"),
    ("spamhaus drop", "Spamhaus DROP"),
    ("spamhaus", "Spamhaus"),
    ("barracudacentral", "Barracuda"),
    ("barracudanetworks.com/reputation", "Barracuda"),
    ("barracuda reputation", "Barracuda"),
    ("brbl", "Barracuda"),
    ("spamcop", "SpamCop"),
    ("sorbs", "SORBS"),
    ("uceprotect", "UCEPROTECT"),
    ("backscatterer", "Backscatterer"),
    ("ipcheck.proofpoint", "Proofpoint"),
    ("proofpoint.com/dnsbl-lookup", "Proofpoint"),
    ("proofpoint dynamic reputation", "Proofpoint"),
    ("trend micro rbl", "Trend Micro"),
    ("trend micro email reputation", "Trend Micro"),
    ("email reputation service", "Trend Micro"),
    ("ers.trendmicro", "Trend Micro"),
    ("mail-abuse.", "Trend Micro"),
    ("csi.cloudmark", "Cloudmark"),
    ("cloudmark sender intelligence", "Cloudmark"),
    ("cloudmark poor reputation", "Cloudmark"),
    ("cm-csi", "Cloudmark"),
    ("abusix", "Abusix"),
    ("invaluement", "Invaluement"),
    ("ivmsip", "Invaluement"),
    ("ivmuri", "Invaluement"),
    ("uribl.com", "URIBL"),
    ("uribl", "URIBL"),
    ("surbl", "SURBL"),
    ("abuseat", "CBL"),
    ("hostkarma", "Hostkarma"),
    ("junkemailfilter", "Hostkarma"),
    ("psbl.", "PSBL"),
    ("surriel", "PSBL"),
    ("mailspike", "Mailspike"),
    ("spamrats", "SpamRATS"),
    ("senderscore", "Sender Score"),
    ("sender score", "Sender Score"),
    ("truncate.gbudb", "GBUdb"),
    ("gbudb", "GBUdb"),
    ("0spam.", "0spam"),
    ("blocklist.de", "blocklist.de"),
    ("nixspam", "NiX Spam"),
    ("dnsbl.manitu", "NiX Spam"),
    ("cobion", "Cobion"),
    ("dronebl", "DroneBL"),
    ("wpbl", "WPBL"),
    ("s5h.net", "s5h"),
    ("spfbl", "SPFBL"),
    ("mips space", "MIPSpace"),
    ("mipspace", "MIPSpace"),
    ("nordspam", "NordSpam"),
    ("rbl.interserver", "InterServer"),
    ("anonmails", "Anonmails"),
    ("dsbl.org", "DSBL"),
    ("njabl", "NJABL"),
    ("five-ten", "Five-Ten"),
    ("ahbl", "AHBL"),
    ("fortiguard", "FortiGuard"),
    ("cloud-security.net", "IX Cloud Security"),
    ("kisarbl", "KISA-RBL"),
    ("spamhaus.org", "Spamhaus"),
    ("spamhaus.net", "Spamhaus"),
    ("spamhaus.com", "Spamhaus"),
    ("spamcop.net", "SpamCop"),
    ("sorbs.net", "SORBS"),
    ("uceprotect.net", "UCEPROTECT"),
    ("surbl.org", "SURBL"),
    ("abusix.", "Abusix"),
    ("invaluement.com", "Invaluement"),
    ("abuseat.org", "CBL"),
    ("backscatterer.org", "Backscatterer"),
    ("junkemailfilter.com", "Hostkarma"),
    ("barracudacentral.org", "Barracuda"),
    ("mailspike.", "Mailspike"),
    ("spamrats.com", "SpamRATS"),
    ("senderscore.", "Sender Score"),
    ("cobion.com", "Cobion"),
    ("dronebl.org", "DroneBL"),
    ("njabl.org", "NJABL"),
    ("ahbl.org", "AHBL"),
    ("spfbl.net", "SPFBL"),
    ("wpbl.info", "WPBL"),
    ("nordspam.com", "NordSpam"),
    ("gbudb.", "GBUdb"),
    ("surriel.com", "PSBL"),
    ("anonmails.de", "Anonmails"),
    ("fortiguard.com", "FortiGuard"),
)

SHORT_NAMES: tuple[tuple[str, str], ...] = (  # names that only the words before them make a list
    ("sbl", "Spamhaus SBL"),
    ("xbl", "Spamhaus XBL"),
    ("pbl", "Spamhaus PBL"),
    ("css", "Spamhaus CSS"),
    ("dbl", "Spamhaus DBL"),
    ("zen", "Spamhaus ZEN"),
    ("cbl", "CBL"),
    ("barracuda", "Barracuda"),
    ("trend micro", "Trend Micro"),
    ("trendmicro", "Trend Micro"),
    ("cloudmark", "Cloudmark"),
    ("proofpoint", "Proofpoint"),
    ("mimecast", "Mimecast"),
    ("sophos", "Sophos"),
    ("mcafee", "McAfee"),
    ("symantec", "Symantec"),
    ("dnsbl", "DNSBL"),
    ("rbl", "RBL"),
)

OF_LINKS = ("URIBL", "SURBL", "Spamhaus DBL", "Spamhaus ZRD")  # lists of domains that messages name or link to

_ADDRESS = re.compile(r"[^\s<>@]{1,128}@[^\s<>@]{1,255}")
_HOST = re.compile(r"(?<![a-z0-9.-])[a-z0-9._-]{1,255}\[")  # name[address]
_VERB = r"(?:blocked|rejected|refused|denied|deferred|banned)"
_LISTED = r"(?:black|block)?-?listed (?:in|on|at|by|with|using)(?: the)?"
_SHORT = re.compile(
    rf"(?:{_VERB} (?:using|in|at)|(?:blocked|denied|banned) by|{_LISTED})(?: [a-z]{{1,12}})?? "
    rf"({'|'.join(re.escape(name) for name, _ in SHORT_NAMES)})(?![a-z0-9-]|\.[a-z])"
)
_SECOND = re.compile(r" (?:and|,|&) (barracuda|spamhaus|spamcop|sorbs)(?![a-z0-9])")
_ZONE = re.compile(
    rf"(?:{_VERB} using|{_LISTED}|black list at|found in|lookup site|due to listing in|server response|(?:dns|r)bl:?)"
    r" [\"'(]?((?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,24})(?![a-z0-9@])"
)


_WITHIN = r"(?:[^.!?{}]|[.!?](?=\S))"  # a sentence; the stops in a name do not end it
_CONDITION = re.compile(rf"(?<![\w.-])if\s({_WITHIN.format(',')}*)(,{_WITHIN.format('')}*)?")
_OF_LISTING = re.compile(
    r"list|block|ban(?:ned)?\b|(?:on|at|in|by) (?:[\w.-]{1,40} )?(?:spamhaus|spamcop|barracuda|sorbs)"
)


def _unconditional(condition: re.Match[str]) -> str:
    """Return what a sentence with a condition states: nothing, if the condition is that an address is on a list; else
    what follows it, as in "if you think that this is a mistake, see PAGE OF THE LIST"."""
    return " " if _OF_LISTING.search(condition[1]) else condition[2] or " "


@cache
def _zone(fragment: str) -> re.Pattern[str]:
    """Match a zone or page anywhere, a bare name only as a word: not as part of a host name."""
    ending = "" if re.search(r"[./]", fragment) else r"(?![a-z0-9]|\.[a-z])"
    opening = r"(?<![a-z0-9])" if ending == "" else r"(?<![a-z0-9.])"
    return re.compile(opening + re.escape(fragment) + ending)


_SHORT_NAMES = dict(SHORT_NAMES)

OTHER_WORDS = (
    *(
        "using ",
        "listed",
        "black list at",
        "found in",
        "lookup site",
        "due to listing",
        "server response",
        "bl:",
        "bl ",
    ),
    *_SHORT_NAMES,
)
"""One of these occurs wherever a list is named in another way than by a row of ZONES."""


def name_of_zone(zone: str) -> str:
    """Return the name of the list whose DNS zone this is, as replies are read; the zone itself if it has none."""
    return next((name for fragment, name in ZONES if fragment in zone), zone)


def listing(raw: str, zones: Sequence[int]) -> Listing | None:
    """Return the blocklist that `raw`, in lower case, names; several are joined by ", ".

    `zones` are the rows of ZONES whose text occurs. A vendor's name alone does not count, nor does a name in a sentence
    about what holds if an address is on a list.
    """
    plain = _CONDITION.sub(_unconditional, raw) if "if" in raw else raw
    plain = _ADDRESS.sub(" ", plain) if "@" in plain else plain
    plain = _HOST.sub(" ", plain) if "[" in plain else plain
    found: list[str] = []
    for fragment, name in (ZONES[row] for row in zones):
        known = any(name.split()[0] == other.split()[0] for other in found)
        if not known and _zone(fragment).search(plain):
            found.append(name)
    if not found and (short := _SHORT.search(plain)):
        found.append(_SHORT_NAMES[short[1]])
    if found and (second := _SECOND.search(plain)):
        found.append({"sorbs": "SORBS", "spamcop": "SpamCop"}.get(second[1], second[1].capitalize()))
    if not found and (zone := _ZONE.search(plain)):
        found.append(zone[1])
    names = list(dict.fromkeys(found))
    if not names:
        return None
    return Listing(", ".join(names), Cause.CONTENT if names[0] in OF_LINKS else Cause.IP_LISTED)
