"""How many replies of each corpus are read right: one table per corpus, with the confusion for what is wrong."""

import re
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

ZONEMTA: dict[str, frozenset[Cause]] = {  # its categories, in our words
    "rate": frozenset({C.RATE_LIMITED}),
    "block": frozenset({C.IP_BLOCKED, C.POLICY, C.DOMAIN_BLOCKED, C.REPUTATION, C.IP_LISTED}),
    "blacklist": frozenset({C.IP_LISTED, C.IP_BLOCKED, C.REPUTATION}),
    "spam": frozenset({C.CONTENT}),
    "message": frozenset({C.CONTENT, C.MALFORMED, C.TOO_LARGE, C.POLICY}),
    "config": frozenset({C.RDNS, C.AUTHENTICATION, C.SERVER_FAULT}),
    "recipient": frozenset({C.NO_SUCH_USER, C.MAILBOX_DISABLED}),
    "capacity": frozenset({C.MAILBOX_FULL, C.RATE_LIMITED, C.SERVER_FAULT, C.TOO_LARGE}),
    "greylist": frozenset({C.GREYLISTED}),
    "network": frozenset({C.NETWORK, C.DOMAIN_UNKNOWN, C.EXPIRED}),
    "protocol": frozenset({C.MALFORMED}),
    "auth": frozenset({C.AUTHENTICATION, C.POLICY, C.TLS}),
    "dmarc": frozenset({C.AUTHENTICATION}),
    "envelope": frozenset({C.DOMAIN_BLOCKED, C.DOMAIN_UNKNOWN, C.MALFORMED, C.NO_SUCH_USER}),
    "policy": frozenset({C.POLICY, C.CONTENT}),
    "virus": frozenset({C.CONTENT}),
}

MAUTIC: dict[str, frozenset[Cause]] = {
    "full": frozenset({C.MAILBOX_FULL, C.SERVER_FAULT}),
    "oversize": frozenset({C.TOO_LARGE}),
    "unknown": frozenset(
        {C.NO_SUCH_USER, C.MAILBOX_DISABLED, C.RELAY_DENIED, C.DOMAIN_UNKNOWN, C.SERVER_FAULT, C.POLICY}
    ),
    "inactive": frozenset({C.MAILBOX_DISABLED, C.NO_SUCH_USER}),
    "user_reject": frozenset({C.POLICY, C.DOMAIN_BLOCKED, C.NO_SUCH_USER}),
    "command_reject": frozenset({C.POLICY, C.RELAY_DENIED, C.SERVER_FAULT, C.AUTHENTICATION}),
    "content_reject": frozenset({C.CONTENT, C.MALFORMED}),
    "antispam": frozenset({C.CONTENT, C.IP_BLOCKED, C.IP_LISTED, C.REPUTATION, C.RATE_LIMITED, C.DOMAIN_BLOCKED}),
    "defer": frozenset({C.SERVER_FAULT, C.NETWORK, C.EXPIRED, C.RATE_LIMITED, C.GREYLISTED}),
    "dns_unknown": frozenset({C.DOMAIN_UNKNOWN, C.NETWORK, C.RELAY_DENIED, C.EXPIRED}),
    "dns_loop": frozenset({C.NETWORK}),
    "internal_error": frozenset({C.SERVER_FAULT}),
}

POSTALSYS: dict[str, frozenset[Cause]] = {
    "auth_failure": frozenset({C.AUTHENTICATION}),
    "domain_blacklisted": frozenset({C.DOMAIN_BLOCKED, C.IP_LISTED, C.CONTENT}),
    "geo_blocked": frozenset({C.IP_BLOCKED}),
    "greylisting": frozenset({C.GREYLISTED}),
    "invalid_address": frozenset({C.NO_SUCH_USER, C.MALFORMED}),
    "ip_blacklisted": frozenset({C.IP_LISTED, C.IP_BLOCKED, C.REPUTATION}),
    "mailbox_disabled": frozenset({C.MAILBOX_DISABLED}),
    "mailbox_full": frozenset({C.MAILBOX_FULL}),
    "policy_blocked": frozenset({C.POLICY, C.CONTENT}),
    "rate_limited": frozenset({C.RATE_LIMITED}),
    "relay_denied": frozenset({C.RELAY_DENIED}),
    "server_error": frozenset({C.SERVER_FAULT}),
    "spam_blocked": frozenset({C.CONTENT}),
    "unknown": frozenset({C.UNCLEAR}),
    "user_unknown": frozenset({C.NO_SUCH_USER}),
    "virus_detected": frozenset({C.CONTENT}),
}

