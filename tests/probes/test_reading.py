"""What replies say: one row, one belief."""

import pytest

from probes.evidence import Stage
from probes.reading.replies import cause_of
from probes.verdict import Cause


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "text", "cause"),
    [
        (Stage.RCPT, 554, "5.7.1", "<m50[104.130.122.50]>: Client host rejected: Access denied", Cause.IP_BLOCKED),
        (
            Stage.MAIL,
            554,
            "5.7.1",
            "<b@a.example>: Sender address rejected: Access denied",
            Cause.DOMAIN_BLOCKED,
        ),
        (
            Stage.MAIL,
            554,
            "5.7.1",
            "<b+mprblspf@a.example>: Sender address rejected",
            Cause.DOMAIN_BLOCKED,
        ),
        (Stage.RCPT, 554, "5.7.1", "mx.marble.example: Client host rejected", Cause.IP_BLOCKED),
        (
            Stage.RCPT,
            554,
            "5.7.1",
            "Client host [104.130.122.50] blocked using zen.example",
            Cause.IP_LISTED,
        ),
        (
            Stage.RCPT,
            450,
            "4.2.0",
            "<p@a.test>: Recipient address rejected: Greylisted",
            Cause.GREYLISTED,
        ),
        (Stage.END_OF_DATA, 451, "4.7.1", "Try again later", Cause.GREYLISTED),
        (Stage.RCPT, 450, "4.3.2", "Service currently unavailable", Cause.GREYLISTED),
        (Stage.RCPT, 550, "5.1.1", "<p@a.test>: Recipient address rejected: User unknown", Cause.NO_SUCH_USER),
        (Stage.RCPT, 554, "5.7.1", "<p@b.test>: Relay access denied", Cause.RELAY_DENIED),
        (Stage.RCPT, 452, "4.2.2", "The email account that you tried to reach is out of storage", Cause.MAILBOX_FULL),
        (Stage.RCPT, 450, "4.7.25", "Client host rejected: cannot find your hostname, [104.130.122.50]", Cause.RDNS),
        (Stage.END_OF_DATA, 550, "5.7.26", "Unauthenticated email from account.trimble.com", Cause.AUTHENTICATION),
        (Stage.END_OF_DATA, 550, "5.7.1", "Spam message rejected", Cause.CONTENT),
        (Stage.END_OF_DATA, 550, "5.7.1", "no", Cause.CONTENT),
        (Stage.BANNER, 554, None, "No SMTP service here", Cause.IP_BLOCKED),
        (Stage.MAIL, 530, "5.7.0", "Must issue a STARTTLS command first", Cause.TLS),
        (Stage.BANNER, 421, "4.3.0", "server busy", Cause.SERVER_FAULT),
        (Stage.RCPT, 450, None, "later", Cause.UNCLEAR),
    ],
)
def test_the_cause_of_a_refusal(stage, code, enhanced, text, cause):
    assert cause_of(stage, code, enhanced, text) is cause
