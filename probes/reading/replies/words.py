"""Turn a reply into the words that its meaning depends on: `Vocabulary.words`.

The same reduction serves tables and replies, so one row covers all forms of a statement: articles and auxiliaries are
dropped, negations are one word, endings are cut ("exceeds", "exceeded" → `exceed`), and what a reply quotes becomes `@`
(an address), `#` (an IP address) or `~` (a host name or link), so that it cannot be mistaken for the reply's own words.
`.` marks the end of a sentence. Codes are dropped: they are read apart.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from sys import intern

from probes.reading.replies.memory import Memory
from probes.reading.replies.translations import TRANSLATED

ADDRESS, IP_ADDRESS, HOST, END = "@", "#", "~", "."
IF, PLEASE = "if", "pleas"  # as they are reduced
PLACEHOLDERS = frozenset((ADDRESS, IP_ADDRESS, HOST, END))

_FILLERS = """
    a an the this that these those our my its his her their it we you i he she they there which who whom
    is are was were be been being am has have had having do does did will would shall should can could may might must
    of for sorry just very so as and also dear unfortunately http https www
    don doesn didn isn aren wasn couldn won wouldn hasn haven shouldn s re ve d ll m
"""  # the last line is what is left of "doesn't" and "we've"
_DROPPED = frozenset(_FILLERS.split())
_WRITTEN = """
    not: cannot t dont doesnt cant never nor isnt wont
    not able: unable
    mail: email emails e-mail e-mails mailings
    blacklist: black-list
    blacklisted: black-listed
    blocklist: block-list
    blocklisted: block-listed
    denylist: deny-list
    whitelist: white-list
    allowlist: allow-list
    greylist: grey-list gray-list graylist
    greylisted: graylisted grey-listed gray-listed
    greylisting: graylisting grey-listing gray-listing
    unroutable: unrouteable
    mailbox: mail-box mbox inbox
    mail server: mailserver
    host name: hostname
    domain name: domainname
    user name: username
    ip address: ipaddress
    ratelimited: rate-limited
    ratelimit: rate-limit
    nonexistent: non-existent
    overquota: over-quota
    timeout: time-out timedout
    subdomain: sub-domain
    authorized: authorised
    unauthorized: unauthorised
    recognized: recognised
    unrecognized: unrecognised
    organization: organisation
    spam: spammer spamming spammers spams
"""
_SAME = {  # words that are written in several ways, and the words that they are read as
    way: words.strip()
    for words, _, ways in (line.partition(":") for line in _WRITTEN.strip().splitlines())
    for way in ways.split()
}
_QUOTES = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "\u00a0": " ", "\u3000": " ", "。": ". ", "、": ", "}
    | {"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "ı": "i"}
)

_MARKS = b"<>\"'()[]{},;:|`"  # what divides a text, as spaces do
_BETWEEN = bytes.maketrans(_MARKS, b" " * len(_MARKS))  # of octets, which takes a third of the time of characters
_WRITTEN_PIECE = re.compile(r"[^\s<>\"'()\[\]{},;:|`‘’‚“”„。、]+")  # what `divided` divides, before it is folded
_V6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])")
_QUOTED = re.compile(r'"[^"]{1,128}"@[^\s<>"]{1,255}')  # an address with a quoted local part
_V4 = re.compile(r"#?\d{1,3}(?:[.-]\d{1,3}){3}(?:/\d+)?", re.ASCII)
_NUMBER = re.compile(r"#?(?:[245]\d\d|[245]\.\d{1,3}\.\d{1,3})[.-]?", re.ASCII)
_GLUED_CODES = re.compile(r"(?:[245]\d\d-(?:[245]\.\d{1,3}\.\d{1,3})?)+", re.ASCII)
_HOST = re.compile(r"(?:[\w-]{1,63}\.){1,12}[a-z][a-z0-9-]{1,62}(?:/.*)?")
_EXCHANGE = re.compile(r"(?:resolver|queue|transport|storedrv|smtpsend|routing|sms)\.")
_PART = re.compile(r"[^\W_]+\*?")
_ENDS = tuple(".!?")
UNSPACED = re.compile(r"[\u3000-\u9fff\uac00-\ud7af]")  # scripts without spaces between words: each two signs are one
INFLECTED = 6  # letters of a word in Cyrillic or Greek that its endings leave alone


def fold(text: str) -> str:
    """Return `text` in lower case, without accents and typographic quotes."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    split = unicodedata.normalize("NFKD", lowered.translate(_QUOTES))
    plain = "".join(c for c in split if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain)  # Korean syllables in one piece


def repair(text: str) -> str:
    """Repair UTF-8 that was read as Latin-1; any other text is returned unchanged."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def stem(word: str) -> str:
    """Cut the ending of an English word; applied to all languages alike, since tables and replies meet here."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith(("eed", "need")):
            word = word[: -len(ending)]
            if word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if len(word) > 6 and word.endswith(("tion", "sion")):
        word = word[:-3]
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


_ADVICE = "see visit contact check refer ask consult read more further click go"
_RETRY = "try retry wait slow resend come reduce"
_ADVISING, _RETRYING = frozenset(map(stem, _ADVICE.split())), frozenset(map(stem, _RETRY.split()))
_OF_ADVICE = _ADVISING | {IF, PLEASE}
LEAST = 2  # words that must be left when advice is left out


