"""Whoever asks for something by HTTP, and what they may. All rights are decided in here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from monitor.incidents.incident import Incident
from monitor.people.person import Companies, Rights

T = TypeVar("T")


class NotThereError(Exception):
    """There is no such thing for this caller. Its text names what was asked for."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody, with rights. `way` is how they came: "session", "token NAME", "header", or "open", where nothing is
    configured and it is the sandbox on loopback. `form` is the secret that their forms carry, "" where they have none.
    `id` is a token's: several may have the same name.
    """

    name: str
    rights: Rights
    companies: Companies
    way: str
    form: str = ""
    id: str = ""

    @property
    def account(self) -> str:
        """What no other caller has: whatever is counted or kept for each of them goes by it."""
        return f"{self.way}:{self.id or self.name}"

    def may(self, rights: Rights) -> bool:
        """Whether they have these rights."""
        return self.rights.include(rights)

    def sees(self, company: str) -> bool:
        """Whether there is such a company for them."""
        return self.companies is None or company in self.companies

    @property
    def sees_all(self) -> bool:
        """Whether they are bound to no company."""
        return self.companies is None

    def seen(self, companies: Iterable[str]) -> tuple[str, ...]:
        """Those of the companies that there are for them."""
        return tuple(company for company in companies if self.sees(company))

    def sees_incident(self, incident: Incident) -> bool:
        """Whether it touches, or touched, anything of theirs."""
        return self.sees_all or any(self.sees(company) for company in incident.companies)
