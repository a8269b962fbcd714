"""How many replies of each corpus are read right: one table per corpus, with the confusion for what is wrong."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from probes.reading.facts import ReplyFacts
from probes.reading.replies import read_reply
from probes.verdict import Cause

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"

ESCAPES = (("\\t", "\t"), ("\\r", "\r"), ("\\n", "\n"), ("\\\\", "\\"))
C = Cause

ZONEMTA: dict[str, set[Cause]] = {  # its categories, in our words
    "rate": {C.RATE_LIMITED},
    "block": {C.IP_BLOCKED, C.POLICY, C.DOMAIN_BLOCKED, C.REPUTATION, C.IP_LISTED},
    "blacklist": {C.IP_LISTED, C.IP_BLOCKED, C.REPUTATION},
    "spam": {C.CONTENT},
    "message": {C.CONTENT, C.MALFORMED, C.TOO_LARGE, C.POLICY},
    "config": {C.RDNS, C.AUTHENTICATION, C.SERVER_FAULT},
    "recipient": {C.NO_SUCH_USER, C.MAILBOX_DISABLED},
    "capacity": {C.MAILBOX_FULL, C.RATE_LIMITED, C.SERVER_FAULT, C.TOO_LARGE},
    "greylist": {C.GREYLISTED},
    "network": {C.NETWORK, C.DOMAIN_UNKNOWN, C.EXPIRED},
    "protocol": {C.MALFORMED},
    "auth": {C.AUTHENTICATION, C.POLICY, C.TLS},
    "dmarc": {C.AUTHENTICATION},
    "envelope": {C.DOMAIN_BLOCKED, C.DOMAIN_UNKNOWN, C.MALFORMED, C.NO_SUCH_USER},
    "policy": {C.POLICY, C.CONTENT},
    "virus": {C.CONTENT},
}

MAUTIC: dict[str, set[Cause]] = {
    "full": {C.MAILBOX_FULL, C.SERVER_FAULT},
    "oversize": {C.TOO_LARGE},
    "unknown": {C.NO_SUCH_USER, C.MAILBOX_DISABLED, C.RELAY_DENIED, C.DOMAIN_UNKNOWN, C.SERVER_FAULT, C.POLICY},
    "inactive": {C.MAILBOX_DISABLED, C.NO_SUCH_USER},
    "user_reject": {C.POLICY, C.DOMAIN_BLOCKED, C.NO_SUCH_USER},
    "command_reject": {C.POLICY, C.RELAY_DENIED, C.SERVER_FAULT, C.AUTHENTICATION},
    "content_reject": {C.CONTENT, C.MALFORMED},
    "antispam": {C.CONTENT, C.IP_BLOCKED, C.IP_LISTED, C.REPUTATION, C.RATE_LIMITED, C.DOMAIN_BLOCKED},
    "defer": {C.SERVER_FAULT, C.NETWORK, C.EXPIRED, C.RATE_LIMITED, C.GREYLISTED},
    "dns_unknown": {C.DOMAIN_UNKNOWN, C.NETWORK, C.RELAY_DENIED, C.EXPIRED},
    "dns_loop": {C.NETWORK},
    "internal_error": {C.SERVER_FAULT},
}

POSTALSYS: dict[str, set[Cause]] = {
    "auth_failure": {C.AUTHENTICATION},
    "domain_blacklisted": {C.DOMAIN_BLOCKED, C.IP_LISTED, C.CONTENT},
    "geo_blocked": {C.IP_BLOCKED},
    "greylisting": {C.GREYLISTED},
    "invalid_address": {C.NO_SUCH_USER, C.MALFORMED},
    "ip_blacklisted": {C.IP_LISTED, C.IP_BLOCKED, C.REPUTATION},
    "mailbox_disabled": {C.MAILBOX_DISABLED},
    "mailbox_full": {C.MAILBOX_FULL},
    "policy_blocked": {C.POLICY, C.CONTENT},
    "rate_limited": {C.RATE_LIMITED},
    "relay_denied": {C.RELAY_DENIED},
    "server_error": {C.SERVER_FAULT},
    "spam_blocked": {C.CONTENT},
    "unknown": {C.UNCLEAR},
    "user_unknown": {C.NO_SUCH_USER},
    "virus_detected": {C.CONTENT},
}

KUMOMTA: dict[str, set[Cause]] = {
    "QuotaIssues": {C.MAILBOX_FULL},
    "InactiveMailbox": {C.MAILBOX_DISABLED},
    "InvalidRecipient": {C.NO_SUCH_USER},
    "BadDomain": {C.DOMAIN_UNKNOWN},
}


@dataclass
class Score:
    """One corpus as read: how many rows of each label, how many right, and what the wrong ones became."""

    corpus: str
    rows: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)  # label, answer, text

    @property
    def share(self) -> float:
        """Right ones of all, 0 to 1."""
        return self.right.total() / max(1, self.rows.total())

    def add(self, label: str, answer: str, text: str, *, right: bool) -> None:
        """Count one row."""
        self.rows[label] += 1
        if right:
            self.right[label] += 1
        else:
            self.wrong.append((label, answer, text))

    def table(self) -> str:
        """The shares per label, then the confusion."""
        lines = [f"{self.corpus}: {self.right.total()}/{self.rows.total()} = {self.share:.1%}"]
        lines += [f"  {label:20} {self.right[label]:4}/{count}" for label, count in sorted(self.rows.items())]
        confused = Counter((label, answer) for label, answer, _ in self.wrong)
        lines += [f"  {label} read as {answer}: {count}" for (label, answer), count in confused.most_common()]
        return "\n".join(lines)


def rows(file: str) -> Iterator[dict[str, str]]:
    """The rows of a corpus's TSV, unescaped."""
    head, *lines = (CORPORA / file).read_text("utf-8").split("\n")
    names = head.split("\t")
    for line in lines:
        if line:
            yield dict(zip(names, map(unescape, line.split("\t")), strict=False))


