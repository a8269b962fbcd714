"""An address as somebody typed it or read it out: what is wrong with it, and what was probably meant. Pure.

What cannot be an address is a fact; what merely resembles another address is a question to ask. Nothing here looks
anything up.
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum

import idna

from monitor.triage.alike import looks_like, mixes_alphabets, one_slip_from, other_ending
from probes.settings import domain_name

MAX_TYPED_CHARS = 400  # of the input; longer input is no address, and is not read
MAX_LOCAL_CHARS = 64  # RFC 5321, section 4.5.3.1.1
MAX_ADDRESS_CHARS = 254  # RFC 5321, section 4.5.3.1.3, as corrected by RFC errata 1690

_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*")  # RFC 5322, section 3.2.3, with dots
_QUOTED = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])+"')  # RFC 5321, section 4.1.2
_WIDE = {chr(plain + 0xFEE0): chr(plain) for plain in range(0x21, 0x7F)} | {"。": ".", "｡": ".", "\u3000": " "}
_FRAMED = re.compile(r"[^<>]*<([^<>]*)>\s*")
_NUMBERED = 5  # hidden characters that are named


class NoteWeight(StrEnum):
    """Meanings of a note about an address."""

    WRONG = "wrong"  # mail cannot be sent to it as it is typed
    DOUBT = "doubt"  # it resembles something else: ask
    HARMLESS = "harmless"  # makes no difference to mail


class Slip(StrEnum):
    """Notes about an address; `labels` has their sentences."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    SEVERAL = "several"
    NO_AT = "no_at"
    TWO_AT = "two_at"
    NO_NAME = "no_name"
    NO_DOMAIN = "no_domain"
    SPACE = "space"
    COMMA = "comma"
    NO_DOT = "no_dot"
    DOTS = "dots"
    NOT_A_DOMAIN = "not_a_domain"
    NOT_A_NAME = "not_a_name"
    FOREIGN_NAME = "foreign_name"
    HIDDEN = "hidden"
    WWW = "www"
    WIDE = "wide"
    QUOTED = "quoted"
    NAME_DOTS = "name_dots"
    IMITATED = "imitated"
    LOOK_ALIKE = "look_alike"
    MIXED_ALPHABETS = "mixed_alphabets"
    SIMILAR = "similar"
    OTHER_ENDING = "other_ending"
    UPPER_CASE = "upper_case"
    BLANKS_AROUND = "blanks_around"
    END_MARK = "end_mark"
    TRAILING_DOT = "trailing_dot"
    FRAMED = "framed"
    FOREIGN_DOMAIN = "foreign_domain"


WEIGHTS: dict[Slip, NoteWeight] = {
    **dict.fromkeys(Slip, NoteWeight.WRONG),
    **dict.fromkeys(
        (
            Slip.NO_AT,
            Slip.FOREIGN_NAME,
            Slip.HIDDEN,
            Slip.WIDE,
            Slip.QUOTED,
            Slip.NAME_DOTS,
            Slip.WWW,
            Slip.IMITATED,
            Slip.LOOK_ALIKE,
            Slip.MIXED_ALPHABETS,
            Slip.SIMILAR,
            Slip.OTHER_ENDING,
        ),
        NoteWeight.DOUBT,
    ),
    **dict.fromkeys(
        (
            Slip.UPPER_CASE,
            Slip.BLANKS_AROUND,
            Slip.END_MARK,
            Slip.TRAILING_DOT,
            Slip.FRAMED,
            Slip.FOREIGN_DOMAIN,
        ),
        NoteWeight.HARMLESS,
    ),
}


@dataclass(frozen=True, slots=True)
class AddressNote:
    """One note. `found`: the part that it is about, of the domain or a character by number, never the person's name;
    `meant`: the domain that was probably meant, "" if nobody can tell."""

    slip: Slip
    found: str = ""
    meant: str = ""

    @property
    def weight(self) -> NoteWeight:
        """Return the meaning of the note."""
        return WEIGHTS[self.slip]


