"""The steps of the administrator of an account's provider, as a configuration needs them."""

from difflib import get_close_matches

from monitor.config.account_uses import account_uses
from monitor.config.model import Config
from monitor.errors import UserError
from probes.accounts.setup import FilledStep, filled_steps, needs_of


class NoSuchAccountKeyError(UserError):
    """There is no account of this name."""


def steps_of(config: Config, name: str) -> list[FilledStep]:
    """Return the steps that this account needs. Raises NoSuchAccountKeyError."""
    if (account := config.accounts.get(name)) is None:
        near = get_close_matches(name, config.accounts, 1) or [*config.accounts]
        known = f"did you mean {', '.join(near)}?" if near else "there is none in [accounts]"
        raise NoSuchAccountKeyError(f"no account {name!r}; {known}")
    uses = [use for use in account_uses(config) if use.name == name]
    return filled_steps(account.setup, needs_of(uses, account.setup_tags, {**account.setup_facts, "account": name}))