KUMOMTA: dict[str, frozenset[Cause]] = {
    "QuotaIssues": frozenset({C.MAILBOX_FULL}),
    "InactiveMailbox": frozenset({C.MAILBOX_DISABLED}),
    "InvalidRecipient": frozenset({C.NO_SUCH_USER}),
    "BadDomain": frozenset({C.DOMAIN_UNKNOWN}),
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


def accepted() -> dict[str, frozenset[Cause]]:
    """Sisimai's reasons in our words, with the neighbours that are accepted."""
    return {
        row["reason"]: frozenset(Cause(name) for name in [row["cause"], *row["also accepted"].split(",")] if name)
        for row in rows("sisimai-causes.tsv")
    }


@dataclass(frozen=True, slots=True)
class Labelled:
    """A reply with the label that others gave it, and the causes that are right for it.

    `group` is the provider or mail server that said it, as far as the corpus tells.
    """

    corpus: str
    group: str
    label: str
    causes: frozenset[Cause]
    text: str
    code: int | None = None
    enhanced: str | None = None

    def read(self) -> ReplyFacts:
        return read_reply(self.text, code=self.code, enhanced=self.enhanced)


def _codes(row: dict[str, str]) -> dict[str, Any]:
    """The codes that the corpus states; Sisimai's pseudo codes for "none in the mail" are none."""
    status = row.get("status", "")
    pseudo = status.startswith(("5.0.9", "4.0.9", "5.9.")) or not status
    return {"code": int(row["reply_code"]) if row.get("reply_code") else None, "enhanced": None if pseudo else status}


_FILE = re.compile(r"([a-z0-9]+-[a-z0-9]+|rfc3464)-?\d+\.eml$")
_SAME_GROUP = {
    **dict.fromkeys(("gmail", "gsuite", "googlegroups", "googleworkspace"), "google"),
    **dict.fromkeys(("outlook", "office365", "exchange2003", "exchange2007", "exchangeonline"), "microsoft"),
    **dict.fromkeys(("aol", "yahooinc", "verizon"), "yahoo"),
    **dict.fromkeys(("amazonses", "receivingses", "amazonworkmail"), "amazon"),
    "v5sendmail": "sendmail",
    "ezweb": "kddi",
}


def _group(source: str) -> str:
    """The mail server of a sample's name: "postfix" of "set-of-emails lhost-postfix-02.eml"."""
    name = (found[1] if (found := _FILE.search(source)) else source).removeprefix("go-sisimai rhost/")
    plain = name.removeprefix("lhost-").removeprefix("rhost-")
    return _SAME_GROUP.get(plain, plain)


def sisimai() -> Iterator[Labelled]:
    """Refusals with Sisimai's reason."""
    causes = accepted()
    for row in rows("sisimai-replies/replies.tsv"):
        if row["reason"] in causes:
            reason = row["reason"]
            yield Labelled("sisimai-replies", _group(row["source"]), reason, causes[reason], row["text"], **_codes(row))


def bounces() -> Iterator[Labelled]:
    """The reply texts that Sisimai takes out of bounces."""
    causes = accepted()
    for row in rows("sisimai-bounces/LABELS.tsv"):
        text, reason = row["decoded_reply_text"], row["reason"]
        if reason in causes and reason == row["second_reason"] and text:
            yield Labelled("sisimai-bounces", _group(row["file"]), reason, causes[reason], text, **_codes(row))


def fragments() -> Iterator[Labelled]:
    """The fragments that decide in Sisimai; hard, because a fragment has no sentence around it."""
    causes = accepted()
    for row in rows("sisimai-replies/fragments.tsv"):
        if row["reason"] in causes:
            text = row["text"].replace("[...]", "<user@domain.example>")
            yield Labelled("fragments", "fragments", row["reason"], causes[row["reason"]], text)


def providers() -> Iterator[Labelled]:
    """The providers' own tables as Sisimai records them; those that are mere numbers are left out."""
    causes = accepted()
    for row in rows("sisimai-replies/provider-rules.tsv"):
        if row["reason"] in causes and not row["text_or_code"].isdigit():
            code, status = row["reply_code"].strip(), row["status_or_prefix"] + row.get("detail_from", "")
            yield Labelled(
                "provider rules",
                _group(row["provider"]),
                row["reason"],
                causes[row["reason"]],
                row["text_or_code"],
                int(code) if code.isdigit() else None,
                status if status[:1].isdigit() and status.count(".") == 2 else None,
            )


def zonemta() -> Iterator[Labelled]:
    """Zone MTA's quoted refusals, those that are unambiguous."""
    for row in rows("zonemta-replies/replies.tsv"):
        if row["agree"] == "yes":
            yield Labelled("zonemta-replies", "zonemta", row["category"], ZONEMTA[row["category"]], row["text"])


def mautic() -> Iterator[Labelled]:
    """Old bounce texts with coarse categories."""
    for row in rows("mautic-replies/replies.tsv"):
        if row["category"] in MAUTIC:
            yield Labelled("mautic-replies", "mautic", row["category"], MAUTIC[row["category"]], row["text"])


def greylists() -> Iterator[Labelled]:
    """What greylisting software says."""
    for row in rows("greylist-replies/replies.tsv"):
        yield Labelled("greylist-replies", "greylist", row["cause"], frozenset({Cause(row["cause"])}), row["text"])


def kumomta() -> Iterator[Labelled]:
    """KumoMTA's classifier tests."""
    for row in rows("kumomta/replies.tsv"):
        if row["class"] in KUMOMTA:
            yield Labelled("kumomta", "kumomta", row["class"], KUMOMTA[row["class"]], row["text"])


def postalsys_labels() -> Iterator[Labelled]:
    """The labels of Postal Systems' classifier."""
    for row in rows("postalsys-bounce-tests/replies.tsv"):
        wrong = (row["expected"], row["text"]) == ("mailbox_full", "552 Message too large")
        if CHECKS[row["check"]] is _label and not wrong:
            causes = frozenset().union(*(POSTALSYS[label] for label in row["expected"].split(",")))
            yield Labelled("postalsys", "postalsys", row["expected"], causes, row["text"])


LABELLED: dict[str, Callable[[], Iterator[Labelled]]] = {
    "sisimai": sisimai,
    "bounces": bounces,
    "zonemta": zonemta,
    "mautic": mautic,
    "greylists": greylists,
    "kumomta": kumomta,
    "fragments": fragments,
    "providers": providers,
    "postalsys_labels": postalsys_labels,
}


def score(name: str) -> Score:
    """How well the replies of one corpus are read."""
    found = Score(name)
    for row in LABELLED[name]():
        facts = row.read()
        found.add(row.label, facts.cause, row.text, right=facts.cause in row.causes)
    return found


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


def report() -> str:
    """Every table, for people."""
    return "\n\n".join(found.table() for found in (*map(score, LABELLED), postalsys()))


if __name__ == "__main__":
    print(report())
