"""Traces: somebody other than the mailbox who can say what became of a message. One file per kind.

A trace is its own settings: its fields are the config keys of `trace = { via = ..., ... }`. It asks an API of an
account (see `probes.accounts.requests`) about several messages at once, and keeps nothing between two questions. All
answers are hostile; what a statement means for a probe, only `judge` decides. That a trace could not be asked is never
evidence against the sender.

- `table`     the kinds by name, and the union of their settings; `settings`: what traces of the receiver's side share
- `graph`     Exchange Online's message trace, with `graph_asking` (its requests), `graph_rows` and
              `graph_defender` (read rows; pure)
- `gmail_reports`  Gmail's log in Google's Reports API, with `gmail_reports_asking` and `gmail_reports_rows`
- `cloudflare`  Cloudflare Email Security, with `cloudflare_asking` and `cloudflare_rows`
- `mimecast`  Mimecast's tracking, with `mimecast_asking` and `mimecast_rows`
- `cisco`     the message tracking of Cisco Secure Email, with `cisco_asking` and `cisco_rows`
- `mailgun`   the sender's own service: its log. `mailgun_log` asks, `mailgun_rows` reads the rows (pure). Read these
              first

When a trace is asked is decided elsewhere: `probes.tracing`. Statements are evidence: `probes.traced`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple, Protocol

from probes.accounts import AccountUse
from probes.outside import Outside
from probes.traced import Side, Suppression, Traced


class TraceError(Exception):
    """The trace could not be asked. The text is one line for people: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class TraceQuestion:
    """A message that is asked about: its Message-ID without angle brackets, its recipient, and when it was handed
    over. `number`: for the how-manieth time, from 1."""

    message_id: str
    recipient: str
    sent_at: datetime
    number: int = 1


Answers = Mapping[str, Sequence[Traced]]
"""The statements about each message by its Message-ID, the earliest first. A message of which the trace has no record
is not in it."""


class SentMail(NamedTuple):
    """One row of the log of the sender's own service, about any of its mail. `id`: of the row. `recipient`: in lower
    case; it is used to tell the company, and not kept. `message_id`: without angle brackets, "" if it is not known."""

    id: str
    recipient: str
    traced: Traced
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class AddressLog:
    """The log of the sender's own service about one address. `rows`: statements about its mail, the earliest first.
    `suppressed`: why the service no longer sends there; None if it does."""

    rows: tuple[Traced, ...]
    suppressed: Suppression | None = None


class SentMailLog(Protocol):
    """A trace whose log has all the mail of the sender."""

    async def about(self, address: str, since: datetime, outside: Outside) -> AddressLog:
        """Return what is known of an address, which is in no error. Raises TraceError."""
        ...

    async def sent(self, since: datetime, outside: Outside) -> tuple[Sequence[SentMail], datetime | None]:
        """Return the rows since then in their order; and from when to read on, None if these are all. Raises
        TraceError."""
        ...


class Trace(Protocol):
    """Somebody who can say what became of a message."""

    speaks_for: ClassVar[Side]
    """Whose mail system this kind speaks for. The sender's is asked only about what was sent by it: over a relay."""

    @property
    def via(self) -> str:
        """Name of this kind of trace in the configuration: the `source` of its statements."""
        ...

    @property
    def key(self) -> str:
        """A key that is equal for settings of the same trace; contains no secret and may be shown."""
        ...

    @property
    def account_use(self) -> AccountUse:
        """Its account."""
        ...

    @property
    def lags(self) -> tuple[timedelta, ...]:
        """The times after a message was handed over at which to ask, for the first time and again. The last question
        is put when we stop waiting for the probe."""
        ...

    @property
    def most_questions(self) -> int:
        """Messages that one `ask` may be about, at most."""
        ...

    async def examine(self, source_ip: str, outside: Outside) -> str:
        """Try what a question needs, for the doctor; return what is found, in a line. `source_ip`: the sender's. Raises
        TraceError."""
        ...

    async def ask(self, questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
        """Ask what became of these messages. Raises TraceError."""
        ...
