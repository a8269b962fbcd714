"""The monitored companies, as far as a wide problem needs them: mail systems, and the time of the latest result."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from probes.mailsystems.table import UNKNOWN, is_shared
from probes.mailsystems.words import Chain


@dataclass(frozen=True, slots=True)
class WideningThresholds:
    """At least so many companies, and at least this share of those with recent results, make one problem of many."""

    companies: int
    share: float


@dataclass(frozen=True, slots=True)
class WatchedCompanies:
    """All monitored companies: their mail systems, the launch of each one's newest probe with a result, and the
    thresholds of a wide problem. A company whose newest verdict is bad, but does not fail so far, counts neither for a
    wide problem nor against it: it is not in `heard_at`."""

    chains: Mapping[str, Chain]
    heard_at: Mapping[str, datetime]
    wide: WideningThresholds

    def behind(self, system: str) -> "WatchedCompanies":
        """Those whose mail goes through this mail system."""
        heard = {company: at for company, at in self.heard_at.items() if system in self.systems(company)}
        return replace(self, heard_at=heard)

    def systems(self, company: str) -> Chain:
        """The mail systems of a company. One that it runs itself, or that is not known, is nobody else's."""
        return tuple(owned(system, company) for system in self.chains.get(company, (UNKNOWN,)))


def owned(system: str, company: str) -> str:
    """A mail system, as one company's own where it is not shared with others."""
    return system if is_shared(system) else f"{system} of {company}"
