"""(contract sketch, being written)"""

from typing import Protocol


class Resolver(Protocol):
    """Questions to the DNS."""
