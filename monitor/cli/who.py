"""The name of the person who runs a command, for the audit log."""

import getpass
import os

from pydantic import TypeAdapter, ValidationError

from monitor.errors import UserError
from probes.display import one_line
from probes.settings import Text

LINE: TypeAdapter[str] = TypeAdapter(Text)
MAX_NAME_CHARS = 200


class NamelessError(UserError):
    """The name given with --by is not valid."""


def operator_name(by: str) -> str:
    """Return the name given with --by, or the login name. Raises NamelessError."""
    try:
        return LINE.validate_python(by) if by else one_line(getpass.getuser(), MAX_NAME_CHARS)
    except ValidationError:
        raise NamelessError(f"--by: must be one line of text, at most {MAX_NAME_CHARS} characters") from None
    except (OSError, KeyError):  # the user id has no passwd entry, as in many containers
        return f"user {os.getuid()}"