def without_advice(words: Sequence[str]) -> list[str]:
    """Leave out what a reply advises, not states: sentences that begin with "see", "contact", and all after "if" or
    "please" to the end of the sentence. It names many causes ("if your address is blocked, visit ~") that are not this
    reply's.

    A retry that is asked for is a statement, and so is advice if nothing else is said; but never what follows "if": a
    condition states nothing of this mail.
    """
    if _OF_ADVICE.isdisjoint(words):
        return list(words)
    kept: list[str] = []
    unconditional: list[str] = []
    advice, condition, opening = False, False, True
    for place, (before, word) in enumerate(zip((END, *words), words, strict=False)):
        if word == END:
            advice, condition, opening = False, False, True
            kept.append(END)
            unconditional.append(END)
            continue
        if word == PLEASE:
            advice = words[place + 1 : place + 2] != [] and words[place + 1] not in _RETRYING
            continue
        condition = condition or (word == IF and before not in _ADVISING)  # "check if" asks nothing else than "check"
        advice = advice or condition or (opening and word in _ADVISING)
        opening = False
        if not condition:
            unconditional.append(word)
        if not advice:
            kept.append(word)
    if sum(word not in PLACEHOLDERS for word in kept) >= LEAST:
        return kept
    return unconditional


_ENGLISH: Mapping[str, tuple[str, ...]] = {  # by the beginning of a word in another language, "=" after a whole one
    f"{fold(form[1:])}=" if form.startswith("=") else fold(form): tuple(map(stem, english.split()))
    for english, forms in TRANSLATED.items()
    for form in forms.split()
}


IN_ENGLISH = frozenset(chain.from_iterable(_ENGLISH.values()))  # the words that others are read as


def _in_english(word: str) -> tuple[str, ...] | None:
    whole = _ENGLISH.get(f"{word}=")
    return whole or next((_ENGLISH[word[:end]] for end in range(len(word), 1, -1) if word[:end] in _ENGLISH), None)


def divided(folded: str) -> list[str]:
    """Return the pieces of a text between spaces, brackets and quotes."""
    return folded.encode("utf-8", "surrogatepass").translate(_BETWEEN).decode("utf-8", "surrogatepass").split()


class Vocabulary:
    """Reduces texts to words. `known` are words of the tables, `openings` beginnings of words that they name."""

    def __init__(self, known: Iterable[str] = (), openings: Iterable[str] = ()) -> None:
        self._known = frozenset(known)
        self._openings = tuple(openings)
        self._memory = Memory(self._reduce)

    def words(self, folded: str, pieces: Sequence[str] | None = None) -> list[str]:
        """Return the words of a text in lower case; its length bounds the time. `pieces` are those of the text, if it
        was divided before."""
        if "::" in folded or folded.count(":") > 6:
            folded, pieces = _V6.sub(" # ", folded), None
        if '"@' in folded:
            folded, pieces = _QUOTED.sub(ADDRESS, folded), None
        return [*chain.from_iterable(map(self._memory.__getitem__, divided(folded) if pieces is None else pieces))]

    def spelled(self, text: str) -> dict[str, str]:
        """Return how each word of `words` is written in a text, in its own letters, where it occurs first."""
        found: dict[str, str] = {}
        for piece in _WRITTEN_PIECE.findall(text):
            parts: dict[str, str] = {}
            for part in _PART.findall(piece):
                for sign in map("".join, pairwise(part)) if UNSPACED.search(part) else (part,):
                    for word in self._words(fold(sign)):
                        parts.setdefault(word, sign)
            for word in self._words(fold(piece)):
                if word not in PLACEHOLDERS:
                    found.setdefault(word, parts.get(word, piece.strip(".!?*")))
        return found

    def _words(self, folded: str) -> Iterator[str]:
        return chain.from_iterable(map(self._reduce, divided(folded)))

    def _reduce(self, chunk: str) -> tuple[str, ...]:
        body = chunk.rstrip(".!?*")
        reduced = tuple(map(intern, self._parts(body.lstrip("*."))))  # tables are searched fastest for their own words
        return (*reduced, END) if chunk.endswith(_ENDS) and body else reduced

    def _parts(self, body: str) -> Iterator[str]:
        if body in (ADDRESS, IP_ADDRESS, HOST):
            yield body
        elif body.startswith("//") or "@" in body[1:-1]:
            yield HOST if body.startswith("//") else ADDRESS
        elif _NUMBER.fullmatch(body):
            return
        elif body[:1].isdigit() and (glued := _GLUED_CODES.match(body)):
            yield from self._parts(body[glued.end() :])
        elif "." in body and _V4.fullmatch(body):
            yield IP_ADDRESS
        elif "." in body and not _EXCHANGE.match(body) and _HOST.fullmatch(body):
            labels = body.split(".")
            if all(label in self._known or label in _DROPPED for label in labels):  # "denied.please": two sentences
                for label in labels:
                    yield from self._word(label)
                    yield END
            else:
                yield HOST
        elif body in _SAME:
            yield from map(stem, _SAME[body].split())
        else:
            for part in _PART.findall(body):
                yield from self._word(part)

    def _word(self, word: str) -> Iterator[str]:
        if word in _DROPPED:
            return
        if word in _SAME:
            yield from map(stem, _SAME[word].split())
        elif opening := next((start for start in self._openings if word.startswith(start)), None):
            yield opening + "*"
        elif UNSPACED.search(word):
            for pair in map("".join, pairwise(word)) if len(word) > 1 else (word,):
                yield from _in_english(pair) or (pair,)
        elif english := _in_english(word):
            yield from english
        else:
            yield stem(word) if word.isascii() else word[:INFLECTED]
