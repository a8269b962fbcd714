"""The kinds of mail Trimble Identity sends. One probe stands for one of them."""

from enum import StrEnum


class Kind(StrEnum):
    """Which Trimble mail a probe stands for."""

    VERIFICATION = "verification"
    TWO_STEP_CODE = "two_step_code"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of a mail, not a password
    INVITATION = "invitation"
    ADDRESS_CHANGE = "address_change"
