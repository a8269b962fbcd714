"""Drift: what is published now, compared with what was known. Pure.

A change counts once two readings CONFIRMED_AFTER apart agree on it, see `probes.standing.profile`. Between the two the
first is kept, in the store as well, so that a restart forgets it not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from probes.standing.profile import Change, Profile, ProfileItem, ProfileKey, lasting_changes


@dataclass(frozen=True, slots=True)
class Drift:
    """The known profile at `known.at`, the last reading. `differs`: for each part that was read differently
    since and is not confirmed, the value and the time of the first such reading."""

    known: Profile
    differs: Mapping[ProfileKey, Profile]

    @property
    def since(self) -> datetime | None:
        """Return the time of the oldest reading that waits for a second one."""
        return min((first.at for first in self.differs.values()), default=None)


def next_drift(before: Drift | None, read: Profile, max_age: timedelta) -> tuple[Drift, tuple[Change, ...]]:
    """Return what is known after another reading, and the changes that it confirmed. What is asked about for the first
    time is no change; what could not be read neither confirms nor clears."""
    known = dict(before.known.values) if before else {}
    differs: dict[ProfileKey, Profile] = {}
    confirmed: list[Change] = []
    for key, first in (before.differs if before else {}).items():
        if key not in read.values and timedelta(0) <= read.at - first.at <= max_age:
            differs[key] = first
    for key, value in read.values.items():
        if known.setdefault(key, value) == value:
            continue
        this = Profile(read.at, {key: value})
        first = (before.differs if before else {}).get(key, this)
        if first.values[key] != value or not timedelta(0) <= read.at - first.at <= max_age:
            first = this
        if found := lasting_changes(Profile(first.at, {key: known[key]}), first, this):
            confirmed += found
            known[key] = value
        else:
            differs[key] = first
    return Drift(Profile(read.at, known), differs), tuple(sorted(confirmed, key=lambda each: (each.item, each.name)))


def encode(drift: Drift) -> str:
    """Encode as one line of JSON."""
    differs = [[first.at.isoformat(), *_rows(first)] for first in drift.differs.values()]
    return json.dumps({"at": drift.known.at.isoformat(), "known": _rows(drift.known), "differs": differs})


def decode(text: str | bytes) -> Drift:
    """Decode the result of `encode`."""
    read: dict[str, Any] = json.loads(text)
    differs: dict[ProfileKey, Profile] = {}
    for at, *rows in read["differs"]:
        values = _values(rows)
        differs |= {key: Profile(datetime.fromisoformat(at), values) for key in values}
    return Drift(Profile(datetime.fromisoformat(read["at"]), _values(read["known"])), differs)


def _rows(profile: Profile) -> list[list[Any]]:
    return [[key.item.value, key.name, sorted(value)] for key, value in sorted(profile.values.items())]


def _values(rows: Sequence[Sequence[Any]]) -> dict[ProfileKey, frozenset[str]]:
    return {ProfileKey(ProfileItem(item), name): frozenset(value) for item, name, value in rows}
