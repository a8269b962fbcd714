"""How wide a problem is: one incident at the widest scope that is true of it, and never wider."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.incidents.incident import Incident, IncidentEvent, Nature, Resolution, Scope, Severity
from monitor.incidents.signal import PathInfo
from probes.answer import Answer, Stage
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.verdict_score import CODE, INVITATION, QUARTER, RESET, Day, path_at

ALL = (CODE, RESET, INVITATION)


def told(day: Day) -> list[tuple[Scope, str, Severity]]:
    return [(each.scope, each.subject, each.severity) for each in day.open]


@pytest.mark.parametrize(
    ("scores", "scope", "severity"),
    [
        ({("hq", CODE): "ddd", ("hq", RESET): "ddd", ("hq", INVITATION): "ddd"}, Scope.COMPANY, Severity.PAGE),
        ({("hq", CODE): "iii", ("hq", RESET): "sss", ("hq", INVITATION): "iii"}, Scope.KIND, Severity.TICKET),
        ({("hq", CODE): "ccc", ("hq", RESET): "iii", ("hq", INVITATION): "iii"}, Scope.KIND, Severity.PAGE),
        ({("hq", CODE): "iii", ("hq", RESET): "ccc", ("hq", INVITATION): "iii"}, Scope.KIND, Severity.TICKET),
        # greylisting kills codes and only delays invitations: one incident, as grave as the gravest
        ({("hq", CODE): "ggg", ("hq", RESET): "ggg", ("hq", INVITATION): "ggg"}, Scope.COMPANY, Severity.PAGE),
        ({("hq", CODE): "iii", ("hq", RESET): "iii", ("hq", INVITATION): "ggg"}, Scope.KIND, Severity.NOTE),
    ],
)
def test_of_one_path_some_kinds_or_all(scores, scope, severity) -> None:
    day = Day((path_at("acme", kinds=ALL),))
    day.play({("acme", *line): score for line, score in scores.items()})
    assert told(day) == [(scope, "acme", severity)]


@pytest.mark.parametrize(
    ("north", "south", "scope", "severity"),
    [
        ("ddd", "iii", Scope.MAILBOX, Severity.TICKET),
        ("ddd", "ddd", Scope.COMPANY, Severity.PAGE),
        ("iid", "iid", Scope.COMPANY, Severity.PAGE),
        ("sss", "sss", Scope.COMPANY, Severity.TICKET),
        ("ddd", "???", Scope.COMPANY, Severity.PAGE),  # nothing that is known is against it
    ],
)
def test_of_two_paths_one_or_both(north, south, scope, severity) -> None:
    day = Day((path_at("acme", "north"), path_at("acme", "south")))
    day.play({("acme", "north", CODE): north, ("acme", "south", CODE): south})
    mail = [each for each in day.open if each.nature is Nature.MAIL]
    assert [(each.scope, each.severity) for each in mail] == [(scope, severity)]


def test_what_hits_one_kind_by_its_address_hits_all_and_needs_no_second_proof() -> None:
    """The codes were well ten minutes ago; that the resets are refused by address says that the codes are too."""
    day = Day((path_at("acme", kinds=(CODE, RESET)),))
    day.play({("acme", "hq", CODE): "i", ("acme", "hq", RESET): "i"})
    day.judge("d", line=("acme", "hq", RESET))
    day.settle()
    assert day.only().scope is Scope.COMPANY


def test_what_hits_one_kind_by_what_it_says_is_not_said_of_the_others() -> None:
    day = Day((path_at("acme", kinds=(CODE, RESET)),))
    day.play({("acme", "hq", CODE): "i.", ("acme", "hq", RESET): "cc"})
    assert day.only().scope is Scope.KIND


def test_one_mailbox_becomes_one_company_and_stays_one_incident() -> None:
    day = Day((path_at("acme", "north"), path_at("acme", "south")))
    north, south = ("acme", "north", CODE), ("acme", "south", CODE)
    day.play({north: "dd", south: "ii"})
    after = day.play({north: "ddd", south: "ddd"})
    assert [entry.turn for entry in after[0].entries] == [IncidentEvent.WIDENED, IncidentEvent.SEVERITY_CHANGED]
    assert told(day) == [(Scope.COMPANY, "acme", Severity.PAGE)]


def test_a_scope_does_not_narrow_while_it_lasts() -> None:
    day = Day((path_at("acme", "north"), path_at("acme", "south")))
    north, south = ("acme", "north", CODE), ("acme", "south", CODE)
    day.play({north: "dd", south: "dd"})
    after = day.play({north: "ddd", south: "iii"})
    assert day.only().scope is Scope.COMPANY
    assert all(not each.incidents for each in after[2:]) or day.only().failing == 1
    day.play({north: "ii", south: "ii"})
    assert day.open == []


# ---- a chain of mail systems ----------------------------------------------------------------------------------------


REFUSED_BY_MICROSOFT = Verdict(
    *(Outcome.BLOCKED, Cause.CONTENT, Grade.REAL, "refused"),
    Answer(Stage.END_OF_DATA, 550, "5.7.1", "rejected as spam [x.prod.outlook.com]", host="mx.test:25"),
)


@pytest.mark.parametrize(
    ("well_behind_it", "incidents"),
    [
        (0, [(Scope.MAIL_SYSTEM, "@m365")]),
        (4, ["mimecast0", "mimecast1", "proofpoint0", "proofpoint1"]),  # half of those behind it are well
    ],
)
def test_companies_with_different_gateways_share_the_system_behind_them(
    well_behind_it: int, incidents: list[Any]
) -> None:
    """Its words show that it refused, and not the gateway that handed them on."""
    failing = [behind(gateway, number) for gateway in ("proofpoint", "mimecast") for number in range(2)]
    others = [behind("barracuda", number) for number in range(well_behind_it)]
    day = Day((*failing, *others, *(path_at(f"google{number}", mail_system="google") for number in range(4))))
    for _ in range(3):
        for path in day.paths:
            facts = {"verdict": REFUSED_BY_MICROSOFT} if path in failing else {}
            day.judge("b" if facts else "i", line=(path.company, "hq", CODE), **facts)
        day.settle()
        day.now += QUARTER
    found = [each.company if each.company else (each.scope, each.subject) for each in day.open]
    assert sorted(found) == incidents
    assert {each.mail_system for each in day.open} == {"m365"}


def behind(gateway: str, number: int) -> PathInfo:
    """A company with this gateway before Microsoft 365."""
    return replace(path_at(f"{gateway}{number}"), mail_systems=(gateway, "m365"))


# ---- several companies ----------------------------------------------------------------------------------------------


def town(**systems: int) -> tuple[PathInfo, ...]:
    return tuple(
        path_at(f"{system}{number}", mail_system=system) for system, size in systems.items() for number in range(size)
    )


def all_day(paths: tuple[PathInfo, ...], **scores: str) -> Day:
    """Companies with the scores of their names, or their mail system's; all others are well."""
    day = Day(paths)
    length = len(next(iter(scores.values())))
    day.play(
        {
            (each.company, "hq", CODE): scores.get(each.company) or scores.get(each.mail_system, "i" * length)
            for each in paths
        }
    )
    return day


