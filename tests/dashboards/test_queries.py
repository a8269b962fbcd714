"""What the boards' queries mean, told by Prometheus's own test tool on made-up series."""

import pytest

from dashboards import queries
from dashboards.words import PROBE_ONLY, PROBE_ONLY_RANKS, RANKS
from probes.mailsystems.family import FAMILIES, family_of
from probes.verdict import Outcome
from tests.support.promql import Answer, ask

pytestmark = pytest.mark.usefixtures("able")

ALL = 'company=~".*"'
EVERYBODY = {f'mailpath_company_info{{company="{name}",mail_system="m365",name="{name}"}}': "1" for name in "abcdefg"}


def outcome(company: str, kind: str, outcome: Outcome, cause: str = "") -> dict[str, str]:
    words = f'company="{company}",path="hq",kind="{kind}",outcome="{outcome}",cause="{cause}",grade="real"'
    return {f"mailpath_path_outcome{{{words}}}": "1"}


SERIES = (
    EVERYBODY
    | outcome("a", "invitation", Outcome.INBOX)
    | outcome("a", "verification", Outcome.INBOX)
    | outcome("b", "invitation", Outcome.INBOX)
    | outcome("b", "verification", Outcome.LATE, "unclear")
    | outcome("c", "invitation", Outcome.INBOX)
    | outcome("c", "verification", Outcome.UNKNOWN)
    | outcome("d", "verification", Outcome.UNKNOWN)
    | outcome("e", "invitation", Outcome.SPAM, "content")
    | outcome("e", "verification", Outcome.BLOCKED, "ip_listed")
    | outcome("g", "invitation", Outcome.INBOX)
    | outcome("g", "verification", Outcome.BLOCKED, "no_such_user")
)  # of f nothing is known yet


def companies(names: str) -> Answer:
    return {f'{{company="{name}"}}': 1 for name in names}


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (queries.failing(ALL), companies("be")),  # one bad mail is enough
        (queries.well(ALL), companies("a")),  # all that can be seen is good, and all can be seen
        (queries.probe_only(ALL), companies("g")),  # only the probe's own mailbox is known to be in trouble
        (queries.unknown(ALL, ALL), companies("cdf")),  # nothing bad is seen, and not all is good
        (queries.how_many(queries.failing(ALL)), {"{}": 2}),
        (queries.how_many(queries.failing('company="a"')), {"{}": 0}),
        (queries.unknown('company="a"', 'company="a"'), {}),
        (queries.failing('cause="ip_listed"'), companies("e")),
        (queries.per_mail_system(queries.failing(ALL), ""), {'{mail_system="m365"}': 2}),
        (queries.per_mail_system(queries.failing('company="a"'), ""), {'{mail_system="m365"}': 0}),
        (queries.mail_systems('company=~"a|b"'), {'{mail_system="m365"}': 2}),
    ],
)
def test_every_company_is_reached_or_not_or_not_known(tmp_path, expr, expected) -> None:
    ask(tmp_path, expr, SERIES, expected)


def test_the_worst_verdict_speaks_for_a_company(tmp_path) -> None:
    said = 'path="hq",kind="verification",grade="real"'
    expected = {
        f'{{company="b",outcome="late",cause="unclear",{said}}}': RANKS[Outcome.LATE],
        f'{{company="d",outcome="unknown",{said}}}': RANKS[Outcome.UNKNOWN],
        f'{{company="e",outcome="blocked",cause="ip_listed",{said}}}': RANKS[Outcome.BLOCKED],
        f'{{company="g",outcome="blocked",cause="no_such_user",{said}}}': PROBE_ONLY_RANKS[Outcome.BLOCKED],
        '{company="a",outcome="inbox"}': RANKS[Outcome.INBOX],  # of no path more than of another
    }
    ask(tmp_path, queries.worst(("company",), 'company=~"a|b|d|e|g"'), SERIES, expected)


def test_trouble_of_the_probe_only_is_below_all_other_failures_and_above_what_is_not_known() -> None:
    others = [RANKS[outcome] for outcome in PROBE_ONLY_RANKS]
    assert sorted(RANKS.values()) == list(range(len(Outcome) + 1))
    assert all(RANKS[Outcome.UNKNOWN] < rank < min(others) for rank in PROBE_ONLY_RANKS.values())
    assert {*PROBE_ONLY_RANKS} == {*Outcome} - {Outcome.INBOX, Outcome.UNKNOWN}
    assert PROBE_ONLY.split("|") == [
        "no_such_user",
        "case_sensitive_user",
        "mailbox_full",
        "mailbox_disabled",
        "moved",
        "malformed",
        "network",
    ]


