"""How the readers of headers fare on labelled mail: share right for each label, and what is wrong."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from probes.mailsystems.signs import system_of_header
from probes.reading.facts import FilterFacts, MessageFacts
from probes.reading.headers import read_message
from probes.reading.seen_systems import seen_systems

CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
KERNEL = CORPORA / "kernel-list-headers"
PHISHING = CORPORA / "phishing-pot-headers"
NO_FINDING = {"moved-by-rule", "greylist"}  # labels that are facts of another kind: a folder, a note

STATED = re.compile(rb"^(?:x-sender-ip|x-forefront-antispam-report):.*\n(?:[ \t].*\n)*", re.IGNORECASE | re.MULTILINE)
SENDER_IP_IS = re.compile(rb"sender IP is [0-9a-f.:]+")


@dataclass
class Score:
    """One label's figures. `confusion` counts (said, labelled) of what is wrong; `wrong` names the first samples."""

    right: int = 0
    asked: int = 0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def count(self, said: object, labelled: object, sample: str) -> None:
        self.asked += 1
        if said == labelled:
            self.right += 1
        else:
            self.confusion[str(said), str(labelled)] += 1
            self.wrong.append(sample)

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 1.0


Scores = dict[str, Score]


def rows(path: Path) -> Iterator[dict[str, str]]:
    lines = path.read_text("utf-8").split("\n")
    names = lines[0].split("\t")
    for line in lines[1:]:
        if line:
            yield dict(zip(names, (_plain(cell) for cell in line.split("\t")), strict=False))


def _plain(cell: str) -> str:
    return re.sub(r"\\([\\trn])", lambda found: {"t": "\t", "r": "\r", "n": "\n"}.get(found[1], "\\"), cell)


def verdicts() -> Scores:
    """Of each header that states a verdict: what the reader of its vendor says."""
    scores: Scores = defaultdict(Score)
    for folder in (KERNEL, PHISHING):
        read: dict[str, MessageFacts] = {}
        for row in rows(folder / "VERDICTS.tsv"):
            if row["verdict"] in NO_FINDING:
                continue
            facts = read.setdefault(row["file"], read_message((folder / row["file"]).read_bytes()))
            said = _said(facts, row["header"], row["value"])
            scores[f"verdict, {row['vendor']}"].count(said and said.verdict.value, row["verdict"], row["file"])
    for row in rows(CORPORA / "vendor-lines" / "lines.tsv"):
        facts = read_message(row["header"] + "\r\n")
        found = facts.filters[0].verdict.value if facts.filters else None
        scores[f"vendor line, {row['vendor']}"].count(found, row["verdict"], row["id"])
    return dict(scores)


def _said(facts: MessageFacts, header: str, value: str) -> FilterFacts | None:
    """The verdict read from this header: by its name and the beginning of its value."""
    start = re.sub(r"\s+", "", value)[:60]
    return next(
        (f for f in facts.filters if (p := f.line.partition(": "))[0] == header and _same(p[2], start)),
        None,
    )


def _same(value: str, start: str) -> bool:
    return re.sub(r"\s+", "", value)[:60].startswith(start[:40])


def connecting_addresses() -> Scores:
    """The address at the border: with all headers, from the chain alone, and at the list server's border."""
    scores: Scores = defaultdict(Score)
    for row in rows(PHISHING / "LABELS.tsv"):
        if not row["connecting_ip"] or "@" in row["connecting_ip"]:  # "@": the collectors' redaction hit an address
            continue
        data = (PHISHING / row["file"]).read_bytes()
        scores["connecting IP, phishing-pot"].count(read_message(data).connecting_ip, row["connecting_ip"], row["file"])
        bare = SENDER_IP_IS.sub(b"", STATED.sub(b"", data))
        said = read_message(bare).connecting_ip
        scores["connecting IP, phishing-pot, chain alone"].count(said, row["connecting_ip"], row["file"])
    for row in rows(KERNEL / "HOPS.tsv"):
        facts = read_message((KERNEL / row["file"]).read_bytes(), receiver=row["stated_by"] or None)
        if row["client_ip"]:
            scores["connecting IP, kernel list server"].count(facts.connecting_ip, row["client_ip"], row["file"])
        scores["hops, kernel"].count(len(facts.hops), int(row["received_count"]), row["file"])
        if row["greylist_delay_s"]:
            waited = f"greylisted for {row['greylist_delay_s']} s by {row['greylist_host']}"
            scores["greylisting noted, kernel"].count(waited in facts.notes, True, row["file"])
            least = timedelta(seconds=int(row["greylist_delay_s"]) - 5)
            shown = any(hop.delay and hop.delay >= least for hop in facts.hops)
            scores["greylisting seen in a hop's delay, kernel"].count(shown, True, row["file"])
    return dict(scores)


