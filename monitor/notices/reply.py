"""Quote a server or filter in a notice: text before the quotation marks is ours, text inside is theirs."""

import re
from dataclasses import replace

from monitor.incidents.incident import Failure
from probes.answer import BEFORE_CONTACT, Answer
from probes.display import one_line, quoted
from probes.labels import FAULTS, STAGES
from probes.sentences import sentence
from probes.verdict import Outcome

MAX_HOST_CHARS = 80  # characters; the DNS of others names it
MAX_SENTENCE_CHARS = 300  # characters

EFFECT_OF_REPLY: dict[Outcome, str] = {  # what an answer did to the message, where we heard it ourselves
    Outcome.BLOCKED: "rejected",
    Outcome.DEFERRED: "deferred",
    Outcome.LATE: "deferred at first",
    Outcome.UNKNOWN: "could not ask: stopped",
}
REPORTED: dict[Outcome, str] = {  # and where a bounce says so
    Outcome.BLOCKED: "accepted, then bounced",
    Outcome.DEFERRED: "accepted, then delayed",
    Outcome.LATE: "accepted, then delayed",
}


def reply_of(failure: Failure) -> str:
    """Describe the failure with the server's reply, or the filter's header line, in quotation marks. A verdict without
    either has a sentence of ours, which may quote a report."""
    if (answer := failure.answer) is not None:
        return f"{_what(failure.outcome, answer)}: {_words(answer)}"
    if (spam := failure.spam) is not None and spam.header:
        ours = one_line(sentence(replace(spam, header="")), MAX_SENTENCE_CHARS)
        return f"{ours}: {quoted(spam.header)}"
    return _closed(one_line(failure.because, MAX_SENTENCE_CHARS), failure.because)


def words_of(failure: Failure) -> str | None:
    """Return the server's reply, or the filter's header line, alone; None if neither said anything."""
    if (answer := failure.answer) is not None:
        return None if answer.fault is not None else one_line(_said(answer), MAX_SENTENCE_CHARS) or None
    if (spam := failure.spam) is not None and spam.header:
        return one_line(spam.header, MAX_SENTENCE_CHARS)
    return None


_MARK = re.compile(r'(?<!\\)(?:\\\\)*"')  # a quotation mark that is not part of the quoted words


def _closed(shown: str, whole: str) -> str:
    """Close the quotation marks that were cut off."""
    cut = len(_MARK.findall(shown)) % 2 and shown.endswith("...") and shown != whole
    return f'{shown}"' if cut else shown


def _what(outcome: Outcome, answer: Answer) -> str:
    by = f" by {one_line(answer.host, MAX_HOST_CHARS)}" if answer.host else ""
    if answer.stage is None:
        return REPORTED.get(outcome, "reported") + by
    if answer.fault is not None:  # nobody replied
        to = by.replace(" by ", " to ", 1)
        if answer.stage in BEFORE_CONTACT:
            return f"could not connect{to}"
        return f"the connection{to} failed at {STAGES[answer.stage].label}"
    return f"{EFFECT_OF_REPLY.get(outcome, 'answered')} at {STAGES[answer.stage].label}{by}"


def _words(answer: Answer) -> str:
    """Return the reply verbatim; for a fault our own description, as nobody replied."""
    if answer.fault is not None:
        remark = f" ({one_line(answer.text, MAX_SENTENCE_CHARS)})" if answer.text else ""
        return FAULTS[answer.fault].sentence + remark
    return quoted(_said(answer))


def _said(answer: Answer) -> str:
    codes = (str(answer.code or ""), answer.enhanced or "") if answer.stage is not None else ()
    return " ".join(filter(None, (*codes, answer.text)))