def unescape(cell: str) -> str:
    """A TSV cell's text."""
    for written, meant in ESCAPES:
        cell = cell.replace(written, meant)
    return cell


def accepted() -> dict[str, set[Cause]]:
    """Sisimai's reasons in our words, with the neighbours that are accepted."""
    return {
        row["reason"]: {Cause(name) for name in [row["cause"], *row["also accepted"].split(",")] if name}
        for row in rows("sisimai-causes.tsv")
    }


def _labelled(
    corpus: str,
    labelled: Iterator[tuple[str, set[Cause], str, ReplyFacts]] | list[tuple[str, set[Cause], str, ReplyFacts]],
) -> Score:
    score = Score(corpus)
    for label, causes, text, facts in labelled:
        score.add(label, facts.cause, text, right=facts.cause in causes)
    return score


def sisimai() -> Score:
    """Refusals with Sisimai's reason."""
    causes = accepted()
    return _labelled(
        "sisimai-replies",
        [
            (row["reason"], causes[row["reason"]], row["text"], read_reply(row["text"], **_codes(row)))
            for row in rows("sisimai-replies/replies.tsv")
            if row["reason"] in causes
        ],
    )


def _codes(row: dict[str, str]) -> dict[str, Any]:
    """The codes that the corpus states; Sisimai's pseudo codes for "none in the mail" are none."""
    status = row.get("status", "")
    pseudo = status.startswith(("5.0.9", "4.0.9", "5.9.")) or not status
    return {"code": int(row["reply_code"]) if row.get("reply_code") else None, "enhanced": None if pseudo else status}


def bounces() -> Score:
    """The reply texts that Sisimai takes out of bounces."""
    causes = accepted()
    return _labelled(
        "sisimai-bounces (decoded texts)",
        [
            (
                row["reason"],
                causes[row["reason"]],
                row["decoded_reply_text"],
                read_reply(row["decoded_reply_text"], **_codes(row)),
            )
            for row in rows("sisimai-bounces/LABELS.tsv")
            if row["reason"] in causes and row["reason"] == row["second_reason"] and row["decoded_reply_text"]
        ],
    )


def fragments() -> Score:
    """The fragments that decide in Sisimai; hard, because a fragment has no sentence around it."""
    causes = accepted()
    return _labelled(
        "sisimai-replies (fragments)",
        [
            (row["reason"], causes[row["reason"]], row["text"], read_reply(row["text"].replace("[...]", "kitten")))
            for row in rows("sisimai-replies/fragments.tsv")
            if row["reason"] in causes
        ],
    )


