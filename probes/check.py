"""The unit of repeated testing."""

from typing import NamedTuple

from probes.kinds import Kind


class Check(NamedTuple):
    """One kind of mail on one path of a company, as keys of the configuration. Equal to the tuple of the three."""

    company: str
    path: str
    kind: Kind

    @property
    def place(self) -> tuple[str, str]:
        """The path: company and path keys."""
        return self.company, self.path
