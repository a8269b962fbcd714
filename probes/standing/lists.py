"""The table of DNS lists: zone, what each answer means, what proves that the list works, who uses it, how to leave it.

What an answer means is the list's own affair: 127.0.0.2 is a listing at one list, 127.0.0.1 a refusal at another and a
listing at a third, 127.0.0.18 a recommendation. So there is no rule for all lists but two: 127.255.255.0/24 is a
refusal wherever it comes from, and what is outside 127.0.0.0/8 was not said by a list (RFC 5782, section 2.1).

Lists that were closed or emptied are not here, because asking them proves nothing: SORBS (emptied 5 June 2024), AHBL,
NJABL, spamcannibal, emailbasura, WPBL, NiX Spam. Neither are levels 2 and 3 of UCEPROTECT, which list whole networks
for the fault of a neighbour. Lists of Proofpoint, Cisco, Trend Micro, Mimecast, Microsoft and Cloudmark have no DNS
that strangers may ask; only refusals of our own probes tell about those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from probes.reading.replies.blocklists import name_of_zone

TEST_ADDRESS = "127.0.0.2"  # RFC 5782, section 5: must be listed
CLEAR_ADDRESS = "127.0.0.1"  # ... and must not
CLEAR_DOMAIN = "example.com"  # reserved (RFC 2606, section 3): nobody sends from it


class ListKind(StrEnum):
    """Kinds of lists by the subject of their entries."""

    ADDRESS = "address"
    DOMAIN = "domain"


class ListWeight(StrEnum):
    """Importance of a listing to company mail."""

    HIGH = "high"  # business gateways refuse by it
    MINOR = "minor"  # small servers, or a few points of a score
    RECOMMENDS = "recommends"  # a list of good senders: being on it is no listing


@dataclass(frozen=True, slots=True)
class ListAccess:
    """Ways to ask: the key of Spamhaus DQS, "" for none, and the zones that are not asked."""

    key: str = field(default="", repr=False)
    off: tuple[str, ...] = ()


def _octets(codes: Mapping[int, str], prefix: str = "127.0.0.") -> Mapping[str, str]:
    """Spell the answers that differ in the last octet."""
    return {f"{prefix}{octet}": meaning for octet, meaning in codes.items()}


_LISTED = _octets({2: "listed"})

COMMON_REFUSALS: Mapping[str, str] = _octets(  # Spamhaus FAQ and zone table; others took them over
    {
        250: "the key is disabled",
        251: "the key belongs to another account",
        252: "the name of the zone is mistyped",
        254: "asked through a public resolver, or one without a reverse name",
        255: "too many questions, or this resolver is not registered",
    },
    "127.255.255.",
)


@dataclass(frozen=True, slots=True)
class DnsList:
    """One list. `listed`, `neutral` and `refused` map answers to their meaning; `bits` are those of the last octet of
    127.0.0.x, whose answer is a sum; `lesser` are octets or bits that matter little even there. `test` must be listed
    and `clear` must not; both are "" for a list that never accuses.

    `keyed` is the zone for owners of a key, in which {key} stands for it; a list without a `zone` has only that.
    `silence` is the usual reason of no answer. `lookup`: the list's page about one address or domain, for
    which {subject} stands; "" if none is known.
    """

    zone: str
    kind: ListKind
    weight: ListWeight
    used_by: str
    leave: str  # the page on which one asks to be removed
    source: str
    listed: Mapping[str, str] = field(default_factory=dict)
    bits: Mapping[int, str] = field(default_factory=dict)
    neutral: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    lesser: frozenset[int] = frozenset()
    test: str = TEST_ADDRESS
    clear: str = CLEAR_ADDRESS
    ipv6: bool = False
    keyed: str = ""
    silence: str = ""
    own_name: str = ""
    lookup: str = ""

    @property
    def name(self) -> str:
        """The name that people know, the same as where a reply names the list."""
        return self.own_name or name_of_zone(self.zone)

    @property
    def public_zone(self) -> str:
        """The zone to show: never with a key."""
        return self.zone or self.keyed.removeprefix("{key}.")

    def fact_subject(self, subject: str) -> str:
        """Return the subject of facts about an address or a domain on this list."""
        return f"{subject} at {self.public_zone}"

    def listed_subject(self, fact_subject: str) -> str:
        """Return the address or the domain again."""
        return fact_subject.removesuffix(self.fact_subject(""))

    def page_about(self, subject: str) -> str:
        """Return the address of the page from which the way out of the list leads, with the subject if it takes one."""
        return self.lookup.format(subject=quote(subject, safe="")) if self.lookup else self.leave

    def asked_zone(self, key: str) -> str:
        """The zone to ask; "" if only owners of a key may ask and there is none."""
        return self.keyed.format(key=key) if key and self.keyed else self.zone


_SPAMHAUS = "https://check.spamhaus.org/"
_SPAMHAUS_LOOKUP = "https://check.spamhaus.org/results/?query={subject}"

LISTS: tuple[DnsList, ...] = (
    DnsList(
        "zen.spamhaus.org",
        ListKind.ADDRESS,
        ListWeight.HIGH,
        "Most business gateways, Microsoft 365 among them, and most mail servers of companies.",
        _SPAMHAUS,
        "Spamhaus zone table; rspamd rbl.conf, August 2026",
        listed=_octets(
            {
                2: "SBL: a known source of spam",
                3: "CSS: low reputation, found automatically",
                4: "XBL: a hijacked machine",
                9: "DROP: a hijacked or criminal network",
                10: "PBL: an address that should send no mail directly, by its provider",
                11: "PBL: an address that should send no mail directly, by Spamhaus",
                30: "BCL: controls hijacked machines",
            }
        ),
        ipv6=True,
        keyed="{key}.zen.dq.spamhaus.net",
        lookup=_SPAMHAUS_LOOKUP,
    ),
    DnsList(
        "dbl.spamhaus.org",
        ListKind.DOMAIN,
        ListWeight.HIGH,
        "Business gateways and mail servers, for sender domains and links.",
        _SPAMHAUS,
        "Spamhaus zone table; rspamd rbl.conf, August 2026; test entry seen in several programs",
        listed=_octets(
            {
                2: "a domain of spammers",
                4: "phishing",
                5: "malware",
                6: "controls hijacked machines",
                102: "legitimate and abused: spam",
                103: "legitimate and abused: redirects to spam",
                104: "legitimate and abused: phishing",
                105: "legitimate and abused: malware",
                106: "legitimate and abused: controls hijacked machines",
            },
            "127.0.1.",
        ),
        refused={"127.0.1.255": "an address was asked, not a domain"},
        test="dbltest.com",
        clear=CLEAR_DOMAIN,
        keyed="{key}.dbl.dq.spamhaus.net",
        lookup=_SPAMHAUS_LOOKUP,
    ),
    DnsList(
        "",
        ListKind.DOMAIN,
        ListWeight.MINOR,
        "Filters that are careful with domains seen for the first time today.",
        _SPAMHAUS,
        "Spamhaus zone table",
        neutral=_octets({hours: f"first seen {hours} hours ago" for hours in range(2, 25)}, "127.0.2."),
        refused={"127.0.2.255": "an address was asked, not a domain"},
        test="",  # none is published: what it says is never a listing
        clear="",
        keyed="{key}.zrd.dq.spamhaus.net",
        own_name="Spamhaus ZRD",
    ),
    DnsList(
        "b.barracudacentral.org",
        ListKind.ADDRESS,
        ListWeight.HIGH,
        "Every Barracuda gateway.",
        "https://www.barracudacentral.org/rbl/removal-request",
        "rspamd rbl.conf; iRedMail issue 232",
        listed=_LISTED,
        silence="it answers only resolvers whose address is registered, which is free: "
        "https://www.barracudacentral.org/rbl",
    ),
    DnsList(
        "bl.spamcop.net",
        ListKind.ADDRESS,
        ListWeight.HIGH,
        "Cisco gateways and many mail servers; a listing ends by itself a day after the last report.",
        "https://www.spamcop.net/bl.shtml",
        "SpamAssassin rules",
        listed=_LISTED,
        lookup="https://www.spamcop.net/w3m?action=checkblock&ip={subject}",
    ),
    DnsList(
        "multi.surbl.org",
        ListKind.DOMAIN,
        ListWeight.HIGH,
        "Filters that look at the domains in links: rspamd, SpamAssassin and gateways built on them.",
        "https://surbl.org/surbl-analysis",
        "surbl.org, lists; rspamd rbl.conf, August 2026",
        bits={
            4: "disposable domains",
            8: "phishing",
            16: "malware",
            32: "click trackers",
            64: "spam and abuse",
            128: "hacked sites",
        },
        refused={"127.0.0.1": "the question was refused"},
        test="test.surbl.org",
        clear=CLEAR_DOMAIN,
    ),
    DnsList(
        "multi.uribl.com",
        ListKind.DOMAIN,
        ListWeight.HIGH,
        "Filters that look at the domains in links: rspamd, SpamAssassin and gateways built on them.",
        "https://admin.uribl.com/",
        "uribl.com; rspamd rbl.conf, August 2026; check-dnsbl issue 1",
        bits={2: "black: spam", 4: "grey: bulk mail", 8: "red: suspicious"},
        lesser=frozenset({4, 8}),  # uribl.com: for scores, not for refusals
        refused={"127.0.0.1": "the question was refused, mostly for a public resolver"},
        test="test.uribl.com",
        clear=CLEAR_DOMAIN,
    ),
    DnsList(
        "bl.score.senderscore.com",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "Few filters since it asks for registration (March 2024).",
        "https://senderscore.org/",
        "rspamd rbl.conf and issue 5907; yunohost issue 1918",
        listed=_octets(
            {1: "a hijacked machine"} | {octet: f"risky sender, combination {octet}" for octet in range(2, 27)}
        ),
        silence="it answers only resolvers that are registered",
    ),
    DnsList(
        "rep.mailspike.net",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "rspamd and SpamAssassin, as points of a score.",
        "https://mailspike.io/ip_verify",
        "mailspike.org, usage; rspamd rbl.conf, August 2026",
        listed=_octets({10: "worst reputation", 11: "very bad reputation", 12: "bad reputation"}),
        neutral=_octets(
            dict.fromkeys(range(13, 17), "neutral reputation") | dict.fromkeys(range(17, 21), "good reputation")
        ),
    ),
    DnsList(
        "all.spamrats.com",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "Small mail servers and hosting providers.",
        "https://www.spamrats.com/removal.php",
        "spamrats.com; mailcow support-how-to issue 1437",
        listed=_octets({36: "dynamic address", 37: "no proper reverse name", 38: "a source of spam"}),
        lookup="https://www.spamrats.com/lookup.php?ip={subject}",
    ),
    DnsList(
        "psbl.surriel.com",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "Small mail servers; SpamAssassin, as points of a score.",
        "https://psbl.org/remove",
        "SpamAssassin rules",
        listed=_LISTED,
        lookup="https://psbl.org/listing?ip={subject}",
    ),
    DnsList(
        "all.s5h.net",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "Small mail servers.",
        "https://www.usenix.org.uk/content/rbl.html",
        "the list's page, from memory",
        listed=_LISTED,
    ),
    DnsList(
        "bl.blocklist.de",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "Small mail servers in Germany; rspamd, as points of a score.",
        "https://www.blocklist.de/en/delist.html",
        "rspamd rbl.conf, August 2026; meaning of each code from memory, so only its range is used",
        listed=_octets({octet: f"attacks, kind {octet}" for octet in range(2, 23)}),
    ),
    DnsList(
        "dnsbl.dronebl.org",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "Chat networks and few mail servers.",
        "https://dronebl.org/lookup",
        "dronebl.org; codes as in configurations of chat servers",
        listed=_octets(
            {octet: f"abused machine, kind {octet}" for octet in (2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18)}
        ),
        lookup="https://dronebl.org/lookup?ip={subject}",
    ),
    DnsList(
        "bip.virusfree.cz",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "rspamd, as points of a score.",
        "https://www.virusfree.cz/en/",
        "rspamd rbl.conf, August 2026",
        listed=_octets({2: "a hijacked machine"}),
        own_name="virusfree.cz",
    ),
    DnsList(
        "bl.spameatingmonkey.net",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "rspamd, as points of a score.",
        "https://spameatingmonkey.com/lookup",
        "rspamd rbl.conf, August 2026",
        listed=_LISTED,
        own_name="Spam Eating Monkey",
        lookup="https://spameatingmonkey.com/lookup/{subject}",
    ),
    DnsList(
        "dnsbl-1.uceprotect.net",
        ListKind.ADDRESS,
        ListWeight.MINOR,
        "Small mail servers; a listing ends by itself after seven days. Never pay for removal.",
        "https://www.uceprotect.net/en/rblcheck.php",
        "uceprotect.net; rspamd left it out",
        listed=_LISTED,
        lookup="https://www.uceprotect.net/en/rblcheck.php?ipr={subject}",
    ),
    DnsList(
        "list.dnswl.org",
        ListKind.ADDRESS,
        ListWeight.RECOMMENDS,
        "rspamd and SpamAssassin, in the sender's favour.",
        "https://www.dnswl.org/",
        "rspamd rbl.conf, August 2026",
        neutral={
            f"127.0.{category}.{trust}": f"known good sender, trust {('none', 'low', 'medium', 'high')[trust]}"
            for category in range(2, 21)
            if category != 10
            for trust in range(4)
        },
        refused={
            "127.0.0.255": "too many questions",
            **{f"127.0.10.{octet}": "no trust, or refused" for octet in range(4)},
        },
        test="",
        clear="",
        own_name="DNSWL",
    ),
)
