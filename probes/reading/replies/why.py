"""Explain an answer: the causes that a reply may have, and the clues that speak for and against each of them."""

from collections.abc import Sequence
from typing import NamedTuple

from probes.answer import Stage
from probes.outcome import Cause
from probes.reading.replies.clues import ReplyParts, clues_of, take_apart, weigh
from probes.reading.replies.decision import decide
from probes.reading.replies.marks import LINKS
from probes.reading.replies.phrases import PHRASES
from probes.reading.replies.weights import BIAS, probabilities, weights_of
from probes.reading.replies.words import ADDRESS, HOST, IP_ADDRESS, fold

SLIGHT = 0.2  # a smaller weight explains nothing
MOST = 6  # reasons for one cause

_MEANINGS = {  # clues that name a cause themselves, by family; "{}" is what stands in `_subject`
    "phrase:code": "documented reason code {}",
    "phrase:vendor": "documented wording {}",
    "phrase:stated": "known wording {}",
    "phrase:foreign": "known wording {}",
    "phrase:vague": "vague wording {}",
    "meaning:enhanced": "meaning of enhanced code {}",
    "meaning:subject": "subject of enhanced code {}",
    "meaning:basic": "meaning of reply code {}",
    "meaning:exit": "meaning of a program's exit code",
    "meaning:alone": "the reply has codes and no words",
    "list:named": "blocklist {}",
    "link:page": "link {}",
}
_NUMBERS = {  # other clues, by what stands before the colon; "{}" is what stands behind
    "code": "reply code {}",
    "class": "{}xx reply",
    "enhanced": "enhanced code x.{}",
    "subject": "enhanced codes x.{0}.* ({1})",
    "stage": "said at {}",
    "wait": "a time to try again is offered",
}
_CLASSES = {"4": "temporary refusal (4xx)", "5": "permanent refusal (5xx)"}
_SUBJECTS = {  # RFC 3463, section 3
    "0": "other",
    "1": "address",
    "2": "mailbox",
    "3": "mail system",
    "4": "network and routing",
    "5": "protocol",
    "6": "message content",
    "7": "security or policy",
}
_STAGES = {  # those that are no command by themselves
    Stage.LOOKUP: "the DNS lookup",
    Stage.CONNECT: "connecting",
    Stage.PROXY: "the PROXY header",
    Stage.BANNER: "the greeting",
    Stage.MAIL: "MAIL FROM",
    Stage.RCPT: "RCPT TO",
    Stage.END_OF_DATA: "the end of the message",
}
_EXACT = {
    "code:none": "no code",
    "phrase:none": "no known wording",
    BIAS: "how common the cause is",
}
_QUOTED = {ADDRESS: "(address)", IP_ADDRESS: "(IP address)", HOST: "(host name)"}
_LONGEST_WORD = 40  # characters


class WeighedClue(NamedTuple):
    """A clue in words, and its weight for a cause: natural logarithm of odds, negative if it speaks against it."""

    clue: str
    weight: float


class Candidate(NamedTuple):
    """A cause that the reply may have, its probability, 0 to 1, and the heaviest reasons, heaviest first."""

    cause: Cause
    probability: float
    reasons: tuple[WeighedClue, ...]


def explain(
    text: str, *, stage: Stage | None = None, code: int | None = None, enhanced: str | None = None
) -> list[Candidate]:
    """Return the answer of `read_reply` to the same arguments, then its rivals, with the reasons for each."""
    said = take_apart(text, stage, code, enhanced)
    clues = clues_of(said)
    answer = decide(probabilities(weigh(said)))
    clues[BIAS] = ""
    words = _Words(said)
    causes = [(answer.cause, answer.confidence), *((rival.cause, rival.probability) for rival in answer.rivals)]
    return [Candidate(cause, chance, _reasons(cause, clues, words)) for cause, chance in causes]


def _reasons(cause: Cause, clues: dict[str, str], words: "_Words") -> tuple[WeighedClue, ...]:
    weighed = ((clue, source, weights_of(clue).get(cause, 0.0)) for clue, source in clues.items())
    heavy = sorted((one for one in weighed if abs(one[2]) >= SLIGHT), key=lambda one: -abs(one[2]))
    return tuple(WeighedClue(words.of(clue, source), weight) for clue, source, weight in heavy[:MOST])


class _Words:
    """Describes the clues of one reply."""

    def __init__(self, said: ReplyParts) -> None:
        self._said = said
        self._folded = fold(said.text)
        self._spelled = PHRASES.vocabulary.spelled(said.text)
        self._phrases = {hit.phrase.clue: hit.phrase for hit in reversed(said.hits)}

    def of(self, clue: str, source: str) -> str:
        """Return a clue in words; `source` is the text that it was taken from."""
        if clue in _EXACT:
            return _EXACT[clue]
        family, _, _ = clue.partition(" ")
        if family in _MEANINGS:
            return _MEANINGS[family].format(self._subject(family, clue, source))
        name, colon, value = clue.partition(":")
        if colon and name in _NUMBERS:
            return self._number(name, value)
        return self._quoted(clue.split())

    def _subject(self, family: str, clue: str, source: str) -> str:
        said = self._said
        match family:
            case "meaning:enhanced" | "meaning:subject":
                return said.enhanced or ""
            case "meaning:basic":
                return f"{said.code} at {_place(said.stage)}" if said.stage else str(said.code)
            case "link:page":
                link = next((link for link, cause in LINKS if cause is said.linked and link in self._folded), "")
                return f'"{link}"'
            case "list:named":
                return source
            case _:
                plain = source.replace("*", "")
                return f'"{plain if plain in self._folded else self._translated(clue) or plain}"'

    def _translated(self, clue: str) -> str:
        """Return the words of the reply in which a phrase was found, if they are read as those of another language."""
        phrase = self._phrases.get(clue)
        words = [word for part in phrase.parts for word in part] if phrase else []
        known = [word for word in words if word not in _QUOTED]
        if all(fold(self._as_written(word))[:2] == word[:2] for word in known):
            return ""
        return " … ".join(dict.fromkeys(map(self._as_written, words)))

    @staticmethod
    def _number(name: str, value: str) -> str:
        stage, _, digit = value.partition("/")
        match name:
            case "class":
                return _CLASSES.get(value, _NUMBERS[name].format(value))
            case "subject":
                return _NUMBERS[name].format(value, _SUBJECTS.get(value, "no known subject"))
            case "stage":
                where = _place(Stage(stage))
                return _NUMBERS[name].format(f"{where}, {_CLASSES.get(digit, f'{digit}xx')}" if digit else where)
            case _:
                return _NUMBERS[name].format(value)

    def _quoted(self, words: Sequence[str]) -> str:
        spelled = list(dict.fromkeys(map(self._as_written, words)))
        plain = " ".join(spelled)
        together = spelled[0] + spelled[-1][1:]  # of signs without spaces, each two are a word
        if len(spelled) > 1 and spelled[0][-1] == spelled[-1][0] and together in self._said.text:
            plain = together
        elif plain not in self._said.text and not _QUOTED.keys() & set(words):
            plain = " … ".join(spelled)
        return f'word "{plain}"' if len(spelled) == 1 else f'words "{plain}"'

    def _as_written(self, word: str) -> str:
        """Return the word as the reply spells it; what a reply quotes, an address or a host, by its kind."""
        if word in _QUOTED:
            return _QUOTED[word]
        written = self._spelled.get(word, word)
        return written if 1 < len(written) <= _LONGEST_WORD else word


def _place(stage: Stage) -> str:
    return _STAGES.get(stage, stage.upper())
