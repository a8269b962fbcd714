"""What refusals mean: one row, one belief."""

from datetime import timedelta

import pytest

from probes.answer import Stage
from probes.reading.replies import cause_of, read_reply
from probes.verdict import Cause


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "text", "cause"),
    [
        (Stage.RCPT, 554, "5.7.1", "<m50[104.130.122.50]>: Client host rejected: Access denied", Cause.IP_BLOCKED),
        (Stage.MAIL, 554, "5.7.1", "<b@a.example>: Sender address rejected: Access denied", Cause.DOMAIN_BLOCKED),
        (Stage.MAIL, 554, "5.7.1", "<b+mprblspf@a.example>: Sender address rejected", Cause.DOMAIN_BLOCKED),
        (Stage.RCPT, 554, "5.7.1", "mx.marble.example: Client host rejected", Cause.IP_BLOCKED),
        (Stage.RCPT, 554, "5.7.1", "Client host [104.130.122.50] blocked using zen.example", Cause.IP_LISTED),
        (Stage.RCPT, 450, "4.2.0", "<p@a.test>: Recipient address rejected: Greylisted", Cause.GREYLISTED),
        (Stage.END_OF_DATA, 451, "4.7.1", "Try again later", Cause.GREYLISTED),
        (Stage.MAIL, 451, "4.7.1", "Service unavailable - try again later", Cause.SERVER_FAULT),
        (Stage.RCPT, 450, "4.3.2", "Service currently unavailable", Cause.GREYLISTED),
        (Stage.RCPT, 550, "5.3.2", "Service currently unavailable", Cause.IP_BLOCKED),
        (Stage.RCPT, 550, "5.1.1", "<p@a.test>: Recipient address rejected: User unknown", Cause.NO_SUCH_USER),
        (Stage.RCPT, 554, "5.7.1", "<p@b.test>: Relay access denied", Cause.RELAY_DENIED),
        (Stage.RCPT, 452, "4.2.2", "The email account that you tried to reach is out of storage", Cause.MAILBOX_FULL),
        (Stage.RCPT, 450, "4.7.25", "Client host rejected: cannot find your hostname, [104.130.122.50]", Cause.RDNS),
        (Stage.END_OF_DATA, 550, "5.7.26", "Unauthenticated email from account.trimble.com", Cause.AUTHENTICATION),
        (Stage.END_OF_DATA, 550, "5.7.1", "Spam message rejected", Cause.CONTENT),
        (Stage.END_OF_DATA, 550, "5.7.1", "", Cause.CONTENT),
        (Stage.BANNER, 554, None, "No SMTP service here", Cause.IP_BLOCKED),
        (Stage.EHLO, 550, None, "no", Cause.IP_BLOCKED),
        (Stage.MAIL, 530, "5.7.0", "Must issue a STARTTLS command first", Cause.TLS),
        (Stage.BANNER, 421, "4.3.0", "server busy", Cause.SERVER_FAULT),
        (Stage.RCPT, 450, None, "later", Cause.UNCLEAR),
    ],
)
def test_the_cause_of_a_refusal(stage, code, enhanced, text, cause) -> None:
    assert cause_of(stage, code, enhanced, text) is cause


