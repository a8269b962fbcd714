"""PromQL built from parts. Pure text; the only trace of Grafana is the names of its variables.

Everything is aggregated by named labels, so that a scrape job's own labels cause neither duplicates nor columns.
"""

from dashboards.words import NOT_BAD, PROBE_ONLY, PROBE_ONLY_MARK, PROBE_ONLY_RANKS, RANKS, TEXTS, causes_of
from monitor.output.company_metrics import code_label
from probes.mailsystems.family import CauseFamily
from probes.verdict import Outcome

MAILPATH = "${mailpath:raw}"
"""Where people reach Mailpath's pages, without a slash at the end."""

LINE = ("company", "path", "kind")
VERDICT = (*LINE, "outcome", "cause", "grade")


def where(**labels: str) -> str:
    """Return the inside of a selector; each value is a regular expression."""
    return ",".join(f'{name}=~"{value}"' for name, value in labels.items())


COMPANIES = where(company="$company")
LINES = where(company="$company", kind="$kind")
OF_OTHER_SYSTEMS = 'mailpath_company_info{mail_system!~"$mail_system"}'
HERE = 'company="$company"'
HERE_PATHS = f'{HERE},path=~"$path"'
HERE_LINES = f'{HERE_PATHS},kind=~"$kind"'


def by(labels: tuple[str, ...], expr: str, how: str = "max") -> str:
    """Aggregate `expr` to one value per combination of these labels."""
    return f"{how} by ({', '.join(labels)}) ({expr})"


def or_none(expr: str, value: int = 0, **labels: str) -> str:
    """Return `expr`, or a single result if it has none because all is well."""
    instead = f"vector({value})"
    for name, text in labels.items():
        instead = f'label_replace({instead}, "{name}", "{text}", "", "")'
    return f"{expr} or on () {instead}"


def how_many(expr: str) -> str:
    """Return the number of results, 0 if there is none."""
    return or_none(f"count({expr})")


def outcomes(chosen: str) -> str:
    """1 for the current verdict of each path and kind, with the verdict's parts as labels."""
    return by(VERDICT, f"mailpath_path_outcome{{{chosen}}}")


def ranks(chosen: str) -> str:
    """Rank of the current verdict of each path and kind; see `dashboards.words`."""
    mail = {
        f'outcome="{outcome}",cause!~"{PROBE_ONLY}"': rank
        for outcome, rank in RANKS.items()
        if outcome in PROBE_ONLY_RANKS
    }
    probe_only = {f'outcome="{outcome}",cause=~"{PROBE_ONLY}"': rank for outcome, rank in PROBE_ONLY_RANKS.items()}
    others = {f'outcome="{outcome}"': RANKS[outcome] for outcome in (Outcome.INBOX, Outcome.UNKNOWN)}
    found = sorted((mail | probe_only | others).items(), key=lambda each: -each[1])
    return by(VERDICT, " or ".join(f"{rank} * mailpath_path_outcome{{{chosen},{verdict}}}" for verdict, rank in found))


def worst(labels: tuple[str, ...], chosen: str) -> str:
    """The worst current verdict per combination of these labels: its rank, with all its labels. Where all mail arrives,
    no path stands out, so the rank has only these labels."""
    each = f"topk by ({', '.join(labels)}) (1, {ranks(chosen)})"
    well = f"{by(labels, ranks(chosen))} == {RANKS[Outcome.INBOX]}"
    return f'{each} > {RANKS[Outcome.INBOX]} or label_replace({well}, "outcome", "{Outcome.INBOX}", "", "")'


def bad(chosen: str) -> str:
    """Current verdicts other than `inbox` and `unknown`."""
    return outcomes(f'{chosen},outcome!~"{NOT_BAD}"')


def companies(chosen: str, *labels: str) -> str:
    """1 for each company, with these labels."""
    return by(("company", *labels), f"mailpath_company_info{{{chosen}}}")


def of_system(expr: str) -> str:
    """Leave out of `expr` the companies with other mail systems than the selected ones."""
    return f"({expr}) unless on (company) {OF_OTHER_SYSTEMS}"


def with_company(expr: str, *labels: str) -> str:
    """Add these labels to `expr`, which has a company."""
    return f"({expr}) * on (company) group_left ({', '.join(labels)}) {companies('', *labels)}"


def mail_systems(chosen: str) -> str:
    """Number of companies per mail system."""
    return by(("mail_system",), companies(chosen, "mail_system"), "count")


def per_mail_system(some: str, chosen: str) -> str:
    """Number of companies in `some` per mail system; 0 if none."""
    counts = by(("mail_system",), with_company(some, "mail_system"), "count")
    return f"{counts} or {mail_systems(chosen)} * 0"


def failing(chosen: str) -> str:
    """1 for each company with a path and kind whose mail does not arrive in time; trouble of the probe only is none."""
    return by(("company",), f'mailpath_path_outcome{{{chosen},outcome!~"{NOT_BAD}",cause!~"{PROBE_ONLY}"}}')


