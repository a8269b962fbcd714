"""Remedies as JSON, for commands and the API."""

from typing import Any

from probes.mailsystems.remedy import NotPossible, Remedy, RemedyNames, Script, Step, fill, filled_script
from probes.outcome import Cause


def remedy_json(remedy: Remedy, names: RemedyNames) -> dict[str, Any]:
    """Return a remedy with the names put in. Durations are in seconds."""
    expires = remedy.expires
    return {
        "remedy": remedy.key,
        "mail_system": remedy.system or None,
        "general": remedy.general,
        "title": fill(remedy.title, names),
        "causes": [cause.value for cause in Cause if cause in remedy.causes],
        "factors": sorted(factor.value for factor in remedy.factors),
        "rung": remedy.rung.value,
        "keeps": sorted(guard.value for guard in remedy.keeps),
        "skips": remedy.skips or None,
        "where": list(remedy.where),
        "link": remedy.link or None,
        "needs": remedy.needs or None,
        "look_first": [_step(step, names) for step in remedy.look_first],
        "steps": [_step(step, names) for step in remedy.steps],
        "takes_effect_within": remedy.takes_effect_within.total_seconds(),
        "verify": [{"kind": proof.kind.value, "expects": fill(proof.expects, names)} for proof in remedy.verify],
        "undo": [_step(step, names) for step in remedy.undo],
        "expires": {
            "after": expires.after.total_seconds(),
            "counted_from": expires.counted_from.value,
            "renew": _step(expires.renew, names),
        }
        if expires
        else None,
        "never": fill(remedy.never, names),
        "risk": fill(remedy.risk, names) or None,
        "audit": remedy.audit or None,
        "certainty": remedy.certainty.value,
        "sources": [
            {
                "title": source.title,
                "address": source.address or None,
                "on": source.on.isoformat(),
                "certainty": source.certainty.value,
                "unsure": source.unsure or None,
            }
            for source in remedy.sources
        ],
    }


def not_possible_json(reason: NotPossible, names: RemedyNames) -> dict[str, Any]:
    """Return why there is no remedy, and who can help."""
    return {
        "remedy": None,
        "mail_system": reason.system or None,
        "causes": [cause.value for cause in Cause if cause in reason.causes],
        "why": fill(reason.why, names),
        "who_can": fill(reason.who_can, names),
    }


def _step(step: Step, names: RemedyNames) -> dict[str, Any]:
    if isinstance(step, str):
        return {"text": fill(step, names)}
    script: Script = filled_script(step, names)
    return {
        "text": script.does,
        "language": script.language.value,
        "script": script.text,
        "file": script.file or None,
        "then": script.then or None,
    }
