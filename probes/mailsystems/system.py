"""What Mailpath knows of one mail system: its names, who runs it, how it is recognised, and what to change in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from probes.mailsystems.family import CauseFamily
from probes.verdict import Cause

Steps = tuple[str, ...]
"""What somebody does, in that order; each step is one or two sentences. `{domain}` and `{ip}` are the sender's."""

Remedies = Mapping[CauseFamily, Steps]
"""The steps of a company's administrator."""

AT_ONCE = timedelta(0)


class RunBy(StrEnum):
    """Who operates a mail system. It decides whether companies that have it can have one problem in common."""

    VENDOR = "vendor"  # a service: one operator for all its customers
    COMPANY = "company"  # software that each company runs by itself: no vendor can act for all at once
    EITHER = "either"  # sold as a service and as an appliance; both ask the vendor's reputation service


@dataclass(frozen=True, slots=True)
class MailSystem:
    """One row of the table.

    `key` is the word of the configuration; `aliases` are words that are accepted in its place, with a warning. `hosts`:
    suffixes of the names of its servers, whole labels, lower case. `reply_marks`: texts in a refusal, lower case, that
    show whose it is. `exceptions`: causes with other steps than their family. `takes_effect_within`: the longest time
    until a change in it acts. `no_settings`: why there are no remedies; "" where there are some. `receives`: whether a
    company's mail can be received by it; one that only sends is known because it reports what others refused.
    """

    key: str
    label: str
    run_by: RunBy
    aliases: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    reply_marks: tuple[str, ...] = ()
    remedies: Remedies = field(default_factory=dict)
    exceptions: Mapping[Cause, Steps] = field(default_factory=dict)
    takes_effect_within: timedelta = AT_ONCE
    no_settings: str = ""
    receives: bool = True

    @property
    def shared(self) -> bool:
        """Whether somebody runs it, or judges its mail, for many companies at once."""
        return self.run_by is not RunBy.COMPANY
