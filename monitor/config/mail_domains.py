"""The mail domains of the companies: those that probes are sent to, and those that their people have."""

from monitor.config.model import Config


def mail_domains(config: Config) -> tuple[tuple[str, str], ...]:
    """Return each monitored company with each of its domains, in lower case, once; those of its probes first.

    People's domains count as well: where their MX is another one than that of the test mailbox, a probe that arrives
    says nothing of their mail.
    """
    found: dict[tuple[str, str], None] = {}
    for path in config.paths():
        found[path.company, path.to.rpartition("@")[2].lower()] = None
    for key in dict.fromkeys(company for company, _ in found):
        found |= {(key, domain.lower()): None for domain in config.companies[key].domains}
    order = {company: number for number, company in enumerate(config.companies)}
    return tuple(sorted(found, key=lambda each: order[each[0]]))
