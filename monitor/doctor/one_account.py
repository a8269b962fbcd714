"""One account in depth: token, clock, certificate, rights, scope, budget; and what to send back where it fails.

Mailboxes are opened and looked into as for a probe, and traces are tried; nothing is changed. What was learnt by one
examination is used by the next ones, so they are made in order.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from monitor.config import Config, WatchedPath
from monitor.config.account_uses import account_uses, all_traces
from monitor.doctor.observation import Examination, Observation, Premises
from monitor.doctor.side_by_side import side_by_side
from probes.accounts import AccountError, AccountSettings
from probes.accounts.faults import AccountFault
from probes.display import one_line
from probes.mailboxes import Mailbox, MailboxError, VisitedMailbox
from probes.standing.fact import State
from probes.traces import Trace, TraceError

RIGHT_CLOCK, USABLE_CLOCK = timedelta(seconds=10), timedelta(minutes=2)  # apart from the provider's
CERTIFICATE_NOTICE = timedelta(days=30)  # before its end
CLOSING = frozenset(
    {AccountFault.NO_DELEGATION, AccountFault.REFUSED, AccountFault.POLICY}
    | {AccountFault.TOKEN_REFUSED, AccountFault.NO_RIGHT}
)
"""Faults by which a provider keeps a mailbox closed; any other one is none of the mailbox."""
NO_MAILBOX = frozenset({AccountFault.WRONG_USER, AccountFault.NOT_DONE})
"""Faults by which it may say that there is no such mailbox, as Graph does with HTTP 404: that proves nothing."""
SETUP = "`mailpath account setup {}` prints the steps of the account's administrator"
OUTSIDE = "name a mailbox that this account must not open: --outside USER"


@dataclass
class AccountCheckup:
    """The examinations of one account, and what they have found so far. `outside`: the user of a mailbox that must stay
    closed to it, "" for none."""

    name: str
    outside: str = ""
    faults: list[str] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)

    @property
    def examinations(self) -> tuple[Examination, ...]:
        """Return them in the order in which they are to be made."""
        return (
            Examination("token", "Does it give tokens?", self.tokens),
            Examination("clock", "Is our clock that of the provider?", self.clock),
            Examination("certificate", "Does its certificate end?", self.certificate),
            Examination("rights", "Is each of its mailboxes and traces open to it?", self.rights),
            Examination("scope", "Is a mailbox of others closed to it?", self.scope),
            Examination("budget", "How much may it ask?", self.budget),
        )

    def trouble(self, config: Config) -> str:
        """Return why the mailbox that must stay closed cannot be tried, "" if it can."""
        if not self.outside:
            return ""
        users = {use.user.lower() for use in account_uses(config) if use.name == self.name}
        if self.outside.lower() in users:
            return f"{self.outside} is one of the account's own mailboxes; name another one"
        try:
            if not any(each.of_user(self.outside) for each in self._mailboxes(config)):
                return f"account {self.name} has no mailbox, so that there is no way to open another one"
        except ValueError:
            return f"there can be no mailbox of {one_line(self.outside, 100)!r}"
        return ""

    async def tokens(self, premises: Premises) -> AsyncIterator[Observation]:
        """Ask for a token for each use."""
        uses = dict.fromkeys((use.service, use.user) for use in account_uses(premises.config) if use.name == self.name)
        if not uses:
            remedy = f'give a mailbox or a trace account = "{self.name}"'
            yield Observation(f"account {self.name}", State.WEAK, "nobody uses it, and nothing is asked for", remedy)
        for service, user in uses:
            subject = f"token for {service}{f' as {user}' if user else ''}"
            try:
                async with asyncio.timeout(premises.timeout):
                    await premises.outside.accounts.get(self.name).token(user, service=service)
                yield Observation(subject, State.GOOD, "given")
            except AccountError as error:
                yield self._bad(subject, str(error), SETUP.format(self.name))
            except TimeoutError:
                yield self._bad(subject, f"none within {premises.timeout:.0f} s", "try again; see --timeout")

    async def clock(self, premises: Premises) -> AsyncIterator[Observation]:
        """Compare our clock with the Date of the provider's last answer."""
        ahead = premises.outside.accounts.get(self.name).ahead
        if ahead is None:
            yield Observation("clock", State.UNKNOWN, "the provider's answer has no Date, or there was none")
            return
        seconds = round(ahead.total_seconds())
        seen = f"{abs(seconds)} s {'ahead of' if seconds >= 0 else 'behind'} the provider's"
        if abs(ahead) <= RIGHT_CLOCK:
            yield Observation("clock", State.GOOD, seen)
            return
        advice = "set this machine's clock, best by NTP (`timedatectl status`)"
        yield (
            self._bad("clock", seen, advice)
            if abs(ahead) > USABLE_CLOCK
            else Observation("clock", State.WEAK, seen, advice)
        )

    async def certificate(self, premises: Premises) -> AsyncIterator[Observation]:
        """See when its certificate ends, if it has one."""
        ends_at = self._settings(premises).certificate_ends_at
        if ends_at is None:
            return
        left = ends_at - premises.outside.now()
        seen = f"{'ended' if left <= timedelta() else 'ends'} on {ends_at:%Y-%m-%d}"
        advice = "create a new one, register its public part with the provider, and store both parts"
        if left <= timedelta():
            yield self._bad("certificate", seen, advice)
        elif left <= CERTIFICATE_NOTICE:
            yield Observation("certificate", State.WEAK, seen, advice)
        else:
            yield Observation("certificate", State.GOOD, seen)

    async def rights(self, premises: Premises) -> AsyncIterator[Observation]:
        """Look into each of its mailboxes, and ask each of its traces."""
        paths = self._paths(premises.config)
        mailboxes = {path.visited.key: (path, path.visited) for path in paths if path.visited}
        async for finding in side_by_side(self._looked(premises, *each) for each in mailboxes.values()):
            yield finding
        async for finding in side_by_side(self._traced(premises, each) for each in self._traces(premises.config)):
            yield finding

    async def scope(self, premises: Premises) -> AsyncIterator[Observation]:
        """Try to open a mailbox that must stay closed to it, in each way in which it opens its own."""
        ways: dict[str, tuple[str, VisitedMailbox]] = {}
        for mailbox in sorted(self._mailboxes(premises.config), key=lambda each: each.key not in self.opened):
            if self.outside and (other := mailbox.of_user(self.outside)):
                ways.setdefault(mailbox.via, (mailbox.key, other))
        if not self.outside:
            yield Observation("scope", State.UNKNOWN, "not tried", OUTSIDE)
        for own, other in ways.values():
            yield await self._closed(premises, own, other)

    async def budget(self, premises: Premises) -> AsyncIterator[Observation]:
        """Say how much it may ask; only this process is counted."""
        account, settings = premises.outside.accounts.get(self.name), self._settings(premises)
        limits = f"at most {settings.requests_limit} requests in five minutes, {settings.traces_limit} of them traces"
        yield Observation("budget", State.GOOD, f"{limits}; this examination took {account.spent}")

    def send_back(self, premises: Premises) -> list[str]:
        """Return what helps whoever looks into a fault, a line each; nothing of it is secret. Empty if all is well."""
        if not self.faults:
            return []
        facts = {"Mailpath": version("mailpath"), "examined at": f"{premises.outside.now():%Y-%m-%d %H:%M:%S} UTC"}
        facts |= {"account": self.name, **self._settings(premises).public_facts}
        ahead = premises.outside.accounts.get(self.name).ahead
        facts["clock"] = "unknown" if ahead is None else f"{ahead.total_seconds():+.0f} s against the provider's"
        return [*(f"{name}: {value}" for name, value in facts.items()), *(f"fault: {each}" for each in self.faults)]

    async def _looked(self, premises: Premises, path: WatchedPath, mailbox: VisitedMailbox) -> Observation:
        subject = f"mailbox of {path.key}"
        try:
            async with asyncio.timeout(premises.timeout), mailbox.open(premises.outside) as session:
                await session.look(premises.outside.now())
                self.opened.add(mailbox.key)
                return Observation(subject, State.GOOD, f"open; looks in {', '.join(session.folders)}")
        except MailboxError as error:
            return self._bad(subject, str(error), SETUP.format(self.name))
        except TimeoutError:
            return self._bad(subject, f"not open within {premises.timeout:.0f} s", "try again; see --timeout")

    async def _traced(self, premises: Premises, trace: Trace) -> Observation:
        subject = f"trace {trace.key}"
        try:
            async with asyncio.timeout(premises.timeout):
                return Observation(
                    subject, State.GOOD, await trace.examine(premises.config.sender.source_ip, premises.outside)
                )
        except TraceError as error:
            return self._bad(subject, str(error), SETUP.format(self.name))
        except TimeoutError:
            return self._bad(subject, f"no answer within {premises.timeout:.0f} s", "try again; see --timeout")

    async def _closed(self, premises: Premises, own: str, other: VisitedMailbox) -> Observation:
        subject = f"mailbox of {self.outside}"
        try:
            async with asyncio.timeout(premises.timeout), other.open(premises.outside) as session:
                await session.look(premises.outside.now())
        except MailboxError as error:
            return self._refused(subject, own, error)
        except TimeoutError:
            return Observation(subject, State.UNKNOWN, f"not open within {premises.timeout:.0f} s", "see --timeout")
        narrow = self._settings(premises).narrower
        return self._bad(subject, "it is open: the account reaches more than its own mailboxes", narrow)

    def _refused(self, subject: str, own: str, error: MailboxError) -> Observation:
        """Return what a refusal shows: nothing, where the account's own mailbox is refused too, or nobody was asked."""
        fault = error.fault
        if fault in NO_MAILBOX:
            seen = f"not open, but perhaps there is no such mailbox: {error}"
            return Observation(subject, State.UNKNOWN, seen, "name a mailbox that exists: --outside USER")
        if error.unreachable or (fault and fault not in CLOSING):
            return Observation(subject, State.UNKNOWN, f"could not be tried: {error}", "try again")
        if own not in self.opened:
            seen = f"not open, but neither is the account's own: {error}"
            return Observation(subject, State.UNKNOWN, seen, "let it open its own mailbox first, then try again")
        return Observation(subject, State.GOOD, f"closed to it, if there is such a mailbox: {error}")

    def _bad(self, subject: str, seen: str, advice: str) -> Observation:
        self.faults.append(f"{subject}: {seen} ({datetime.now(UTC):%H:%M:%S} UTC)")
        return Observation(subject, State.BAD, seen, advice)

    def _settings(self, premises: Premises) -> AccountSettings:
        return premises.config.accounts[self.name]

    def _paths(self, config: Config) -> list[WatchedPath]:
        """Return the paths whose mailbox is one of its own."""
        named = [(path, path.mailbox.account_use if path.mailbox else None) for path in config.paths()]
        return [path for path, use in named if use and use.name == self.name]

    def _mailboxes(self, config: Config) -> list[Mailbox]:
        return [path.mailbox for path in self._paths(config) if path.mailbox]

    def _traces(self, config: Config) -> list[Trace]:
        """Return its traces, each once."""
        own = (trace for trace in all_traces(config) if trace.account_use.name == self.name)
        return [*{trace.key: trace for trace in own}.values()]
