"""The words of standing, rendered last: labels, and the sentence of every reason. Pure."""

from probes.display import one_line
from probes.labels import Label
from probes.standing.fact import Fact, Question, State, Why

MAX_NAMED_CHARS = 120  # of one name or text that others publish

QUESTIONS: dict[Question, Label] = {  # sentence: the question
    Question.SPF: Label("SPF", "May the source IP send for the bounce domain?", "RFC 7208"),
    Question.DKIM: Label("DKIM key", "Can receivers verify the signatures?", "RFC 6376 and 8301"),
    Question.DMARC: Label("DMARC", "What shall receivers do with mail that fails?", "RFC 9989"),
    Question.PTR: Label("reverse name", "Does the name of the source IP lead back to it?", "RFC 8601, iprev"),
    Question.HELO: Label("HELO", "Does the name that the server gives itself exist?", "RFC 5321, 4.1.1.1"),
    Question.BOUNCES: Label("bounces", "Can bounces come back?", "MX of the envelope sender's domain"),
    Question.MTA_STS: Label("MTA-STS", "Which policy rules the way of bounces?", "RFC 8461"),
    Question.TLS_RPT: Label("TLS reports", "Who is sent reports about TLS?", "RFC 8460"),
    Question.DANE: Label("DANE", "Which certificates may the MX hosts have?", "RFC 7672"),
    Question.DNSSEC: Label("DNSSEC", "Is the domain signed?", "RFC 4033"),
    Question.BIMI: Label("BIMI", "Is a logo published?", "Shows a logo only; never a fault."),
    Question.BLOCKLIST: Label("blocklist", "Does a blocklist list the sender?", "RFC 5782"),
}

UNCONFIRMED = "bad once, not confirmed"

STATES: dict[State, Label] = {
    State.GOOD: Label("good", "as it should be", "Nothing to do."),
    State.WEAK: Label("weak", "works, but weakly", "It works today; somebody should improve it."),
    State.BAD: Label("bad", "wrong", "Receivers have a reason to refuse mail. Seen twice, ten minutes apart."),
    State.NONE: Label("none", "not published", "Nothing is published, and no receiver asks for it."),
    State.UNKNOWN: Label("unknown", "not known", "The question got no usable answer. Never counted as bad."),
    State.REFUSED: Label("refused", "not answered to us", "The other side does not answer us. Never counted as bad."),
}

