"""The answer to one question about the sender, and what several readings of it amount to. Pure.

DNS answers flap: one name server of four is old, a zone is being replaced, a cache is poisoned for a minute. So a
reading that is bad is a suspicion, and only a second one, CONFIRMED_AFTER later, makes it bad.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CONFIRMED_AFTER = timedelta(minutes=10)
MAX_AGE = timedelta(hours=6)  # what is older is not known any more


class Question(StrEnum):
    """Questions about the sender; also the names of `mailpath standing --check`."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    ALIGNMENT = "alignment"  # does the mail as it is pass DMARC
    DMARC_REPORTS = "dmarc_reports"
    PTR = "ptr"
    HELO = "helo"
    HELO_SPF = "helo_spf"
    BOUNCES = "bounces"  # can bounces come back: MX of the envelope sender's domain
    MTA_STS = "mta_sts"
    TLS_RPT = "tls_rpt"
    DANE = "dane"
    DNSSEC = "dnssec"
    BIMI = "bimi"
    BLOCKLIST = "blocklist"
    REPORTS = "reports"  # from what receivers sent us, `probes.standing.reports`; nobody is asked


class State(StrEnum):
    """States of a fact."""

    GOOD = "good"
    WEAK = "weak"  # works, and somebody should improve it
    BAD = "bad"  # receivers have a reason to refuse mail
    NONE = "none"  # nothing is published, which harms nobody
    UNKNOWN = "unknown"  # we could not find out: never counted against the sender
    REFUSED = "refused"  # the other side does not answer us: never counted against the sender


class Why(StrEnum):
    """Reasons for a state; `probes.standing.words` has the sentence of each."""

    LOOKUP_FAILED = "lookup_failed"
    SERVERS_DISAGREE = "servers_disagree"
    RESOLVER_BLIND = "resolver_blind"
    RESOLVER_SILENT = "resolver_silent"
    SERVERS_SILENT = "servers_silent"
    SPF_PASSES = "spf_passes"
    SPF_PASSES_ALL = "spf_passes_all"
    SPF_PASSES_WIDE = "spf_passes_wide"
    SPF_PASSES_PTR = "spf_passes_ptr"
    SPF_NEAR_LIMIT = "spf_near_limit"
    SPF_OVER_LIMIT = "spf_over_limit"
    SPF_MISSING = "spf_missing"
    SPF_FAILS = "spf_fails"
    SPF_BROKEN = "spf_broken"
    SPF_NOT_EVALUATED = "spf_not_evaluated"
    KEY_GOOD = "key_good"
    KEY_SHORT = "key_short"
    KEY_TOO_SHORT = "key_too_short"
    KEY_TESTING = "key_testing"
    KEY_REVOKED = "key_revoked"
    KEY_MISSING = "key_missing"
    KEY_TWICE = "key_twice"
    KEY_BROKEN = "key_broken"
    KEY_NOT_FOR_MAIL = "key_not_for_mail"
    KEY_OF_OTHERS = "key_of_others"
    NO_SELECTOR = "no_selector"
    DMARC_GOOD = "dmarc_good"
    DMARC_INHERITED = "dmarc_inherited"
    DMARC_ASKS_NOTHING = "dmarc_asks_nothing"
    DMARC_TWICE = "dmarc_twice"
    DMARC_BROKEN = "dmarc_broken"
    DMARC_MISSING = "dmarc_missing"
    ALIGNED = "aligned"
    ALIGNED_AT_LEAST = "aligned_at_least"
    ALIGNED_BY_SPF_AT_LEAST = "aligned_by_spf_at_least"
    ALIGNED_BY_SPF = "aligned_by_spf"
    ALIGNED_BY_DKIM = "aligned_by_dkim"
    ALIGNED_FOR_SOME = "aligned_for_some"
    ALIGNED_TO_NOTHING = "aligned_to_nothing"
    NOT_ALIGNED = "not_aligned"
    NO_REPORTS = "no_reports"
    REPORTS_GOOD = "reports_good"
    REPORTS_UNREADABLE = "reports_unreadable"
    REPORTS_UNAUTHORISED = "reports_unauthorised"
    PTR_CONFIRMED = "ptr_confirmed"
    PTR_UNCONFIRMED = "ptr_unconfirmed"
    PTR_MISSING = "ptr_missing"
    HELO_GOOD = "helo_good"
    HELO_ELSEWHERE = "helo_elsewhere"
    HELO_UNRESOLVED = "helo_unresolved"
    HELO_ADDRESS = "helo_address"
    HELO_SPF_PASSES = "helo_spf_passes"
    HELO_SPF_FAILS = "helo_spf_fails"
    HELO_SPF_NOT_PASSED = "helo_spf_not_passed"
    HELO_SPF_BROKEN = "helo_spf_broken"
    HELO_SPF_NO_NAME = "helo_spf_no_name"
    BOUNCES_GOOD = "bounces_good"
    BOUNCES_NULL_MX = "bounces_null_mx"
    BOUNCES_NO_HOST = "bounces_no_host"
    MTA_STS_GOOD = "mta_sts_good"
    MTA_STS_TESTING = "mta_sts_testing"
    MTA_STS_MISMATCH = "mta_sts_mismatch"
    MTA_STS_NO_FILE = "mta_sts_no_file"
    MTA_STS_UNREAD = "mta_sts_unread"
    MTA_STS_CERTIFICATE = "mta_sts_certificate"
    MTA_STS_CONTENT_TYPE = "mta_sts_content_type"
    MTA_STS_BROKEN = "mta_sts_broken"
    TLS_RPT_GOOD = "tls_rpt_good"
    TLS_RPT_BROKEN = "tls_rpt_broken"
    DANE_GOOD = "dane_good"
    DANE_MISMATCH = "dane_mismatch"
    DANE_UNSEEN = "dane_unseen"
    DANE_UNUSABLE = "dane_unusable"
    DANE_INSECURE = "dane_insecure"
    AD_NOT_TRUSTED = "ad_not_trusted"
    DNSSEC_GOOD = "dnssec_good"
    NOT_SIGNED = "not_signed"
    BIMI_GOOD = "bimi_good"
    BIMI_DECLINED = "bimi_declined"
    NOT_PUBLISHED = "not_published"
    TOO_OLD = "too_old"
    BAD_ONCE = "bad_once"
    LISTED = "listed"
    LISTED_MINOR = "listed_minor"
    NOT_LISTED = "not_listed"
    NOT_LISTED_UNTESTED = "not_listed_untested"
    LIST_NEUTRAL = "list_neutral"
    LIST_REFUSES = "list_refuses"
    LIST_BROKEN = "list_broken"
    LIST_SILENT = "list_silent"
    MAIL_PASSES = "mail_passes"
    MAIL_FAILS = "mail_fails"
    MAIL_FAILS_ONCE = "mail_fails_once"
    MAIL_TOO_LITTLE = "mail_too_little"
    NO_MAIL_REPORTED = "no_mail_reported"


