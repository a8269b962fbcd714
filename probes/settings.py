"""Building blocks of the configuration: the model is the schema, and an unknown key is an error.

The types below are used by every table. Their errors complete a sentence that starts with "key: ", say what is
expected, and never show a value that could be a secret.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from sys import intern
from typing import Annotated, Any, NamedTuple, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from probes.display import escaped

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
MAX_DURATION = timedelta(days=3660)
MAX_SECRET_BYTES = 65536
"""Maximum size of a secret file: a private key has a few thousand bytes."""

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)", re.ASCII)
_KEY = re.compile(r"[a-z0-9_-]{1,64}")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_ENDPOINT = re.compile(
    r"(?:\[(?P<six>[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\]|(?P<host>[^\[\]:]+))(?::(?P<port>\d{1,5}))?", re.ASCII
)
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", re.ASCII)  # RFC 5321, section 4.5.3.1.1


class Settings(BaseModel):
    """A table of the configuration file. Its fields are the keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _share_the_names_of_keys(self) -> Self:
        """Keep one set of the keys that were given for all tables that have the same: each would be 216 octets."""
        object.__setattr__(self, "__pydantic_fields_set__", _one(frozenset(self.__pydantic_fields_set__)))
        return self


@cache
def _one(keys: frozenset[str]) -> set[str]:
    """Return the one set with these keys."""
    return set(keys)


def kinds_by_via(union: Any) -> dict[str, type[Any]]:
    """The kinds of an annotated union of settings, by the only word that their key `via` allows."""
    return {get_args(kind.model_fields["via"].annotation)[0]: kind for kind in get_args(get_args(union)[0])}


class Endpoint(NamedTuple):
    """An IP address or host name and a port. As text "192.0.2.1:25" or "[2001:db8::1]:25"."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def shown(value: object) -> str:
    """Format a value for an error as in the file, on one line and shortened."""
    match value:
        case bool():
            text = json.dumps(value)
        case int() if abs(value) > 10**30:  # one with thousands of digits cannot even be written
            text = "a number of more than 30 digits"
        case str():
            text = json.dumps(value[:60], ensure_ascii=False)
        case dict():
            return "a table"
        case list():
            return "a list"
        case _:
            text = str(value)
    text = escaped(text)
    return text if len(text) <= 60 else f"{text[:56]}..."


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {shown(value)}")
        return value

    return check


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):  # "no" in quotes would be a text, and a text may be taken for true
        raise ValueError(f"must be true or false, without quotes, not {shown(value)}")
    return value


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'must be a time like "90s", "15m" or "1h", not {shown(value)}')
    seconds = float(match[1]) * UNITS[match[2]]
    if not 0 < seconds <= MAX_DURATION.total_seconds():
        raise ValueError(f"must be more than zero and at most ten years, not {shown(value)}")
    return timedelta(seconds=seconds)


def duration_text(value: timedelta) -> str:
    """Format a duration as in the file: timedelta(minutes=15) is "15m"."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit, seconds in reversed(UNITS.items()):
        count, rest = divmod(milliseconds, round(seconds * 1000))
        if count and not rest:
            return f"{count}{unit}"
    return "0s"


def _is_ip(text: str) -> bool:
    try:
        return "%" not in str(ip_address(text))  # a zone belongs to one machine's interfaces, not to a configuration
    except ValueError:
        return False


def _is_name(text: str) -> bool:
    return (
        text.isascii()
        and len(text) <= 253
        and _NAME.fullmatch(text.lower()) is not None
        and not text.rpartition(".")[2].isdigit()
    )


def domain_name(text: str) -> str | None:
    """Return the name in lower case if it can be a mail domain (ASCII, at least two labels), else None."""
    return text.lower() if "." in text and _is_name(text) else None


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError(f"must consist of a-z, 0-9, _ and -, at most 64 characters, not {shown(text)}")
    return intern(text)  # what is kept of verdicts names companies and paths by the same objects


def _text(text: str) -> str:
    if not (text.isprintable() and text.strip() and len(text) <= 200):
        raise ValueError("must be one line of text, at most 200 characters")
    return text


def _domain(value: str) -> str:
    if (name := domain_name(value)) is None:
        raise ValueError(f'must be a domain like "acme.example", not {shown(value)}')
    return name


def _address(value: str) -> str:
    local, _, domain = value.strip().lower().rpartition("@")
    if not value.isascii() or not _LOCAL_PART.fullmatch(local) or domain_name(domain) is None:
        raise ValueError(f'must be a mail address like "probe@acme.example", not {shown(value)}')
    return f"{local}@{domain}"  # lower case, as Trimble Identity does with every address it is given


def _ip(value: str) -> str:
    if not _is_ip(value):
        raise ValueError(f'must be an IP address like "192.0.2.1" or "2001:db8::1", not {shown(value)}')
    return str(ip_address(value))


