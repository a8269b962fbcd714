"""TLS reports: who is sent reports about TLS on the way of bounces? RFC 8460."""

from collections.abc import Sequence

from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.tags import BadTagsError, tags_of, version_of


async def read_tls_rpt(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Ask for the record of the bounce domain."""
    found = await asker.lookup(f"_smtp._tls.{subject.bounce_domain}", "TXT")
    judged = failed(found) if isinstance(found, Unresolved) else assess(found.records)
    return [asker.fact(Question.TLS_RPT, subject.bounce_domain, judged)]


def assess(texts: Sequence[str]) -> Assessment:
    """Judge the texts at the name of the record."""
    records = [text for text in texts if version_of(text) == "TLSRPTv1"]
    if not records:
        return Assessment(State.NONE, Why.NOT_PUBLISHED)
    if len(records) > 1:  # RFC 8460, section 3
        return Assessment(State.WEAK, Why.TLS_RPT_BROKEN, records[0], (f"{len(records)} records",))
    try:
        receivers = tags_of(records[0]).get("rua", "")
    except BadTagsError as error:
        return Assessment(State.WEAK, Why.TLS_RPT_BROKEN, records[0], (str(error),))
    if not receivers.lower().startswith(("mailto:", "https:")):
        return Assessment(State.WEAK, Why.TLS_RPT_BROKEN, records[0], ("rua= names no mailto: or https: address",))
    return Assessment(State.GOOD, Why.TLS_RPT_GOOD, records[0], (receivers,))
