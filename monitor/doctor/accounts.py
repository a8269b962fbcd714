"""The accounts: each is asked for a token, as its mailboxes would; no mailbox is opened with it here."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

from monitor.doctor.observation import Observation, Premises
from monitor.doctor.side_by_side import side_by_side
from probes.accounts import AccountError
from probes.display import counted
from probes.standing.fact import State

USERS_TRIED = 3  # of an account that asks for a token for each user
NEEDED = "until there is a token, the verdicts of its mailboxes are unknown"


async def accounts(premises: Premises) -> AsyncIterator[Observation]:
    """Ask each account for a token."""
    users: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for path in premises.config.paths():
        if path.mailbox and (use := path.mailbox.account_use):
            users[use.name][use.user] = None
    async for finding in side_by_side(_asked(premises, name, [*users[name]]) for name in premises.config.accounts):
        yield finding


async def _asked(premises: Premises, name: str, users: list[str]) -> Observation:
    subject, settings = f"account {name}", premises.config.accounts[name]
    if not users:
        seen = "no mailbox uses it, and none was asked for"
        return Observation(subject, State.WEAK, seen, f'give a mailbox account = "{name}", or delete the account')
    wanted = users[:USERS_TRIED] if settings.per_user else users[:1]
    try:
        async with asyncio.timeout(premises.timeout):
            for user in wanted:
                await premises.outside.accounts.get(name).token(user)
    except AccountError as error:
        return Observation(subject, State.BAD, str(error), NEEDED)
    except TimeoutError:
        return Observation(subject, State.BAD, f"no token within {premises.timeout:.0f} s", NEEDED)
    untried = f", {len(users) - len(wanted)} not tried" if settings.per_user and len(users) > len(wanted) else ""
    whose = (
        f"{counted(len(wanted), 'user')}{untried}" if settings.per_user else counted(len(users), "mailbox", "mailboxes")
    )
    return Observation(subject, State.GOOD, f"gives tokens ({whose})")
