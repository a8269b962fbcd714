"""Traces of a company or a path: one, or several in the order in which mail passes them."""

from pydantic import Field, ValidationInfo, field_validator

from probes.settings import Settings
from probes.traces import Trace
from probes.traces.table import TraceSettings

MAX_TRACES = 4


class TraceChoice(Settings):
    """The logs of the receiving side that are asked about a probe that is overdue."""

    trace: TraceSettings | None = Field(
        None, description="The mail system's own log, asked about a probe that is overdue: a table with `via`."
    )
    traces: tuple[TraceSettings, ...] = Field(
        (),
        max_length=MAX_TRACES,
        description="Several, such as a gateway's and that of the mail system behind it: a list. Instead of `trace`.",
    )

    @field_validator("traces")
    @classmethod
    def _each_once(cls, traces: tuple[Trace, ...], info: ValidationInfo) -> tuple[Trace, ...]:
        if traces and info.data.get("trace"):
            raise ValueError("stands beside trace; write one of them, with all of them in traces")
        names = [trace.via for trace in traces]
        if twice := [name for place, name in enumerate(names) if name in names[:place]]:
            raise ValueError(f"has two of {twice[0]}; write one of each kind")
        return traces

    @property
    def own_traces(self) -> tuple[Trace, ...]:
        """Those of this table."""
        return self.traces or ((self.trace,) if self.trace else ())
