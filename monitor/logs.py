"""The log: text on a terminal, JSON lines otherwise. The one home of structlog's configuration.

Messages of libraries and of the event loop get the same form. Secrets are removed from every line.
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Literal
from urllib.parse import quote, unquote

import structlog

from monitor.events import Event, Judged
from monitor.repeated import Repeated
from probes.verdict import Outcome

MAX_MESSAGE_CHARS = 500  # characters of what a library logs
MAX_TEXT_CHARS = 16 * 1024  # characters of each text of a line; who sends us more does not fill our log
REDACTED = "[secret]"
MIN_SECRET_CHARS = 6  # characters; what is shorter would blot out ordinary text
MIN_URL_PATH_CHARS = 12  # characters; a shorter path of a URL may be one of many
SECRETS = (  # how secrets of ours look wherever they appear: what each has in it, and the form; its first group stays
    ("mailpath_", re.compile(r"(mailpath_)[A-Za-z0-9_-]{8,}")),  # an API token
    ("bearer", re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{16,}")),  # RFC 6750, section 2.1
    (
        "authorization",  # RFC 9110, section 11.6.2
        re.compile(r"(?i)(\bauthorization['\"]?\s*[:=]\s*(?:\w+\s+)?)[^\s\"',\\]+"),
    ),
    (
        "cookie",  # a header in a dict of Python's
        re.compile(r"(?i)(\bcookie'\s*:\s*b?')(?:\\[^nr]|[^\r\n\"'\\])+"),
    ),
    (
        "cookie",  # the header by itself or in JSON; a value in quotes does not end it, the end of a JSON text does
        re.compile(r"(?i)(\bcookie\\?\"?\s*+[:=]\s*+(?:\\?\")?)(?:=\"[^\"\s]*\"(?=\s*(?:;|$))|\\[^nr]|[^\r\n\"\\])+"),
    ),
    ("mailpath", re.compile(r"((?:__Host-)?mailpath(?:-device)?=)[^\s;,'\"\\]+")),  # a cookie of ours
    ("/status/", re.compile(r"(/status/)[A-Za-z0-9_-]{16,}")),  # a share link
    ("=", re.compile(r"(?i)([?&](?:key|token|secret|password)=)[^\s&'\"\\]+")),  # a link's query
    (
        "://",  # a URL's password, or a user without one, RFC 3986, section 3.2.1; bounded, or long texts take minutes
        re.compile(r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://(?:[^\s/:@\"'\\]{0,200}:)?)[^\s/@]{1,500}(?=@)"),
    ),
    (
        "auth",  # RFC 4954, section 4; not the names of ways, nor words
        re.compile(
            r"((?i:\bauth(?:enticate)?\s+plain)\s+)(?!EXTERNAL|OAUTHBEARER)(?=[a-z]*[A-Z0-9+/=])[A-Za-z0-9+/=]{8,}"
        ),
    ),
)

log = structlog.get_logger("verdict")

_configured: tuple[str, ...] = ()  # the longest first


def set_up(level: str = "info", form: Literal["auto", "text", "json"] = "auto") -> None:
    """Write the log to standard error. `auto`: text if that is a terminal."""
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
            _with_lines_lost,
            *finish[:-1],
            _shortened,
            finish[-1],
            _without_secrets,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=StandardError,
        cache_logger_on_first_use=True,
    )
    logging.getLogger("mail").setLevel(logging.ERROR)  # aiosmtpd's, which tells every command
    logging.basicConfig(level=logging.WARNING, handlers=[LibraryHandler()], force=True)


def hide(secrets: Iterable[str]) -> None:
    """Redact exactly these texts in the log from now on, also as JSON, Python and URLs encode them."""
    global _configured
    texts = {secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS}
    written = {form for text in texts for form in _forms(text) if len(form) >= MIN_SECRET_CHARS}
    _configured = tuple(sorted(texts | written, key=len, reverse=True))


def _forms(text: str) -> Iterator[str]:
    """Yield the encodings of a secret; for a URL also its path and query alone, as HTTP libraries log them."""
    _, is_path, rest = text.partition("://")[2].partition("/")
    way = f"/{rest.partition('#')[0]}" if is_path else ""
    for each in (text, way) if len(way) >= MIN_URL_PATH_CHARS else (text,):
        octets = each.encode("utf-8", "surrogatepass")
        for form in (each, quote(octets), quote(octets, safe=""), unquote(each)):
            yield form
            python = (repr(form)[1:-1], repr(form.encode("utf-8", "surrogatepass"))[2:-1])
            yield from python
            for told in (form, *python):
                yield json.dumps(told, ensure_ascii=False)[1:-1]
                yield json.dumps(told)[1:-1]


def without_secrets(text: str) -> str:
    """Replace each secret in the text."""
    for secret in _configured:
        text = text.replace(secret, REDACTED)
    lowered = text.lower()  # most lines have none of them, and to look for a word is much faster
    for word, pattern in SECRETS:
        if word in lowered:
            text = pattern.sub(rf"\1{REDACTED}", text)
    return text


def _shortened(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Shorten long texts before the line is rendered: cut JSON would be invalid."""
    return {key: value[:MAX_TEXT_CHARS] if isinstance(value, str) else value for key, value in line.items()}


