"""What queries and bodies are made of: an unknown field is an error, and each field says in its description how it is
to be given."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from probes.settings import shown

EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
EXAMPLE = "2026-11-26T08:00:00Z"
MOST = 500  # of one page


class Fields(BaseModel):
    """The query, or the body, of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NoQuery(Fields):
    """Of a request that takes no parameters."""


class NoBody(Fields):
    """Of a request that takes no body."""


def _moment(value: Any) -> datetime:
    """RFC 3339. A "+" that was not encoded came as a space; what no calendar holds is put to its end."""
    wrong = ValueError(f'must be a time with its zone like "{EXAMPLE}", not {shown(value)}')
    if not isinstance(value, str) or len(value) > 60 or len(value) < 11 or value[10] not in "Tt ":
        raise wrong
    try:
        moment = datetime.fromisoformat(_without_leap_second(value[:11] + value[11:].replace(" ", "+")).upper())
    except ValueError:
        raise wrong from None
    if moment.tzinfo is None:
        raise wrong
    if not EARLIEST.year < moment.year < LATEST.year:
        return LATEST if moment.year >= LATEST.year else EARLIEST
    return moment.astimezone(UTC)


def _without_leap_second(text: str) -> str:
    return f"{text[:17]}59{text[19:]}" if text[17:19] == "60" else text


def _one_line(text: str) -> str:
    if not (text.isprintable() and text.strip()):
        raise ValueError("must be one line of text that shows")
    return text.strip()


Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time", "examples": [EXAMPLE]})
]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
