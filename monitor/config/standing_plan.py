"""The plan of standing, from the configuration: whom to ask about, how, and how often."""

from monitor.config.mail_domains import mail_domains
from monitor.config.model import Config
from monitor.config.simulated import simulates_dns
from monitor.sources.standing import StandingPlan
from monitor.standing.timetable import Pace
from probes.standing.asking import Subject


def plan_of(config: Config) -> StandingPlan | None:
    """Return the plan of the service; None if standing is off, or nobody is monitored. Of simulated companies DNS is
    simulated too. Raises MissingSecretError."""
    settings = config.standing
    if not settings.enabled or not config.companies:
        return None
    return StandingPlan(
        subject_of(config),
        Pace(settings.every, settings.lists),
        settings.max_age,
        settings.list_access(),
        settings.validating,
        settings.envelope_domains,
        simulated=simulates_dns(config),
        reported=bool(config.inbound and config.inbound.reports),
    )


def subject_of(config: Config) -> Subject:
    """Return the sender to ask about, by the profile that holds."""
    sender = config.sender
    own = (sender.dkim.selector,) if sender.dkim and sender.dkim.domain in (None, sender.domain) else ()
    selectors = tuple(dict.fromkeys((*own, *config.standing.selectors)))
    return Subject(sender.domain, sender.bounces.rpartition("@")[2], sender.source_ip, sender.helo, selectors)


def mx_plan(config: Config) -> tuple[tuple[str, str], ...]:
    """Return each company and domain whose MX is read, once; none where DNS is simulated."""
    return () if simulates_dns(config) else mail_domains(config)
