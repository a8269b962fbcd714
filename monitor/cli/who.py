"""Who types a command."""

import getpass
import os

from pydantic import TypeAdapter, ValidationError

from monitor.errors import UserError
from probes.display import one_line
from probes.settings import Text

LINE: TypeAdapter[str] = TypeAdapter(Text)
LONGEST = 200


class NamelessError(UserError):
    """The name that was said is none."""


def whoever(by: str) -> str:
    """As they say, or as they are logged in. Raises Trouble."""
    try:
        return LINE.validate_python(by) if by else one_line(getpass.getuser(), LONGEST)
    except ValidationError:
        raise NamelessError(f"--by: must be one line of text, at most {LONGEST} characters") from None
    except (OSError, KeyError):  # nobody of this number is known here, as in many containers
        return f"user {os.getuid()}"
