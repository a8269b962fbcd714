"""The kinds of traces. A new kind costs one file, one line here, and its name in `probes.traced.SOURCES`."""

from typing import Annotated, Any

from pydantic import Field

from probes.settings import kinds_by_via
from probes.traces import SentMailLog, Trace
from probes.traces.cisco import CiscoTrace
from probes.traces.cloudflare import CloudflareTrace
from probes.traces.gmail_reports import GmailReportsTrace
from probes.traces.graph import GraphTrace
from probes.traces.mailgun import MailgunTrace
from probes.traces.mimecast import MimecastTrace

TraceSettings = Annotated[
    MailgunTrace | GraphTrace | GmailReportsTrace | CloudflareTrace | MimecastTrace | CiscoTrace,
    Field(discriminator="via"),
]

TRACE_TABLES: dict[str, type[Any]] = kinds_by_via(TraceSettings)
TRACES: dict[str, type[Trace]] = {**TRACE_TABLES}
"""The kinds by their name in the configuration."""


def sent_mail_log(trace: Trace | None) -> SentMailLog | None:
    """Return the trace itself, if its log has all the mail of the sender; else None."""
    return trace if isinstance(trace, MailgunTrace) else None
