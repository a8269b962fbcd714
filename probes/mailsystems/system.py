"""The facts about one mail system: names, operator, recognition marks, and the remedies in its own terms."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from probes.mailsystems.remedy import IMMEDIATELY, NotPossible, Remedy

Steps = tuple[str, ...]
"""Steps in order; each is one or two sentences. `{domain}` and `{ip}` are the sender's."""


class RunBy(StrEnum):
    """Operators of a mail system. They decide whether companies that use it can share a problem."""

    VENDOR = "vendor"  # a service: one operator for all its customers
    COMPANY = "company"  # software that each company runs by itself: no vendor can act for all at once
    EITHER = "either"  # sold as a service and as an appliance; both ask the vendor's reputation service


class ChainPlace(StrEnum):
    """Places of a mail system in a chain."""

    GATEWAY = "gateway"  # in front of the server with the mailboxes
    MAILBOXES = "mailboxes"
    FILTER = "filter"  # asked by a server; it is not seen from outside
    BEHIND = "behind"  # reads mailboxes by API, after delivery


@dataclass(frozen=True, slots=True)
class MailSystem:
    """One row of the table.

    `key` is the configuration's word; `aliases` are accepted in its place, with a warning. Marks, all lower case:
    `hosts` are suffixes of its servers' names, whole labels (MX, Received, certificate); `banners` occur in a greeting
    or in what a Received line says of the server's software; `headers` begin the names of fields that it writes;
    `reply_marks` occur in a refusal. `takes_effect_within`: the longest time until a change takes effect.
    `not_possible`: why there is no remedy for some causes, or, without causes, for any. `receives`: whether it can
    receive a company's mail; one that only sends is listed because it reports others' refusals.
    """

    key: str
    label: str
    run_by: RunBy
    aliases: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    banners: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    reply_marks: tuple[str, ...] = ()
    place: ChainPlace = ChainPlace.MAILBOXES
    remedies: tuple[Remedy, ...] = ()
    not_possible: tuple[NotPossible, ...] = ()
    takes_effect_within: timedelta = IMMEDIATELY
    receives: bool = True

    @property
    def shared(self) -> bool:
        """True if one operator runs it, or filters mail with it, for many companies."""
        return self.run_by is not RunBy.COMPANY