def labels() -> Scores:
    """Folder, checks and hops of the mailboxes at Outlook.com."""
    scores: Scores = defaultdict(Score)
    for row in rows(PHISHING / "LABELS.tsv"):
        facts = read_message((PHISHING / row["file"]).read_bytes())
        if row["folder"]:
            scores["folder, phishing-pot"].count(facts.folder, row["folder"], row["file"])
        scores["hops, phishing-pot"].count(len(facts.hops), int(row["received_count"]), row["file"])
        for method in ("spf", "dkim", "dmarc"):
            if row["folder"] and row[f"ar_{method}"]:
                said = getattr(facts.authentication, method)
                stated = row[f"ar_{method}"].split(",")  # one for each signature
                scores[f"{method}, phishing-pot"].count(said, min(stated, key=lambda s: s != "pass"), row["file"])
    return dict(scores)


MICROSOFT = frozenset({"m365", "outlook", "exchange"})
PRODUCTS = {
    "rspamd": frozenset({"rspamd"}),
    "proofpoint": frozenset({"proofpoint", "proofpoint_essentials"}),
    "wp.pl": frozenset({"wppl"}),
    "kaspersky": frozenset({"kaspersky"}),
    "1und1/gmx": frozenset({"gmx"}),
    "proton": frozenset({"proton"}),
    "vade": frozenset({"vade"}),
    "trendmicro": frozenset({"trendmicro"}),
    "spamexperts": frozenset({"mailassure"}),
    "microsoft-eop": MICROSOFT,
    "microsoft-scl": MICROSOFT,
    "microsoft-mailbox": MICROSOFT,
}
OF_THE_MAILBOX = {"microsoft-scl", "microsoft-mailbox", "proton"}  # in the mails that were collected from mailboxes
SHARED_NAMES = {"x-spam", "x-ms-exchange-organization-scl"}  # fields that more than one product writes


def mail_systems() -> Scores:
    """The receiver's mail system: of mails from mailboxes by all that they show, of each product by its header's name,
    and whether a product that a sender used is taken for the receiver's."""
    scores: Scores = defaultdict(Score)
    for folder in (KERNEL, PHISHING):
        for row in rows(folder / "VERDICTS.tsv"):
            products = PRODUCTS.get(row["vendor"])
            if products is None:
                continue
            if row["header"].lower() not in SHARED_NAMES:
                named = system_of_header(row["header"].lower()) in products
                scores[f"product by its header, {row['vendor']}"].count(named, True, row["file"])
            if folder is PHISHING and row["vendor"] in OF_THE_MAILBOX:
                seen = {sign.system for sign in seen_systems((folder / row["file"]).read_bytes())}
                scores[f"receiver, {row['vendor']}"].count(bool(seen & products), True, row["file"])
    for path in sorted((KERNEL / "headers").iterdir()):  # all were received by one list's Postfix
        seen = {sign.system for sign in seen_systems(path.read_bytes())}
        scores["receiver, kernel list server"].count(seen <= {"postfix", "dovecot"} and bool(seen), True, path.name)
    return dict(scores)


def forms() -> Scores:
    """The client's address in each server's form of a Received line; where only the client tells it, none."""
    score = Score()
    for row in json.loads((CORPORA / "mailauth-received" / "mta-formats.json").read_text("utf-8")):
        said = read_message(row["header"] + "\r\n").hops[0].ip
        score.count(said, row["ip"] or "", row["mta"])
    return {"Received forms": score}


def all_scores() -> Scores:
    return {**verdicts(), **connecting_addresses(), **labels(), **mail_systems(), **forms()}


def table(scores: Scores) -> str:
    lines = [f"{'label':<46} {'right':>6} {'of':>5} {'share':>8}  wrong: said for labelled"]
    for label, score in sorted(scores.items()):
        wrong = ", ".join(f"{said} for {right}: {n}" for (said, right), n in score.confusion.most_common(4))
        lines.append(f"{label:<46} {score.right:>6} {score.asked:>5} {score.share:>8.2%}  {wrong}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(all_scores()))