@dataclass(frozen=True, slots=True)
class TypedAddress:
    """An address as far as it could be read. `domain` is in lower case and ASCII, "" if there is none. `name` is the
    part before the @, kept out of every text that a program makes of this value."""

    name: str = field(repr=False)
    domain: str
    notes: tuple[AddressNote, ...]

    @property
    def wrong(self) -> AddressNote | None:
        """Return the first note because of which mail cannot be sent to it; None if it can be an address."""
        return next((note for note in self.notes if note.weight is NoteWeight.WRONG), None)

    @property
    def doubt(self) -> AddressNote | None:
        """Return the first note by which another address may be meant."""
        return next((note for note in self.notes if note.weight is NoteWeight.DOUBT), None)


def read_address(typed: str, known: Collection[str]) -> TypedAddress:
    """Read what somebody typed. `known`: domains that may be meant, in lower case, in ASCII, the likeliest first."""
    if len(typed) > MAX_TYPED_CHARS:
        return TypedAddress("", "", (AddressNote(Slip.TOO_LONG),))
    reading = _Reading()
    text = _trimmed(typed, reading)
    if not text:
        reading.note(Slip.EMPTY)
        return reading.address("", "")
    if len([part for part in re.split(r"[\s,;]+", text) if "@" in part]) > 1:
        reading.note(Slip.SEVERAL)
        return reading.address("", "")
    name, at, domain = text.rpartition("@")
    if not at:
        return _without_at(text, known, reading)
    if not domain.strip():
        reading.note(Slip.NO_DOMAIN)
        return reading.address("", "")
    _check_name(name, reading)
    read = _domain(domain, known, reading)
    if len(name) + 1 + len(read) > MAX_ADDRESS_CHARS:
        reading.note(Slip.TOO_LONG)
    if any(letter.isupper() for letter in name + domain):
        reading.note(Slip.UPPER_CASE)
    return reading.address(name.strip().lower(), read)


class _Reading:
    """The notes so far, each kind once."""

    def __init__(self) -> None:
        self._notes: dict[Slip, AddressNote] = {}

    def note(self, slip: Slip, found: str = "", meant: str = "") -> None:
        self._notes.setdefault(slip, AddressNote(slip, found, meant))

    def address(self, name: str, domain: str) -> TypedAddress:
        order = list(NoteWeight)
        return TypedAddress(
            name, domain, tuple(sorted(self._notes.values(), key=lambda note: order.index(note.weight)))
        )


def _trimmed(typed: str, reading: _Reading) -> str:
    """Return the text without what came with it: hidden characters, blanks, a frame, marks of a sentence."""
    text = unicodedata.normalize("NFC", typed).strip()
    if text != typed and typed.strip() != typed:
        reading.note(Slip.BLANKS_AROUND)
    if hidden := [letter for letter in text if unicodedata.category(letter)[0] == "C" and letter not in "\t\r\n"]:
        numbers = dict.fromkeys(f"U+{ord(letter):04X}" for letter in hidden)
        reading.note(Slip.HIDDEN, ", ".join([*numbers][:_NUMBERED]))
        text = "".join(letter for letter in text if letter not in hidden)
    if wide := [letter for letter in text if letter in _WIDE]:
        reading.note(Slip.WIDE, ", ".join(dict.fromkeys(f"U+{ord(letter):04X}" for letter in wide)))
        text = "".join(_WIDE.get(letter, letter) for letter in text)
    if text[:7].lower() == "mailto:":
        reading.note(Slip.FRAMED)
        text = text[7:].partition("?")[0]
    if framed := _FRAMED.fullmatch(text):
        reading.note(Slip.FRAMED)
        text = framed[1].strip()
    if text[:1] in "\"'" and text[:1] == text[-1:] and len(text) > 1:
        reading.note(Slip.FRAMED)
        text = text[1:-1].strip()
    bare = text.rstrip(",;: \t")
    if bare != text:
        reading.note(Slip.END_MARK)
    dotless = bare.rstrip(".")
    if dotless != bare:
        reading.note(Slip.TRAILING_DOT)
    return dotless


def _without_at(text: str, known: Collection[str], reading: _Reading) -> TypedAddress:
    """Read a domain alone; anything else is no address."""
    found = domain_name(text.lower()) if text.isascii() else None
    if found is None:
        reading.note(Slip.NO_DOMAIN)
        return reading.address("", "")
    reading.note(Slip.NO_AT)
    return reading.address("", _domain(text, known, reading))


