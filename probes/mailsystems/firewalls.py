"""Firewalls that inspect mail on its way to the server. Each company runs its own."""

from probes.mailsystems.parts import (
    ALL_GUARDS,
    ANY_FACTOR,
    NO_RANGE,
    NO_SPAM_FILTER,
    NOVEMBER,
    SPAM,
    TEXT,
    lines,
)
from probes.mailsystems.remedy import ARRIVES, Certainty, FactSource, ProofKind, Remedy, RemedyProof, Rung
from probes.mailsystems.system import ChainPlace, MailSystem, RunBy
from probes.outcome import Cause

_ASA = FactSource("Cisco ASA guide, ESMTP inspection; TAC notes 113423, 117801, 118584", NOVEMBER, "cisco.com")
_FORTIGATE = FactSource(
    "FortiOS CLI reference, emailfilter block-allow-list",
    NOVEMBER,
    "docs.fortinet.com",
    Certainty.READ,
    "The value of `set action` is not confirmed.",
)
_STARTTLS = (ARRIVES, RemedyProof(ProofKind.MARK, "EHLO from outside shows STARTTLS, and the banner has no stars."))

CISCO_ASA = MailSystem(
    "cisco_asa",
    "Cisco ASA",
    RunBy.COMPANY,
    aliases=("asa", "cisco-asa"),
    banners=("220 ****", "****"),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "cisco-asa-allow-tls",
            "cisco_asa",
            "Let STARTTLS through the ESMTP inspection",
            frozenset({Cause.TLS, Cause.FIREWALL, Cause.SERVER_FAULT}),
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            needs="privilege level 15",
            look_first=(
                "A banner of stars, an EHLO without STARTTLS and '500 unrecognized' are its signs: "
                "_default_esmtp_map removes STARTTLS.",
            ),
            steps=(
                lines(
                    "Use an inspection map that allows TLS",
                    "the running configuration",
                    "policy-map type inspect esmtp MAIL\n parameters\n  allow-tls\npolicy-map global_policy\n"
                    " class inspection_default\n  no inspect esmtp\n  inspect esmtp MAIL",
                    then="write memory",
                ),
            ),
            undo=(
                lines(
                    "Use the default map again",
                    "the running configuration",
                    "policy-map global_policy\n class inspection_default\n  no inspect esmtp MAIL\n  inspect esmtp",
                    then="write memory",
                ),
            ),
            never="Do not forward port 25 past the gateway that filters.",
            verify=_STARTTLS,
            sources=(_ASA,),
        ),
    ),
)
FORTIGATE = MailSystem(
    "fortigate",
    "FortiGate",
    RunBy.COMPANY,
    headers=("x-spaminfo",),
    place=ChainPlace.GATEWAY,
    remedies=(
        Remedy(
            "fortigate-email-filter",
            "fortigate",
            "Clear the exact address in the email filter",
            SPAM,
            TEXT,
            Rung.DMARC,
            NO_SPAM_FILTER,
            skips="the firewall's email filter; the mail server's own checks follow",
            needs="an administrator with read and write access",
            look_first=(
                "The mail server behind it must check DMARC: without it this entry is unsafe. Look also at its "
                "blocklists: config emailfilter dnsbl.",
            ),
            steps=(
                lines(
                    "Add {address}; DMARC is checked by the server behind it",
                    "the CLI",
                    'config emailfilter block-allow-list\n edit 10\n  set name "sign-in codes"\n  config entries\n'
                    '   edit 1\n    set type email-from\n    set action clear\n    set pattern "{address}"\n   next\n'
                    "  end\n next\nend",
                ),
            ),
            undo=(lines("Delete it", "the CLI", "config emailfilter block-allow-list\n delete 10\nend"),),
            never=NO_RANGE,
            sources=(_FORTIGATE,),
        ),
    ),
)
