"""The caller of an HTTP request. All decisions about rights are made here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from monitor.incidents.incident import Incident
from monitor.people.person import Companies, Rights

T = TypeVar("T")


class NotThereError(Exception):
    """It does not exist for this caller. The text names what was asked for. `meant`: the company by key and name that
    was probably meant, among those of the caller."""

    def __init__(self, what: str, meant: tuple[str, str] | None = None) -> None:
        super().__init__(what)
        self.meant = meant


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller with rights. `way`: "session", "token NAME", "header", or "open" (sandbox on loopback, nothing
    configured). `form` is the CSRF secret of their forms, "" if none. `id` is a token's: several may share a name."""

    name: str
    rights: Rights
    companies: Companies
    way: str
    form: str = ""
    id: str = ""

    @property
    def account(self) -> str:
        """Return the key under which things are counted or kept for this caller."""
        return f"{self.way}:{self.id or self.name}"

    def may(self, rights: Rights) -> bool:
        """Test if the caller has at least these rights."""
        return self.rights.include(rights)

    def sees(self, company: str) -> bool:
        """Test if the company exists for this caller."""
        return self.companies is None or company in self.companies

    @property
    def sees_all(self) -> bool:
        """True if the caller is not restricted to companies."""
        return self.companies is None

    def seen(self, companies: Iterable[str]) -> tuple[str, ...]:
        """Return those of the companies that exist for this caller."""
        return tuple(company for company in companies if self.sees(company))

    def sees_incident(self, incident: Incident) -> bool:
        """Test if the incident affects, or affected, a company of this caller."""
        return self.sees_all or any(self.sees(company) for company in incident.companies)
