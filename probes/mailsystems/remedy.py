"""A remedy: the exact, safest steps that let the sender through one mail system. Values.

In the texts `{domain}` and `{ip}` are the sender's, `{address}` is the address that its mail comes from, and `{system}`
is the mail system's name; `filled` puts them in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum, StrEnum

from probes.diagnosis.factors import Factor
from probes.outcome import Cause

IMMEDIATELY = timedelta(0)


class Rung(IntEnum):
    """Conditions that an entry is bound to, the safest first. A remedy is never below IP_ALONE."""

    NOTHING_SKIPPED = 0  # no filter is skipped: a block or a delay ends, a fault is repaired, a verdict is reported
    DMARC = 1  # the domain of the From header, and DMARC or the product's own authentication passes
    DKIM = 2  # a valid signature of the domain
    SPF = 3  # the envelope domain, and SPF passes
    DOMAIN_AND_IP = 4  # the domain and the IP address together
    IP_ALONE = 5  # every customer of a shared mail service gets the same
    BARE_DOMAIN = 6  # anybody can write it: never given as a remedy


class Guard(StrEnum):
    """Protection that stays in force for the mail that a remedy lets through."""

    AUTHENTICATION = "authentication"
    SPAM = "spam"
    VIRUS = "virus"
    LINKS = "links"
    RATE = "rate"
    RELAY_CLOSED = "relay_closed"


class Language(StrEnum):
    """Languages of scripts."""

    POWERSHELL = "powershell"
    SHELL = "sh"
    CONFIG = "config"  # lines of a file
    HTTP = "http"  # a request: method and address, and a JSON body after an empty line


class Certainty(StrEnum):
    """Degrees of certainty of a source, the strongest first."""

    TESTED = "tested"  # reproduced with the product itself
    READ = "read"  # in the vendor's own documentation
    SECONDARY = "secondary"  # in somebody else's guide
    UNSURE = "unsure"  # a part of it is not confirmed
    MEMORY = "memory"  # general knowledge: no page was read


@dataclass(frozen=True, slots=True)
class FactSource:
    """The origin of a fact. `address`: the page or site, "" if there is none. `on`: when it was read or tested.
    `unsure`: what of it is not confirmed, as a sentence; "" for nothing."""

    title: str
    on: date
    address: str = ""
    certainty: Certainty = Certainty.READ
    unsure: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """Commands or lines of a configuration. `does`: what they do, without a full stop. `file`: where lines go.
    `then`: the command that makes the product read them."""

    language: Language
    does: str
    text: str
    file: str = ""
    then: str = ""

    @property
    def short(self) -> str:
        """The script within a sentence: what it does, with the command if that is short."""
        where = f" (in {self.file})" if self.file else ""
        if "\n" in self.text.strip() or self.language is Language.HTTP:
            return f"{self.does}{where} ({_MANY})."
        said = f"{self.does}{where}: {self.text.strip()}"
        return f"{said} Then: {self.then}" if self.then else said


_MANY = "the runbook has the lines"

Step = str | Script
"""One step: a sentence or two, or a script."""


class ProofKind(StrEnum):
    """Ways to see that a remedy works, and that it opens no door."""

    PROBE = "probe"  # a probe must arrive in the inbox, in time
    MARK = "mark"  # it must bear this mark
    FORGED_TWIN = "forged_twin"  # the same From from another address without a signature must not pass


@dataclass(frozen=True, slots=True)
class RemedyProof:
    """One proof. `expects` is what must be seen."""

    kind: ProofKind
    expects: str


ARRIVES = RemedyProof(ProofKind.PROBE, "A probe arrives in the inbox before its code expires.")
TWIN_STOPPED = RemedyProof(
    ProofKind.FORGED_TWIN,
    "The same mail from another IP address, without a signature, gets in no better than before: if it was stopped, it "
    "is stopped still.",
)


class CountedFrom(StrEnum):
    """Beginnings of the time until an entry lapses."""

    SET = "set"
    LAST_USE = "last_use"


@dataclass(frozen=True, slots=True)
class Expiry:
    """An entry that lapses by itself. `renew`: how to prolong it."""

    after: timedelta
    counted_from: CountedFrom
    renew: Step


@dataclass(frozen=True, slots=True)
class Remedy:
    """One remedy in one mail system's own terms; `system` is its key, "" for a general one.

    `causes` and `factors`: what it is for; a remedy whose factors are all unknown to a server at the stage of the
    refusal cannot help. `skips`: what is no longer done to the mail, "" for nothing. `keeps`: what still guards.
    `where`: the menu path in the vendor's words, the console first; `link` its address. `needs`: role or licence.
    `look_first`: what is there now, so that the undo is exact. `takes_effect_within`: the longest time until it acts.
    `codes`: the enhanced status codes that it answers and no other; empty for any. `risk`: what remains, "" for nothing
    that is known. `audit`: checks of the company's own that it fails. `by_sender`:
    the sender carries it out.
    """

    key: str
    system: str
    title: str
    causes: frozenset[Cause]
    factors: frozenset[Factor]
    rung: Rung
    keeps: frozenset[Guard]
    steps: tuple[Step, ...]
    undo: tuple[Step, ...]
    never: str
    sources: tuple[FactSource, ...]
    skips: str = ""
    where: tuple[str, ...] = ()
    link: str = ""
    needs: str = ""
    look_first: tuple[Step, ...] = ()
    takes_effect_within: timedelta = IMMEDIATELY
    verify: tuple[RemedyProof, ...] = (ARRIVES, TWIN_STOPPED)
    expires: Expiry | None = None
    codes: frozenset[str] = frozenset()
    risk: str = ""
    audit: str = ""
    by_sender: bool = False

    @property
    def general(self) -> bool:
        """True if it is not in any mail system's own terms."""
        return not self.system

    @property
    def scripts(self) -> tuple[Script, ...]:
        """Its commands and lines, without those that only look or undo."""
        return tuple(step for step in self.steps if isinstance(step, Script))

    @property
    def certainty(self) -> Certainty:
        """The strongest of its sources, weakened where a part is not confirmed."""
        if any(source.unsure for source in self.sources):
            return Certainty.UNSURE
        return min((source.certainty for source in self.sources), key=_STRONGEST.index)


_STRONGEST = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class NotPossible:
    """Nothing that the company's IT can set helps. `why` and `who_can` are sentences. `system`: in this mail system;
    "" in any."""

    why: str
    who_can: str
    causes: frozenset[Cause] = field(default_factory=frozenset)
    system: str = ""


@dataclass(frozen=True, slots=True)
class RemedyNames:
    """The names that a remedy is filled with."""

    domain: str
    ip: str
    address: str
    system: str

    @property
    def words(self) -> Mapping[str, str]:
        """Each placeholder with its word."""
        return {"{domain}": self.domain, "{ip}": self.ip, "{address}": self.address, "{system}": self.system}


def fill(text: str, names: RemedyNames) -> str:
    """Put the names into a text."""
    for mark, word in names.words.items():
        text = text.replace(mark, word)
    return text


def filled_script(script: Script, names: RemedyNames) -> Script:
    """Put the names into a script."""
    return Script(
        script.language,
        fill(script.does, names),
        fill(script.text, names),
        fill(script.file, names),
        fill(script.then, names),
    )


def short_steps(remedy: Remedy) -> tuple[str, ...]:
    """Return the steps, each in a line, for notices and cards; placeholders are left in."""
    return tuple(step.short if isinstance(step, Script) else step for step in (*remedy.look_first, *remedy.steps))
