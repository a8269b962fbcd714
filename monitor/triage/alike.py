"""Domains that look like another one: a slip of the keyboard, or letters of another alphabet. Pure.

A likeness is a question, never an answer: `mail.com` is one letter from `gmail.com`, and both are real.
"""

import unicodedata
from collections.abc import Iterable

MAX_SECOND_LEVEL_CHARS = 3  # of an ending such as co.uk, com.au, gov.uk
MIN_COMPARED_CHARS = 7  # of a domain; shorter ones are one letter apart by chance

_PAIRS = {  # letters that look like Latin ones, as in the Unicode confusables (UTS #39)
    "a": "аαɑ",
    "c": "сϲ",
    "d": "ԁɗ",
    "e": "еҽ",
    "g": "ɡց",
    "h": "һհ",
    "i": "іιıɩ",
    "j": "јϳ",
    "k": "кκ",
    "l": "ӏɫłI|ⅼ",
    "m": "мⅿ",
    "n": "ոп",
    "o": "оοօø",
    "p": "рρ",
    "q": "ԛ",
    "r": "гᴦ",
    "s": "ѕ",
    "t": "тτ",
    "u": "υսц",
    "v": "νѵ",
    "w": "ԝшω",
    "x": "хχ",
    "y": "уγү",
    "z": "ᴢ",
}
_LATIN = {ord(other): latin for latin, others in _PAIRS.items() for other in others}
_DIGITS = str.maketrans({"0": "o", "1": "l", "5": "s"})
_SEQUENCES = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def skeleton(domain: str) -> str:
    """Return the same for domains that look alike. The domain is in Unicode, not in its `xn--` form."""
    plain = unicodedata.normalize("NFKD", domain.translate(_LATIN).lower()).translate(_LATIN)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def looks_like(domain: str, known: Iterable[str]) -> str:
    """Return the known domain that this one, in Unicode, is drawn like; "" if none. One that is typed differently but
    reads the same in most fonts counts: `rn` for `m`, a digit for a letter."""
    plain = skeleton(domain)
    close = _in_plain_letters(plain)
    for each in known:
        if each != domain and (each == plain or (_in_plain_letters(each) == close and each != plain)):
            return each
    return ""


def _in_plain_letters(domain: str) -> str:
    text = domain.translate(_DIGITS)
    for seen, meant in _SEQUENCES:
        text = text.replace(seen, meant)
    return text


def one_slip_from(domain: str, known: Iterable[str]) -> str:
    """Return the known domain that this one becomes by one slip: a letter missing, added, wrong, or two swapped; "" if
    none. Of several the first."""
    if len(domain) < MIN_COMPARED_CHARS:
        return ""
    return next((each for each in known if len(each) >= MIN_COMPARED_CHARS and is_one_slip(domain, each)), "")


def is_one_slip(one: str, other: str) -> bool:
    """Test if exactly one letter is missing, added or wrong, or two neighbours are swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(min(one, other, key=len))
    )
    rest, others = one[start:], other[start:]
    if len(rest) == len(others):
        return rest[1:] == others[1:] or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
    longer, shorter = (rest, others) if len(rest) > len(others) else (others, rest)
    return longer[1:] == shorter


def other_ending(domain: str, known: Iterable[str]) -> str:
    """Return the known domain of the same name with another ending, such as acme.de for acme.com; "" if none. An ending
    is one label, behind short ones at most: co.uk is one, acme.com is none."""
    name, _, ending = domain.partition(".")
    if len(name) < 4 or any(len(label) > MAX_SECOND_LEVEL_CHARS for label in ending.split(".")[:-1]):
        return ""
    return next((each for each in known if each != domain and each.partition(".")[0] == name), "")


def mixes_alphabets(domain: str) -> bool:
    """Test if one label has letters of two alphabets, which no honest name has. Japanese uses several by nature."""
    return any(len(_alphabets(label)) > 1 for label in domain.split("."))


def _alphabets(label: str) -> set[str]:
    names = (unicodedata.name(letter, "").partition(" ")[0] for letter in label if letter.isalpha())
    return {name for name in names if name in ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")}