@pytest.mark.parametrize(
    ("text", "cause", "vendor"),
    [
        ("550 5.7.513 Client host [192.0.2.1] blocked by a.test using Customer Block list", Cause.IP_BLOCKED, "m365"),
        ("550 5.7.606 Access denied, banned sending IP [192.0.2.1] (AS16012609)", Cause.IP_LISTED, "m365"),
        ("550 5.7.509 Access denied, sending domain a.example does not pass DMARC", Cause.AUTHENTICATION, ""),
        ("451 4.7.650 The mail server [192.0.2.1] is rate limited due to IP reputation", Cause.REPUTATION, "outlook"),
        ("550 5.4.1 Recipient address rejected: Access denied.", Cause.NO_SUCH_USER, "m365"),
        ("550 5.7.1 <x@y.test>: Recipient address rejected: Access denied", Cause.POLICY, "postfix"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; [A.eurprd01.prod.exchangelabs.com]", Cause.NO_SUCH_USER, "m365"),
        ("550 5.4.1 Recipient address rejected: Access denied. [X.prod.outlook.com]", Cause.NO_SUCH_USER, "m365"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", Cause.NO_SUCH_USER, "exchange"),
        ("421 4.7.0 IP not in whitelist for RCPT domain, closing. x - gsmtp", Cause.IP_BLOCKED, "google"),
        ("550 5.7.27 not for us. x - gsmtp", Cause.AUTHENTICATION, "google"),
        ("550 5.7.29 not for us. x - gsmtp", Cause.TLS, "google"),
        ("550 5.7.30 not for us. x - gsmtp", Cause.AUTHENTICATION, "google"),
        ("421 4.7.0 [TSS04] Messages from 192.0.2.1 deferred", Cause.REPUTATION, "yahoo"),
        ("554 5.7.1 [HME1] no", Cause.AUTHENTICATION, "apple"),
        ("451 Internal resources are temporarily unavailable - mimecast", Cause.GREYLISTED, "mimecast"),
        ("550 Local CT IP Reputation - (reject)", Cause.REPUTATION, "mimecast"),
        ("554 rejected due to the sending MTA's poor reputation", Cause.REPUTATION, "cisco"),
        ("501 Connection rejected by policy [7.7] 3", Cause.REPUTATION, "symantec"),
        ("550 blocked, fortiguard found a black ip", Cause.IP_LISTED, "fortinet"),
        ("421 mwinf5 ME Trop de connexions. OFR004_104 [104]", Cause.RATE_LIMITED, "orange"),
        ("550 5.5.0 Boite du destinataire archivee. LPN007_420", Cause.MAILBOX_DISABLED, "laposte"),
        ("554 IP=192.0.2.1 - None/bad reputation. mx00.t-online.de", Cause.REPUTATION, "tonline"),
        ("554-gmx.net Nemesis ESMTP 554 IP address is block listed.", Cause.IP_LISTED, "gmx"),
        ("550 Ip frequency limited. http://service.mail.qq.com/x", Cause.RATE_LIMITED, "tencent"),
        ("550 Requested action not taken: IP is rejected", Cause.IP_BLOCKED, "netease"),
        ("554 5.7.0 Reject, id=77-1", Cause.CONTENT, ""),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", Cause.RELAY_DENIED, "qmail"),
        ("550 a@b.test... User unknown", Cause.NO_SUCH_USER, "sendmail"),
        ("User jo (jo@b.test) not listed in Domino Directory", Cause.NO_SUCH_USER, "domino"),
    ],
)
def test_vendors_speak_their_own_words(text, cause, vendor) -> None:
    facts = read_reply(text)
    assert (facts.cause, facts.vendor) == (cause, vendor)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 Empfänger unbekannt", Cause.NO_SUCH_USER),
        ("552 Das Postfach des Empfängers ist voll", Cause.MAILBOX_FULL),
        ("554 Ihre IP-Adresse wurde gesperrt", Cause.IP_BLOCKED),
        ("550 Boîte aux lettres pleine", Cause.MAILBOX_FULL),
        ("550 Utilisateur inconnu", Cause.NO_SUCH_USER),
        ("554 Votre serveur est sur liste noire", Cause.IP_LISTED),
        ("550 El buzón está lleno", Cause.MAILBOX_FULL),
        ("550 El usuario no existe", Cause.NO_SUCH_USER),
        ("554 Mensaje considerado spam", Cause.CONTENT),
        ("550 ユーザーが見つかりません", Cause.NO_SUCH_USER),
        ("552 メールボックスの容量を超えています", Cause.MAILBOX_FULL),
        ("550 迷惑メールとして拒否されました", Cause.CONTENT),
        ("550 La casella di posta è piena", Cause.MAILBOX_FULL),
        ("550 Gebruiker onbekend", Cause.NO_SUCH_USER),
        ("550 Usuário não existe", Cause.NO_SUCH_USER),
        ("550 Skrzynka jest pełna", Cause.MAILBOX_FULL),
        ("550 Пользователь не найден", Cause.NO_SUCH_USER),
        ("550 用户不存在", Cause.NO_SUCH_USER),
        ("550 Empfänger unbekannt".encode().decode("latin-1"), Cause.NO_SUCH_USER),
    ],
)
def test_other_languages(text, cause) -> None:
    assert read_reply(text).cause is cause


