"""PromQL about incidents, alerts and changes of mail systems. Pure text, as `queries`."""

from dashboards.queries import MAILPATH, by, companies, in_words, of_system, with_runbook
from dashboards.words import SEVERITIES

PARTS = ("scope", "cause", "severity")
OF_COMPANY = ("company", *PARTS)
INCIDENT = ("incident", *PARTS)
OPENED = "mailpath_incident_opened_timestamp_seconds"
ACKNOWLEDGED = "mailpath_incident_acknowledged_timestamp_seconds"
NO_INCIDENT = "–"
ALERT = ("alertname", "company", "mail_system", "severity")
ALWAYS_FIRING = "MailpathDeadMansSwitch"
SENT, MUTED = "sent", "muted"


def opened(chosen: str) -> str:
    """Time at which each open incident was opened, for each company that it affects."""
    return by(("incident", *OF_COMPANY), f"{OPENED}{{{chosen}}}", "min")


def muted(chosen: str) -> str:
    """1 for each company and incident for which no notices are sent."""
    on = f"on ({', '.join(OF_COMPANY)})"
    sent = (f"{metric}{{{chosen}}}" for metric in ("mailpath_incident_companies", "mailpath_incidents"))
    return " ".join(
        (by(OF_COMPANY, f"{OPENED}{{{chosen}}}", "group"), *(f"unless {on} {each}" for each in sent)),
    )


def of_company(chosen: str) -> str:
    """Milliseconds since 1970 at which each incident of one company was opened, with the parts of a row."""
    return _with_page(_with_notices(opened(chosen), chosen), "company")


def of_all(chosen: str) -> str:
    """The same for incidents of any companies, once each. `who`: the company's name, or how many there are."""
    each = of_system(_with_notices(opened(chosen), chosen))
    count = by(("incident",), each, "count")
    alone = f"({each}) * on (company) group_left (name) {companies('', 'name')} and on (incident) ({count} == 1)"
    named = f'label_replace({alone}, "who", "$1", "name", "(.*)")'
    sizes = f'count_values by (incident) ("companies", {count} > 1)'
    several = f"{by((*INCIDENT, 'notices'), each, 'min')} * on (incident) group_left (companies) {sizes}"
    several = f'label_replace({several}, "who", "$1 companies", "companies", "(.*)")'
    others = f'label_replace({each}, "who", "–", "", "")'
    return _with_page(f"({named} or on (incident) {several} or on (incident) {others})", "incident")


def _with_notices(expr: str, chosen: str) -> str:
    """Say of incidents whether notices are sent."""
    on = f"on ({', '.join(OF_COMPANY)})"
    quiet = f'label_replace(({expr}) and {on} ({muted(chosen)}), "notices", "{MUTED}", "", "")'
    return f'({quiet} or on (incident, company) label_replace({expr}, "notices", "{SENT}", "", ""))'


def _with_page(expr: str, about: str) -> str:
    """Add the incident's page and its runbook. From seconds to milliseconds, as Grafana has times."""
    expr = f'label_replace({_with_rank(expr)}, "page", "{MAILPATH}/incidents/$1", "incident", "(.+)")'
    return f"1000 * {with_runbook(expr, about)}"


def _with_rank(expr: str) -> str:
    """Add the severity as a number, by which a table can sort."""
    for severity, rank in SEVERITIES.items():
        expr = f'label_replace({expr}, "rank", "{rank}", "severity", "{severity}")'
    return expr


def acknowledged(chosen: str) -> str:
    """Milliseconds since 1970 at which each open incident was acknowledged, 0 if it was not; 0 also for the row that
    stands for none."""
    known = by(("incident",), f"{ACKNOWLEDGED}{{{chosen}}}")
    others = f"{by(('incident',), opened(chosen))} * 0"
    return f'1000 * ({known} or {others}) or label_replace(vector(0), "incident", "{NO_INCIDENT}", "", "")'


def since(chosen: str) -> str:
    """Milliseconds since 1970 at which each company's oldest open incident was opened."""
    return f"1000 * {by(('company',), f'{OPENED}{{{chosen}}}', 'min')}"


def alerts(chosen: str) -> str:
    """Milliseconds since 1970 from which each of Prometheus's alerts about Mailpath has been true without interruption,
    by `alertstate`. The alert that always fires is left out."""
    which = f'alertname=~"Mailpath.+",alertname!="{ALWAYS_FIRING}",{chosen}'
    found = by((*ALERT, "alertstate"), f"ALERTS{{{which}}}")
    begun = by(ALERT, f"ALERTS_FOR_STATE{{{which}}}", "min")
    each = f"{found} * on ({', '.join(ALERT)}) group_left () {begun}"
    named = f"{each} * on (company) group_left (name) {companies('', 'name')}"
    others = f'label_replace({each}, "name", "–", "", "")'
    ranked = _with_rank(f"1000 * ({named} or on ({', '.join(ALERT)}, alertstate) {others})")
    return f'label_replace({ranked}, "page", "{MAILPATH}/runbooks/$1", "alertname", "(.+)")'


def told_in_words(chosen: str) -> str:
    """Milliseconds since 1970 at which each open incident was opened, with labels in words for a mark on a graph."""
    named = f"{opened(chosen)} * on (company) group_left (name) {companies(chosen, 'name')}"
    others = f'label_replace({opened(chosen)}, "name", "Mailpath", "", "")'
    expr = f"{named} or on (incident, company) {others}"
    expr = f'label_replace({expr}, "page", "{MAILPATH}/incidents/$1", "incident", "(.+)")'
    return f"1000 * {in_words(expr, 'severity', 'scope', 'cause')}"


def changed_systems(chosen: str) -> str:
    """1 for one interval after a company's mail system changed, with the new one."""
    infos = f"mailpath_company_info{{{chosen}}}"
    labels = ("company", "name", "mail_system")
    now, before = by(labels, infos, "group"), by(labels, f"{infos} offset $__interval", "group")
    known = by(("company",), f"{infos} offset $__interval", "group")
    return f"({now} unless on (company, mail_system) {before}) and on (company) {known}"
