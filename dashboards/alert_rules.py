"""The rules about mail: those in `sources/`, with the words of Mailpath's tables and with repeated parts put in, which
are written there as `@{name}` or `@{name argument}`."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from probes.labels import CAUSES, KINDS, OUTCOMES
from probes.mailsystems.advise import at_one_company, runbook_for
from probes.mailsystems.causes import BY_OUTCOME, IN_SHORT
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.table import MAIL_SYSTEMS, is_shared
from probes.outcome import Cause, Outcome

SOURCES = Path(__file__).parent / "sources"
PART = re.compile(r"@\{(\w+)(?: ([^}]*))?\}")

PAGES = "http://127.0.0.1:8025"
ANY_OUTCOME = Outcome.BLOCKED
"""An outcome that has no remedy of its own: the cause decides."""

INCIDENT = (
    '"bottomk(1, incident:mailpath_words:info'
    """{company=~'%s',mail_system=~'%s',scope=%q,severity=%q})" """
    '(or $labels.company ".*") (or $labels.mail_system ".*") $labels.scope $labels.severity'
)
"""The incident of an alert; the one that was opened first, if there are several."""


def _of_incident(then: str, otherwise: str = "") -> str:
    """Return the text `then` with the incident as `.`, `otherwise` if it is not known."""
    return f"{{{{ with query (printf {INCIDENT}) }}}}{then}{{{{ else }}}}{otherwise}{{{{ end }}}}"


def _label(name: str) -> str:
    return f'{{{{ . | first | label "{name}" }}}}'


def _lines(query: str, line: str, sort: str) -> str:
    """Return the first ten results of a query, a `line` each."""
    none = "no check fails at this moment, or Mailpath cannot be scraped"
    each = f"{{{{ if lt $i 10 }}}}{{{{ if $i }}}}; {{{{ end }}}}{line}{{{{ end }}}}"
    return f"{{{{ range $i, $line := query {query} | sortByLabel {sort!r} }}}}{each}{{{{ else }}}}{none}{{{{ end }}}}."


def _where(reason: str) -> str:
    query = '(printf "path:mailpath_failure_words:info{company=%q}" $labels.company)'
    line = f"path {{{{ $line.Labels.path }}}}, {{{{ $line.Labels.mail }}}}: {{{{ $line.Labels.state }}}}{reason}"
    return "Where: " + _lines(query, line, "mail").replace("'mail'", '"mail"')


def _where_several(outcomes: str) -> str:
    query = (
        f"""(printf "path:mailpath_failure_words:info{{company=~'%s',outcome=~'{outcomes}'}}" """
        '(or $labels.company ".*"))'
    )
    line = "{{ $line.Labels.company }}, path {{ $line.Labels.path }}, {{ $line.Labels.mail }}: {{ $line.Labels.state }}"
    return "Where: " + _lines(query, line + REASON, "company").replace("'company'", '"company"')


def _companies(selector: str) -> str:
    """Return the names of the companies that a selector of stopped ones finds; ten at most."""
    query = f'"company:mailpath_company:named and on (company) company:mailpath_incident_companies:stopped{selector}"'
    if "%q" in selector:
        query = f"(printf {query} $labels.mail_system)"
    names = "{{ if lt $i 10 }}{{ if $i }}, {{ end }}{{ $hit.Labels.name }}{{ end }}"
    return (
        f'{{{{ range $i, $hit := query {query} | sortByLabel "name" }}}}{names}{{{{ end }}}}'
        "{{ if gt $value 10.0 }} and more{{ end }}"
    )


def _runbook(page: str) -> str:
    incident = _of_incident(f"?incident={_label('incident')}")
    return f"{PAGES}/runbooks/{page}{incident}"


def _cause_runbook(page: str) -> str:
    """Return the page of the cause; that of the alert while no incident is known."""
    return f"{PAGES}/runbooks/" + _of_incident(f"{_label('runbook')}?incident={_label('incident')}", page)


