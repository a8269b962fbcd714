"""The set-up of an account by the administrator of its provider: steps as data, and those that one configuration needs.

A provider's steps are a table (`microsoft_setup`, ...). A step is for an account that has all of its `needs`: services
that are used, how it proves itself, and the like; see `AccountNeeds`. Pure.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from probes.accounts import AccountService, AccountUse
from probes.mailsystems.remedy import FactSource, Language

_FIELD = re.compile(r"\{(\w+)\}")
_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")  # PowerShell takes each of them for the end of a string


@dataclass(frozen=True, slots=True)
class SetupScript:
    """Commands. In the text `{name}` and the other facts of `AccountNeeds` are filled in; with `{user}` in it, the
    text is repeated for each user. `does`: what they do, without a full stop."""

    language: Language
    does: str
    text: str


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step. `needs`: for which accounts. `right`: what it lets the account do, and why no less suffices; "" if it
    gives no right. `parts`: sentences and scripts."""

    title: str
    needs: frozenset[str]
    parts: tuple[str | SetupScript, ...]
    source: FactSource
    right: str = ""


@dataclass(frozen=True, slots=True)
class AccountNeeds:
    """The needs of one account of a configuration. `tags`: names of services, credentials, and `deletes` or
    `reads_only`. `users`: whose mailboxes by service. `facts`: what is filled into texts, as it is; scripts get it
    quoted."""

    tags: frozenset[str]
    users: Mapping[AccountService, tuple[str, ...]]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FilledStep:
    """A step as it is for one account. `parts`: sentences, and scripts with nothing left to fill in."""

    title: str
    right: str
    parts: tuple[str | SetupScript, ...]
    source: FactSource


def needs_of(uses: Iterable[AccountUse], credentials: Iterable[str], facts: Mapping[str, str]) -> AccountNeeds:
    """Return what an account with these uses needs. `credentials`: what it proves itself by, as config keys."""
    users: dict[AccountService, dict[str, None]] = {}
    tags, deletes = {*credentials}, False
    for use in uses:
        tags |= {use.service.value, *use.rights} | ({"mailbox"} if use.user else set())
        deletes = deletes or (use.deletes and bool(use.user))
        users.setdefault(use.service, {})
        if use.user:
            users[use.service][use.user] = None
    tags.add("deletes" if deletes else "reads_only")
    return AccountNeeds(frozenset(tags), {service: tuple(names) for service, names in users.items()}, facts)


def filled_steps(steps: Sequence[SetupStep], needs: AccountNeeds) -> list[FilledStep]:
    """Return the steps that the account needs, in order, filled in."""
    return [
        FilledStep(
            step.title,
            _fill(step.right, {**needs.facts, "users": ", ".join(_users(step, needs))}),
            tuple(_filled(part, step, needs) for part in step.parts),
            step.source,
        )
        for step in steps
        if step.needs <= needs.tags
    ]


def _filled(part: str | SetupScript, step: SetupStep, needs: AccountNeeds) -> str | SetupScript:
    users = _users(step, needs)
    if isinstance(part, str):
        return _fill(part, {**needs.facts, "users": ", ".join(users)})
    quoted = {name: quoted_text(value) for name, value in needs.facts.items()}
    quoted["filter"] = quoted_text(" -or ".join(f"PrimarySmtpAddress -eq {quoted_text(user)}" for user in users))
    if "{user}" not in part.text:
        return SetupScript(part.language, part.does, _fill(part.text, quoted))
    lines = (_fill(part.text, quoted | {"user": quoted_text(user)}) for user in users)
    return SetupScript(part.language, part.does, "\n".join(lines))


def _users(step: SetupStep, needs: AccountNeeds) -> tuple[str, ...]:
    """Return the users of the service that the step is for; all of them if it is for none in particular."""
    own = [service for service in needs.users if service.value in step.needs] or [*needs.users]
    return tuple(dict.fromkeys(user for service in own for user in needs.users[service]))


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values.get(found[1], found[0]), text)


def quoted_text(text: str) -> str:
    """Return the text as a string of PowerShell in which nothing is evaluated."""
    return "'" + _QUOTES.sub(r"\1\1", text) + "'"
