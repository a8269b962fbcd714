"""One simulated mail system: its replies to a client, and the delivery of accepted mail."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from monitor.sandbox import maildir
from monitor.sandbox.maildir import Receipt
from monitor.sandbox.rules import Greylist, SandboxClient, held_against, printable, refusal
from monitor.sandbox.settings import Behaviour, SandboxSettings
from monitor.sandbox.smtp import SandboxConversation, SandboxMail
from probes.answer import Stage
from probes.sender import Identity

MAX_CONVERSATIONS = 250
MAX_HELD_BACK = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SimulatedSystem:
    """The settings of a simulated mail system and its mailbox, from one path of the configuration.

    `name` is "company/path", `domain` that of the path's recipient, `junk` the folder's name inside `maildir`, for
    example ".Junk". A `port` of 0 means any free one.
    """

    name: str
    behaviour: Behaviour
    host: str
    port: int
    via: str
    maildir: Path
    junk: str
    domain: str


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


class SandboxMailSystem:
    """Serves every conversation on one port; implements `smtp.SandboxHost`."""

    def __init__(
        self,
        plan: SimulatedSystem,
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
        """Prepare the mailbox, or make it unreadable. Raises OSError."""
        if self._plan.behaviour is Behaviour.UNREADABLE:
            maildir.make_unreadable(self._plan.maildir)
        else:
            maildir.make_ready(self._plan.maildir, self._plan.junk)

    async def close(self) -> None:
        """Reset every connection and drop held messages. Nothing keeps running when this returns."""
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
        """Register a conversation. False if there are too many."""
        self._conversations.add(conversation)
        return len(self._conversations) <= MAX_CONVERSATIONS and not self._closed

    def leave(self, conversation: SandboxConversation) -> None:
        """Remove a closed conversation."""
        self._conversations.discard(conversation)

    def hangs_up_on(self, client: SandboxClient) -> bool:
        """Test if this client's connection is reset at HELO."""
        return self._plan.behaviour is Behaviour.HANGS_UP and self._holds_against(client, "")

    def at_mail(self, client: SandboxClient, mail_from: str) -> str | None:
        """Return the refusal of the envelope sender, or None."""
        return self._refusal(Stage.MAIL, client, mail_from)

    def at_rcpt(self, client: SandboxClient, mail_from: str, recipient: str) -> str | None:
        """Return the refusal of the recipient, or None. Other domains are refused, greylisted clients after a wait
        not."""
        if recipient.rpartition("@")[2].lower() != self._plan.domain.lower():
            return f"554 5.7.1 <{printable(recipient)[:400]}>: Relay access denied"
        refused = self._refusal(Stage.RCPT, client, mail_from, recipient)
        if self._plan.behaviour is Behaviour.GREYLISTS and refused:
            return None if self._greylist.knows(client, mail_from, recipient, self._now()) else refused
        return refused

    def take(self, letter: SandboxMail) -> str:
        """Return the reply to the message. With 250 it is delivered, held back or lost, depending on the behaviour."""
        if refused := self._refusal(Stage.END_OF_DATA, letter.client, letter.mail_from):
            return refused
        receipt = self._receipt(letter)
        match self._plan.behaviour:
            case Behaviour.LOSES | Behaviour.UNREADABLE:
                pass
            case Behaviour.SLOW:
                if len(self._held_back) >= MAX_HELD_BACK:
                    return "452 4.3.1 Insufficient system storage"
                self._hold_back(letter, receipt)
            case _:
                try:
                    self._deliver(letter, receipt)
                except maildir.MailboxFullError:
                    return f"452 4.2.2 <{receipt.recipient}>: Mailbox full"
                except OSError as error:
                    log.warning("sandbox delivery failed", mail_system=self._plan.name, error=str(error))
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
        """Deliver to the inbox, or to junk with a spam filter's headers. One copy, however many recipients."""
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
                log.warning("sandbox delivery failed", mail_system=self._plan.name, error=repr(error))

        handle = asyncio.get_running_loop().call_later(self._slow_by, let_go)
        self._held_back.add(handle)
