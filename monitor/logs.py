"""The log: text for a person at a terminal, JSON lines for machines. The one home of structlog's set-up."""

import logging
import sys
from typing import Literal

import structlog

from monitor.events import Event, Judged
from probes.verdict import Outcome

log = structlog.get_logger("verdict")


def set_up(level: str = "info", form: Literal["auto", "text", "json"] = "auto") -> None:
    """Write the log to standard error. `auto`: text where that is a terminal."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    finish: list[structlog.typing.Processor] = (
        [_renderer()]
        if text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if text else "iso", utc=True),
            *finish,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("mail").setLevel(logging.ERROR)  # aiosmtpd's, which tells every command
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")


def _renderer() -> structlog.dev.ConsoleRenderer:
    """Tracebacks are plain: the usual ones show the values of local variables, and passwords are among them."""
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False, exception_formatter=plain)


def tell(event: Event) -> None:
    """One line for each verdict."""
    judged, probe = event.what, event.probe
    if not isinstance(judged, Judged):
        return
    verdict = judged.verdict
    say = log.info if verdict.outcome is Outcome.INBOX else log.warning
    say(
        "verdict amended" if judged.amends else "verdict",
        path=f"{probe.company}/{probe.path}",
        kind=str(probe.kind),
        outcome=str(verdict.outcome),
        cause=str(verdict.cause or ""),
        grade=str(verdict.grade),
        because=verdict.because,
        probe=probe.id,
    )