@pytest.mark.parametrize(
    ("text", "code", "enhanced"),
    [
        ("smtp; 550 5.1.1 user unknown", 550, "5.1.1"),
        ("550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three", 550, "5.7.1"),
        ("552 mailbox a@b.test is over quota (#5.2.2)", 552, "5.2.2"),
        ("host mx.b.test[192.0.2.1] said: 450 4.2.2 full (in reply to RCPT TO command)", 450, "4.2.2"),
        ("did not like our RCPT TO:553 5.1.3 no", 553, "5.1.3"),
        ("550 5.7.1 no 503 5.5.1 RCPT first", 550, "5.7.1"),
        ("5.1.0 - Unknown address error '5.7.1 Access denied'", None, "5.7.1"),
        ("451 5.1.8.9 is no code", 451, None),
        ("192.0.2.1 and 4.7.0.50", None, None),
        ("it waited 500 seconds", None, None),
        ("no code at all", None, None),
    ],
)
def test_codes_are_found_in_the_text(text, code, enhanced) -> None:
    facts = read_reply(text)
    assert (facts.code, facts.enhanced) == (code, enhanced)


def test_given_codes_are_believed_before_those_in_the_text() -> None:
    facts = read_reply("550 5.1.1 user unknown", code=450, enhanced="4.2.0", stage=Stage.DATA)
    assert (facts.code, facts.enhanced, facts.stage, facts.permanent) == (450, "4.2.0", Stage.DATA, False)


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("host a said: 550 no (in reply to RCPT TO command)", Stage.RCPT),
        ("SMTP error from remote mail server after MAIL FROM:<a@b.test>: 550 no", Stage.MAIL),
        ("host a refused to talk to me: 554 no", Stage.BANNER),
        ("550 no", None),
    ],
)
def test_the_stage_is_found_in_the_text(text, stage) -> None:
    assert read_reply(text).stage is stage


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("450 4.2.0 Greylisted, try again in 300 seconds", 300),
        ("451 please retry in 5 minutes", 300),
        ("451 retry in 00:10:00", 600),
        ("450 Greylisted for 2 hours", 7200),
        ("451 Bitte in 10 Minuten erneut versuchen", 600),
        ("451 Veuillez réessayer dans 60 secondes", 60),
        ("451 wait 100000 seconds", None),
        ("550 message of 300 seconds ago", None),
        ("421 4.7.0 Try again later", None),
    ],
)
def test_the_wait_that_is_offered(text, seconds) -> None:
    assert read_reply(text).retry_after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "blocklist"),
    [
        ("554 blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1", "Spamhaus ZEN"),
        ("554 listed in the PBL", "Spamhaus PBL"),
        ("554 see http://www.barracudanetworks.com/reputation/?pr=1&ip=192.0.2.1", "Barracuda"),
        ("550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", "Proofpoint"),
        ("550 blocked using Trend Micro RBL+", "Trend Micro"),
        ("550 see https://csi.cloudmark.com/x", "Cloudmark"),
        ("550 blocked by sorbs and spamcop", "SpamCop, SORBS"),
        ("550 192.0.2.1 listed at bl.lists.example", "bl.lists.example"),
        ("550 User unknown. Protected by Barracuda Networks", None),
        ("550 Rejected by Proofpoint", None),
        ("554 mx.marble.example: no", None),
        ("554 <sorbs.example[192.0.2.1]>: Client host rejected", None),
        ("554 <spamcop@a.example>: Sender address rejected", None),
        ("554 mail.spamcop.example is closed", None),
    ],
)
def test_the_blocklist_that_is_named(text, blocklist) -> None:
    assert read_reply(text).blocklist == blocklist


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("550 5.1.1 <jo@b.test>... User unknown", "jo@b.test"),
        ("550 no such user. Contact postmaster@b.test", None),
        ("550 blocked, please write to jo@b.test", None),
        ("550 no", None),
    ],
)
def test_the_address_that_is_quoted(text, address) -> None:
    assert read_reply(text).address == address


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("550 5.1.1 User unknown, see our blocklist policy", Cause.NO_SUCH_USER),
        ("550 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted", Cause.IP_LISTED),
        ("552 account disabled for exceeding its quota", Cause.MAILBOX_FULL),
        ("Google tried; the other server returned: 550 5.7.1 <a@b.test>... Access denied", Cause.POLICY),
        ("550 Sender verify failed. No such user here", Cause.DOMAIN_BLOCKED),
        ("550 5.7.1 xyzzy. Please contact your domain administrator", Cause.UNCLEAR),
        ("450 come back in 5 minutes", Cause.GREYLISTED),
    ],
)
def test_of_several_things_said_the_telling_one_counts(text, cause) -> None:
    assert read_reply(text).cause is cause
