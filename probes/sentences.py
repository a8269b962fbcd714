"""Phrases of a verdict's sentence: the reply, its author, the delay. Pure."""

from probes.answer import Stage
from probes.evidence import Arrival, Bounce, Dialogue, Look, Step, fell_back
from probes.labels import FAULTS, STAGES
from probes.reading.bounce_origin import Tie


def place(step: Step) -> str:
    """Describe the stage of a dialogue and the other side."""
    stage = STAGES[step.stage].label
    return f"{stage} by {step.host}" if step.host else stage


def said(step: Step) -> str:
    """Return the reply verbatim, or what happened instead of one."""
    if step.fault is not None:
        return FAULTS[step.fault].sentence + (f" ({step.text})" if step.text else "")
    return " ".join(filter(None, (str(step.code or ""), step.enhanced, " ".join(step.text.split()))))


def no_connection(step: Step) -> str:
    """Say that there was no connection, or that it was cut."""
    lost = f"could not connect to {step.host}" if step.stage is Stage.CONNECT else f"connection cut at {place(step)}"
    return f"{lost}: {said(step)}"


def times(dialogue: Dialogue) -> str:
    """Name the attempt, from the second on."""
    return f" (attempt {dialogue.number})" if dialogue.number > 1 else ""


def without_tls(dialogue: Dialogue) -> str:
    """Say that TLS failed and the message went without it, if so."""
    failed = fell_back(dialogue)
    if failed is None:
        return ""
    why = said(failed) if failed.code else failed.text
    return f"; TLS failed: {why}; sent without TLS, as mail servers do"


def reporter(bounce: Bounce) -> str:
    """Name the author of the report."""
    return bounce.reporting_mta or "a server that does not give its name"


def quoted(bounce: Bounce) -> str:
    """Quote the report verbatim, with the server that said it if another one."""
    words = " ".join(bounce.reply.split()) or bounce.status or "no reason given"
    another = bounce.remote_mta and bounce.remote_mta != bounce.reporting_mta
    return f"{bounce.remote_mta} said: {words}" if another else words


def searched(look: Look, word: str) -> str:
    """List the searched folders, joined by "and" or "or" to fit a sentence."""
    more = f"{look.others} other folder" + "s" * (look.others > 1)
    names = [*look.folders, *([more] if look.others else [])]
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)


def unproven_origin(bounce: Bounce, tie: Tie) -> str:
    """Explain why a report proves nothing."""
    if not bounce.client_ip:
        return "; not proven: we do not know which server sent us this report"
    if not bounce.to_envelope:
        return "; not proven: this report was not sent to the probe's own bounce address"
    if not bounce.null_sender:
        return "; not proven: this report has an envelope sender, and those that mail servers write have none"
    if tie is Tie.SHARED:
        server = bounce.client_name or bounce.client_ip
        return f"; not proven yet: {server} also sends for other companies, and we have not made the last look"
    return f"; not proven: this report came from {bounce.client_ip}, which we could not tie to the receiver"


def copied(arrival: Arrival) -> str:
    """Explain how much a copy proves, and who sent it."""
    by = f" sent to us by {arrival.client_ip}" if arrival.client_ip else ""
    return f"; a copy{by} does not prove that the reader has it in the inbox"


def replayed(arrival: Arrival, declined: Step | None) -> str:
    """Explain why a message does not count as the probe's arrival."""
    by = f", sent to us by {arrival.client_ip}" if arrival.client_ip else ""
    found = f"; a message with this probe's token was found in {arrival.folder_name}{by}, though the probe was never"
    if declined:
        return f"{found} accepted; its text is not exactly what we sent, so it does not count as delivered"
    return f"{found} handed over: its token was replayed"
