"""One make-believe mail system: what it answers to a client, and what becomes of the mail it takes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog

from monitor.sandbox import maildir
from monitor.sandbox.maildir import Receipt
from monitor.sandbox.rules import Greylist, SandboxClient, held_against, printable, refusal
from monitor.sandbox.settings import Behaviour, SandboxSettings
from monitor.sandbox.smtp import SandboxConversation, SandboxMail
from probes.answer import Stage
from probes.sender import Identity

MOST_CONVERSATIONS = 250
MOST_HELD_BACK = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MakeBelieve:
    """One make-believe mail system and the mailbox behind it: what the configuration says of one path.

    `name` is "company/path", `domain` that of the path's recipient, `junk` the folder's name inside `maildir`, for
    example ".Junk". A `port` of 0 means any free one.
    """

    name: str
    behaviour: Behaviour
    host: str
    port: int
    via: Literal["xclient", "proxy"]
    maildir: Path
    junk: str
    domain: str


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


class SandboxMailSystem:
    """The host of every conversation at one port; see `smtp.Host` for what it promises."""

    def __init__(
        self,
        plan: MakeBelieve,
        watched: Identity,
        settings: SandboxSettings,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = f"mx.{plan.domain}"
        self.via = plan.via
        self._plan = plan
        self._watched = watched
        self._now = now
        self._slow_by = settings.slow_by.total_seconds()
        self._greylist = Greylist(settings.greylist_for)
        self._conversations: set[SandboxConversation] = set()
        self._held_back: set[asyncio.TimerHandle] = set()
        self._closed = False

    def prepare(self) -> None:
        """Make the mailbox ready, or unreadable. Raises OSError."""
        if self._plan.behaviour is Behaviour.UNREADABLE:
            maildir.make_unreadable(self._plan.maildir)
        else:
            maildir.make_ready(self._plan.maildir, self._plan.junk)

    async def close(self) -> None:
        """Reset every connection and forget what is held back. Nothing of it runs on when this returns."""
        for handle in self._held_back:
            handle.cancel()
        self._held_back.clear()
        self._closed = True
        talks = list(self._conversations)
        for talk in talks:
            talk.drop()
        for talk in talks:
            await talk.ended()

    def enter(self, conversation: SandboxConversation) -> bool:
        """Whether there is room for one more."""
        self._conversations.add(conversation)
        return len(self._conversations) <= MOST_CONVERSATIONS and not self._closed

    def leave(self, conversation: SandboxConversation) -> None:
        """The connection is gone."""
        self._conversations.discard(conversation)

    def hangs_up_on(self, client: SandboxClient) -> bool:
        """Whether the connection of this client is reset when it greets."""
        return self._plan.behaviour is Behaviour.HANGS_UP and self._holds_against(client, "")

    def at_mail(self, client: SandboxClient, mail_from: str) -> str | None:
        """What there is against the envelope sender."""
        return self._refusal(Stage.MAIL, client, mail_from)

    def at_rcpt(self, client: SandboxClient, mail_from: str, recipient: str) -> str | None:
        """Mail for another domain is not taken; whom the greylist knows is not refused."""
        if recipient.rpartition("@")[2].lower() != self._plan.domain.lower():
            return f"554 5.7.1 <{printable(recipient)[:400]}>: Relay access denied"
        said = self._refusal(Stage.RCPT, client, mail_from, recipient)
        if self._plan.behaviour is Behaviour.GREYLISTS and said:
            return None if self._greylist.knows(client, mail_from, recipient, self._now()) else said
        return said

    def take(self, letter: SandboxMail) -> str:
        """Refuse the message for its content, or answer for it: with 250 it is delivered, held back, or lost."""
        if said := self._refusal(Stage.END_OF_DATA, letter.client, letter.mail_from):
            return said
        receipt = self._receipt(letter)
        match self._plan.behaviour:
            case Behaviour.LOSES | Behaviour.UNREADABLE:
                pass
            case Behaviour.SLOW:
                if len(self._held_back) >= MOST_HELD_BACK:
                    return "452 4.3.1 Insufficient system storage"
                self._hold_back(letter, receipt)
            case _:
                try:
                    self._deliver(letter, receipt)
                except maildir.MailboxFullError:
                    return f"452 4.2.2 <{receipt.recipient}>: Mailbox full"
                except OSError as error:
                    log.warning("sandbox: not delivered", mail_system=self._plan.name, error=str(error))
                    return "451 4.3.0 Error: local delivery failed"
        return f"250 2.0.0 Ok: queued as {receipt.queue_id}"

    def _holds_against(self, client: SandboxClient, mail_from: str) -> bool:
        return held_against(self._plan.behaviour, self._watched, client, mail_from)

    def _refusal(self, stage: Stage, client: SandboxClient, mail_from: str, recipient: str = "") -> str | None:
        if not self._holds_against(client, mail_from):
            return None
        return refusal(self._plan.behaviour, stage, client, mail_from, recipient)

    def _receipt(self, letter: SandboxMail) -> Receipt:
        return Receipt(
            queue_id=maildir.new_queue_id(),
            at=self._now(),
            client=letter.client,
            helo=letter.helo,
            mail_from=letter.mail_from,
            recipient=letter.recipients[0],
            by=self._plan.domain,
        )

    def _deliver(self, letter: SandboxMail, receipt: Receipt) -> None:
        """Into the inbox, or into junk with the signs of a spam filter. One copy, however many recipients."""
        if self._plan.behaviour is Behaviour.JUNK and self._holds_against(letter.client, letter.mail_from):
            message = maildir.stamped(letter.content, receipt, signs=maildir.SPAM_SIGNS)
            maildir.deliver(self._plan.maildir / self._plan.junk, message)
        else:
            maildir.deliver(self._plan.maildir, maildir.stamped(letter.content, receipt))

    def _hold_back(self, letter: SandboxMail, receipt: Receipt) -> None:
        def let_go() -> None:
            self._held_back.discard(handle)
            message = maildir.stamped(letter.content, receipt, held_until=self._now())
            try:
                maildir.deliver(self._plan.maildir, message)
            except (OSError, maildir.MailboxFullError) as error:
                log.warning("sandbox: not delivered", mail_system=self._plan.name, error=repr(error))

        handle = asyncio.get_running_loop().call_later(self._slow_by, let_go)
        self._held_back.add(handle)
