"""The accounts: each is asked for a token, as its mailboxes would, and each trace of it is tried; no mailbox is opened
with it here."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

from monitor.config.account_uses import account_uses, all_traces
from monitor.doctor.observation import Observation, Premises
from monitor.doctor.side_by_side import side_by_side
from probes.accounts import AccountError, AccountService
from probes.display import counted
from probes.standing.fact import State
from probes.traces import Trace, TraceError

USERS_TRIED = 3  # of an account that asks for a token for each user
UNTRACED = "until it can be asked, what became of a missing probe is known from its mailbox alone"
NEEDED = "until there is a token, the verdicts of its mailboxes are unknown"


async def accounts(premises: Premises) -> AsyncIterator[Observation]:
    """Ask each account for a token."""
    uses: defaultdict[str, dict[tuple[AccountService, str], None]] = defaultdict(dict)
    for use in account_uses(premises.config):
        uses[use.name][use.service, use.user] = None
    traces = {trace.key: trace for trace in all_traces(premises.config)}
    async for finding in side_by_side(_asked(premises, name, [*uses[name]]) for name in premises.config.accounts):
        yield finding
    async for finding in side_by_side(_tried(premises, trace) for trace in traces.values()):
        yield finding


async def _tried(premises: Premises, trace: Trace) -> Observation:
    subject = f"trace {trace.key}"
    try:
        async with asyncio.timeout(premises.timeout):
            seen = await trace.examine(premises.config.sender.source_ip, premises.outside)
    except TraceError as error:
        return Observation(subject, State.BAD, str(error), UNTRACED)
    except TimeoutError:
        return Observation(subject, State.BAD, f"no answer within {premises.timeout:.0f} s", UNTRACED)
    return Observation(subject, State.GOOD, seen)


async def _asked(premises: Premises, name: str, uses: list[tuple[AccountService, str]]) -> Observation:
    subject, settings = f"account {name}", premises.config.accounts[name]
    if not uses:
        seen = "nobody uses it, and no token was asked for"
        remedy = f'give a mailbox or a trace account = "{name}", or delete the account'
        return Observation(subject, State.WEAK, seen, remedy)
    users = list(dict.fromkeys(user for _, user in uses if user))  # a trace asks as nobody
    wanted = uses[:USERS_TRIED] if settings.per_user else [*dict(uses).items()]
    try:
        async with asyncio.timeout(premises.timeout):
            for service, user in wanted:
                await premises.outside.accounts.get(name).token(user, service=service)
    except AccountError as error:
        return Observation(subject, State.BAD, str(error), NEEDED)
    except TimeoutError:
        return Observation(subject, State.BAD, f"no token within {premises.timeout:.0f} s", NEEDED)
    untried = f", {len(uses) - len(wanted)} not tried" if settings.per_user and len(uses) > len(wanted) else ""
    whose = (
        f"{counted(len(wanted), 'user')}{untried}" if settings.per_user else counted(len(users), "mailbox", "mailboxes")
    )
    return Observation(subject, State.GOOD, f"gives tokens ({whose})" if users else "has credentials for its traces")