NAME = (
    '{{ with query (printf "company:mailpath_company:named{company=%q}" $labels.company) }}'
    '{{ . | first | label "name" }}{{ else }}{{ $labels.company }}{{ end }}'
)
SYSTEM = (
    '{{ with query (printf "mail_system:mailpath_words:info{mail_system=%q}" $labels.mail_system) }}'
    '{{ . | first | label "name" }}{{ else }}{{ $labels.mail_system }}{{ end }}'
)
COMPANIES = "{{ if eq $value 1.0 }}1 company{{ else }}{{ $value }} companies{{ end }}"
OF_ALL = (
    '{{ with query "count(company:mailpath_company:named) > 1" }}{{ $value }} of {{ . | first | value }} companies'
    f"{{{{ else }}}}{COMPANIES}{{{{ end }}}}"
)
REASON = "{{ with $line.Labels.reason }} ({{ . }}){{ end }}"
PARTS: Mapping[str, str] = {
    "generated": "Written by `make dashboards` from dashboards/sources/: change it there.",
    "name": NAME,
    "who": (
        f'{{{{ if $labels.company }}}}{NAME}{{{{ else if eq $labels.scope "mail_system" }}}}'
        f"{{{{ if $labels.mail_system }}}}{SYSTEM}{{{{ else }}}}One mail system{{{{ end }}}}, {COMPANIES}"
        f"{{{{ else }}}}{OF_ALL}{{{{ end }}}}"
    ),
    "mail": '{{ if eq $labels.severity "page" }}sign-in codes do{{ else }}mail from Trimble Identity does{{ end }}',
    "reason": _of_incident('{{ with . | first | label "reason" }} ({{ . }}){{ end }}'),
    "since": (
        _of_incident('Open since {{ (. | first | value | toTime).Format "2006-01-02 15:04" }} UTC')
        + f"{{{{ with query (printf {INCIDENT.replace('bottomk', 'time() - bottomk', 1)}) }}}}"
        ", for {{ . | first | value | humanizeDuration }}. {{ end }}"
    ),
    "where": _where(REASON),
    "where_without_reason": _where(""),
    "cause": _of_incident(f"Why: {_label('why')} What to do: {_label('fix')}", "Why: not known."),
    "companies_everybody": _companies("{scope='everybody'}"),
    "companies_mail_system": _companies("{scope='mail_system',mail_system=%q}"),
    "incident_url": f"{PAGES}/incidents" + _of_incident(f"/{_label('incident')}"),
    "shared_systems": "|".join(key for key in MAIL_SYSTEMS if is_shared(key)),
    "unclear_outcomes": "|".join(BY_OUTCOME),
}
WITH_ARGUMENT = {"runbook": _runbook, "cause_runbook": _cause_runbook, "where_several": _where_several}


def written_rules() -> Mapping[str, str]:
    """Return the text of each file of `prometheus/` that is written from a source, by its name."""
    words = "\n".join(_words())

    def part(found: re.Match[str]) -> str:
        name, argument = found[1], found[2]
        return WITH_ARGUMENT[name](argument) if argument else words if name == "words" else PARTS[name]

    return {source.name: PART.sub(part, source.read_text("utf-8")) for source in sorted(SOURCES.glob("*.yml"))}


def _words() -> Iterator[str]:
    """Yield the rules that record the words, one series for each value."""
    for cause in (None, *Cause):
        yield from _row("cause", {"cause": str(cause or "")}, **_of_cause(cause, ANY_OUTCOME))
    for outcome in BY_OUTCOME:
        marks = {"cause": str(Cause.UNCLEAR), "outcome": str(outcome)}
        yield from _row("cause", marks, **_of_cause(Cause.UNCLEAR, outcome))
    for outcome, row in OUTCOMES.items():
        yield from _row("outcome", {"outcome": str(outcome)}, state=row.sentence)
    for kind, row in KINDS.items():
        yield from _row("kind", {"kind": str(kind)}, mail=row.sentence)
    for key, system in MAIL_SYSTEMS.items():
        if is_shared(key):
            yield from _row("mail_system", {"mail_system": key}, name=system.label)


def _of_cause(cause: Cause | None, outcome: Outcome) -> dict[str, str]:
    runbook = runbook_for(cause, outcome)
    family = next(family for family in IN_SHORT if runbook == f"cause-{family}")
    found = at_one_company(cause, outcome)
    return {
        "reason": CAUSES[cause].label if cause else "",
        "why": found.explanation,
        "fix": found.steps[0] if family is CauseFamily.OURS else f"{IN_SHORT[family]}.",
        "runbook": runbook,
    }


def _row(level: str, marks: Mapping[str, str], **words: str) -> Iterator[str]:
    labels = {name: value for name, value in {**marks, **words}.items() if value}
    yield f"      - record: {level}:mailpath_words:info"
    yield "        expr: vector(1)"
    yield "        labels:"
    yield from (f"          {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in labels.items())