def _check_name(name: str, reading: _Reading) -> None:
    """Note what is wrong with the part before the @."""
    stripped = name.strip()
    if not stripped:
        reading.note(Slip.NO_NAME)
    if _QUOTED.fullmatch(stripped):
        reading.note(Slip.QUOTED)
    elif "@" in stripped:
        reading.note(Slip.TWO_AT)
    elif any(letter.isspace() for letter in name):
        reading.note(Slip.SPACE)
    elif "," in stripped:
        reading.note(Slip.COMMA)
    elif ".." in stripped or stripped[:1] == "." or stripped[-1:] == ".":
        reading.note(Slip.NAME_DOTS)
    elif not stripped.isascii():
        foreign = next(letter for letter in stripped if not letter.isascii())
        reading.note(Slip.FOREIGN_NAME, f"U+{ord(foreign):04X}")
    elif len(stripped) > MAX_LOCAL_CHARS:
        reading.note(Slip.TOO_LONG)
    elif not _ATOM.fullmatch(stripped):
        reading.note(Slip.NOT_A_NAME)


def _domain(typed: str, known: Collection[str], reading: _Reading) -> str:
    """Return the domain in ASCII, repaired where only one thing can be meant; "" if it is none. Notes what is wrong."""
    text = typed.lower().strip()
    for slip, wrong, repair in _REPAIRS:
        if wrong(text):
            text = repair(text)
            reading.note(slip, meant=_shown_domain(text))
    if "." not in text:
        reading.note(Slip.NO_DOT, meant=_with_its_dot(text, known))
        return ""
    plain, drawn = _in_both_forms(text)
    if not plain:
        reading.note(Slip.NOT_A_DOMAIN)
        return ""
    if plain.startswith("www.") and plain.count(".") > 1:
        reading.note(Slip.WWW, plain, plain.removeprefix("www."))
    if plain not in known and not any(plain.endswith(f".{each}") for each in known):
        _compare(plain, drawn, known, reading)
    return plain


_REPAIRS: tuple[tuple[Slip, Callable[[str], bool], Callable[[str], str]], ...] = (
    (Slip.SPACE, lambda text: any(map(str.isspace, text)), lambda text: "".join(text.split())),
    (Slip.COMMA, lambda text: "," in text, lambda text: text.replace(",", ".")),
    (Slip.DOTS, lambda text: ".." in text or text[:1] == ".", lambda text: re.sub(r"\.{2,}", ".", text).strip(".")),
)


def _shown_domain(text: str) -> str:
    return domain_name(text) or ""


def _with_its_dot(text: str, known: Collection[str]) -> str:
    """Return the one known domain that this is without its dot, or without its ending; "" if none or several."""
    joined = [each for each in known if each.replace(".", "") == text]
    begun = [each for each in known if each.partition(".")[0] == text]
    found = joined or begun
    return found[0] if len(found) == 1 or joined else ""


def _in_both_forms(text: str) -> tuple[str, str]:
    """Return a domain in ASCII and as it is drawn; "" twice if it is none."""
    try:
        plain = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ("", "")
    found = domain_name(plain)
    if found is None:
        return ("", "")
    try:
        drawn = idna.decode(found) if "xn--" in found else text
    except (idna.IDNAError, UnicodeError):
        drawn = found
    return found, drawn


def _compare(plain: str, drawn: str, known: Collection[str], reading: _Reading) -> None:
    """Note a domain that nobody knows here, and that resembles a known one."""
    if meant := looks_like(drawn, known):
        reading.note(Slip.LOOK_ALIKE if drawn.isascii() else Slip.IMITATED, plain, meant)
    elif mixes_alphabets(drawn):
        reading.note(Slip.MIXED_ALPHABETS, plain)
    elif meant := one_slip_from(plain, known):
        reading.note(Slip.SIMILAR, plain, meant)
    elif meant := other_ending(plain, known):
        reading.note(Slip.OTHER_ENDING, plain, meant)
    if not drawn.isascii():
        reading.note(Slip.FOREIGN_DOMAIN, plain)
