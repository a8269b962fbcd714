"""A diagnosis proves the cause of an open incident, and so chooses its remedy."""

from datetime import timedelta

import pytest

from monitor.incidents.advice import incident_advice, remedies_at_company
from monitor.incidents.diagnosed import DiagnosisFinding
from monitor.incidents.incident import IncidentEvent, Reason, decode, encode
from probes.diagnosis.conclude import Conclusion, DiagnosisResult, How
from probes.diagnosis.factors import Factor
from probes.kinds import Kind
from probes.verdict import Cause
from tests.support.verdict_score import CODE, RESET, T0, Day, path_at

LINE = ("acme", "hq", CODE)


def found(*factors: Factor, kind: Kind = CODE, began: timedelta = timedelta(hours=1)) -> DiagnosisFinding:
    levers = tuple(frozenset({factor}) for factor in factors)
    conclusion = Conclusion(DiagnosisResult.TOLD, None, How.ALONE, (levers,))
    return DiagnosisFinding(("acme", "hq"), kind, conclusion, T0 + began)


@pytest.mark.parametrize(
    ("finding", "cause"),
    [
        (found(Factor.IP), Cause.IP_BLOCKED),
        (found(Factor.FROM), Cause.DOMAIN_BLOCKED),
        (found(Factor.CONTENT), Cause.CONTENT),
        (found(Factor.IP, Factor.FROM), Cause.DOMAIN_BLOCKED),  # of two that are needed, the safer remedy
        (found(Factor.IP, kind=RESET), Cause.IP_BLOCKED),  # an address is that of all kinds
        (found(Factor.CONTENT, kind=RESET), Cause.UNCLEAR),  # a text is not
        (found(Factor.IP, began=timedelta(hours=-1)), Cause.UNCLEAR),  # of an earlier failure
    ],
)
def test_its_conclusion_is_the_cause(finding: DiagnosisFinding, cause: Cause) -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bb"})
    assert day.only().cause is Cause.UNCLEAR
    day.tracker.set_diagnosed([finding])
    after = day.settle()
    assert day.only().cause is cause
    assert (day.only().reason is Reason.DIAGNOSED) is (cause is not Cause.UNCLEAR)
    turns = {entry.turn for entry in after.entries}
    assert (IncidentEvent.CAUSE_CHANGED in turns) is (cause is not Cause.UNCLEAR)


def test_the_remedy_follows_the_cause() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bb"})
    before = incident_advice(day.only(), "postfix")
    day.tracker.set_diagnosed([found(Factor.IP)])
    day.settle()
    after = incident_advice(day.only(), "postfix")
    assert before.steps != after.steps
    assert any("{ip}" in step for step in after.steps)


@pytest.mark.parametrize(
    ("finding", "factor"),
    [
        (found(Factor.IP), Factor.IP),
        (found(Factor.ENVELOPE), Factor.ENVELOPE),
        (found(Factor.IP, Factor.FROM), Factor.FROM),
        (found(Factor.IP, began=timedelta(hours=-1)), None),
    ],
)
def test_the_factor_rules_out_remedies_for_other_properties(finding: DiagnosisFinding, factor: Factor | None) -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bb"})
    day.tracker.set_diagnosed([finding])
    day.settle()
    incident = day.only()
    assert [failure.factor for failure in incident.failures] == [factor]
    assert decode(encode(incident)) == incident
    choice = remedies_at_company(incident, "acme", ("m365",))
    assert choice
    assert choice.remedies
    if factor:
        assert all(factor in remedy.factors for remedy in choice.remedies)


def test_a_later_verdict_keeps_the_cause_and_a_recovery_forgets_it() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bb"})
    day.tracker.set_diagnosed([found(Factor.IP)])
    day.play({LINE: "bbiiii"})
    assert day.open == []
    day.play({LINE: "bb"})
    assert day.only().cause is Cause.UNCLEAR