@pytest.mark.parametrize(
    ("paths", "scores", "incidents"),
    [
        (town(m365=4, google=4), {"m365": "idd"}, [(Scope.MAIL_SYSTEM, "@m365")]),
        (town(m365=4, google=4), {"m365": "idd", "google": "idd"}, [(Scope.EVERYBODY, "*")]),
        (town(m365=9, google=1), {"m365": "idd"}, [(Scope.MAIL_SYSTEM, "@m365")]),  # 90 %, and yet one system's affair
        (town(m365=9, google=9), {"m365": "idd", "google0": "idd"}, [(Scope.MAIL_SYSTEM, "@m365"), "google0"]),
        (town(google=5), {"google": "idd"}, [(Scope.EVERYBODY, "*")]),  # there is no other system to compare with
        (town(postfix=5), {"postfix": "idd"}, [(Scope.EVERYBODY, "*")]),
        (town(postfix=4, google=4), {"postfix": "idd"}, [f"postfix{i}" for i in range(4)]),  # each runs its own
        (town(zimbra=4, google=4), {"zimbra": "idd"}, [f"zimbra{i}" for i in range(4)]),
        (town(rspamd=4, google=4), {"rspamd": "idd"}, [f"rspamd{i}" for i in range(4)]),
        (town(mailcow=4, google=4), {"mailcow": "idd"}, [f"mailcow{i}" for i in range(4)]),
        (town(exchange=4, google=4), {"exchange": "idd"}, [f"exchange{i}" for i in range(4)]),
        (
            town(zimbra=3, google=2),
            {"zimbra": "iidd"},
            [(Scope.EVERYBODY, "*")],
        ),  # as with postfix
        (town(mimecast=3, google=2), {"mimecast": "iidd"}, [(Scope.MAIL_SYSTEM, "@mimecast")]),  # one vendor runs it
        (town(m365=2, google=9), {"m365": "idd"}, ["m3650", "m3651"]),  # two are no crowd
        (town(m365=9, google=9), {f"m365{i}": "idd" for i in range(3)}, ["m3650", "m3651", "m3652"]),
        (town(unknown=4, google=4), {"unknown": "idd"}, [f"unknown{i}" for i in range(4)]),  # who knows what they run
        (town(m365=4, google=4), {"m365": "i??"}, [f"m365{i}" for i in range(4)]),  # half: four mailboxes of ours
        (town(m365=4, google=1), {"m365": "i??"}, [(Scope.OURSELVES, "*")]),
        (town(m365=4, google=4), {"m365": "iff"}, [f"m365{i}/hq" for i in range(4)]),  # full mailboxes have no system
    ],
)
def test_several_companies_have_one_problem_or_each_its_own(paths, scores, incidents) -> None:
    day = all_day(paths, **scores)
    found = {(each.scope, each.subject) if not each.company else each.subject for each in day.open}
    assert found == set(incidents)


