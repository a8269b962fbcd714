"""[real] and [sender] as the reader of real mail uses them."""

from datetime import timedelta

from monitor.config.mail_domains import mail_domains
from monitor.config.model import Config
from monitor.config.real import RealSettings
from monitor.sources.real_mail import RealPlan
from probes.traces.table import sent_mail_log


def real_plan(config: Config) -> RealPlan | None:
    """Return whose log to read how often, and for whom to count; None if real mail is not counted."""
    trace, log = config.sender.trace, sent_mail_log(config.sender.trace)
    if trace is None or log is None or config.real is None:
        return None
    companies = {domain: company for company, domain in reversed(mail_domains(config))}
    return RealPlan(
        log, trace.account_use.name, config.real.every, companies, frozenset(path.to for path in config.paths())
    )


def counted_companies(config: Config) -> frozenset[str]:
    """Return the companies to which real mail is counted."""
    return frozenset(plan.companies.values()) if (plan := real_plan(config)) else frozenset()


class CountedCompanies:
    """The same, worked out once for each configuration: it takes a walk through all paths."""

    def __init__(self) -> None:
        self._config: Config | None = None
        self._found: frozenset[str] = frozenset()

    def of(self, config: Config) -> frozenset[str]:
        """Return the companies to which real mail is counted."""
        if config is not self._config:
            self._config, self._found = config, counted_companies(config)
        return self._found


def real_keep(config: Config) -> timedelta:
    """Return how long counts by hour are kept, also when nothing is counted any more."""
    return (config.real or RealSettings()).keep
