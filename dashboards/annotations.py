"""Marks on the graphs of a board: what happened, from Prometheus."""

from grafana_foundation_sdk.models.dashboard import AnnotationQuery
from grafana_foundation_sdk.models.prometheus import Dataquery

from dashboards.incident_queries import changed_systems, told_in_words
from dashboards.panels import DATASOURCE
from dashboards.queries import in_words
from dashboards.words import BAD, NOT_KNOWN, WARNING

LINK = '<a href="{{page}}" target="_blank" rel="noopener">{{incident}}</a>'


def incidents_opened(chosen: str) -> AnnotationQuery:
    """A mark where an incident began, with a link to its page."""
    return _marks(
        "Incidents opened",
        told_in_words(chosen),
        BAD,
        title="Incident opened: {{name}}",
        text=f"{{{{severity}}}}, {{{{scope}}}}: {{{{cause}}}}. {LINK}",
        at_value=True,
    )


def incidents_lasting(chosen: str) -> AnnotationQuery:
    """Mark the time during which incidents affected a company."""
    return _marks(
        "Time of incidents",
        in_words(f"mailpath_incident_companies{{{chosen}}}", "severity", "scope", "cause"),
        WARNING,
        title="{{severity}}: {{scope}}",
        text="{{cause}}",
    )


def mail_systems_changed(chosen: str) -> AnnotationQuery:
    """A mark where a company got another mail system in Mailpath's configuration."""
    return _marks(
        "Mail systems changed",
        changed_systems(chosen),
        NOT_KNOWN,
        title="Mail system changed: {{name}}",
        text="now {{mail_system}}",
    )


def _marks(name: str, expr: str, colour: str, *, title: str, text: str, at_value: bool = False) -> AnnotationQuery:
    return AnnotationQuery(
        name=name,
        datasource=DATASOURCE,
        enable=True,
        icon_color=colour,
        target=Dataquery(datasource=DATASOURCE, expr=expr, interval="1m", ref_id="Anno"),
        title_format=title,
        text_format=text,
        use_value_for_time=at_value or None,
    )
