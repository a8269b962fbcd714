"""Configuration of sign-in and manual probes."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.people.person import Companies, Rights
from probes.settings import Count, Duration, Key, Settings, shown

TAKEN = ("authorization", "cookie", "host", "origin", "content-type", "content-length", "forwarded")


def _header(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", name):
        raise ValueError(f'must be the name of a header like "X-Remote-User", not {shown(name)}')
    if name.lower() in TAKEN or name.lower().startswith(("x-forwarded-for", "x-forwarded-proto", "sec-")):
        raise ValueError(f"must be a header that has no other meaning, not {shown(name)}")
    return name


HeaderName = Annotated[str, AfterValidator(_header)]


class SignInSettings(Settings):
    """[web.sign_in]: sign-in and sessions."""

    lasts: Duration = Field(timedelta(hours=12), description="A session ends after this time.")
    idle: Duration = Field(timedelta(hours=2), description="A session without requests ends after this time.")
    header: HeaderName | None = Field(
        None, description="The header with the user's name that a trusted proxy sets on every request."
    )
    header_rights: Rights | None = Field(
        None, description="Rights of users in that header who have no account here; without it they are refused."
    )
    header_companies: tuple[Key, ...] = Field(
        (), description="Companies that those users are restricted to; default: all."
    )

    @property
    def companies_of_unknown_users(self) -> Companies:
        """Return the companies of header users who have no account."""
        return self.header_companies or None


class ManualSettings(Settings):
    """[web.manual]: limits of probes sent by hand, per person or token and per path."""

    per_person_per_hour: Count = Field(60, description="Maximum manual probes per person or token and hour.")
    per_path_per_hour: Count = Field(20, description="Maximum manual probes per path and hour.")
