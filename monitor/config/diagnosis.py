"""[diagnosis]: how far, when and how fast diagnoses may go."""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from probes.diagnosis.within import Within
from probes.route_traits import traits_of
from probes.settings import Count, Duration, Settings


class StartOn(StrEnum):
    """Triggers of a diagnosis."""

    BY_HAND = "by_hand"
    UNCLEAR = "unclear"  # also an open incident whose cause is unclear, once a day for each path


class DiagnosisLimits(Settings):
    """[companies.KEY.diagnosis]: what a company or path allows; it can only narrow what [diagnosis] says."""

    within: Within = Field(Within.OPEN, description="How far a diagnosis may go here: off, scan, gateway or open.")


class DiagnosisSettings(Settings):
    """[diagnosis]: diagnoses, which vary one factor at a time to find which one is stopped."""

    within: Within = Field(
        Within.GATEWAY,
        description="How far a diagnosis may go: `off`, `scan` (ask a filter), `gateway` (also a gateway that lets us"
        " assert a client), `open` (also by relay and direct, with what is really ours).",
    )
    start: StartOn = Field(
        StartOn.BY_HAND,
        description="`by_hand`, or `unclear`: also an open incident whose cause is unclear, once a day for each path.",
    )
    most_probes: Count = Field(40, description="Maximum probes of one diagnosis.")
    spacing: Duration = Field(
        timedelta(seconds=10),
        description="Time between two probes of a diagnosis; by relay and direct at least 1m, by scan at most 1s.",
    )


def needed_within(via: str) -> Within:
    """Return how far a diagnosis by this kind of route goes."""
    traits = traits_of(via)
    if not traits.needs_mailbox:
        return Within.SCAN
    return Within.GATEWAY if traits.asserts_client else Within.OPEN


def narrowest(*allowed: Within) -> Within:
    """Return the narrowest of these."""
    return min(allowed, key=list(Within).index)
