"""One recipient's part of a bounce: its result, and the text that decides the cause."""

from dataclasses import dataclass, replace

from probes.outcome import Cause
from probes.reading.bounces.answer import ReportedReply
from probes.reading.bounces.notices import ANSWERED
from probes.reading.facts import RecipientFacts, ReplyFacts
from probes.reading.replies import read_reply

TELLING = 0.5  # probability from which a cause is not looked for elsewhere
PLAIN = 0.8  # of a cause that only the notice's own prose states: it tells of much that is no reason


@dataclass(frozen=True, slots=True)
class StatedCause:
    """The meaning of a service's own word for a failure. It counts where the text is unclear, or always: `decides`."""

    cause: Cause
    decides: bool = False


@dataclass(frozen=True, slots=True)
class RecipientFailure:
    """The result for one recipient, before its cause is known."""

    address: str
    action: str
    status: str | None
    answer: ReportedReply
    remote_mta: str = ""
    context: str = ""
    stated: StatedCause | None = None
    lasting: bool | None = None  # a service's own statement

    def facts(self) -> RecipientFacts:
        said, status = self.answer, self.status
        if self.action in ("delivered", "relayed", "expanded"):
            return untroubled(self.address, said.text, self.action, status or said.enhanced, self.remote_mta)
        if said.enhanced and (
            status is None or status.endswith(".0.0") or (said.paired and not said.enhanced.endswith(".0.0"))
        ):
            status = said.enhanced if said.paired or said.enhanced[0] == (status or said.enhanced)[0] else status
        facts = self._cause(status or said.enhanced)
        if self.stated and (self.stated.decides or not _tells(facts)):
            facts = replace(facts, cause=self.stated.cause, confidence=1.0, rivals=())
        lasting = self.action == "failed" if self.lasting is None else self.lasting
        permanent = lasting if said.code is None else facts.permanent
        return RecipientFacts(
            self.address, self.action, status, said.text, facts.cause, permanent, self.remote_mta or said.host, facts
        )

    def _cause(self, enhanced: str | None) -> ReplyFacts:
        """Return the cause by the server's answer; if that tells little, by its other answers in the session, or by the
        whole notice, whichever is surest."""
        said = self.answer
        facts = read_reply(said.words, stage=said.stage, code=said.code, enhanced=enhanced)
        if _tells(facts) or not self.context:
            return facts
        session = read_reply(" ".join(ANSWERED.findall(self.context)), stage=said.stage, code=said.code)
        around = session if _tells(session) else read_reply(self.context, stage=said.stage, code=said.code)
        if around.cause is Cause.UNCLEAR or around.confidence < (TELLING if around is session else PLAIN):
            return facts
        return replace(facts, cause=around.cause, confidence=around.confidence, rivals=around.rivals)


def _tells(facts: ReplyFacts) -> bool:
    return facts.cause is not Cause.UNCLEAR and facts.confidence >= TELLING


def untroubled(
    address: str, reply: str, action: str = "delivered", status: str | None = None, remote: str = ""
) -> RecipientFacts:
    return RecipientFacts(address, action, status, reply, Cause.UNCLEAR, None, remote)
