"""One recipient's part of a bounce: its result, and the text that decides the cause."""

from dataclasses import dataclass, replace

from probes.outcome import Cause
from probes.reading.bounces.answer import ReportedReply
from probes.reading.bounces.notices import ANSWERED
from probes.reading.bounces.reasons import reason_in
from probes.reading.facts import Confidence, RecipientFacts, ReplyFacts
from probes.reading.replies import read_reply


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
        if self.stated and (self.stated.decides or facts.confidence is not Confidence.TEXT):
            facts = replace(facts, cause=self.stated.cause, confidence=Confidence.TEXT)
        lasting = self.action == "failed" if self.lasting is None else self.lasting
        permanent = lasting if said.code is None else facts.permanent
        return RecipientFacts(
            self.address, self.action, status, said.text, facts.cause, permanent, self.remote_mta or said.host, facts
        )

    def _cause(self, enhanced: str | None) -> ReplyFacts:
        """Return the cause by the server's answer, else by its other answers in the session; if no server answered,
        first by the system's own words. Finally by the whole text."""
        said = self.answer
        facts = read_reply(said.words, stage=said.stage, code=said.code, enhanced=enhanced)
        own = reason_in(said.text)
        if said.code is None and own is not Cause.UNCLEAR:
            return replace(facts, cause=own, confidence=Confidence.TEXT)
        if facts.confidence in (Confidence.TEXT, Confidence.ENHANCED):
            return facts
        session = read_reply(" ".join(ANSWERED.findall(self.context)), stage=said.stage, code=said.code)
        if session.confidence is Confidence.TEXT:
            return replace(facts, cause=session.cause, confidence=session.confidence)
        told = own if own is not Cause.UNCLEAR else reason_in(self.context)
        return facts if told is Cause.UNCLEAR else replace(facts, cause=told, confidence=Confidence.TEXT)


def untroubled(
    address: str, reply: str, action: str = "delivered", status: str | None = None, remote: str = ""
) -> RecipientFacts:
    return RecipientFacts(address, action, status, reply, Cause.UNCLEAR, None, remote)
