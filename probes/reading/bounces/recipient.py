"""One recipient's part of a bounce: its result, and the text that decides the cause."""

import re
from dataclasses import dataclass, replace

from probes.outcome import Cause
from probes.reading.bounces.answer import ReportedReply
from probes.reading.bounces.notices import ANSWERED
from probes.reading.bounces.session import says_nothing, without_conclusions
from probes.reading.facts import RecipientFacts, ReplyFacts
from probes.reading.replies import read_reply
from probes.reading.replies.prose import read_prose

TELLING = 0.5  # probability from which a cause is not looked for elsewhere
PLAIN = 0.65  # of a cause that only the notice's own prose states: it tells of much that is no reason
_QUOTES = re.compile(r"->|[<>;:]\s|(?<=[<>])|\blast (?:\w+ ){1,3}(?:was|is)\b|\. (?=[A-Z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StatedCause:
    """The meaning of a service's own word for a failure. It counts where the text is unclear, or always: `decides`."""

    cause: Cause
    decides: bool = False


@dataclass(frozen=True, slots=True)
class RecipientFailure:
    """The result for one recipient, before its cause is known.

    `told` is the text about this recipient in its own lines, `context` all that may be about it.
    """

    address: str
    action: str
    status: str | None
    answer: ReportedReply
    remote_mta: str = ""
    context: str = ""
    stated: StatedCause | None = None
    lasting: bool | None = None  # a service's own statement
    told: str = ""

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
        sentences of the notice that state one."""
        said = self.answer
        nothing = says_nothing(said.words)
        if nothing:  # its words would only blur what the codes alone mean
            facts = max(self._read(said.words, enhanced), self._read("", enhanced), key=_sureness)
        elif said.code is None:
            facts = self._prose(self._in_lines(), enhanced)
        else:
            facts = self._read(said.words, enhanced)
        if facts.cause is Cause.EXPIRED and (why := self._before_the_end()):
            return replace(facts, cause=why.cause, confidence=why.confidence, rivals=why.rivals)
        ended = facts.cause is Cause.EXPIRED  # how, but not why
        if (_tells(facts) and not ended and not nothing) or not self.context:
            return facts
        session = self._session()
        around = session or self._prose(self.context)
        if around.cause in (Cause.UNCLEAR, facts.cause) or (ended and around.cause is Cause.EXPIRED):
            return facts
        if around.confidence < (TELLING if session else PLAIN):
            return facts
        return replace(facts, cause=around.cause, confidence=around.confidence, rivals=around.rivals)

    def _session(self) -> ReplyFacts | None:
        """Return what the answers in the session's transcript tell, if there are any, and they do."""
        answered = ANSWERED.findall(self.context) if "<<<" in self.context else ()
        facts = self._read(" ".join(answered)) if answered else None
        return facts if facts and _tells(facts) else None

    def _in_lines(self) -> str:
        """Return the answer as it stands in the notice: its paragraphs tell where one statement ends."""
        text, lines = self.answer.text, self.told or self.context
        return lines if lines and text[: len(text) // 2] in " ".join(lines.split()) else text

    def _before_the_end(self) -> ReplyFacts | None:
        """Return what was said last before the time ran out, if the answer quotes it: "expired; last: 450 ..."."""
        quoted = _QUOTES.split(self.answer.words)[1:] if self.answer.code else []
        read = (read_reply(part, stage=self.answer.stage) for part in reversed(quoted) if len(part.split()) > 1)
        return next((one for one in read if _tells(one) and one.cause is not Cause.EXPIRED), None)

    def _read(self, text: str, enhanced: str | None = None) -> ReplyFacts:
        return read_reply(text, stage=self.answer.stage, code=self.answer.code, enhanced=enhanced)

    def _prose(self, text: str, enhanced: str | None = None) -> ReplyFacts:
        return read_prose(without_conclusions(text), lambda sentence: self._read(sentence, enhanced))


def _tells(facts: ReplyFacts) -> bool:
    return facts.cause is not Cause.UNCLEAR and facts.confidence >= TELLING


def _sureness(facts: ReplyFacts) -> float:
    return 0.0 if facts.cause is Cause.UNCLEAR else facts.confidence


def untroubled(
    address: str, reply: str, action: str = "delivered", status: str | None = None, remote: str = ""
) -> RecipientFacts:
    return RecipientFacts(address, action, status, reply, Cause.UNCLEAR, None, remote)
