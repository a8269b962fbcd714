"""The look of pages in one browser: theme, density, time zone, keys of one letter. Kept in its cookie, which says
nothing of the person."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

COOKIE = "mailpath_display"
MAX_COOKIE_CHARS = 200
CHOICES: Mapping[str, Mapping[str, str]] = {
    "theme": {"system": "As the system", "light": "Light", "dark": "Dark"},
    "density": {"comfortable": "Comfortable", "compact": "Compact"},
    "zone": {"local": "Local time", "utc": "UTC"},
    "keys": {"on": "On", "off": "Off"},
}
"""The values of each choice with their labels, the usual one first."""


@dataclass(frozen=True, slots=True)
class Display:
    """The choices of a browser."""

    theme: str = "system"
    density: str = "comfortable"
    zone: str = "local"
    keys: str = "on"

    @property
    def text(self) -> str:
        """Return it as the cookie has it: only what is not usual."""
        usual = Display()
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return urlencode({name: value for name, value in values.items() if value != getattr(usual, name)})


def display_from(values: Mapping[str, object]) -> Display:
    """Return these choices; what is none of them is the usual."""
    return Display(**{name: str(values[name]) for name, known in CHOICES.items() if values.get(name) in known})


def display_of(request: web.Request) -> Display:
    """Return the choices of the browser that sent this request."""
    return display_from(dict(parse_qsl(request.cookies.get(COOKIE, "")[:MAX_COOKIE_CHARS])))
