"""The kinds of mail Trimble Identity sends. One probe stands for one of them."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of every mail of a kind. `needs_code`: it carries a code that soon dies, so late is lost."""

    title: str
    needs_code: bool


class Kind(StrEnum):
    """Which Trimble mail a probe stands for."""

    VERIFICATION = "verification"
    TWO_STEP_CODE = "two_step_code"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a mail, not a password
    INVITATION = "invitation"
    ADDRESS_CHANGE = "address_change"

    @property
    def facts(self) -> Facts:
        """What is true of this kind."""
        return FACTS[self]


FACTS: dict[Kind, Facts] = {
    Kind.VERIFICATION: Facts("account verification code", needs_code=True),
    Kind.TWO_STEP_CODE: Facts("2-step sign-in code", needs_code=True),
    Kind.PASSWORD_RESET: Facts("password reset code", needs_code=True),
    Kind.INVITATION: Facts("company invitation", needs_code=False),
    Kind.ADDRESS_CHANGE: Facts("address change notice", needs_code=False),
}