def _without_secrets(_: Any, __: str, line: Any) -> Any:
    return without_secrets(line) if isinstance(line, str) else line


def _renderer() -> structlog.dev.ConsoleRenderer:
    """Render tracebacks without local variables, which may contain passwords."""
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False, exception_formatter=plain)


class StandardError:
    """Writes log lines to standard error. A line that cannot be written (full disk, closed pipe) is counted, and the
    next line that succeeds says how many were lost: logging must never stop the caller.

    Looks up standard error for each line, so that cached loggers follow a replaced stream.
    """

    lost = 0  # lines of this process that could not be written since one could

    def __init__(self, *_: Any) -> None:
        """Accept the logger name that structlog passes."""

    def write(self, line: str) -> None:
        """Write the line and flush it."""
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # the second: it is closed
            StandardError.lost += 1
        else:
            StandardError.lost = 0

    debug = info = warning = error = critical = exception = write


def _with_lines_lost(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {**line, "lines_lost": StandardError.lost} if StandardError.lost else line


class LibraryHandler(logging.Handler):
    """Turns `logging` records of libraries into lines of ours; repeated ones are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._repeated = Repeated()

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line. The formatted message is cut; messages are the same if their template is."""
        try:
            logger = structlog.get_logger(record.name)
            say = logger.error if record.levelno >= logging.ERROR else logger.warning
            error = record.exc_info[1] if record.exc_info else None
            facts: dict[str, Any] = {"logger": record.name} | ({"exc_info": error} if error else {})
            key = f"{record.name} {str(record.msg)[:MAX_MESSAGE_CHARS]} {type(error).__name__}"
            self._repeated.tell(key, say, record.getMessage()[:MAX_MESSAGE_CHARS], **facts)
        except Exception:
            self.handleError(record)


class LoopErrors:
    """Logs what the event loop reports: a failed accept, a task whose exception nobody retrieved."""

    def __init__(self) -> None:
        self._repeated = Repeated()

    def __call__(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle an exception of the event loop. An operating system error needs no traceback."""
        error, message = context.get("exception"), str(context.get("message", "error in the event loop"))
        logger = structlog.get_logger("asyncio")
        facts: dict[str, Any] = {"logger": "asyncio"}
        if isinstance(error, OSError):
            facts["reason"] = error.strerror or type(error).__name__
        elif error:
            facts |= {"reason": type(error).__name__, "exc_info": error}
        self._repeated.tell(f"{message} {type(error).__name__}", logger.error, message[:MAX_MESSAGE_CHARS], **facts)


def log_verdict(event: Event) -> None:
    """Log one line per verdict. What varies the sender's mail on purpose is meant to be stopped: that is no warning."""
    judged, probe = event.what, event.probe
    if not isinstance(judged, Judged):
        return
    verdict = judged.verdict
    good = verdict.outcome is Outcome.INBOX or not probe.purpose.makes_signals
    say = log.info if good else log.warning
    say(
        "verdict amended" if judged.amends else "verdict",
        path=f"{probe.company}/{probe.path}",
        kind=str(probe.kind),
        role=str(probe.role),
        purpose=str(probe.purpose),
        outcome=str(verdict.outcome),
        cause=str(verdict.cause or ""),
        grade=str(verdict.grade),
        because=verdict.because,
        probe=probe.id,
    )
