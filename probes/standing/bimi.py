"""BIMI: is a logo published? It decorates mail in some mailboxes and stops none: never a fault."""

from collections.abc import Sequence

from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.tags import BadTagsError, tags_of, version_of


async def read_bimi(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the record of the From domain."""
    found = await asker.lookup(f"default._bimi.{subject.domain}", "TXT")
    judged = failed(found) if isinstance(found, Unresolved) else assess(found.records)
    return [asker.fact(Question.BIMI, subject.domain, judged)]


def assess(texts: Sequence[str]) -> Assessment:
    """Judge the texts at the name of the record."""
    records = [text for text in texts if version_of(text) == "BIMI1"]
    try:
        tags = tags_of(records[0]) if len(records) == 1 else {}
    except BadTagsError:
        tags = {}
    if not tags:
        return Assessment(State.NONE, Why.NOT_PUBLISHED)
    return Assessment(State.GOOD, Why.BIMI_GOOD if tags.get("l") else Why.BIMI_DECLINED, records[0])
