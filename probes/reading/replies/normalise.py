"""Prepare a reply for recognition: names and addresses that it quotes cannot be mistaken for its own words."""

import re
import unicodedata

_GLUED = re.compile(r"([a-z])\.([A-Z][a-z])")  # "denied.Please": two sentences, no host name
_ADDRESS = re.compile(r"(?<![^\s<>\"'()\[\],;:])([^\s<>\"'()\[\],;:@]{1,128}@[^\s<>\"'()\[\],;:@]{1,255})")
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)|(?<![\w:.])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])"
)
_LINK = re.compile(r"(?:https?:)?//\s?[^\s<>\"']{1,500}")
_HOST = re.compile(
    r"(?<![a-z0-9.-])(?!(?:resolver|queue|transport|storedrv|smtpsend|routing|sms)\.)(?:[a-z0-9_-]{1,63}\.){1,12}[a-z][a-z0-9-]{1,62}(?![a-z0-9-])"
)
_CONTINUED = re.compile(
    r"(?:(?<=\s)|^)[245]\d\d(?:-(?:[245]\.\d{1,3}\.\d{1,3}(?!\.?\d))?|[ \t]+[245]\.\d{1,3}\.\d{1,3}(?!\.?\d))[ \t]*"
)
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "\u00a0": " ",
        "\u3000": " ",
        "ł": "l",
        "ø": "o",
        "ß": "ss",
    }
)
_ROLES = (
    "postmaster@",
    "abuse",
    "support",
    "delist",
    "help",
    "hostmaster",
    "blacklist",
    "noc@",
    "admin@",
    "mailer-daemon",
)
_CONTACT = re.compile(
    r"(?:contact|forward|write|mail|e-mail|reports?|questions|reply) (?:to |this .{1,40} to |us at )?\W?$",
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """Return `text` in lower case, without accents and typographic quotes."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    split = unicodedata.normalize("NFKD", lowered.translate(_QUOTES))
    return "".join(c for c in split if not unicodedata.combining(c))


def repair(text: str) -> str:
    """Repair UTF-8 that was read as Latin-1; any other text is returned unchanged."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def listen(text: str) -> str:
    """Return the words of a reply on one line, with `@`, `#` and `~` for addresses, IP addresses and host names."""
    said = fold(_GLUED.sub(r"\1. \2", text))
    said = _CONTINUED.sub(" ", said)
    said = _LINK.sub("~", said)
    said = _ADDRESS.sub("@", said)
    said = _IP.sub("#", said)
    said = _HOST.sub("~", said)
    return _SPACES.sub(" ", said).strip()


def quoted_address(text: str) -> str | None:
    """Return the address that a reply is about: the first that is not a contact address."""
    for match in _ADDRESS.finditer(text):
        address = match[1].strip(".!?*=")
        role = address.lower().startswith(_ROLES) or _CONTACT.search(text, max(0, match.start() - 60), match.start())
        if not role and "@" in address[1:-1]:
            return address
    return None
