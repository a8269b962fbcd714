"""The kinds of traces. A new kind costs one file, one line here, and its name in `probes.traced.SOURCES`."""

from probes.traces import Trace
from probes.traces.mailgun import MailgunTrace

TraceSettings = MailgunTrace
"""With a second kind: `Annotated[MailgunTrace | ..., Field(discriminator="via")]`, and `kinds_by_via` below."""

TRACE_TABLES = {"mailgun": MailgunTrace}
TRACES: dict[str, type[Trace]] = {**TRACE_TABLES}
"""The kinds by their name in the configuration."""