def probe_only(chosen: str) -> str:
    """1 for each company whose probes fail, but only for a reason that says nothing about people's mail."""
    fails = by(("company",), f'mailpath_path_outcome{{{chosen},outcome!~"{NOT_BAD}",cause=~"{PROBE_ONLY}"}}')
    return f"{fails} unless on (company) ({failing(chosen)})"


def well(chosen: str) -> str:
    """1 for each company all of whose mail arrives in time, with no unknown result."""
    good = by(("company",), f'mailpath_path_outcome{{{chosen},outcome="{Outcome.INBOX}"}}')
    return f'{good} unless on (company) mailpath_path_outcome{{{chosen},outcome!="{Outcome.INBOX}"}}'


def unknown(everybody: str, chosen: str) -> str:
    """1 for each company for which none of these holds: failing, of the probe only, well."""
    others = " ".join(f"unless on (company) ({each})" for each in (failing(chosen), probe_only(chosen), well(chosen)))
    return f"{companies(everybody)} {others}"


def with_runbook(expr: str, about: str = "") -> str:
    """Add the address of the runbook to `expr`, which has a cause; none for mail that arrived. `about`: the label, a
    company or an incident, whose case the page is to show."""
    for family in CauseFamily:
        page = f"{MAILPATH}/runbooks/cause-{family}"
        expr = f'label_replace({expr}, "runbook", "{page}", "cause", "{causes_of(family)}")'
    if about:
        expr = f'label_join({expr}, "runbook", "?{about}=", "runbook", "{about}")'
    return f'label_replace({expr}, "runbook", "", "outcome", "{Outcome.INBOX}")'


LATELY = "$__rate_interval"
"""The window of rates: long enough for some samples, and no gap between two windows."""


def with_probe_only(expr: str) -> str:
    """Say of outcomes that they concern the probe only; see `dashboards.words.named`."""
    joined = f'label_join({expr}, "both", " ", "outcome", "cause")'
    return f'label_replace({joined}, "outcome", "$1{PROBE_ONLY_MARK}", "both", "(.+) ({PROBE_ONLY})")'


def in_words(expr: str, *labels: str) -> str:
    """The same with the values of these labels as people read them, for legends, which Grafana cannot map."""
    for label in labels:
        for value, text in TEXTS[label].items():
            expr = f'label_replace({expr}, "{label}", "{text}", "{label}", "{value}")'
    return expr


EACH = "$__interval"
"""The window of what is counted in the bars or bands of a panel: each stands for the time that it covers."""


GIVE_UP_SECONDS = 3600
"""Seconds after which mail counts as lost, unless configured otherwise."""


def counted(counter: str, chosen: str, window: str) -> str:
    """Return how often something happened within `window`. `increase` ignores the initial value of a series, which may
    be its only event. So one is added for each series that is new, unless it started at zero."""
    series = f"{counter}{{{chosen}}}"
    grown = f"increase({series}[{window}]) or {series} * 0"
    born = f"clamp_max(min_over_time({series}[{window}]), 1) unless {series} offset {window} or {series} * 0"
    return f"({grown}) + ({born})"


def codes_in_time(labels: tuple[str, ...], chosen: str, window: str) -> str:
    """The share of codes within `window` that reached the inbox in time, per combination of these labels; no result
    where there was no code."""

    def count(counter: str) -> str:
        return by(labels, f'increase({counter}{{{chosen},code="{code_label(True)}"}}[{window}])', "sum")

    return f"{count('mailpath_codes_in_time_total')} / ({count('mailpath_codes_total')} > 0)"


def deliveries(window: str) -> str:
    """The rate of deliveries of mail with a code per mail system and bucket, of all companies."""
    return f'rate(mailpath_delivery_seconds_bucket{{code="{code_label(True)}"}}[{window}])'


def seconds_to_inbox(share: float, labels: tuple[str, ...], buckets: str) -> str:
    """The time in seconds within which this share of mail reached the inbox; no result if none did.

    `buckets`: a rate of the histogram's.
    """
    return f"(histogram_quantile({share}, {by(('le', *labels), buckets, 'sum')}) >= 0)"


def since_last_verdict(chosen: str) -> str:
    """Seconds since the last verdict; -1 if there was none yet."""
    return or_none(f"time() - max(mailpath_last_verdict_timestamp_seconds{{{chosen}}})", -1)


def overdue(chosen: str) -> str:
    """Delay in seconds of each path without a verdict for two intervals, or for one and the time after which mail
    counts as lost; otherwise no result. A path that loses all mail has its verdicts that late."""
    age = by(("company", "path"), f"time() - mailpath_last_verdict_timestamp_seconds{{{chosen}}}", "min")
    every = by(("company", "path"), f"mailpath_path_every_seconds{{{chosen}}}")
    return f"({age} - {every} - clamp_min({every}, {GIVE_UP_SECONDS})) > 0"