def test_ranks_are_in_the_order_of_the_web_page_and_every_outcome_has_one(tmp_path) -> None:
    assert sorted(RANKS.values()) == list(range(len(Outcome) + 1))
    assert RANKS[Outcome.INBOX] == 0
    series = {name: "1" for each in Outcome for name in outcome("a", str(each), each)}
    expected = {
        f'{{company="a",path="hq",kind="{each}",outcome="{each}",grade="real"}}': RANKS[each] for each in Outcome
    }
    ask(tmp_path, queries.ranks('company="a"'), series, expected)


@pytest.mark.parametrize(
    ("values", "at", "count"),
    [
        ("_x30 1x30", "60m", 1),  # the first of its kind, which `increase` does not see
        ("_x59 1", "60m", 1),  # and at once, from a single sample
        ("_x30 1x10 2x20", "60m", 2),
        ("0+1x120", "120m", 60),
        ("_x30 0x30", "60m", 0),  # shown before there was one
        ("_x30 0x10 1x20", "60m", 1),
        ("7x120", "120m", 0),  # none lately
        ("0+1x90 0+1x30", "120m", 59),  # the service was started again: 30, and 29 since
    ],
)
def test_counted_misses_none_and_invents_none(tmp_path, values, at, count) -> None:
    ask(tmp_path, f"round({queries.counted('bad_total', '', '1h')})", {"bad_total": values}, {"{}": count}, at)


@pytest.mark.parametrize("cause", list(FAMILIES), ids=str)
def test_every_cause_leads_to_its_own_runbook(tmp_path, cause) -> None:
    series = outcome("a", "invitation", Outcome.BLOCKED, cause or "")
    named = 'company="a",path="hq",kind="invitation",outcome="blocked",grade="real"' + (
        f',cause="{cause}"' if cause else ""
    )
    ask(
        tmp_path,
        queries.with_runbook(queries.outcomes(""), "company"),
        series,
        {f'{{{named},runbook="{queries.MAILPATH}/runbooks/cause-{family_of(cause)}?company=a"}}': 1},
    )


def test_mail_that_arrives_needs_no_runbook(tmp_path) -> None:
    named = 'company="a",path="hq",kind="invitation",outcome="inbox",grade="real"'
    series = outcome("a", "invitation", Outcome.INBOX)
    ask(tmp_path, queries.with_runbook(queries.outcomes(""), "company"), series, {f"{{{named}}}": 1})


@pytest.mark.parametrize(
    ("every", "age", "late"),
    [
        (900, 31, {}),
        (900, 75, {}),  # lost mail is given up after an hour
        (900, 77, {'{company="a",path="hq"}': 120}),
        (7200, 239, {}),
        (7200, 241, {'{company="a",path="hq"}': 60}),
    ],
)
def test_a_path_is_overdue_when_even_lost_mail_would_have_its_verdict(tmp_path, every, age, late) -> None:
    path = '{company="a",path="hq",job="mailpath"}'
    series = {
        f"mailpath_last_verdict_timestamp_seconds{path}": "0x300",
        f"mailpath_path_every_seconds{path}": f"{every}x300",
    }
    ask(tmp_path, queries.overdue(""), series, late, f"{age}m")


@pytest.mark.parametrize(("cause", "said"), [("ip_listed", "blocked"), ("no_such_user", "blocked of the probe")])
def test_an_outcome_that_concerns_the_probe_only_is_marked(tmp_path, cause, said) -> None:
    series = outcome("a", "invitation", Outcome.BLOCKED, cause)
    expr = f"max by (outcome) ({queries.with_probe_only(queries.outcomes(''))})"
    ask(tmp_path, expr, series, {f'{{outcome="{said}"}}': 1})


def test_delivery_that_never_was_has_no_time(tmp_path) -> None:
    expr = queries.seconds_to_inbox(0.5, (), "rate(seconds_bucket[10m])")
    buckets = {f'seconds_bucket{{le="{le}"}}': values for le, values in (("1", "0x20"), ("5", "0+1x20"))}
    ask(tmp_path, expr, buckets | {'seconds_bucket{le="+Inf"}': "0+1x20"}, {"{}": 3}, "20m")
    ask(tmp_path, expr, dict.fromkeys((*buckets, 'seconds_bucket{le="+Inf"}'), "4x20"), {}, "20m")
