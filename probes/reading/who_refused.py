"""Find the mail system of a company's chain that gave an answer."""

from probes.answer import Answer
from probes.mailsystems.table import system_at
from probes.mailsystems.words import Chain
from probes.reading.replies import read_reply


def refusing_system(chain: Chain, answer: Answer | None) -> str:
    """Return the member of the chain that gave this answer; the gateway, which is asked first, if not recognised.

    The text counts before the host: a gateway that asks the next server passes its words on, under its own name.
    """
    if len(chain) > 1 and answer is not None:
        words = read_reply(
            answer.text, stage=answer.stage, code=answer.code, enhanced=answer.enhanced, live=True
        ).vendor
        for found in (words, system_at(answer.host)):
            if found in chain:
                return found
    return chain[0]
