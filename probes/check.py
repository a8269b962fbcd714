"""What is tested again and again."""

from typing import NamedTuple

from probes.kinds import Kind


class Check(NamedTuple):
    """One kind of mail on one path of a company. Keys of the configuration; equal to the tuple of the three."""

    company: str
    path: str
    kind: Kind

    @property
    def place(self) -> tuple[str, str]:
        """The path: company and path."""
        return self.company, self.path
