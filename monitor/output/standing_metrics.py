"""Metrics of the sender's standing. A table and pure functions; `monitor.standing.measured` has the figures."""

from collections.abc import Iterator

from monitor.output.metric_family import MetricFamily, Row
from monitor.output.snapshot import Snapshot
from monitor.standing.measured import age_by_question, listed_by_zone, ok_by_question, spf_terms, zones
from probes.standing.blocklists import ListState


def _ok(snapshot: Snapshot) -> Iterator[Row]:
    for question, ok in ok_by_question(snapshot.standing, snapshot.at).items():
        yield (question.value,), int(ok)


def _age(snapshot: Snapshot) -> Iterator[Row]:
    for question, seconds in age_by_question(snapshot.standing, snapshot.at).items():
        yield (question.value,), seconds


def _terms(snapshot: Snapshot) -> Iterator[Row]:
    if (terms := spf_terms(snapshot.standing, snapshot.at)) is not None:
        yield (), terms


def _listed(snapshot: Snapshot) -> Iterator[Row]:
    for zone, listed in listed_by_zone(snapshot.standing, snapshot.at).items():
        yield (zone,), int(listed)


def _answers(snapshot: Snapshot) -> Iterator[Row]:
    for zone in zones(snapshot.standing.records):
        for state in ListState:
            yield (zone, state.value), snapshot.standing.answers.get((zone, state.value), 0)


def _changes(snapshot: Snapshot) -> Iterator[Row]:
    for item, count in snapshot.standing.changes.items():
        yield (item.value,), count


STANDING_FAMILIES: tuple[MetricFamily[Snapshot], ...] = (
    MetricFamily(
        "mailpath_standing_ok",
        "gauge",
        "0 if a check of the sender's standing is bad, by two readings; 1 if not; absent while it is not known.",
        ("check",),
        _ok,
    ),
    MetricFamily(
        "mailpath_standing_age_seconds",
        "gauge",
        "Time since a check of the sender's standing was last read.",
        ("check",),
        _age,
    ),
    MetricFamily(
        "mailpath_spf_terms",
        "gauge",
        "Terms with a DNS lookup that the sender's SPF record needs; receivers stop at 10. Absent while not known.",
        (),
        _terms,
    ),
    MetricFamily(
        "mailpath_blocklist_listed",
        "gauge",
        "1 if a blocklist lists the sender, 0 if not; absent if it refuses us, is broken or silent.",
        ("zone",),
        _listed,
    ),
    MetricFamily(
        "mailpath_blocklist_answers_total",
        "counter",
        "Answers of blocklists about the sender.",
        ("zone", "answer"),
        _answers,
    ),
    MetricFamily(
        "mailpath_profile_changes_total",
        "counter",
        "Changes of what is published about the sender, by part.",
        ("fact",),
        _changes,
    ),
)
