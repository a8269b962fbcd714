"""What is asked of Prometheus: PromQL from parts. Pure text, no Grafana in it but the names of its variables.

Everything is summed by named labels, so that a scrape job's own labels make neither doubles nor columns.
"""

from dashboards.words import NOT_BAD, RANKS, SEVERITIES, causes_of
from probes.mailsystems.family import CauseFamily
from probes.verdict import Outcome

LINE = ("company", "path", "kind")
VERDICT = (*LINE, "outcome", "cause", "grade")


def where(**labels: str) -> str:
    """The inside of a selector; each value is a regular expression."""
    return ",".join(f'{name}=~"{value}"' for name, value in labels.items())


COMPANIES = where(company="$company")
LINES = where(company="$company", kind="$kind")
HERE = 'company="$company"'
HERE_PATHS = f'{HERE},path=~"$path"'
HERE_KINDS = f'{HERE},kind=~"$kind"'
HERE_LINES = f'{HERE_PATHS},kind=~"$kind"'


def by(labels: tuple[str, ...], expr: str, how: str = "max") -> str:
    """`expr` as one value for each of these labels."""
    return f"{how} by ({', '.join(labels)}) ({expr})"


def or_none(expr: str, value: int = 0, **labels: str) -> str:
    """`expr`; where it has no answer, because all is well, one answer that says so."""
    instead = f"vector({value})"
    for name, text in labels.items():
        instead = f'label_replace({instead}, "{name}", "{text}", "", "")'
    return f"{expr} or on () {instead}"


def how_many(expr: str) -> str:
    """The number of answers, 0 if there is none."""
    return or_none(f"count({expr})")


def outcomes(chosen: str) -> str:
    """1 for the present verdict of each path and kind, with the verdict's words as labels."""
    return by(VERDICT, f"mailpath_path_outcome{{{chosen}}}")


def ranks(chosen: str) -> str:
    """How bad the present verdict of each path and kind is; see `dashboards.words.RANKS`."""
    parts = (
        f'{rank} * mailpath_path_outcome{{{chosen},outcome="{outcome}"}}'
        for outcome, rank in sorted(RANKS.items(), key=lambda each: -each[1])
        if outcome
    )
    return by(VERDICT, " or ".join(parts))


def worst(labels: tuple[str, ...], chosen: str) -> str:
    """The worst of the present verdicts for each of these labels, whole: its rank, with all that the verdict says."""
    return f"topk by ({', '.join(labels)}) (1, {ranks(chosen)})"


def bad(chosen: str) -> str:
    """The present verdicts that are not `inbox`, and not `unknown` either."""
    return outcomes(f'{chosen},outcome!~"{NOT_BAD}"')


def companies(chosen: str, *labels: str) -> str:
    """1 for each company, with these labels of it."""
    return by(("company", *labels), f"mailpath_company_info{{{chosen}}}")


def with_company(expr: str, *labels: str) -> str:
    """`expr`, which has a company, with these labels of it too."""
    return f"({expr}) * on (company) group_left ({', '.join(labels)}) {companies('', *labels)}"


def mail_systems(chosen: str) -> str:
    """How many companies each mail system has."""
    return by(("mail_system",), companies(chosen, "mail_system"), "count")


def per_mail_system(some: str, chosen: str) -> str:
    """How many of the companies that are `some` each mail system has; 0 where it has none of them."""
    counts = by(("mail_system",), with_company(some, "mail_system"), "count")
    return f"{counts} or {mail_systems(chosen)} * 0"


def failing(chosen: str) -> str:
    """1 for each company that has a path and kind whose mail does not come in time."""
    return by(("company",), f'mailpath_path_outcome{{{chosen},outcome!~"{NOT_BAD}"}}')


def well(chosen: str) -> str:
    """1 for each company all of whose mail comes in time, and all of which could be looked at."""
    good = by(("company",), f'mailpath_path_outcome{{{chosen},outcome="{Outcome.INBOX}"}}')
    return f'{good} unless on (company) mailpath_path_outcome{{{chosen},outcome!="{Outcome.INBOX}"}}'


def unknown(everybody: str, chosen: str) -> str:
    """1 for each company of which neither can be said."""
    return f"{companies(everybody)} unless on (company) ({failing(chosen)}) unless on (company) ({well(chosen)})"


def severities(metric: str, chosen: str = "") -> str:
    """How severe each incident is, as a number; see `dashboards.words.SEVERITIES`. `metric` counts incidents."""
    also = f",{chosen}" if chosen else ""
    parts = (
        f'{rank} * ({metric}{{severity="{severity}"{also}}} > bool 0) > 0' for severity, rank in SEVERITIES.items()
    )
    return by(("company", "scope", "cause", "severity"), " or ".join(parts))


def with_runbook(expr: str) -> str:
    """`expr`, which has a cause, with the name of the runbook for it; none for mail that arrived."""
    for family in CauseFamily:
        expr = f'label_replace({expr}, "runbook", "cause-{family}", "cause", "{causes_of(family)}")'
    return f'label_replace({expr}, "runbook", "", "outcome", "{Outcome.INBOX}")'


def counted(counter: str, chosen: str, window: str) -> str:
    """How often within `window`. `increase` sees nothing of what a series is born with: the first of its kind, which
    may be the only one. So one is added to each series that was not there before, unless it was born with none."""
    series = f"{counter}{{{chosen}}}"
    grown = f"increase({series}[{window}]) or {series} * 0"
    born = f"clamp_max(min_over_time({series}[{window}]), 1) unless {series} offset {window} or {series} * 0"
    return f"({grown}) + ({born})"


def seconds_to_inbox(share: float, labels: tuple[str, ...], buckets: str) -> str:
    """Within how many seconds this share of the mails was in the inbox; nothing if none was.

    `buckets`: a rate of the histogram's."""
    return f"(histogram_quantile({share}, {by(('le', *labels), buckets, 'sum')}) >= 0)"


def since_last_verdict(chosen: str) -> str:
    """Seconds; -1 if there was none yet."""
    return or_none(f"time() - max(mailpath_last_verdict_timestamp_seconds{{{chosen}}})", -1)


def overdue(chosen: str) -> str:
    """How late the verdict of each path is, in seconds, that had none for twice the time between two; else nothing."""
    age = by(("company", "path"), f"time() - mailpath_last_verdict_timestamp_seconds{{{chosen}}}", "min")
    return f"({age} - 2 * {by(('company', 'path'), f'mailpath_path_every_seconds{{{chosen}}}')}) > 0"