def _host(value: str) -> str:
    if not (_is_ip(value) or _is_name(value)):
        raise ValueError(f'must be a host name or an IP address like "mx.acme.example", not {shown(value)}')
    return value.lower()


def endpoint(text: str, port: int | None = None) -> Endpoint | None:
    """Parse "192.0.2.1:25", "[2001:db8::1]:25" or "mx.example:25"; the port is optional if `port` is given.

    Port 0 means any free port. None if the text is none of these.
    """
    if port is not None and _is_ip(text):
        return Endpoint(text.lower(), port)
    match = _ENDPOINT.fullmatch(text)
    if match is None or (match["port"] is None and port is None):
        return None
    host, number = match["six"] or match["host"], int(match["port"] or port or 0)
    known = _is_ip(host) if match["six"] else _is_ip(host) or _is_name(host)
    return Endpoint(host.lower(), number) if known and number <= 65535 else None


def _listen(value: Any) -> Any:
    if isinstance(value, Endpoint):
        return value
    if not isinstance(value, str) or (place := endpoint(value)) is None:
        raise ValueError(f'must be an address and a port like "127.0.0.1:8025", not {shown(value)}')
    return place


def _beside_config(path: str, info: ValidationInfo) -> Path:
    """Resolve a path relative to its configuration file, whose folder is the context's "folder"."""
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path


def _secret_file(name: str, info: ValidationInfo) -> str:
    try:
        with _beside_config(name, info).open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise MissingSecretError(f"the secret file {shown(name)} cannot be read: {reason}") from None
    if len(content) > MAX_SECRET_BYTES:
        raise MissingSecretError(f"the secret file {shown(name)} is larger than {MAX_SECRET_BYTES} bytes")
    try:
        return content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise MissingSecretError(f"the secret file {shown(name)} is not text in UTF-8") from None


class MissingSecretError(Exception):
    """A required secret is missing. The text says why, and what to do."""


class MissingSecret(SecretStr):
    """A reference to a missing secret. Using it raises MissingSecretError with `why`."""

    def __init__(self, why: str) -> None:
        super().__init__("")
        self.why = why

    def get_secret_value(self) -> str:
        """Raises MissingSecretError."""
        raise MissingSecretError(self.why)

    def _display(self) -> str:
        return ""

    __eq__, __hash__ = object.__eq__, object.__hash__


def checked_secret(check: Callable[[SecretStr], SecretStr]) -> AfterValidator:
    """Validate a secret's value, unless it is missing."""
    return AfterValidator(lambda secret: secret if isinstance(secret, MissingSecret) else check(secret))


def missing_secrets(settings: object) -> Iterator[str]:
    """Yield the reason for each missing secret in these settings."""
    match settings:
        case MissingSecret():
            yield settings.why
        case BaseModel():
            for name in type(settings).model_fields:
                yield from missing_secrets(getattr(settings, name))
        case dict():
            yield from missing_secrets([*settings.values()])
        case list() | tuple():
            for each in settings:
                yield from missing_secrets(each)


def _secret(value: Any, _: ValidatorFunctionWrapHandler, info: ValidationInfo) -> SecretStr:
    """Read a secret. With "secrets_later" in the context, a missing one is an error only when it is used."""
    if isinstance(value, SecretStr):
        return value
    try:
        return SecretStr(_referred(value, info))
    except MissingSecretError as error:
        if (info.context or {}).get("secrets_later"):
            return MissingSecret(str(error))
        raise ValueError(str(error)) from None


def _referred(value: Any, info: ValidationInfo) -> str:
    match value:
        case {"env": str(name)} if len(value) == 1:
            if not (secret := os.environ.get(name)):
                raise MissingSecretError(
                    f"the environment variable {shown(name)} is not set; set it, or refer to a file"
                )
        case {"file": str(name)} if len(value) == 1:
            if not (secret := _secret_file(name, info)):
                raise MissingSecretError(f"the secret file {shown(name)} is empty")
        case _:
            raise ValueError(
                'must be a reference, { env = "NAME" } or { file = "path" }: a secret is never in this file'
            )
    return secret


def _path(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    if not value or "\0" in value:
        raise ValueError('must be a path like "mail/probe"')
    return _beside_config(value, info)


Port = Annotated[int, BeforeValidator(_whole(1, 65535))]
Count = Annotated[int, BeforeValidator(_whole(1, 1_000_000_000))]
MailSize = Annotated[int, BeforeValidator(_whole(8_000, 60_000))]  # larger ones are not read whole in mailboxes
Switch = Annotated[bool, BeforeValidator(_switch)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Key = Annotated[str, AfterValidator(_key)]
Text = Annotated[str, AfterValidator(_text)]
Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]
Ip = Annotated[str, AfterValidator(_ip)]
Host = Annotated[str, AfterValidator(_host)]
Listen = Annotated[Endpoint, BeforeValidator(_listen)]
FilePath = Annotated[Path, BeforeValidator(_path)]
Secret = Annotated[SecretStr, WrapValidator(_secret)]
