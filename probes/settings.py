"""What every part of the configuration is made of: the model is the schema, and an unknown key is an error."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)")


class Settings(BaseModel):
    """A table of the configuration file. Its fields are the keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a time like "90s", "15m" or "1h"')
    return timedelta(seconds=float(match[1]) * UNITS[match[2]])


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _address(value: str) -> str:
    local, at, domain = value.strip().rpartition("@")
    if not (at and local and "." in domain) or re.search(r"[\s<>\x00-\x1f\x7f]", value.strip()):
        raise ValueError('must be a mail address like "probe@acme.example"')
    return f"{local}@{domain}".lower()  # as Trimble Identity does with every address it is given


def _beside_config(path: str, info: ValidationInfo) -> Path:
    """A relative path means: relative to the configuration file, whose folder is the context's "folder"."""
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / path


def _secret(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, SecretStr):
        return value
    match value:
        case {"env": str(name)} if len(value) == 1:
            if not (secret := os.environ.get(name)):
                raise ValueError(f"the environment variable {name} is not set; set it, or refer to a file")
            return SecretStr(secret)
        case {"file": str(name)} if len(value) == 1:
            try:
                secret = _beside_config(name, info).read_text().rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"the secret's file cannot be read: {error}") from None
            if not secret:
                raise ValueError(f"the secret's file {name} is empty")
            return SecretStr(secret)
        case _:
            raise ValueError(
                'must be a reference, { env = "NAME" } or { file = "path" }: a secret is never in this file'
            )


def _path(value: Any, info: ValidationInfo) -> Any:
    return _beside_config(value, info) if isinstance(value, str) and value else value


Port = Annotated[int, Field(ge=1, le=65535)]
Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Address = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._:-]+$")]
FilePath = Annotated[Path, BeforeValidator(_path)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
