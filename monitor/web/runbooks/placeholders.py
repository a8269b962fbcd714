"""Placeholders: names in braces that a runbook's file has in place of what differs between installations and cases.

They are filled when a page is shown, in the HTML that was made of the file, each once: a value is never searched for
further placeholders, and it is escaped, so that it can only be text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from monitor.config import Config
from monitor.web.runbooks.case import RunbookCase
from probes.display import safe_text

MARK = re.compile(r"\{([a-z]+(?:_[a-z0-9]+)*)\}")
MAX_VALUE_CHARS = 300


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder. `example` stands where no company is known; "" if there is always a value."""

    meaning: str
    example: str = ""


PLACEHOLDERS: Mapping[str, Placeholder] = {
    "domain": Placeholder("the sender's domain"),
    "parent_domain": Placeholder("the domain above it"),
    "from": Placeholder("the sender's From address"),
    "ip": Placeholder("the sender's IP address"),
    "reversed_ip": Placeholder("the same as blocklists are asked for it"),
    "url": Placeholder("the address of Mailpath's pages"),
    "metrics": Placeholder("the address of its metrics, after `curl`"),
    "company": Placeholder("the company's key", "COMPANY"),
    "path": Placeholder("the path's key", "PATH"),
    "incident": Placeholder("the incident's id", "INCIDENT"),
    "recipient": Placeholder("the address that the probes go to", "probe@company.example"),
    "company_domain": Placeholder("its domain", "company.example"),
}


def values_of(config: Config, case: RunbookCase | None, *, sees_all: bool) -> dict[str, str]:
    """Return the value of each placeholder. Only callers who see all companies get the
    address at which metrics need no token."""
    sender, path = config.sender, case.path if case else None
    found = {name: each.example for name, each in PLACEHOLDERS.items()} | {
        "domain": sender.domain,
        "parent_domain": parent_domain(sender.domain),
        "from": sender.address,
        "ip": sender.source_ip,
        "reversed_ip": reversed_ip(sender.source_ip),
        "url": config.web.base_url,
        "metrics": _metrics(config, sees_all=sees_all),
    }
    if case and case.company:
        found["company"] = case.company
    if case and case.incident:
        found["incident"] = case.incident.id
    if path:
        found |= {"path": path.path, "recipient": path.to, "company_domain": path.to.rpartition("@")[2]}
    return {name: safe_text(value, MAX_VALUE_CHARS) for name, value in found.items()}


def filled(template: str, values: Mapping[str, str]) -> str:
    """Put the values in; each must be fit for what the template is, HTML in HTML."""
    return MARK.sub(lambda mark: values.get(mark[1], mark[0]), template)


def parent_domain(domain: str) -> str:
    """Return the domain above this one; itself where that is a top-level domain."""
    above = domain.partition(".")[2]
    return above if "." in above else domain


def reversed_ip(address: str) -> str:
    """Return the address in the order of the DNS, as in the name that a blocklist is asked for."""
    return ip_address(address).reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def _metrics(config: Config, *, sees_all: bool) -> str:
    if sees_all and config.web.metrics_listen:
        return f"http://{config.web.metrics_listen}/metrics"
    return f'-H "Authorization: Bearer $TOKEN" {config.web.base_url}/metrics'
