"""The log: text for a person at a terminal, JSON lines for machines. The one home of structlog's set-up.

What libraries log, and what the event loop reports, becomes a line of the same form. Secrets are taken out of every
line.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, Literal

import structlog

from monitor.events import Event, Judged
from monitor.repeated import Repeated
from probes.verdict import Outcome

LONGEST_MESSAGE = 500  # characters of what a library logs
REDACTED = "[secret]"
SHORTEST_SECRET = 6  # characters; what is shorter would blot out ordinary text
SECRETS = (  # how secrets of ours look wherever they appear; the first group stays
    re.compile(r"(mailpath_)[A-Za-z0-9_-]{8,}"),  # an API token
    re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{16,}"),  # RFC 6750, section 2.1
    re.compile(r"(?i)(\bauthorization['\"]?\s*[:=]\s*(?:\w+\s+)?)[^\s\"',\\]+"),  # RFC 9110, section 11.6.2
    re.compile(r"(?i)(\bcookie['\"]?\s*[:=]\s*)[^\r\n\"\\]+"),
    re.compile(r"((?:__Host-)?mailpath(?:-device)?=)[^\s;,'\"\\]+"),  # a cookie of ours
    re.compile(r"(?i)([?&](?:key|token|secret|password)=)[^\s&'\"\\]+"),  # a link's query
    re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)"),  # a URL's password, RFC 3986, section 3.2.1
)

log = structlog.get_logger("verdict")

_configured: tuple[str, ...] = ()  # the longest first


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
            _without_secrets,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("mail").setLevel(logging.ERROR)  # aiosmtpd's, which tells every command
    logging.basicConfig(level=logging.WARNING, handlers=[LibraryHandler()], force=True)


def hide(secrets: Iterable[str]) -> None:
    """Keep these texts out of the log from now on, and no others: also as they are written in JSON."""
    global _configured
    texts = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
    written = {json.dumps(text, ensure_ascii=False)[1:-1] for text in texts}
    _configured = tuple(sorted(texts | written, key=len, reverse=True))


def without_secrets(text: str) -> str:
    """The text with each secret in it replaced."""
    for secret in _configured:
        text = text.replace(secret, REDACTED)
    for pattern in SECRETS:
        text = pattern.sub(rf"\1{REDACTED}", text)
    return text


def _without_secrets(_: Any, __: str, line: Any) -> Any:
    return without_secrets(line) if isinstance(line, str) else line


def _renderer() -> structlog.dev.ConsoleRenderer:
    """Tracebacks are plain: the usual ones show the values of local variables, and passwords are among them."""
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False, exception_formatter=plain)


class LibraryHandler(logging.Handler):
    """Writes what libraries log with `logging` as lines of ours, those that come again and again counted."""

    def __init__(self) -> None:
        super().__init__()
        self._repeated = Repeated()

    def emit(self, record: logging.LogRecord) -> None:
        """One line. The message as it was formatted is cut; messages are the same if their template is."""
        try:
            logger = structlog.get_logger(record.name)
            say = logger.error if record.levelno >= logging.ERROR else logger.warning
            error = record.exc_info[1] if record.exc_info else None
            facts: dict[str, Any] = {"logger": record.name} | ({"exc_info": error} if error else {})
            key = f"{record.name} {str(record.msg)[:LONGEST_MESSAGE]} {type(error).__name__}"
            self._repeated.tell(key, say, record.getMessage()[:LONGEST_MESSAGE], **facts)
        except Exception:
            self.handleError(record)


class LoopErrors:
    """What the event loop reports when nobody else can: an accept that failed, a task whose error nobody took."""

    def __init__(self) -> None:
        self._repeated = Repeated()

    def __call__(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The loop's exception handler. An error of the system needs no traceback: its number says it all."""
        error, message = context.get("exception"), str(context.get("message", "error in the event loop"))
        logger = structlog.get_logger("asyncio")
        facts: dict[str, Any] = {"logger": "asyncio"}
        if isinstance(error, OSError):
            facts["reason"] = error.strerror or type(error).__name__
        elif error:
            facts |= {"reason": type(error).__name__, "exc_info": error}
        self._repeated.tell(f"{message} {type(error).__name__}", logger.error, message[:LONGEST_MESSAGE], **facts)


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
