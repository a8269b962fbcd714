"""MTA-STS of the bounce domain: which hosts may receive bounces, by which certificates? RFC 8461.

The policy is a page of the domain: it is read without redirects, bounded, and believed only as far as its own domain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from probes.answer import Fault
from probes.http import HttpFailure, HttpReply
from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.mail_hosts import NULL_MX, mx_names
from probes.standing.tags import version_of

MAX_POLICY_BYTES = 64 * 1024  # RFC 8461, section 3.3
MAX_PATTERNS = 100
POLICY_PATH = "/.well-known/mta-sts.txt"
MODES = ("enforce", "testing", "none")


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """A policy file: its mode, and the patterns of the hosts that may receive mail."""

    mode: str
    hosts: tuple[str, ...]


class BadPolicyError(ValueError):
    """The text is no policy."""


async def read_mta_sts(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Read the announcement in DNS, then the policy file by HTTPS."""
    domain = subject.bounce_domain
    announced = await asker.lookup(f"_mta-sts.{domain}", "TXT")
    if isinstance(announced, Unresolved):
        found = failed(announced)
    elif len(records := [text for text in announced.records if version_of(text) == "STSv1"]) != 1:
        found = Assessment(State.NONE, Why.NOT_PUBLISHED)  # RFC 8461, section 3.1: of several none counts
    else:
        page = await asker.page(f"mta-sts.{domain}", POLICY_PATH, MAX_POLICY_BYTES + 1)
        names = await mx_names(domain, asker)
        found = failed(names) if isinstance(names, Unresolved) else assess(records[0], page, names)
    return [asker.fact(Question.MTA_STS, domain, found)]


def assess(record: str, page: HttpReply | HttpFailure | Unresolved, names: Sequence[str]) -> Assessment:
    """Judge the policy file for these MX hosts."""
    if not isinstance(page, HttpReply):
        return _no_page(record, page)
    if page.status >= 500:
        return Assessment(State.UNKNOWN, Why.MTA_STS_UNREAD, record, (f"HTTP {page.status}",))
    if page.status != 200:  # RFC 8461, section 3.3: redirects are not followed either
        return Assessment(State.WEAK, Why.MTA_STS_NO_FILE, record, (f"HTTP {page.status}",))
    if page.content_type.partition(";")[0].strip().lower() != "text/plain":  # RFC 8461, section 3.2
        kind = page.content_type or "none"
        return Assessment(State.WEAK, Why.MTA_STS_CONTENT_TYPE, record, (kind,))
    try:
        policy = policy_of(page.body)
    except BadPolicyError as error:
        return Assessment(State.WEAK, Why.MTA_STS_BROKEN, record, (str(error),))
    value = f"{policy.mode}: {', '.join(policy.hosts)}"
    wrong = [name for name in names if name != NULL_MX and not any(matches(name, host) for host in policy.hosts)]
    if policy.mode != "enforce":
        return Assessment(State.GOOD, Why.MTA_STS_TESTING, value, (policy.mode,))
    if wrong:
        return Assessment(State.BAD, Why.MTA_STS_MISMATCH, value, (", ".join(wrong),))
    return Assessment(State.GOOD, Why.MTA_STS_GOOD, value, (policy.mode,))


def _no_page(record: str, failure: HttpFailure | Unresolved) -> Assessment:
    """Judge what kept us from reading the file: a fault of the domain, or one that says nothing."""
    if isinstance(failure, Unresolved):
        gone = failure.fault is Fault.DOMAIN_UNKNOWN
        state, why = (State.WEAK, Why.MTA_STS_NO_FILE) if gone else (State.UNKNOWN, Why.MTA_STS_UNREAD)
        return Assessment(state, why, record, (failure.text,))
    if failure.certificate:  # RFC 8461, section 3.3: senders then go on as if there were no policy
        return Assessment(State.WEAK, Why.MTA_STS_CERTIFICATE, record, (failure.text,))
    return Assessment(State.UNKNOWN, Why.MTA_STS_UNREAD, record, (failure.text,))


def policy_of(body: bytes) -> StsPolicy:
    """Parse a policy file. Raises BadPolicyError."""
    if len(body) > MAX_POLICY_BYTES:
        raise BadPolicyError("it is longer than 64 KiB")
    fields: dict[str, str] = {}
    hosts: list[str] = []
    for line in body.decode("utf-8", "replace").splitlines():
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            continue
        if name == "mx":
            hosts.append(value.lower().rstrip("."))
        else:
            fields.setdefault(name, value)
    if fields.get("version") != "STSv1":
        raise BadPolicyError("it has no version: STSv1")
    if (mode := fields.get("mode", "")) not in MODES:
        raise BadPolicyError(f"mode {mode[:20]!r}")
    age = fields.get("max_age", "")
    if not age.isascii() or not age.isdigit() or len(age) > 10:
        raise BadPolicyError("it has no max_age")
    if not hosts and mode != "none":
        raise BadPolicyError("it names no mx")
    return StsPolicy(mode, tuple(hosts[:MAX_PATTERNS]))


def matches(name: str, pattern: str) -> bool:
    """Test if a host matches; a `*` stands for one label, the first (RFC 8461, section 4.1)."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern
