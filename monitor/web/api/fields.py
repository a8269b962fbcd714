"""Parts of queries and bodies: an unknown field is an error, and each field's description says which values it
takes."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from probes.display import one_line
from probes.settings import shown

EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
EXAMPLE = "2026-11-26T08:00:00Z"
MAX_PAGE_SIZE = 500  # of one page
MAX_LINE = 200  # characters


class Fields(BaseModel):
    """The query, or the body, of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Body(Fields):
    """The body of a request: JSON, in which a number is not a text."""

    model_config = ConfigDict(strict=True)


class NoQuery(Fields):
    """Of a request that takes no parameters."""


class NoBody(Body):
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
    line = one_line(text, MAX_LINE)
    if not line:
        raise ValueError("must be one line of text, not blanks alone")
    return line


Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time", "examples": [EXAMPLE]})
]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$", examples=["acme"])]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@+-]{0,99}$", examples=["ada@example.com"])]
Lasts = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}[smhd]$", examples=["2h"])]
Line = Annotated[str, Field(pattern=r"\S", max_length=MAX_LINE), AfterValidator(_one_line)]
