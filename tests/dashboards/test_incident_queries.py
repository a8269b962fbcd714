"""What the boards' queries about incidents, alerts and changes mean, told by Prometheus's own test tool."""

import pytest

from dashboards import incident_queries
from dashboards.queries import MAILPATH
from dashboards.words import SEVERITIES
from monitor.incidents.incident import Severity
from tests.support.promql import ask

pytestmark = pytest.mark.usefixtures("able")

OF_A = 'company="a"'
ALL = 'company=~".*"'
OPENED = "mailpath_incident_opened_timestamp_seconds"
SYSTEMS = {"a": "m365", "b": "m365", "c": "google"}
INFOS = {
    f'mailpath_company_info{{company="{company}",name="Name {company}",mail_system="{system}"}}': "1"
    for company, system in SYSTEMS.items()
}


def parts(company: str, scope: str, severity: str = "page", cause: str = "content") -> str:
    return f'company="{company}",scope="{scope}",cause="{cause}",severity="{severity}"'


ALONE, WIDE, QUIET = parts("a", "company"), ("b", "c"), parts("c", "mailbox", "ticket", "mailbox_full")
SERIES = INFOS | {
    f'{OPENED}{{incident="1",{ALONE}}}': "60",
    f"mailpath_incident_companies{{{ALONE}}}": "1",
    **{f'{OPENED}{{incident="2",{parts(company, "everybody")}}}': "120" for company in WIDE},
    **{f"mailpath_incident_companies{{{parts(company, 'everybody')}}}": "1" for company in WIDE},
    f'{OPENED}{{incident="3",{QUIET}}}': "180",
    f'{OPENED}{{incident="4",{parts("", "ourselves", "ticket")}}}': "240",
    f"mailpath_incidents{{{parts('', 'ourselves', 'ticket')}}}": "1",
}
"""One company's incident, one of two companies, a muted one, and Mailpath's own."""


def test_an_incident_is_muted_for_a_company_if_no_notices_are_sent(tmp_path) -> None:
    ask(tmp_path, incident_queries.muted(ALL), SERIES, {f"{{{QUIET}}}": 1})


def test_each_incident_is_one_row_with_whom_it_affects_and_since_when(tmp_path) -> None:
    expr = f"max by (incident, who, notices, rank) ({incident_queries.of_all(ALL)})"
    chosen = expr.replace("$mail_system", ".*")
    page, ticket = SEVERITIES[Severity.PAGE], SEVERITIES[Severity.TICKET]
    expected = {
        f'{{incident="1",who="Name a",notices="sent",rank="{page}"}}': 60_000,
        f'{{incident="2",who="2 companies",notices="sent",rank="{page}"}}': 120_000,
        f'{{incident="3",who="Name c",notices="muted",rank="{ticket}"}}': 180_000,
        f'{{incident="4",who="–",notices="sent",rank="{ticket}"}}': 240_000,
    }
    ask(tmp_path, chosen, SERIES, expected)
    of_google = {
        f'{{incident="2",who="Name c",notices="sent",rank="{page}"}}': 120_000,
        f'{{incident="3",who="Name c",notices="muted",rank="{ticket}"}}': 180_000,
        f'{{incident="4",who="–",notices="sent",rank="{ticket}"}}': 240_000,
    }
    ask(tmp_path, expr.replace("$mail_system", "google"), SERIES, of_google)


def test_a_row_leads_to_its_incident_and_to_its_runbook(tmp_path) -> None:
    expr = f"max by (incident, page, runbook) ({incident_queries.of_company(OF_A)})"
    page, runbook = (f"{MAILPATH}/{path}" for path in ("incidents/1", "runbooks/cause-content"))
    ask(tmp_path, expr, SERIES, {f'{{incident="1",page="{page}",runbook="{runbook}?company=a"}}': 60_000})


def test_acknowledgements_are_of_the_same_incidents_and_of_the_row_for_none(tmp_path) -> None:
    series = SERIES | {f'mailpath_incident_acknowledged_timestamp_seconds{{incident="1",{ALONE}}}': "90"}
    expected = {
        '{incident="1"}': 90_000,
        **{f'{{incident="{number}"}}': 0 for number in (2, 3, 4)},
        f'{{incident="{incident_queries.NO_INCIDENT}"}}': 0,
    }
    ask(tmp_path, incident_queries.acknowledged(ALL), series, expected)


def test_severities_are_in_their_order() -> None:
    assert SEVERITIES[Severity.PAGE] > SEVERITIES[Severity.TICKET] > SEVERITIES[Severity.NOTE] > 0


def test_the_oldest_incident_of_a_company_tells_since_when(tmp_path) -> None:
    expected = {'{company="a"}': 60_000, '{company="b"}': 120_000, '{company="c"}': 120_000}
    ask(tmp_path, incident_queries.since('company=~".+"'), SERIES, expected)


def test_an_alert_is_shown_with_its_state_and_since_when(tmp_path) -> None:
    down = 'alertname="MailpathDown",severity="page"'
    spam = 'alertname="MailpathMailInSpam",company="a",mail_system="m365",severity="ticket"'
    always = 'alertname="MailpathDeadMansSwitch",severity="none"'
    series = {
        f'ALERTS{{{down},alertstate="firing",instance="1"}}': "1",
        f'ALERTS_FOR_STATE{{{down},instance="1"}}': "60",
        f'ALERTS{{{spam},alertstate="pending"}}': "1",
        f"ALERTS_FOR_STATE{{{spam}}}": "120",
        f'ALERTS{{{always},alertstate="firing"}}': "1",
        f"ALERTS_FOR_STATE{{{always}}}": "1",
        'ALERTS{alertname="Other",alertstate="firing"}': "1",
    }
    page = f"{MAILPATH}/runbooks"
    expected = {
        f'{{{down},alertstate="firing",name="–",rank="3",page="{page}/MailpathDown"}}': 60_000,
        f'{{{spam},alertstate="pending",name="Name a",rank="2",page="{page}/MailpathMailInSpam"}}': 120_000,
    }
    ask(tmp_path, incident_queries.alerts(ALL), INFOS | series, expected)


@pytest.mark.parametrize(("at", "seen"), [("9m", False), ("10m", True), ("14m", True), ("15m", False)])
def test_a_mail_system_that_changes_is_marked_once_and_a_new_company_is_not(tmp_path, at, seen) -> None:
    def info(company: str, system: str) -> str:
        return f'mailpath_company_info{{company="{company}",name="{company}",mail_system="{system}"}}'

    series = {
        info("a", "postfix"): "1x9 stale",
        info("a", "m365"): "_x10 1x30",
        info("b", "m365"): "_x10 1x30",
        info("c", "google"): "1x40",
    }
    expr = incident_queries.changed_systems(ALL).replace("$__interval", "5m")
    ask(tmp_path, expr, series, {'{company="a",name="a",mail_system="m365"}': 1} if seen else {}, at)


def test_marks_have_words_and_a_page(tmp_path) -> None:
    expr = incident_queries.told_in_words('company=~"c|"')
    page = f"{MAILPATH}/incidents"
    c, ours = 'company="c",name="Name c"', 'name="Mailpath"'
    expected = {
        f'{{incident="{number}",{whose},scope="{scope}",cause="{cause}",severity="{word}",page="{page}/{number}"}}': at
        for number, whose, scope, cause, word, at in (
            (2, c, "many companies", "content", "page", 120_000),
            (3, c, "one mailbox", "mailbox full", "ticket", 180_000),
            (4, ours, "Mailpath itself", "content", "ticket", 240_000),
        )
    }
    ask(tmp_path, expr, SERIES, expected)
