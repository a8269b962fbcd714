"""The facts about one mail system: names, operator, recognition marks, and the settings to change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from probes.mailsystems.family import CauseFamily
from probes.outcome import Cause

Steps = tuple[str, ...]
"""Steps in order; each is one or two sentences. `{domain}` and `{ip}` are the sender's."""

Remedies = Mapping[CauseFamily, Steps]
"""The steps of a company's administrator."""

IMMEDIATELY = timedelta(0)


class RunBy(StrEnum):
    """Operators of a mail system. They decide whether companies that use it can share a problem."""

    VENDOR = "vendor"  # a service: one operator for all its customers
    COMPANY = "company"  # software that each company runs by itself: no vendor can act for all at once
    EITHER = "either"  # sold as a service and as an appliance; both ask the vendor's reputation service


@dataclass(frozen=True, slots=True)
class MailSystem:
    """One row of the table.

    `key` is the configuration's word; `aliases` are accepted in its place, with a warning. `hosts`: suffixes of its
    servers' names, whole labels, lower case. `reply_marks`: texts in a refusal, lower case, that identify it.
    `exceptions`: causes with other steps than their family. `takes_effect_within`: the longest time until a change
    takes effect. `no_settings`: why there are no remedies; "" if there are. `receives`: whether it can receive a
    company's mail; one that only sends is listed because it reports others' refusals.
    """

    key: str
    label: str
    run_by: RunBy
    aliases: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    reply_marks: tuple[str, ...] = ()
    remedies: Remedies = field(default_factory=dict)
    exceptions: Mapping[Cause, Steps] = field(default_factory=dict)
    takes_effect_within: timedelta = IMMEDIATELY
    no_settings: str = ""
    receives: bool = True

    @property
    def shared(self) -> bool:
        """True if one operator runs it, or filters mail with it, for many companies."""
        return self.run_by is not RunBy.COMPANY