@pytest.mark.parametrize(
    ("scores", "wide"),
    [
        ({"m3650": "idd", "m3651": "idd", "m3652": "iss", "m3653": "icc"}, False),  # an address here, words there
        ({"m3650": "idd", "m3651": "idd", "m3652": "iss", "m3653": "iii"}, False),
        ({"m3650": "idd", "m3651": "idd", "m3652": "ibb", "m3653": "idd"}, True),  # some do not say why
    ],
)
def test_only_causes_of_one_family_are_one_problem(scores, wide) -> None:
    day = all_day(town(m365=4, google=4), **scores)
    assert any(each.scope is Scope.MAIL_SYSTEM for each in day.open) is wide


def test_where_two_families_are_as_many_the_first_one_stays_whoever_was_probed_last() -> None:
    day = Day(town(m365=4))
    day.play({("m3650", "hq", CODE): "dd", ("m3651", "hq", CODE): "dd", ("m3652", "hq", CODE): "dd"})
    wide = day.only()
    for last in ("m3652", "m3650", "m3653"):
        for name, letter in (("m3650", "d"), ("m3651", "d"), ("m3652", "s"), ("m3653", "s")):
            day.judge(letter, line=(name, "hq", CODE))
        day.settle()
        day.judge("d" if last == "m3650" else "s", line=(last, "hq", CODE))
        day.settle()
        assert day.incidents[wide.id].open
        assert day.incidents[wide.id].touches == ("m3650", "m3651", "m3652")  # what it held was not well since
    assert [each.company for each in day.open if each.id != wide.id] == ["m3653"]


def test_where_two_causes_are_as_many_the_first_one_stays_whoever_was_probed_last() -> None:
    day = Day((path_at("acme", kinds=(CODE, RESET)),))
    day.play({("acme", "hq", CODE): "cc", ("acme", "hq", RESET): "bb"})
    causes = {day.only().cause}
    for kind, letter in ((CODE, "c"), (RESET, "b"), (CODE, "c")):
        day.judge(letter, line=("acme", "hq", kind))
        day.settle()
        causes.add(day.only().cause)
    assert causes == {Cause.CONTENT}