SENTENCES: dict[Why, str] = {  # {0}, {1}: Fact.named
    Why.LOOKUP_FAILED: "DNS gave no usable answer: {0}",
    Why.SERVERS_DISAGREE: "the resolver says otherwise than the domain's own name servers",
    Why.RESOLVER_BLIND: "{0}",
    Why.SERVERS_SILENT: "our resolver says so; the domain's own name servers, who must agree, gave no answer: {0}",
    Why.SPF_PASSES: "the source IP passes by {0}; the record needs {1} of 10 lookups",
    Why.SPF_PASSES_ALL: "the source IP passes, and so does every other address: {0}",
    Why.SPF_PASSES_WIDE: "the source IP passes by a very wide range: {0}",
    Why.SPF_PASSES_PTR: "the source IP passes by {0}; `ptr` is deprecated, and some receivers ignore it",
    Why.SPF_NEAR_LIMIT: "the source IP passes by {0}; it needs {1} of 10 lookups, so one more service may break it",
    Why.SPF_OVER_LIMIT: "the source IP passes by {0}, but the whole record needs {1} lookups of 10",
    Why.SPF_MISSING: "there is no SPF record: receivers that require SPF reject the mail",
    Why.SPF_FAILS: "the source IP does not pass: {0}, by {1}",
    Why.SPF_BROKEN: "receivers cannot evaluate the record (permerror): {0}",
    Why.SPF_NOT_EVALUATED: "the record could not be evaluated: {0}",
    Why.KEY_GOOD: "{0} key of {1} bits",
    Why.KEY_SHORT: "{0} key of {1} bits; 2048 are advised (RFC 8301)",
    Why.KEY_TOO_SHORT: "{0} key of {1} bits; receivers must not accept fewer than 1024 (RFC 8301)",
    Why.KEY_TESTING: "{0} key of {1} bits, marked as a test (t=y): receivers may ignore a failure",
    Why.KEY_REVOKED: "the key is revoked (empty p=)",
    Why.KEY_MISSING: "no key is published for this selector",
    Why.KEY_TWICE: "{0} key records for one selector: what receivers do with them is undefined (RFC 6376, 3.6.2.2)",
    Why.KEY_BROKEN: "the key record is unreadable: {0}",
    Why.KEY_NOT_FOR_MAIL: "the key record does not allow mail signed with SHA-256: {0}",
    Why.NO_SELECTOR: "no selector is configured: selectors cannot be listed, and guesses prove nothing",
    Why.DMARC_GOOD: "policy {0}",
    Why.DMARC_INHERITED: "policy {0}, inherited from {1}",
    Why.DMARC_ASKS_NOTHING: "policy none, from {1}: anybody may use the name",
    Why.DMARC_TWICE: "{0} DMARC records: receivers ignore all of them (RFC 9989, 4.10)",
    Why.DMARC_BROKEN: "receivers ignore the record: {0}",
    Why.DMARC_MISSING: "no DMARC record for the domain or a parent: large receivers require one from bulk senders",
    Why.PTR_CONFIRMED: "{0} leads back to the address",
    Why.PTR_UNCONFIRMED: "{0} does not lead back to the address",
    Why.PTR_MISSING: "the address has no reverse name",
    Why.HELO_GOOD: "the name leads to the source IP",
    Why.HELO_ELSEWHERE: "the name leads to {0}, not to the source IP; few receivers mind",
    Why.HELO_UNRESOLVED: "the name has no address: strict gateways reject it",
    Why.HELO_ADDRESS: "an address instead of a host name: strict gateways reject it",
    Why.BOUNCES_GOOD: "bounces go to {0}",
    Why.BOUNCES_NULL_MX: "the domain accepts no mail (null MX): bounces are lost, and some receivers reject its mail",
    Why.BOUNCES_NO_HOST: "no host that accepts mail has an address: bounces are lost",
    Why.MTA_STS_GOOD: "mode {0}, all MX hosts match",
    Why.MTA_STS_TESTING: "mode {0}: failures are only reported",
    Why.MTA_STS_MISMATCH: "mode enforce, and the policy does not allow {0}: servers that check send no bounces there",
    Why.MTA_STS_NO_FILE: "announced in DNS, but there is no policy file: {0}",
    Why.MTA_STS_UNREAD: "the policy file could not be read: {0}",
    Why.MTA_STS_BROKEN: "senders ignore the policy: {0}",
    Why.TLS_RPT_GOOD: "reports go to {0}",
    Why.TLS_RPT_BROKEN: "reporters ignore the record: {0}",
    Why.DANE_GOOD: "{0} usable TLSA records; they were not compared with the certificate",
    Why.DANE_UNUSABLE: "no TLSA record is usable for mail: {0}",
    Why.DANE_INSECURE: "TLSA records that are not signed: senders ignore them",
    Why.AD_NOT_TRUSTED: "{0}: only a validating resolver can tell; see `validating`",
    Why.DNSSEC_GOOD: "signed, and our resolver validates it",
    Why.NOT_SIGNED: "{0} is not signed",
    Why.BIMI_GOOD: "a logo is published",
    Why.BIMI_DECLINED: "the domain declines to show a logo",
    Why.NOT_PUBLISHED: "not published",
    Why.TOO_OLD: "the last reading is too old",
    Why.BAD_ONCE: UNCONFIRMED,
    Why.LISTED: "{0} lists it: {1}. Removal: {2}",
    Why.LISTED_MINOR: "{0} lists it: {1}. Few gateways use that list or this part of it. Removal: {2}",
    Why.NOT_LISTED: "{0} does not list it, and passes its own test",
    Why.LIST_NEUTRAL: "{0} knows it, and that is no listing: {1}",
    Why.LIST_REFUSES: "{0} does not answer us: {1}",
    Why.LIST_BROKEN: "{0} cannot be believed: {1}",
    Why.LIST_SILENT: "{0} gave no usable answer: {1}",
}


def sentence(fact: Fact) -> str:
    """Render the reason of a reading."""
    return SENTENCES[fact.why].format(*(one_line(text, MAX_NAMED_CHARS) for text in fact.named))
