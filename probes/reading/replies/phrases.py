"""All tables of phrases, ready to be searched."""

from probes.reading.replies import carriers, gateways, languages, messages, recipients, senders, systems, webmail
from probes.reading.replies.table import PhraseIndex, PhraseKind

PHRASES = PhraseIndex(
    [
        *((PhraseKind.VENDOR, module.ROWS) for module in (webmail, carriers, gateways)),
        *(
            (PhraseKind.STATED, rows)
            for rows in (
                *(senders.WAITING, senders.IDENTITY, senders.RULES, senders.LIMITS, senders.BLOCKS),
                *(recipients.FULL, recipients.NOBODY, messages.SIZE, messages.CONTENTS, systems.BROKEN),
            )
        ),
        (PhraseKind.FOREIGN, languages.ROWS),
        (PhraseKind.VAGUE, systems.VAGUE),
    ]
)
