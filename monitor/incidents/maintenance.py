"""Mutes of the configuration: maintenance that recurs every week."""

import re
from datetime import UTC, datetime
from itertools import product
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.incidents.mute import Mute
from monitor.incidents.weekly import weekly
from probes.mailsystems.words import MailSystemKey
from probes.settings import Key, Settings, Switch, Text, shown
from probes.verdict import Cause

PREFIX = "maintenance:"
BY = "the configuration"
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)  # it holds as long as it stands in the file


def _path(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]{1,64}/[a-z0-9_-]{1,64}", text):
        raise ValueError(f'must be a company and its path like "acme/hq", not {shown(text)}')
    return text


def _weekly(text: str) -> str:
    weekly(text)
    return " ".join(text.split())


CompanyPath = Annotated[str, AfterValidator(_path)]
Times = Annotated[str, AfterValidator(_weekly)]


class MaintenanceSettings(Settings):
    """[[maintenance]]: a mute that recurs every week. Probing continues."""

    name: Key = Field(description="Name, shown on muted incidents.")
    weekly: Times = Field(
        description='When: "sat 22:00 - sun 04:00 Europe/Berlin" or "mon-fri 01:00-03:00"; UTC without a time zone.'
    )
    companies: tuple[Key, ...] = Field((), description="Keys of the companies to mute.")
    paths: tuple[CompanyPath, ...] = Field((), description='Single paths to mute, such as "acme/hq".')
    mail_systems: tuple[MailSystemKey, ...] = Field((), description="Only failures at one of these mail systems.")
    causes: tuple[Cause, ...] = Field((), description="Only failures with one of these causes.")
    everything: Switch = Field(False, description="`true`: everything, with no list given.")
    why: Text = Field(description="The reason, shown with the mute.")

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        lists = bool(self.companies or self.paths or self.mail_systems or self.causes)
        if not lists and not self.everything:
            raise ValueError(
                "would silence everything; name companies, paths, mail_systems or causes, or say everything = true"
            )
        if lists and self.everything:
            raise ValueError("everything = true and a list exclude each other; leave one of them out")
        return self

    def mutes(self) -> tuple[Mute, ...]:
        """Return it as mutes with one id. A failure must match each list that is given; companies and paths are one
        list."""
        places = [(company, "") for company in self.companies] + [tuple(path.split("/")) for path in self.paths]
        choices = product(places or [("", "")], self.mail_systems or [""], self.causes or [None])
        return tuple(
            Mute(
                id=f"{PREFIX}{self.name}",
                company=company,
                path=path,
                mail_system=mail_system,
                cause=cause,
                begins_at=ALWAYS,
                ends_at=None,
                weekly=self.weekly,
                by=BY,
                why=self.why,
                created_at=ALWAYS,
            )
            for (company, path), mail_system, cause in choices
        )
