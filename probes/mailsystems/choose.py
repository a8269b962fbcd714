"""Choose the remedies for a failure: `choose`. Pure.

An entry changes what gets into a company, so the safest comes first, and what cannot help is left out: a remedy for a
property that the server did not know when it refused, or that a diagnosis has ruled out; one that is bound to an IP
address where it is not proven that the refused mail came from there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from probes.answer import Stage
from probes.diagnosis.factors import FACTORS, Factor, seen_by
from probes.mailsystems.family import CauseFamily, family_of
from probes.mailsystems.general import GENERAL, not_possible
from probes.mailsystems.remedy import NotPossible, Remedy, Rung, short_steps
from probes.mailsystems.system import MailSystem, Steps
from probes.mailsystems.table import MAIL_SYSTEMS
from probes.outcome import Cause, Grade

REMEDIES: Mapping[str, Remedy] = {
    each.key: each for each in (*(one for row in MAIL_SYSTEMS.values() for one in row.remedies), *GENERAL)
}
"""Every remedy by its key, the general ones too."""
BY_IP = frozenset({Rung.DOMAIN_AND_IP, Rung.IP_ALONE})


@dataclass(frozen=True, slots=True)
class Choice:
    """The remedies for a failure, the safest first; and, per mail system, why there is none. At least one of both is
    there."""

    remedies: tuple[Remedy, ...] = ()
    not_possible: tuple[NotPossible, ...] = ()

    @property
    def general(self) -> bool:
        """True if there are remedies, and none is in a mail system's own terms."""
        return bool(self.remedies) and all(remedy.general for remedy in self.remedies)


def choose(
    chain: Collection[str],
    stage: Stage | None = None,
    cause: Cause | None = None,
    factor: Factor | None = None,
    grade: Grade | None = None,
    enhanced: str | None = None,
) -> Choice:
    """Return the remedies for a failure, the safest first.

    `chain`: the company's mail systems by key, the gateway first; the one that refused alone, if that is known. A
    refusal in a dialogue (`stage`) is the first one's. `factor`: what a diagnosis proved. `grade`: that of the verdict.
    `enhanced`: the enhanced status code of the refusal; a remedy for just this code comes before all others.
    Without a cause those of the factor count, without both what is unclear.
    """
    wanted = _wanted(cause, factor)
    asked = tuple(chain)[:1] if stage is not None else tuple(reversed(tuple(chain)))
    rows = [row for key in asked if (row := MAIL_SYSTEMS.get(key))]
    found = [
        remedy
        for row in rows
        for remedy in row.remedies
        if remedy.causes & wanted and _fits(remedy, stage, factor, grade) and _answers(remedy, enhanced)
    ]
    reasons = tuple(reason for row in rows for reason in _reasons(row, wanted))
    if found:
        unique = {remedy.key: remedy for remedy in found}
        exact = {key for key, remedy in unique.items() if enhanced in remedy.codes}
        return Choice(tuple(sorted(unique.values(), key=lambda each: (each.key not in exact, each.rung))), reasons)
    if reasons:
        return Choice(not_possible=reasons)
    general = [each for each in GENERAL if each.causes & wanted and _fits(each, stage, factor, grade)]
    if general:
        return Choice(tuple(sorted(general, key=lambda remedy: remedy.rung)))
    return Choice(not_possible=(not_possible(cause),))


def remedies_of(key: str, family: CauseFamily, cause: Cause | None = None) -> tuple[Remedy, ...]:
    """Return the remedies of one mail system for a cause, or else for all of a family, the safest first."""
    row = MAIL_SYSTEMS.get(key)
    wanted = _of_family(family, cause)
    found = (remedy for remedy in row.remedies if remedy.causes & wanted) if row else ()
    return tuple(sorted(found, key=lambda remedy: remedy.rung))


def reasons_of(key: str, family: CauseFamily, cause: Cause | None = None) -> tuple[NotPossible, ...]:
    """Return why there is no remedy in one mail system for a cause, or else for some of a family."""
    row = MAIL_SYSTEMS.get(key)
    return tuple(_reasons(row, _of_family(family, cause))) if row else ()


def steps_for(key: str, cause: Cause | None, family: CauseFamily) -> Steps:
    """Return the administrator's steps in this mail system for a cause, or else its family, each in a line; () if
    unknown: those of the safest remedy, and the name of the next."""
    found = remedies_of(key, family, cause)
    if found:
        following = next((remedy for remedy in found[1:] if remedy.rung > found[0].rung), None)
        return (*short_steps(found[0]), *_otherwise(following))
    return tuple(f"{reason.why} {reason.who_can}" for reason in reasons_of(key, family, cause)[:1] if reason.causes)


def own_steps(key: str, cause: Cause) -> Steps:
    """Return the steps of the safest remedy in this mail system for a cause, each in a line; () if there is none."""
    found = remedies_of(key, family_of(cause), cause)
    return short_steps(found[0]) if found else ()


def _otherwise(following: Remedy | None) -> Iterator[str]:
    if following:
        title = following.title
        yield f"If that is not possible or does not help: {title[0].lower()}{title[1:]}."


def _of_family(family: CauseFamily, cause: Cause | None) -> frozenset[Cause]:
    if cause and family_of(cause) is family:
        return frozenset({cause})
    return frozenset(each for each in Cause if family_of(each) is family)


def _wanted(cause: Cause | None, factor: Factor | None) -> frozenset[Cause]:
    if cause:
        return frozenset({cause})
    return frozenset(FACTORS[factor].causes) if factor else frozenset({Cause.UNCLEAR})


def _reasons(row: MailSystem, wanted: Iterable[Cause]) -> Iterator[NotPossible]:
    causes = frozenset(wanted)
    return (reason for reason in row.not_possible if not reason.causes or reason.causes & causes)


def _fits(remedy: Remedy, stage: Stage | None, factor: Factor | None, grade: Grade | None) -> bool:
    if factor and factor not in remedy.factors:
        return False
    if grade is Grade.UNPROVEN and remedy.rung in BY_IP:
        return False
    return bool(remedy.factors & seen_by(stage))


def _answers(remedy: Remedy, enhanced: str | None) -> bool:
    """Test if it may be for a refusal with this code; if that is not known, its texts say for which it is."""
    return not remedy.codes or enhanced is None or enhanced in remedy.codes
