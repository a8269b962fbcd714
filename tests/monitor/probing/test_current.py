"""What is shown: the board keeps the score, the metrics and the page show it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.incidents.incident import Failure, Incident, Nature, Scope, Severity
from monitor.incidents.signal import Signal
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.store import Present
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pipeline_app import watched

T0 = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
KIND = Kind.TWO_STEP_CODE
GAUGES = Gauges(
    in_flight=lambda: 3,
    lag=lambda: timedelta(seconds=1.5),
    skipped=lambda: {"late": 2, "busy": 0, "cap": 0},
    mailbox_errors=lambda: {("acme", "hq"): 4},
)


def probe(
    number: int = 1, company: str = "acme", path: str = "hq", kind: Kind = KIND, role: Role = Role.SENDER
) -> Probe:
    born = T0 + timedelta(minutes=number)
    return Probe(f"{number:a>16}", company, path, kind, role, "direct", "p@a.test", "192.0.2.9", born, born, born, ())


def signal(
    on: Probe,
    outcome: Outcome,
    cause: Cause | None = None,
    *,
    after: float | None = None,
    before: tuple[Outcome, Cause | None] | None = None,
) -> Signal:
    verdict = Verdict(outcome, cause, Grade.REAL, f"because <{outcome}>")
    delivery = None if after is None else timedelta(seconds=after)
    return Signal(1, on.id, *on.check, on.role, on.created_at, T0, verdict, before, delivery)


def board(*paths: str) -> Board:
    shown = Board()
    shown.configure(
        watched(None, None, company=c, path=p) for c, p in (name.split("/") for name in paths or ("acme/hq",))
    )
    return shown


async def samples(shown: Board, gauges: Gauges = GAUGES) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    text = (await Metrics(shown, gauges).render()).decode()
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def labels(**named: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(named.items()))


@pytest.mark.parametrize("role", Role)
def test_a_verdict_from_before_the_clock_was_set_back_gives_way_to_the_next(role: Role) -> None:
    shown = board()
    shown.take([signal(probe(60, role=role), Outcome.INBOX)])
    shown.clock_was_set(T0)
    shown.take([signal(probe(1, role=role), Outcome.SPAM)])
    shown_by_role = {
        Role.SENDER: shown.current_verdicts,
        Role.CONTROL: shown.control,
        Role.NEIGHBOUR: shown.neighbour,
    }
    assert [each.verdict.outcome for each in shown_by_role[role].values()] == [Outcome.SPAM]


async def test_one_line_for_the_present_verdict_only() -> None:
    shown = board()
    shown.take([signal(probe(1), Outcome.INBOX, after=2.0)])
    shown.take([signal(probe(2), Outcome.BLOCKED, Cause.IP_BLOCKED)])
    seen = await samples(shown)
    key = labels(company="acme", path="hq", kind=KIND, outcome="blocked", cause="ip_blocked", grade="real")
    assert seen["mailpath_path_outcome"] == {key: 1}
    assert seen["mailpath_path_ok"] == {labels(company="acme", path="hq", kind=KIND): 0}
    assert seen["mailpath_last_verdict_timestamp_seconds"] == {labels(company="acme", path="hq"): T0.timestamp()}


async def test_unknown_is_neither_good_nor_bad_and_not_hidden() -> None:
    shown = board()
    shown.take([signal(probe(), Outcome.UNKNOWN)])
    seen = await samples(shown)
    assert "mailpath_path_ok" not in seen
    assert len(seen["mailpath_path_outcome"]) == 1


async def test_a_verdict_on_an_older_probe_does_not_replace_a_newer_one() -> None:
    shown = board()
    shown.take([signal(probe(2), Outcome.INBOX, after=1.0)])
    shown.take([signal(probe(1), Outcome.MISSING)])
    seen = await samples(shown)
    assert [dict(key)["outcome"] for key in seen["mailpath_path_outcome"]] == ["inbox"]
    assert seen["mailpath_path_ok"] == {labels(company="acme", path="hq", kind=KIND): 1}
    assert sum(seen["mailpath_probes_total"].values()) == 2


async def test_an_amended_verdict_is_shown_and_not_counted_twice() -> None:
    shown = board()
    shown.take([signal(probe(), Outcome.DEFERRED, Cause.GREYLISTED)])
    shown.take(
        [signal(probe(), Outcome.LATE, Cause.GREYLISTED, after=700, before=(Outcome.DEFERRED, Cause.GREYLISTED))]
    )
    seen = await samples(shown)
    assert seen["mailpath_probes_total"] == {labels(company="acme", outcome="deferred", cause="greylisted"): 1}
    assert ("outcome", "late") in next(iter(seen["mailpath_path_outcome"]))


@pytest.mark.parametrize("role", [Role.CONTROL, Role.NEIGHBOUR])
async def test_whom_the_sender_is_compared_with_is_not_mixed_in(role: Role) -> None:
    shown = board()
    shown.take([signal(probe(role=role), Outcome.INBOX, after=1.0)])
    seen = await samples(shown)
    assert "mailpath_path_outcome" not in seen
    assert "mailpath_path_ok" not in seen
    assert "mailpath_probes_total" not in seen
    assert (bool(shown.control), bool(shown.neighbour)) == (role is Role.CONTROL, role is Role.NEIGHBOUR)


@pytest.mark.parametrize(("known", "shown"), [(None, None), (True, {(): 1}), (False, {(): 0})])
async def test_our_way_out_is_shown_once_somebody_was_asked(known: bool | None, shown: object) -> None:
    seen = await samples(board(), replace(GAUGES, reference=lambda: known))
    assert seen.get("mailpath_reference_up") == shown


async def test_delivery_times_fall_into_buckets_up_to_the_life_of_a_code() -> None:
    shown = board()
    for number, seconds in enumerate((0.5, 45, 599, 700)):
        shown.take([signal(probe(number), Outcome.INBOX, after=seconds)])
    seen = await samples(shown)
    below = {dict(key)["le"]: value for key, value in seen["mailpath_delivery_seconds_bucket"].items()}
    assert (below["1.0"], below["60.0"], below["600.0"], below["+Inf"]) == (1, 2, 3, 4)
    assert seen["mailpath_delivery_seconds_sum"] == {labels(mail_system="postfix", code="1"): 1344.5}


async def test_the_delivery_time_of_the_newest_code_of_each_company() -> None:
    shown = Board()
    kinds = (Kind.VERIFICATION, KIND, Kind.INVITATION)
    shown.configure([watched(None, None, kinds=kinds), watched(None, None, company="bolt", kinds=kinds)])
    sent = ((KIND, 3.0), (Kind.VERIFICATION, 700.0), (Kind.INVITATION, 9.0))
    for number, (kind, after) in enumerate(sent):
        outcome = Outcome.LATE if after > 600 else Outcome.INBOX
        shown.take([signal(probe(number, kind=kind), outcome, after=after)])
    company = labels(company="acme")
    assert (await samples(shown))["mailpath_code_delivery_seconds"] == {company: 700.0}
    shown.take([signal(probe(4, kind=Kind.VERIFICATION), Outcome.MISSING)])
    assert (await samples(shown))["mailpath_code_delivery_seconds"] == {company: 3.0}, "what never came has no time"
    shown.take([signal(probe(5), Outcome.SPAM, after=2.0)])
    assert "mailpath_code_delivery_seconds" not in await samples(shown)


async def test_what_is_taken_out_of_the_configuration_leaves_no_stale_line() -> None:
    shown = board("acme/hq", "acme/lab", "birch/hq")
    for company, path in (("acme", "hq"), ("acme", "lab"), ("birch", "hq")):
        shown.take([signal(probe(1, company, path), Outcome.INBOX, after=1.0)])
    shown.configure([watched(None, None)])
    shown.take([signal(probe(2, "birch"), Outcome.INBOX, after=1.0)])  # ended after its path had gone
    text = (await Metrics(shown, GAUGES).render()).decode()
    assert "birch" not in text
    assert "lab" not in text
    assert 'company="acme",path="hq"' in text


async def test_the_rest_of_the_families() -> None:
    seen = await samples(board())
    assert seen["mailpath_probes_in_flight"] == {(): 3}
    assert seen["mailpath_schedule_lag_seconds"] == {(): 1.5}
    assert seen["mailpath_mailbox_errors_total"] == {labels(company="acme", path="hq"): 4}
    assert seen["mailpath_schedule_skipped_total"][labels(reason="late")] == 2
    assert len(seen["mailpath_build_info"]) == 1


def test_after_a_restart_the_board_shows_what_the_store_remembers() -> None:
    shown = board()
    verdict = Verdict(Outcome.SPAM, None, Grade.REAL, "because")
    for path in ("hq", "gone"):
        shown.recall([Present("acme", path, KIND, Role.SENDER, "a" * 16, T0, verdict, T0, None)])
    assert [line[1] for line in shown.current_verdicts] == ["hq"]


class _Via:
    via = "direct"


def incident(number: int, **facts: Any) -> Incident:
    why = Failure(
        *("acme", "hq", KIND, Nature.MAIL, Severity.PAGE, T0, 2, "p", T0, Outcome.BLOCKED, Cause.IP_BLOCKED),
        *(Grade.REAL, "554 5.7.1 <script>go away</script>"),
    )
    fields: dict[str, Any] = {
        **{"id": f"i{number}", "nature": Nature.MAIL, "subject": "acme", "scope": Scope.COMPANY},
        **{"severity": Severity.PAGE, "outcome": Outcome.BLOCKED, "cause": Cause.IP_BLOCKED, "company": "acme"},
        **{"mail_system": "postfix", "companies": ("acme",), "touches": ("acme",), "failing": 1, "failures": (why,)},
        **{"began_at": T0 - timedelta(hours=2), "opened_at": T0, "changed_at": T0},
    }
    return Incident(**(fields | facts))


OPEN = (
    incident(1, severity=Severity.TICKET, cause=Cause.CONTENT, outcome=Outcome.SPAM, muted_by=("m1",)),
    incident(2),
    incident(3, company="", subject="*", scope=Scope.EVERYBODY, touches=("acme", "birch")),
)


async def test_incidents_are_metrics_and_what_is_muted_is_apart() -> None:
    gauges = replace(
        GAUGES,
        incidents=lambda: OPEN,
        rules_lag=lambda: timedelta(seconds=2),
        notices=lambda: {("hook", "delivered"): 5, ("hook", "failed"): 2},
        waiting=lambda: {"hook": (3, timedelta(seconds=40)), "pager": (0, timedelta(0))},
        listening=lambda: True,
    )
    found = await samples(board("acme/hq", "birch/hq"), gauges)
    one = labels(company="acme", scope="company", cause="ip_blocked", severity="page")
    all_of_them = labels(company="", scope="everybody", cause="ip_blocked", severity="page")
    assert found["mailpath_incidents"] == {one: 1, all_of_them: 1}
    muted = labels(company="acme", scope="company", cause="content", severity="ticket")
    assert found["mailpath_muted_incidents"] == {muted: 1}
    touched = {
        key: value for key, value in found["mailpath_incident_companies"].items() if ("scope", "everybody") in key
    }
    assert {dict(key)["company"] for key in touched} == {"acme", "birch"}
    assert found["mailpath_rules_lag_seconds"] == {(): 2}
    assert found["mailpath_inbound_up"] == {(): 1}
    assert found["mailpath_notices_total"][labels(channel="hook", result="failed")] == 2
    assert found["mailpath_notices_waiting"] == {labels(channel="hook"): 3, labels(channel="pager"): 0}
    assert found["mailpath_notices_oldest_seconds"][labels(channel="hook")] == 40


async def test_since_when_an_incident_is_open_is_told_for_each_company_that_it_affects() -> None:
    found = await samples(board("acme/hq", "birch/hq"), replace(GAUGES, incidents=lambda: OPEN))
    opened = found["mailpath_incident_opened_timestamp_seconds"]
    assert set(opened.values()) == {T0.timestamp()}
    assert {(dict(key)["incident"], dict(key)["company"]) for key in opened} == {
        ("i1", "acme"),
        ("i2", "acme"),
        ("i3", "acme"),
        ("i3", "birch"),
    }
    page = labels(incident="i2", company="acme", scope="company", cause="ip_blocked", severity="page")
    assert page in opened


async def test_since_when_somebody_has_an_incident_is_told_with_the_same_labels() -> None:
    since = {"i3": T0 + timedelta(minutes=4), "closed": T0}
    gauges = replace(GAUGES, incidents=lambda: OPEN, acknowledged=lambda: since)
    found = await samples(board("acme/hq", "birch/hq"), gauges)
    opened = found["mailpath_incident_opened_timestamp_seconds"]
    assert found["mailpath_incident_acknowledged_timestamp_seconds"] == {
        key: since["i3"].timestamp() for key in opened if ("incident", "i3") in key
    }
    del since["i3"]
    assert "mailpath_incident_acknowledged_timestamp_seconds" not in await samples(board("acme/hq"), gauges)


@pytest.mark.parametrize(("outcome", "ok"), [(Outcome.INBOX, 1), (Outcome.SPAM, 0), (Outcome.UNKNOWN, None)])
async def test_the_control_is_shown_apart(outcome: Outcome, ok: int | None) -> None:
    shown = board()
    shown.take([signal(probe(role=Role.CONTROL), outcome)])
    seen = await samples(shown)
    assert seen.get("mailpath_control_ok", {}).get(labels(company="acme", path="hq", kind=KIND)) == ok
    assert "mailpath_path_outcome" not in seen


async def test_what_is_known_of_a_path_is_there_before_its_first_verdict() -> None:
    shown = Board()
    shown.configure([watched(_Via(), None, company_name='Acme "Steel"\n')])
    found = await samples(shown)
    assert found["mailpath_path_every_seconds"] == {labels(company="acme", path="hq"): 900}
    assert found["mailpath_code_life_seconds"] == {labels(company="acme", path="hq"): 600}
    assert found["mailpath_company_info"] == {labels(company="acme", name='Acme "Steel"\n', mail_system="postfix"): 1}
    assert "mailpath_inbound_up" not in found, "nobody wants to listen"
