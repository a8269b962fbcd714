"""What each filter's header says: one row, one belief."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.reading.facts import Finding
from probes.reading.filters import MAX_VERDICTS, READERS, overall, spam_sign, verdicts
from probes.reading.filters.says import FilterResult
from probes.reading.header_fields import fields
from probes.verdict import Cause

EOP = "X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:US;LANG:en"
PLACED = "X-Microsoft-Antispam-Mailbox-Delivery: "
RULES = "tests=BAYES_99,SPF_FAIL"


def said(header):
    return " + ".join(f"{v.said.vendor} {v.said.verdict}" for v in verdicts(fields(header + "\n")))


SAYINGS = [
    # Microsoft
    (f"{EOP};SCL:1;SRV:;IPV:NLI;SFV:NSPM;CAT:NONE;DIR:INB", "microsoft-eop clean"),
    (f"{EOP};SCL:5;SFV:SPM;CAT:SPM", "microsoft-eop spam"),
    (f"{EOP};SCL:9;SFV:SPM;CAT:HPHISH", "microsoft-eop phishing"),
    (f"{EOP};SCL:8;SFV:SPM;CAT:UIMP", "microsoft-eop phishing"),
    (f"{EOP};SCL:6;SRV:BULK;SFV:SPM;CAT:BULK", "microsoft-eop bulk"),
    (f"{EOP};SCL:-1;SFV:SFE", "microsoft-eop clean"),
    (f"{EOP};SCL:9;SFV:SKB", "microsoft-eop spam"),
    (f"{EOP};SCL:5;CAT:MALW", "microsoft-eop quarantined"),
    (f"{EOP};SCL:6", "microsoft-eop spam"),
    (f"{EOP};SCL:", ""),
    ("X-Forefront-Antispam-Report-Untrusted: SFV:SPM;SCL:5", "microsoft-eop-other-tenant spam"),
    ("X-MS-Exchange-Organization-SCL: 4", "microsoft-scl clean"),
    ("X-MS-Exchange-Organization-SCL: 5", "microsoft-scl spam"),
    ("X-MS-Exchange-Organization-SCL: -1", "microsoft-scl clean"),
    ("X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;dest:J;OFR:SpamFilterAuthJ;RF:JunkEmail", "microsoft-mailbox spam"),
    ("X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;dest:I;OFR:TrustedSenderList", "microsoft-mailbox clean"),
    ("X-Microsoft-Antispam-Mailbox-Delivery: ucf:1;dest:C;OFR:CustomRules", ""),
    ("X-Microsoft-Antispam: BCL:7;", "microsoft-bcl unsure"),
    ("X-Microsoft-Antispam: BCL:0;", ""),
    ("SpamDiagnosticMetadata: NSPM", "microsoft-eop clean"),
    # SpamAssassin, amavis, rspamd, MailScanner, CRM114
    (f"X-Spam-Status: Yes, score=7.1 required=5.0 {RULES} autolearn=no", "spamassassin spam"),
    ("X-Spam-Status: No, score=0.5 required=5.0", "spamassassin clean"),
    ("X-Spam-Status: No , -1.0 points, 5.0 required, ALL_TRUSTED=-1", "spamassassin clean"),
    ("X-Acme-Spam-Status: Yes, hits=9 required=5", "spamassassin spam"),
    ("X-Acme-Spam-Status: e1kfGhgUHx5Z", ""),
    ("X-Spam-Status: Yes, score=9 tagged_above=2 required=6.2 tests=[AWL=1]", "amavis spam"),
    ("X-Quarantine-ID: <abc>", "amavis quarantined"),
    ("X-Spam-Flag: NO", "spamassassin clean"),
    ("X-Spam-Flag: yes", "spamassassin spam"),
    ("X-Spam-Score: 3.1 (+++)", "spamassassin unsure"),  # a score without what is required
    ("X-Spamd-Result: default: False [9.90 / 25.00]; BAYES_SPAM(5.10)[99%]", "rspamd clean"),
    ("X-Spamd-Result: default: True [19.90 / 15.00]", "rspamd spam"),
    ("X-Rspamd-Action: no action", "rspamd clean"),
    ("X-Rspamd-Action: add header", "rspamd spam"),
    ("X-Rspamd-Action: rewrite subject", "rspamd spam"),
    ("X-Rspamd-Action: greylist", "rspamd unsure"),
    ("X-Rspamd-Bar: ++++++++", "rspamd spam"),
    ("X-Spamd-Bar: ++++", "rspamd unsure"),
    ("X-Spamd-Bar: /", "rspamd clean"),
    ("X-Spamd-Bar: ---", "rspamd clean"),
    ("X-Rspamd-Score: 16.1 / 15.00", "rspamd spam"),
    ("X-Spam: Yes", "rspamd spam"),
    ("X-Spam: undefined", ""),
    ("X-Acme-MailScanner-SpamCheck: not spam, SpamAssassin (score=1, required 5)", "mailscanner clean"),
    ("X-Acme-MailScanner-SpamCheck: spam, SpamAssassin (score=8, required 5)", "mailscanner spam"),
    ("X-MailScanner-SpamCheck: SpamAssassin (score=5.3, required 5, A_RULE)", "mailscanner spam"),
    ("X-MailScanner-SpamCheck: SpamAssassin (score=4.3, required 5)", "mailscanner clean"),
    ("X-MailScanner-SpamCheck: ", ""),
    ("X-Acme-MailScanner: Found to be clean", ""),  # of viruses
    ("X-CRM114-Status: UNSURE ( 2.3 )", "crm114 unsure"),
    # gateways
    ("X-Proofpoint-Spam-Details: rule=notspam policy=default score=0", "proofpoint clean"),
    ("X-Proofpoint-Spam-Details: rule=spam_outbound_notspam policy=spam_outbound score=0", "proofpoint clean"),
    ("X-Proofpoint-Spam-Details: rule=inbound_spam policy=inbound score=90", "proofpoint spam"),
    ("X-Proofpoint-Spam-Details: rule=custom_phish score=90", "proofpoint phishing"),
    ("X-Proofpoint-Spam-Reason: orgsafe", "proofpoint clean"),
    ("X-Mimecast-Spam-Score: 0", "mimecast clean"),
    ("X-Mimecast-Spam-Score: 7", "mimecast unsure"),  # from which score on what happens is the customer's setting
    ("X-Barracuda-Spam-Status: No, SCORE=1.2 TAG_LEVEL=3.5 KILL_LEVEL=9.0", "barracuda clean"),
    ("X-Barracuda-Spam-Status: Yes, SCORE=4.2 TAG_LEVEL=3.5 QUARANTINE_LEVEL=1000.0 KILL_LEVEL=9.0", "barracuda spam"),
    ("X-Barracuda-Spam-Status: Yes, SCORE=5.2 TAG_LEVEL=3.5 QUARANTINE_LEVEL=5.0", "barracuda quarantined"),
    ("X-Barracuda-Spam-Flag: YES", "barracuda spam"),
    ("X-IronPort-Anti-Spam-Filtered: true", ""),  # scanned, no verdict
    ("X-IronPort-Anti-Spam-Result: A0ABAABc", ""),
    ("X-SpamInfo: FortiGuard-AntiSpam ip", "symantec-or-fortigate spam"),
    ("X-TM-AS-Result: No--8.069-5.0-31-10", "trendmicro clean"),
    ("X-TM-AS-Result: Yes-12.5-5.0-31-2", "trendmicro phishing"),
    ("X-TM-AS-Result: Yes-12.5-5.0-31", "trendmicro spam"),
    ("X-TMASE-Result: 10-7.5-5.0", "trendmicro spam"),
    ("X-TMASE-Result: 10--7.5-5.0", "trendmicro clean"),
    ("X-TM-AS-User-Blocked-Sender: Yes", "trendmicro spam"),
    ("X-SpamReason: Yes, hits=9", "symantec unsure"),
    ("X-Newsletter-Flag: YES", "symantec bulk"),
    ("X-LASED-SpamProbability: 0.91", "sophos spam"),
    ("X-SASI-SpamProbability: 9%", "sophos clean"),
    ("X-KSE-AntiSpam-Status: KAS_STATUS_NOT_DETECTED", "kaspersky clean"),
    ("X-KSMG-AntiSpam-Status: KAS_STATUS_SPAM", "kaspersky spam"),
    ("X-KLMS-AntiSpam-Status: not_detected", "kaspersky clean"),
    ("X-SpamTest-Status: Probable Spam", "kaspersky unsure"),
    ("X-VADE-SPAMSTATE: commercial:mce", "vade bulk"),
    ("X-VADE-SPAMSTATE: commercial:dce", "vade spam"),
    ("X-VR-SPAMSTATE: OK", "vade clean"),
    ("X-VADE-SPAMSTATE: phishing", "vade phishing"),
    ("X-VADE-SPAMSTATE: spam:high", "vade spam"),
    ("X-VR-SPAMSCORE: 120", "vade spam"),
    ("X-Acme-Class: unsure", "spamexperts unsure"),
    ("X-Acme-Outgoing-Class: ham", "spamexperts clean"),
    ("X-UI-Sender-Class: 01bb95c1", ""),
    ("X-MailAssure-Class: spam", "mail-assure spam"),
    ("X-WatchGuard-Spam-Score: 0, clean; 0, no virus", "watchguard clean"),
    ("X-ESET-AS: R=OK;S=0", "eset clean"),
    ("X-Mailprotector-Decision: quarantine_policy", "mailprotector quarantined"),
    ("X-Mailprotector-Decision: deliver", "mailprotector clean"),
    ("X-Spam-Tag: suspect", "duocircle unsure"),
    ("X-pstn-disposition: quarantine", "postini quarantined"),
    ("X-CMAE-Score: 0", "cloudmark clean"),
    ("X-CMAE-Analysis: v=2.4 cv=abc", ""),
    # mailbox providers
    ("X-Gm-Spam: 1", "google-workspace spam"),
    ("X-Gm-Phishy: 1", "google-workspace phishing"),
    ("X-Gm-Spam: 0", "google-workspace clean"),
    ("X-Pm-Spam-Action: dunno", "proton unsure"),
    ("X-Pm-Spam-Action: phishing", "proton phishing"),
    ("X-UI-Filterresults: junk:10;V03:K0:abc", "gmx spam"),
    ("X-UI-Out-Filterresults: notjunk:1;V03", "gmx clean"),
    ("X-GMX-Antispam: 0 (Mail was not recognized as spam)", "gmx clean"),
    ("X-WP-SPAM: NO 0000000 [abcd]", "wp.pl clean"),
    ("X-Alimail-AntiSpam: AC=SUSPECT;CH=blue", "alibaba unsure"),
    ("X-YMailISG: abcdef", ""),
    ("X-Spam-Level: *****", ""),
    ("Subject: X-Spam-Flag: YES", ""),
]


@pytest.mark.parametrize(("header", "meaning"), SAYINGS, ids=[row[0][:60] for row in SAYINGS])
def test_what_a_header_says(header, meaning) -> None:
    assert said(header) == meaning
    assert said(header.swapcase().split(":")[0] + ":" + header.partition(":")[2]) == meaning  # names vary in case


@pytest.mark.parametrize(
    ("header", "score", "threshold", "rules"),
    [
        (f"X-Spam-Status: Yes, score=7.1 required=5.0\n {RULES}\n autolearn=no", 7.1, 5.0, ("BAYES_99", "SPF_FAIL")),
        ("X-Spam-Status: No , -1.0 points, 5.0 required, ALL_TRUSTED=-1,SHORT=0", -1.0, 5.0, ("ALL_TRUSTED", "SHORT")),
        ("X-Spamd-Result: default: False [9 / 25.0];\n DBL_SPAM(6)[a:url];\n R_SPF(0)[]", 9, 25, ("DBL_SPAM", "R_SPF")),
        ("X-Barracuda-Spam-Status: No, SCORE=1.2 TAG_LEVEL=1000.0 KILL_LEVEL=9.0 tests=BSF", 1.2, 9.0, ("BSF",)),
        ("X-Forefront-Antispam-Report: SCL:5;SFV:SPM;CAT:SPM", 5.0, 5.0, ("SFV:SPM", "CAT:SPM")),
        ("X-Proofpoint-Spam-Details: rule=spam policy=p score=100 phishscore=38", 100.0, None, ("spam",)),
        ("X-TM-AS-Result: No--8.069-5.0-31-10", -8.069, 5.0, ()),
        ("X-MailScanner-SpamCheck: SpamAssassin (score=5.3, required 5, RULE_A, RULE_B)", 5.3, 5, ("RULE_A", "RULE_B")),
        ("X-Spam-Score-Int: 31", 3.1, None, ()),
        ("X-SASI-SpamProbability: 9%", 0.09, 0.5, ()),
    ],
)  # fmt: skip
def test_scores_and_rules(header, score, threshold, rules) -> None:
    found = verdicts(fields(header + "\n"))[0].facts
    assert (found.score, found.threshold, found.rules) == (score, threshold, rules)
    assert "\n" not in found.line
    assert len(found.line) <= 300


@pytest.mark.parametrize(
    ("judges", "verdict"),
    [
        ("", None),
        ("clean", Finding.CLEAN),
        ("clean spam", Finding.CLEAN),  # the topmost judged last
        ("unsure spam", Finding.SPAM),
        ("unsure", Finding.UNSURE),
        ("spam phishing", Finding.PHISHING),
        ("placed:clean spam", Finding.SPAM),  # a trusted sender's spam is in the inbox, and still spam
        ("placed:spam", Finding.SPAM),
        ("outbound:spam clean", Finding.CLEAN),
        ("outbound:spam", None),
    ],
)
def test_one_verdict_of_several(judges, verdict) -> None:
    rows = [judge.rpartition(":") for judge in judges.split()]
    assert (
        overall([FilterResult("x", Finding(w), placed=h == "placed", outbound=h == "outbound") for h, _, w in rows])
        is verdict
    )


@pytest.mark.parametrize(
    ("headers", "cause", "line"),
    [
        ("X-Spam-Flag: YES\r\n", Cause.CONTENT, "X-Spam-Flag: YES"),
        ("X-Spam-Flag: NO\r\nX-Spam: Yes\r\n", Cause.CONTENT, "X-Spam: Yes"),
        ("X-Spam-Flag: YES\r\nReceived-SPF: fail\r\n", Cause.AUTHENTICATION, "Received-SPF: fail"),
        ("Received-SPF:\r\n\tsoftfail\r\n x\r\n", Cause.AUTHENTICATION, "Received-SPF: softfail x"),
        (f"{EOP};SCL:9;SFV:SKB\r\n", Cause.POLICY, f"{EOP};SCL:9;SFV:SKB"),
        (f"{EOP};SCL:5;SFV:SPM;CAT:SPOOF\r\n", Cause.AUTHENTICATION, f"{EOP};SCL:5;SFV:SPM;CAT:SPOOF"),
        (f"{PLACED}dest:J;OFR:CustomRules\r\n", Cause.POLICY, f"{PLACED}dest:J;OFR:CustomRules"),
        ("X-Acme-Outgoing-Class: spam\r\n", Cause.UNCLEAR, ""),  # the sending side's filter
        ("Subject: hello\r\n", Cause.UNCLEAR, ""),
        ("", Cause.UNCLEAR, ""),
    ],
)  # fmt: skip
def test_why_our_message_was_taken_for_spam(headers, cause, line) -> None:
    assert spam_sign(headers) == (cause, line)


def test_verdicts_without_end_are_cut() -> None:
    assert len(verdicts(fields("X-Spam: Yes\n" * 5000))) == MAX_VERDICTS


@given(st.sampled_from(sorted(READERS)), st.text())
def test_values_never_break_a_reader(name, value) -> None:
    verdicts(fields(f"{name}: {value}\n"))
    spam_sign(f"{name}: {value}\n")


@given(st.sampled_from(sorted(READERS)), st.text(alphabet="yesno-+./=:;,[]() 0159SCLcatdestJrule\t"))
def test_values_of_the_usual_letters_never_break_a_reader(name, value) -> None:
    verdicts(fields(f"{name}: {value}\n"))