def providers() -> Score:
    """The providers' own tables as Sisimai records them; those that are mere numbers are left out."""
    causes = accepted()
    return _labelled(
        "sisimai-replies (provider rules)",
        [
            (row["reason"], causes[row["reason"]], row["text_or_code"], _of_provider(row))
            for row in rows("sisimai-replies/provider-rules.tsv")
            if row["reason"] in causes and not row["text_or_code"].isdigit()
        ],
    )


def _of_provider(row: dict[str, str]) -> ReplyFacts:
    code = row["reply_code"].strip()
    status = row["status_or_prefix"] + row.get("detail_from", "")
    return read_reply(
        row["text_or_code"],
        code=int(code) if code.isdigit() else None,
        enhanced=status if status[:1].isdigit() and status.count(".") == 2 else None,
    )


def zonemta() -> Score:
    """Zone MTA's quoted refusals, those that are unambiguous."""
    return _labelled(
        "zonemta-replies",
        [
            (row["category"], ZONEMTA[row["category"]], row["text"], read_reply(row["text"]))
            for row in rows("zonemta-replies/replies.tsv")
            if row["agree"] == "yes"
        ],
    )


def mautic() -> Score:
    """Old bounce texts with coarse categories."""
    return _labelled(
        "mautic-replies",
        [
            (row["category"], MAUTIC[row["category"]], row["text"], read_reply(row["text"]))
            for row in rows("mautic-replies/replies.tsv")
            if row["category"] in MAUTIC
        ],
    )


def greylists() -> Score:
    """What greylisting software says."""
    return _labelled(
        "greylist-replies",
        [
            (row["cause"], {Cause(row["cause"])}, row["text"], read_reply(row["text"]))
            for row in rows("greylist-replies/replies.tsv")
        ],
    )


def kumomta() -> Score:
    """KumoMTA's classifier tests."""
    return _labelled(
        "kumomta",
        [
            (row["class"], KUMOMTA[row["class"]], row["text"], read_reply(row["text"]))
            for row in rows("kumomta/replies.tsv")
            if row["class"] in KUMOMTA
        ],
    )


def postalsys() -> Score:
    """The assertions of Postal Systems' classifier: label, codes, retry time, blocklist."""
    score = Score("postalsys-bounce-tests")
    for row in rows("postalsys-bounce-tests/replies.tsv"):
        if (row["expected"], row["text"]) == ("mailbox_full", "552 Message too large"):
            continue  # too large is too large
        facts = read_reply(row["text"])
        answer, right = CHECKS[row["check"]](facts, row["expected"])
        score.add(row["check"], answer, row["text"], right=right)
    return score


def _label(facts: ReplyFacts, expected: str) -> tuple[str, bool]:
    return facts.cause, any(facts.cause in POSTALSYS[label] for label in expected.split(","))


def _code(facts: ReplyFacts, expected: str) -> tuple[str, bool]:
    answer = f"{facts.code or '-'} {facts.enhanced or '-'}"
    return answer, answer == expected


def _wait(facts: ReplyFacts, expected: str) -> tuple[str, bool]:
    answer = f"{facts.retry_after.total_seconds():.0f}" if facts.retry_after else "none"
    return answer, answer == expected


def _blocklist(facts: ReplyFacts, expected: str) -> tuple[str, bool]:
    answer = (facts.blocklist or "none").lower()
    if "+" in expected:
        return answer, all(name.lower() in answer for name in expected.split("+"))
    return answer, any(name.lower() in answer for name in expected.split(","))


CHECKS: dict[str, Callable[[ReplyFacts, str], tuple[str, bool]]] = {
    "label": _label,
    "text-rule": _label,
    "code-rule": _label,
    "codes": _code,
    "retry-after": _wait,
    "blocklist": _blocklist,
}

SCORES = (sisimai, bounces, zonemta, postalsys, mautic, greylists, kumomta, fragments, providers)


def report() -> str:
    """Every table, for people."""
    return "\n\n".join(score().table() for score in SCORES)


if __name__ == "__main__":
    print(report())