def test_what_began_long_ago_is_another_problem() -> None:
    day = Day(town(m365=4, google=4))
    blocked: list[str] = []
    for name in ("m3650", "m3651", "m3652"):
        blocked.append(name)
        for _ in range(12):  # three hours, each
            day.play({(each.company, "hq", CODE): "d" if each.company in blocked else "i" for each in day.paths})
    assert [each.company for each in day.open] == blocked
    assert {each.scope for each in day.open} == {Scope.COMPANY}


def test_five_hundred_companies_blocked_within_a_minute_are_one_incident() -> None:
    day = Day(town(m365=200, google=200, postfix=100))
    day.play({(each.company, "hq", CODE): "i" for each in day.paths})
    ids = set()
    for number, each in enumerate(day.paths[::-1] if len(day.paths) % 2 else day.paths[::7] + day.paths[3::7]):
        day.now -= timedelta(seconds=0.9)
        day.judge("d", line=(each.company, "hq", CODE))
        day.settle()
        if number > 10:
            ids.add(day.only().id)
    for each in day.paths:
        day.judge("d", line=(each.company, "hq", CODE))
    day.settle()
    incident = day.only()
    assert (incident.scope, incident.severity, len(incident.touches)) == (Scope.EVERYBODY, Severity.PAGE, 500)
    assert ids == {incident.id}
    assert {each.ending for each in day.incidents.values() if not each.open} == {Resolution.MERGED}


def test_probes_that_come_one_after_the_other_show_it_as_soon_as_nothing_speaks_against_it() -> None:
    """500 companies are probed within a quarter of an hour. After the third blocked one the rest is not waited for."""
    day = Day(town(m365=50, google=50))
    day.play({(each.company, "hq", CODE): "i" for each in day.paths})
    for each in (day.paths[0], day.paths[60], day.paths[1]):
        day.judge("d", line=(each.company, "hq", CODE))
    day.settle()
    assert day.only().scope is Scope.EVERYBODY


def grown(day: Day, company: str) -> Incident:
    """The one incident after one company more is blocked."""
    day.judge("d", line=(company, "hq", CODE))
    day.settle()
    return day.only()


def test_what_people_were_told_first_is_what_grows() -> None:
    day = Day(town(m365=3, google=3))
    day.play({(each.company, "hq", CODE): "i" for each in day.paths})
    for company in ("m3650", "m3651"):
        day.judge("d", line=(company, "hq", CODE))
        day.settle()
    first, second = day.open
    assert first.company == "m3650"
    incident = grown(day, "m3652")
    assert (incident.id, incident.scope) == (first.id, Scope.MAIL_SYSTEM)
    assert day.incidents[second.id].ending is Resolution.MERGED
    assert day.incidents[second.id].merged_into == first.id
    for company in ("google0", "google1", "google2"):
        day.judge("d", line=(company, "hq", CODE))
    day.settle()
    assert (day.only().id, day.only().scope) == (first.id, Scope.EVERYBODY)


def test_what_one_company_had_for_weeks_does_not_tell_since_when_everybody_has_it() -> None:
    day = Day(town(m365=4, google=4))
    day.play({(each.company, "hq", CODE): "dd" if each.company == "m3650" else "ii" for each in day.paths})
    old = day.only()
    day.now += timedelta(days=21)
    day.play({(each.company, "hq", CODE): "id" for each in day.paths})
    wide = day.only()
    assert (wide.id, wide.scope) == (old.id, Scope.EVERYBODY)
    assert wide.began_at > old.began_at + timedelta(days=20)


def test_it_is_not_over_because_a_few_recover() -> None:
    day = all_day(town(m365=10), m365="idd")
    wide = day.only()
    day.play({(each.company, "hq", CODE): "ii" if each.company in ("m3650", "m3651") else "dd" for each in day.paths})
    assert (day.only().id, len(day.only().touches), len(day.only().companies)) == (wide.id, 8, 10)


