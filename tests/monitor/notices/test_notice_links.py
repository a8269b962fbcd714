"""Where the links of a notice lead."""

from typing import Any

from monitor.incidents.incident import Nature, Scope
from monitor.notices.context import context_of
from monitor.notices.links import links
from tests.support.notice_samples import failure, incident, notice_request, storm, town

HERE = "https://mailpath.example"
GRAFANA = "https://grafana.example/mail"


def found(about: Any, **facts: Any) -> dict[str, str]:
    return links(context_of(notice_request(about, **facts)))


def test_of_one_company() -> None:
    assert found(incident(), grafana=GRAFANA) == {
        "incident_url": f"{HERE}/incidents/5d0c1f2e3a4b",
        "runbook_url": f"{HERE}/runbooks/cause-address?incident=5d0c1f2e3a4b",
        "company_url": f"{HERE}/companies/acme",
        "probe_url": f"{HERE}/probes/3f2a9c00aa112233",
        "dashboard_url": f"{GRAFANA}/d/mailpath-company?var-company=acme",
    }


def test_many_companies_have_the_overview_and_no_page_of_their_own() -> None:
    wide = found(storm(7), companies=town(12), grafana=GRAFANA)
    assert "company_url" not in wide
    assert wide["dashboard_url"] == f"{GRAFANA}/d/mailpath-overview"
    bound = found(storm(7), companies=town(12), grafana=GRAFANA, visible=frozenset({"c3"}))
    assert bound["company_url"] == f"{HERE}/companies/c3"
    assert bound["dashboard_url"] == f"{GRAFANA}/d/mailpath-company?var-company=c3"


def test_no_link_leads_nowhere() -> None:
    assert "dashboard_url" not in found(incident())
    ours = incident(failure(nature=Nature.OURS), scope=Scope.OURSELVES)
    assert "dashboard_url" not in found(ours, grafana=GRAFANA)
    gone = found(incident(), companies={})
    assert "company_url" not in gone, "it is not configured any more and has no page"


def test_links_by_which_people_act_are_among_them() -> None:
    acts = {"ack_url": f"{HERE}/act/1", "mute_url": f"{HERE}/act/2"}
    assert found(incident(), actions=acts).items() >= acts.items()
