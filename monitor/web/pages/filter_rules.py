"""The most frequent rules of spam filters, in plain words. Pure.

SpamAssassin: the descriptions of its rules (https://spamassassin.apache.org/tests). Rspamd: those of its symbols
(https://docs.rspamd.com, modules). Of any other rule only its name is shown.
"""

from collections.abc import Iterable

MAX_RULES = 20

MEANINGS: dict[str, str] = {
    # SpamAssassin
    "SPF_PASS": "SPF passes",
    "SPF_FAIL": "SPF fails: the IP address is not in the record",
    "SPF_SOFTFAIL": "SPF fails softly: the IP address is probably not allowed",
    "SPF_NONE": "no SPF record for the bounce domain",
    "SPF_HELO_NONE": "no SPF record for the HELO name",
    "SPF_HELO_PASS": "SPF passes for the HELO name",
    "DKIM_SIGNED": "it has a DKIM signature",
    "DKIM_VALID": "a DKIM signature is valid",
    "DKIM_VALID_AU": "a valid DKIM signature is of the domain in From",
    "DKIM_VALID_EF": "a valid DKIM signature is of the bounce domain",
    "DKIM_INVALID": "a DKIM signature is not valid",
    "DMARC_PASS": "DMARC passes",
    "DMARC_REJECT": "DMARC fails, and the domain asks to reject",
    "DMARC_QUAR": "DMARC fails, and the domain asks to quarantine",
    "RDNS_NONE": "the IP address has no name in DNS",
    "RCVD_IN_DNSWL_NONE": "the IP address is on an allowlist, without trust",
    "RCVD_IN_ZEN": "the IP address is on a list of Spamhaus",
    "RCVD_IN_SBL": "the IP address is on the SBL of Spamhaus",
    "RCVD_IN_XBL": "the IP address is on the XBL of Spamhaus",
    "RCVD_IN_BL_SPAMCOP_NET": "the IP address is on the list of SpamCop",
    "BAYES_00": "its words look like wanted mail",
    "BAYES_50": "its words are neither like spam nor like wanted mail",
    "BAYES_99": "its words look like spam",
    "BAYES_999": "its words look very much like spam",
    "HTML_MESSAGE": "it has an HTML part",
    "MIME_HTML_ONLY": "it has an HTML part and no plain text",
    "MISSING_DATE": "it has no Date",
    "MISSING_MID": "it has no Message-ID",
    "URIBL_BLOCKED": "the list of links did not answer: too many questions from this server",
    "FREEMAIL_FROM": "From is an address of a free mail service",
    # Rspamd
    "R_SPF_ALLOW": "SPF passes",
    "R_SPF_FAIL": "SPF fails: the IP address is not in the record",
    "R_SPF_SOFTFAIL": "SPF fails softly: the IP address is probably not allowed",
    "R_SPF_NA": "no SPF record",
    "R_DKIM_ALLOW": "a DKIM signature is valid",
    "R_DKIM_REJECT": "a DKIM signature is not valid",
    "R_DKIM_NA": "no DKIM signature",
    "DMARC_POLICY_ALLOW": "DMARC passes",
    "DMARC_POLICY_REJECT": "DMARC fails, and the domain asks to reject",
    "DMARC_POLICY_QUARANTINE": "DMARC fails, and the domain asks to quarantine",
    "DMARC_POLICY_SOFTFAIL": "DMARC fails, and the domain asks for nothing",
    "DMARC_NA": "no DMARC record",
    "BAYES_SPAM": "its words look like spam",
    "BAYES_HAM": "its words look like wanted mail",
    "GREYLIST": "it was deferred once, as from an unknown sender",
    "RBL_SPAMHAUS_SBL": "the IP address is on the SBL of Spamhaus",
    "RBL_SPAMHAUS_XBL": "the IP address is on the XBL of Spamhaus",
    "MISSING_MIME_VERSION": "it has no MIME-Version",
    "HFILTER_HOSTNAME_UNKNOWN": "the IP address has no confirmed name in DNS",
}


def explained_rules(rules: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the first rules, each with its meaning, "" where that is not known; those that are known first."""
    known = [(rule, MEANINGS.get(rule.upper(), "")) for rule in dict.fromkeys(rules)]
    return tuple(sorted(known, key=lambda each: not each[1])[:MAX_RULES])