# ---- a mail system that accepts no mail at all -----------------------------------------------------------------------


def broken_day(paths: tuple[PathInfo, ...], *, broken: set[str], sender: str = "m", control: str = "m") -> Day:
    """Some companies stop the control as well as the sender; all others are well."""
    day = Day(paths)
    for number in range(3):
        for each in paths:
            line = (each.company, "hq", CODE)
            day.judge(sender if each.company in broken and number else "i", line=line)
            if each.company in broken and number:
                day.control(control, line)
        day.settle()
        day.now += QUARTER
    return day


@pytest.mark.parametrize(
    ("paths", "broken", "incidents"),
    [
        (town(postfix=5), 4, [(Scope.THEIR_SYSTEM, f"postfix{i}") for i in range(4)]),  # each runs its own
        (town(unknown=5), 5, [(Scope.THEIR_SYSTEM, f"unknown{i}") for i in range(5)]),
        (town(m365=4, google=4), 4, [(Scope.MAIL_SYSTEM, "@m365")]),  # one service that all have
        (town(m365=9, google=1), 3, [(Scope.THEIR_SYSTEM, f"m365{i}") for i in range(3)]),  # three tenants of nine
    ],
)
def test_what_takes_nobodys_mail_is_each_companys_own_and_never_everybodys(paths, broken, incidents) -> None:
    day = broken_day(paths, broken={each.company for each in paths[:broken]})
    assert sorted((each.scope, each.subject) for each in day.open) == sorted(incidents)
    assert {each.nature for each in day.open} == {Nature.THEIR_SYSTEM}
    assert {each.severity for each in day.open} == {Severity.PAGE}


def test_mail_that_is_lost_nearly_everywhere_is_more_likely_lost_by_us() -> None:
    """No server said a word; the control's is gone as well. That many mail systems at once is no chance."""
    paths = town(postfix=5)
    day = broken_day(paths, broken={each.company for each in paths[:4]}, sender="b", control="b")
    assert [(each.nature, each.scope, each.subject) for each in day.open] == [(Nature.OURS, Scope.OURSELVES, "*")]


def test_two_of_many_that_lose_all_mail_have_each_their_own_trouble() -> None:
    paths = town(postfix=9)
    day = broken_day(paths, broken={"postfix0", "postfix1"}, sender="b", control="b")
    assert [each.scope for each in day.open] == [Scope.THEIR_SYSTEM] * 2


def test_whoever_takes_nobodys_mail_does_not_count_against_the_sender() -> None:
    """Two block the sender, three are broken: that makes no five."""
    paths = town(m365=5)
    day = Day(paths)
    for each, letter in zip(paths, "ddmmm", strict=True):
        line = (each.company, "hq", CODE)
        for _ in range(2):
            day.judge(letter, line=line)
            day.control("i" if letter == "d" else "m", line)
    day.settle()
    assert sorted((each.nature, each.subject) for each in day.open) == [
        (Nature.MAIL, "m3650"),
        (Nature.MAIL, "m3651"),
        (Nature.THEIR_SYSTEM, "@m365"),
    ]


def test_a_verdict_on_the_neighbour_is_none_on_the_sender() -> None:
    day = Day((path_at("acme"),))
    for _ in range(3):
        day.judge("b", role=Role.NEIGHBOUR)
    day.settle()
    assert day.open == []
    day.play({("acme", "hq", CODE): "bb"})
    for _ in range(3):
        day.judge("i", role=Role.NEIGHBOUR)
    day.settle()
    assert day.only().nature is Nature.MAIL


def test_of_two_paths_that_one_takes_nobodys_mail_is_a_ticket() -> None:
    day = Day((path_at("acme", "north"), path_at("acme", "south")))
    north, south = ("acme", "north", CODE), ("acme", "south", CODE)
    for _ in range(2):
        day.play({north: "m", south: "i"})
        day.control("m", north)
    day.settle()
    assert told(day) == [(Scope.THEIR_SYSTEM, "acme", Severity.TICKET)]
