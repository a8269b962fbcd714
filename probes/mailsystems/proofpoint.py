"""Proofpoint: Protection Server, on Demand and Essentials.

Sources: the FAQ of Proofpoint Dynamic Reputation (ipcheck.proofpoint.com, delays and blocks); Proofpoint's knowledge
base on anti-spoofing (a safe list does not bypass it; up to 60 minutes).
"""

from datetime import timedelta

from probes.mailsystems.family import CauseFamily
from probes.mailsystems.system import MailSystem, RunBy
from probes.outcome import Cause

PROOFPOINT = MailSystem(
    "proofpoint",
    "Proofpoint",
    RunBy.EITHER,
    aliases=("pphosted", "pps", "pod", "proofpoint-essentials"),
    hosts=("pphosted.com", "gpphosted.com", "ppe-hosted.com"),
    reply_marks=("proofpoint", "pphosted.com", "ppe-hosted.com"),
    remedies={
        CauseFamily.REPUTATION: (
            "Look {ip} up at ipcheck.proofpoint.com.",
            "A delay ends by itself within minutes; a block stays as long as Proofpoint sees spam from the address.",
        ),
        CauseFamily.CONTENT: (
            "Add the exact address of {domain} to the Safe Sender List. Anti-Spoofing stays on and still checks DMARC.",
        ),
    },
    exceptions={
        Cause.RATE_LIMITED: ("Wait: Proofpoint lifts the limit by itself within minutes.",),
    },
    takes_effect_within=timedelta(minutes=60),
)
