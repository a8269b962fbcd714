"""How much of the labelled bounces is read right: the figures that the tests hold and the bench prints."""

import csv
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cache
from pathlib import Path

from probes.reading.bounces import read_bounce
from probes.reading.facts import BounceFacts, MailKind, RecipientFacts

CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
SISIMAI = CORPORA / "sisimai-bounces"
FLUFL = CORPORA / "flufl-bounces"

Row = dict[str, str]


@dataclass(slots=True)
class Score:
    """Right and asked for one label, with what was said in place of what was right."""

    right: int = 0
    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def count(self, good: bool, note: str) -> None:
        self.asked += 1
        self.right += good
        if not good:
            self.wrong.append(note)

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 1.0


Scores = dict[str, Score]


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="\n") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def accepted_causes() -> dict[str, set[str]]:
    return {
        row["reason"]: {row["cause"], *filter(None, (row["also accepted"] or "").split(","))}
        for row in rows(CORPORA / "sisimai-causes.tsv")
    }


@cache
def read(path: Path) -> BounceFacts:
    return read_bounce(path.read_bytes())


def sisimai(only: Callable[[str], bool] = lambda name: True) -> Scores:
    """Per label of sisimai-bounces."""
    scores: Scores = {name: Score() for name in ("recipient", "code", "status", "cause", "kind")}
    causes = accepted_causes()
    for row in rows(SISIMAI / "LABELS.tsv"):
        if not only(row["file"]):
            continue
        facts = read(SISIMAI / row["file"])
        _count_kind(scores["kind"], row, facts)
        if row["recipient"] and "undisclosed-recipient" not in row["recipient"]:
            known = [recipient.address.lower() for recipient in facts.recipients]
            scores["recipient"].count(row["recipient"].lower() in known, f"{row['file']} {row['recipient']} {known}")
        if row["reason"] in ("feedback", "vacation", "not-a-bounce"):
            continue
        _count_details(scores, row, _recipient(row, facts), causes)
    return scores


def _recipient(row: Row, facts: BounceFacts) -> RecipientFacts | None:
    """The facts of the row's recipient: by address, else by position."""
    named = (one for one in facts.recipients if one.address.lower() == row["recipient"].lower())
    place = int(row["record"]) - 1
    return next(named, facts.recipients[place] if place < len(facts.recipients) else None)


_PSEUDO = re.compile(r"[45]\.0\.9\d\d|5\.9\.\d{3}")


def _count_details(scores: Scores, row: Row, one: RecipientFacts | None, causes: dict[str, set[str]]) -> None:
    code = str(one.facts.code) if one and one.facts and one.facts.code else ""
    status = (one.status or "") if one else ""
    expected = "" if _PSEUDO.fullmatch(row["status"]) else row["status"]
    about = f"{row['file']}#{row['record']}"
    if row["reason"] != "delivered":
        scores["code"].count(code == row["reply_code"], f"{about} {row['reply_code'] or '-'} read {code or '-'}")
    scores["status"].count(status == expected, f"{about} {row['status'] or '-'} read {status or '-'}")
    if row["reason"] in causes and row["second_reason"] in (row["reason"], ""):
        said = one.cause.value if one else "nobody"
        scores["cause"].count(
            said in causes[row["reason"]], f"{about} {row['reason']} read {said}: {one.reply[:150] if one else ''}"
        )


def _count_kind(score: Score, row: Row, facts: BounceFacts) -> None:
    expected = {
        "feedback": (MailKind.COMPLAINT,),
        "vacation": (MailKind.AUTO_REPLY,),
        "not-a-bounce": (MailKind.OTHER, MailKind.AUTO_REPLY),
        "delivered": (MailKind.SUCCESS,),
    }.get(row["reason"], (MailKind.BOUNCE, MailKind.DELAY))
    score.count(facts.kind in expected, f"{row['file']} {row['reason']} read {facts.kind}")


def flufl(only: Callable[[str], bool] = lambda name: True) -> Scores:
    """Recipients and persistence of flufl-bounces."""
    scores: Scores = {name: Score() for name in ("recipients", "persistence")}
    for row in rows(FLUFL / "LABELS.tsv"):
        if not only(row["file"]):
            continue
        facts = read(FLUFL / row["file"])
        expected = {address.lower() for address in (row["recipients"] or "").split()}
        found = {recipient.address.lower() for recipient in facts.recipients}
        scores["recipients"].count(expected == found, f"{row['file']} {sorted(expected)} read {sorted(found)}")
        kind = MailKind.DELAY if row["persistence"] == "temporary" else MailKind.BOUNCE
        scores["persistence"].count(facts.kind is kind, f"{row['file']} {row['persistence']} read {facts.kind}")
    return scores


def speed(seconds: float = 2.0) -> tuple[float, float]:
    """Bounces read in a second, and the same messages by the standard library's parser alone in the same run."""
    mails = [path.read_bytes() for path in sorted((SISIMAI / "mail").glob("*.eml"))]
    return _rate(read_bounce, mails, seconds), _rate(message_from_bytes, mails, seconds)


def _rate(work: Callable[[bytes], object], mails: list[bytes], seconds: float) -> float:
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for mail in mails:
            work(mail)
        done += len(mails)
    return done / spent


def table(title: str, scores: Scores, wrong: int = 5) -> Iterator[str]:
    """The figures as lines of text, with the confusion below each label."""
    yield title
    for name, score in scores.items():
        yield f"  {name:12} {score.right:4} of {score.asked:4}  {score.share:7.1%}"
        yield from (f"      {note}" for note, _ in Counter(score.wrong).most_common(wrong))
