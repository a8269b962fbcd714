"""The kinds of mail that Trimble Identity sends. A probe stands for one of them."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Facts:
    """Properties of a kind. `needs_code`: its mails carry a code that expires, so late mail is useless."""

    needs_code: bool


class Kind(StrEnum):
    """Kinds of Trimble mail that a probe stands for."""

    VERIFICATION = "verification"
    TWO_STEP_CODE = "two_step_code"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a mail, not a password
    INVITATION = "invitation"
    ADDRESS_CHANGE = "address_change"

    @property
    def facts(self) -> Facts:
        """Properties of this kind."""
        return FACTS[self]


FACTS: dict[Kind, Facts] = {
    Kind.VERIFICATION: Facts(needs_code=True),
    Kind.TWO_STEP_CODE: Facts(needs_code=True),
    Kind.PASSWORD_RESET: Facts(needs_code=True),
    Kind.INVITATION: Facts(needs_code=False),
    Kind.ADDRESS_CHANGE: Facts(needs_code=False),
}