OF_RESOLVER = frozenset({Why.RESOLVER_BLIND, Why.RESOLVER_SILENT})
"""Reasons that say nothing of what was asked: our resolver gives no usable answers at all."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of a record that leads to others, with all that is below it: of SPF, a term that asks the DNS.

    `depth` is 0 for the whole; `term` is the domain or the term, `record` what is published there, "" for a term
    without a record of its own, both hostile text; `lookups` are its own and those below it."""

    depth: int
    term: str
    record: str
    lookups: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer to a question, before it is dated. The fields are those of `Fact`."""

    state: State
    why: Why
    value: str = ""
    named: tuple[str, ...] = ()
    tree: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One reading. `value` and `named` are what others publish: hostile text, bounded, to be shown with `one_line`.

    `subject` is the domain, name, address, or list it is about; `named` fills the sentence of `why`; `ttl` counts
    seconds, None if there was no answer that has one; `servers` are the name servers that answered. `tree`: the parts
    of a record that includes others, each followed by those below it; the first is the whole. Empty if not counted.
    """

    question: Question
    subject: str
    state: State
    why: Why
    at: datetime
    value: str = ""
    named: tuple[str, ...] = ()
    ttl: int | None = None
    servers: tuple[str, ...] = ()
    tree: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class FactVerdict:
    """The result of all readings of one question and subject. `state` is BAD only if confirmed; `suspected` is true
    for a reading that is bad for the first time, `why` then says so and the reading itself says what is wrong."""

    reading: Fact
    state: State
    why: Why
    suspected: bool = False


def judge(readings: Sequence[Fact], now: datetime) -> FactVerdict:
    """Judge the readings of one question and subject, oldest first, at least one."""
    newest = readings[-1]
    if now - newest.at > MAX_AGE:
        return FactVerdict(newest, State.UNKNOWN, Why.TOO_OLD)
    if newest.state is not State.BAD or _confirmed(readings):
        return FactVerdict(newest, newest.state, newest.why)
    return FactVerdict(newest, State.UNKNOWN, Why.BAD_ONCE, suspected=True)


def _confirmed(readings: Sequence[Fact]) -> bool:
    """Test if the newest reading, a bad one, has been bad for long enough. Readings that could not tell neither confirm
    nor clear; those before MAX_AGE are not counted."""
    newest = readings[-1]
    for reading in reversed(readings):
        if reading.state in (State.UNKNOWN, State.REFUSED):
            continue
        if reading.state is not State.BAD or newest.at - reading.at > MAX_AGE:
            return False
        if newest.at - reading.at >= CONFIRMED_AFTER:
            return True
    return False
