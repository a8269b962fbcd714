"""Checks of accounts against those who use them: mailboxes and traces."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from monitor.config.errors import dotted
from monitor.config.schema import Keys
from monitor.config.sources import ConfigProblem, Source
from probes.accounts import AccountSettings, AccountUse
from probes.traced import Side
from probes.traces import Trace
from probes.traces.table import TRACES

Use = tuple[Source, Keys, AccountUse]
"""A use of an account, and the table that it is in."""


def broken_uses(
    main: Source, accounts: Mapping[str, AccountSettings] | None, uses: Iterable[Use]
) -> Iterator[ConfigProblem]:
    """An account that somebody names must be there, and be one for this server or this API."""
    named = main.data.get("accounts")
    names = [*named] if isinstance(named, dict) else []
    for source, keys, use in uses:
        if use.name not in names:
            close = get_close_matches(use.name, names, n=1)
            instead = f"; did you mean {close[0]}?" if close else f"; add [{dotted(('accounts', use.name))}]"
            yield ConfigProblem(source, (*keys, "account"), f"unknown account {use.name}{instead}")
        elif account := (accounts or {}).get(use.name):
            found = _unfit(use, account, accounts or {})
            yield from (ConfigProblem(source, (*keys, at), words) for at, words in found)


def _unfit(
    use: AccountUse, account: AccountSettings, accounts: Mapping[str, AccountSettings]
) -> Iterator[tuple[str, str]]:
    """Yield the key at which a use does not fit its account, and why."""
    if not use.host:
        if use.service.provider not in ("", account.provider):
            fitting = [name for name, each in accounts.items() if each.base(use.service)]
            instead = f"; did you mean {' or '.join(fitting[:3])}?" if fitting else ""
            expected = f'must be an account with provider = "{use.service.provider}"'
            yield "account", f'{expected}, and {use.name} has "{account.provider}"{instead}'
        elif not account.base(use.service):
            yield "account", use.service.absence or f"must be an account with an API for {use.service}"
    elif use.host not in account.hosts:
        hosts = " or ".join(account.hosts)
        if hosts:
            yield "host", f"must be {hosts} with account {use.name}, whose tokens are shown to no other server"
        else:
            words = f"must be an account for {use.service}, and {use.name} has provider {account.provider}"
            yield "account", words


def broken_trace(source: Source, keys: Keys, trace: Trace, side: Side) -> Iterator[ConfigProblem]:
    """A trace of the sender's own service stands under [sender], and no other one."""
    if trace.speaks_for is side:
        return
    fitting = " or ".join(sorted(via for via, kind in TRACES.items() if kind.speaks_for is side))
    expected = f"must be {fitting}" if fitting else "must not be there"
    home = {Side.SENDER: "[sender]", Side.RECEIVER: "the company"}[trace.speaks_for]
    yield ConfigProblem(source, (*keys, "via"), f"{expected}, not {trace.via}, which belongs under {home}")
