"""DMARC: the policy for the From domain, found by the tree walk of RFC 9989 (section 4.10).

The walk asks at the domain and at each parent. A parent that cannot be read only matters if the policy may come from
there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.tags import BadTagsError, tags_of, version_of

MAX_LABELS = 8  # a name with more goes on at its last seven (RFC 9989, section 4.10)
POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class Found:
    """The result at one name of the walk: its DMARC records, or a failed lookup."""

    domain: str
    answer: tuple[str, ...] | Unresolved

    @property
    def records(self) -> tuple[str, ...]:
        """The DMARC records; other texts do not count."""
        return () if isinstance(self.answer, Unresolved) else self.answer

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the one record, {} if there is none that is valid: of several none counts."""
        try:
            return tags_of(self.records[0]) if len(self.records) == 1 else {}
        except BadTagsError:
            return {}


def walk(domain: str) -> list[str]:
    """Return the names to ask at, the domain first: at most eight."""
    labels = domain.rstrip(".").lower().split(".")
    names = [".".join(labels)]
    rest = labels[-(MAX_LABELS - 1) :] if len(labels) >= MAX_LABELS else labels[1:]
    return names + [".".join(rest[place:]) for place in range(len(rest))]


async def read_dmarc(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Walk up from the From domain until a record ends the walk."""
    found = await walk_up(subject.domain, asker)
    exists = await asker.lookup(subject.domain, "A")
    missing = not isinstance(exists, Unresolved) and not exists.exists
    return [asker.fact(Question.DMARC, subject.domain, assess(found, exists=not missing))]


async def walk_up(domain: str, asker: Asker, *, whole: bool = False) -> Sequence[Found]:
    """Ask at the domain and its parents. The search for a policy ends with a record of the domain's own; `whole`: go on
    for its organisation. What psd=n or a parent's psd=y says ends both."""
    found: list[Found] = []
    for place, name in enumerate(walk(domain)):
        answer = await asker.lookup(f"_dmarc.{name}", "TXT")
        texts = answer if isinstance(answer, Unresolved) else answer.records
        found.append(Found(name, texts if isinstance(texts, Unresolved) else _dmarc_only(texts)))
        ends = ("y", "n") if place or not whole else ("n",)
        if (found[0].records and not whole) or found[-1].tags.get("psd") in ends:
            break
    return found


def policy_place(found: Sequence[Found]) -> Found | Unresolved | None:
    """Return where the policy comes from by a walk; None if receivers find none that is valid."""
    own = found[0]
    if isinstance(own.answer, Unresolved):
        return own.answer
    if own.records:
        return own if own.tags else None
    # A top-level domain has no policy for others; an unreadable one changes nothing.
    if unread := [each.answer for each in found if isinstance(each.answer, Unresolved) and "." in each.domain]:
        return unread[0]
    valid = [each for each in found if each.tags]
    return organisational(valid) if valid else None


def _dmarc_only(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in texts if version_of(text) == "DMARC1")


def assess(found: Sequence[Found], *, exists: bool) -> Assessment:
    """Judge the results of a walk. `exists`: the From domain exists, so that `sp` holds for it and not `np`."""
    own = found[0]
    if len(own.records) > 1:
        return Assessment(State.BAD, Why.DMARC_TWICE, own.records[0], (str(len(own.records)),))
    if own.records:
        return _policy(own, ("p",), inherited=False)
    place = policy_place(found)
    if isinstance(place, Unresolved):
        return failed(place)
    if place is None:
        return Assessment(State.WEAK, Why.DMARC_MISSING)
    return _policy(place, ("sp", "p") if exists else ("np", "sp", "p"), inherited=True)


def organisational(valid: Sequence[Found]) -> Found:
    """Return where the policy comes from: psd=n ends the search, else the shortest name that is no public suffix."""
    for each in valid:
        if each.tags.get("psd") == "n":
            return each
    return next((each for each in reversed(valid) if each.tags.get("psd") != "y"), valid[-1])


def _policy(at: Found, keys: Sequence[str], *, inherited: bool) -> Assessment:
    record = at.records[0]
    try:
        tags = tags_of(record)
    except BadTagsError as error:
        return Assessment(State.WEAK, Why.DMARC_BROKEN, record, (str(error),))
    policy = next((tags[key].lower() for key in keys if key in tags), "none")
    if policy not in POLICIES:
        if "rua" not in tags:  # RFC 9989, section 4.7: with rua the policy is none, without there is no DMARC
            return Assessment(State.WEAK, Why.DMARC_BROKEN, record, (f"policy {policy[:20]!r}",))
        policy = "none"
    if tags.get("t", "n").lower() == "y" and policy != "none":  # RFC 9989: one level milder
        policy = POLICIES[POLICIES.index(policy) - 1]
    if policy == "none":
        return Assessment(State.WEAK, Why.DMARC_ASKS_NOTHING, record, (policy, at.domain))
    return Assessment(State.GOOD, Why.DMARC_INHERITED if inherited else Why.DMARC_GOOD, record, (policy, at.domain))
