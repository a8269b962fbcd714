"""How a mail system is recognised, and what that says of a configured chain."""

import pytest

from probes.mailsystems.signs import (
    ChainDoubt,
    SignKind,
    chain_sentence,
    check_chain,
    signs_of_mx,
    signs_of_server,
    system_of_header,
    system_of_software,
)
from probes.mailsystems.table import MAIL_SYSTEMS, system_at

MX = {
    "acme-example.mail.protection.outlook.com": "m365",
    "acme-example.k-v1.mx.microsoft": "m365",
    "aspmx.l.google.com": "google",
    "smtp.google.com": "google",
    "mx1.googlemail.com": "google",
    "mx0a-00112233.pphosted.com": "proofpoint",
    "mx0a-00112233.gpphosted.com": "proofpoint",
    "mx1-us1.ppe-hosted.com": "proofpoint_essentials",
    "eu-smtp-inbound-1.mimecast.com": "mimecast",
    "za-smtp-inbound-1.mimecast.co.za": "mimecast",
    "je-smtp-inbound-1.mimecast-offshore.com": "mimecast",
    "d1.ess.barracudanetworks.com": "barracuda",
    "d1.ess.uk.ess.barracuda.com": "barracuda",
    "mx1.hc1.iphmx.com": "cisco",
    "cluster1.eu.messagelabs.com": "symantec",
    "mx-01-eu-central-1.prod.hydra.sophos.com": "sophos",
    "acme.in.tmes.trendmicro.com": "trendmicro",
    "acme.in.hes.trendmicro.eu": "trendmicro",
    "acme.fortimailcloud.com": "fortinet",
    "acme.fortimail.com": "fortinet",
    "mx.zoho.com": "zoho",
    "mx.zoho.eu": "zoho",
    "mx01.hornetsecurity.com": "hornetsecurity",
    "mx01.antispameurope.com": "hornetsecurity",
    "acme.spamtitan.com": "spamtitan",
    "mx.titanhq.com": "spamtitan",
    "mx1.antispamcloud.com": "mailassure",
    "mx1.spamexperts.eu": "mailassure",
    "mx1.mtaroutes.com": "mailassure",
    "mailstream-east.mxrecord.io": "cloudflare",
    "mailstream-west.mxrecord.mx": "cloudflare",
    "route1.mx.cloudflare.net": "cloudflare_routing",
    "primary.us.email.fireeyecloud.com": "trellix",
    "primary.fireeyegov.com": "trellix",
    "server1.arsmtp.com": "zix",
    "mx.zixsmbhosted.com": "zix",
    "cust1.in.mailcontrol.com": "forcepoint",
    "in1.electric.net": "vipre",
    "mx.e-mmunity.net": "vipre",
    "mx.emailservice.io": "mailprotector",
    "mx.emailsrv.net": "mailprotector",
    "mx1.emailsrvr.com": "rackspace",
    "smtp.secureserver.net": "godaddy",
    "mx00.kundenserver.de": "ionos",
    "mx00.ionos.co.uk": "ionos",
    "mx01.1and1.com": "ionos",
    "in1-smtp.messagingengine.com": "fastmail",
    "mail.acme.example": "",
    "mx.notmimecast.com": "",
    "pphosted.com.evil.example": "",
}


@pytest.mark.parametrize(("host", "system"), MX.items())
def test_an_mx_by_whole_labels(host: str, system: str) -> None:
    assert system_at(host) == system
    assert [(sign.system, sign.kind) for sign in signs_of_mx([host])] == ([(system, SignKind.MX)] if system else [])


def test_an_mx_of_several_hosts_is_one_sign_for_each_system() -> None:
    signs = signs_of_mx(["mx1.iphmx.com", "mx2.iphmx.com", "mail.acme.example", "aspmx.l.google.com"])
    assert [(sign.system, sign.text) for sign in signs] == [
        ("cisco", "mx1.iphmx.com"),
        ("google", "aspmx.l.google.com"),
    ]


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("220 mx.acme.example ESMTP Postfix (Debian/GNU)", "postfix"),
        ("220 mx.acme.example ESMTP Exim 4.96 Tue, 01 Dec 2026", "exim"),
        ("220 mx.acme.example Microsoft ESMTP MAIL Service ready", "exchange"),
        ("220 mx.acme.example ESMTP OpenSMTPD", "opensmtpd"),
        ("220 mx ESMTP MDaemon 23.5", "mdaemon"),
        ("220 [127.0.0.1] ESMTP amavis service ready", "amavis"),
        ("220 [127.0.0.1] ESMTP amavisd-new service ready", "amavis"),
        ("220 mx.acme.example Dovecot ready.", "dovecot"),
        ("220 mx PPE Hosted ESMTP Server", "proofpoint_essentials"),
        ("220 ****************************", "cisco_asa"),
        ("(Haraka/3.0) with ESMTP", "haraka"),
        ("maximal.example ESMTP", ""),
        ("", ""),
    ],
)
def test_a_greeting_by_whole_words(text: str, system: str) -> None:
    assert system_of_software(text) == system


def test_a_server_is_recognised_by_its_reply_before_its_certificate_and_its_greeting() -> None:
    signs = signs_of_server("220 mx ESMTP Postfix", ["*.pphosted.com"], "see https://www.mimecast.com/codes")
    assert [sign.system for sign in signs] == ["mimecast", "proofpoint", "postfix"]


@pytest.mark.parametrize("row", MAIL_SYSTEMS.values(), ids=lambda row: row.key)
def test_a_header_is_one_mail_systems(row: object) -> None:
    headers = [header for each in MAIL_SYSTEMS.values() for header in each.headers]
    assert len(headers) == len(set(headers))


def test_the_longest_name_of_a_header_wins() -> None:
    assert system_of_header("x-fe-policy-id") == "fortinet"
    assert system_of_header("x-fe-etp-metadata") == "trellix"
    assert system_of_header("x-mailer") == ""


# ---- Configured and seen --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "mx", "doubt"),
    [
        (("mimecast", "m365"), "eu-smtp-inbound-1.mimecast.com", None),
        (("m365",), "eu-smtp-inbound-1.mimecast.com", ChainDoubt.NOT_CONFIGURED),
        (("m365", "mimecast"), "eu-smtp-inbound-1.mimecast.com", ChainDoubt.NOT_FIRST),
        (("unknown",), "aspmx.l.google.com", ChainDoubt.UNNAMED),
        (("postfix",), "mail.acme.example", None),  # nothing is recognised: nothing speaks against it
        (("mimecast",), "mail.acme.example", None),
        (("other:Acme Mail",), "aspmx.l.google.com", ChainDoubt.NOT_CONFIGURED),
        (("checkpoint", "m365"), "acme.mail.protection.outlook.com", None),  # it reads mailboxes, behind the MX
        (("rspamd", "postfix"), "mail.acme.example", None),
    ],
)
def test_a_chain_against_the_mx(chain: tuple[str, ...], mx: str, doubt: ChainDoubt | None) -> None:
    found = check_chain(chain, signs_of_mx([mx]))
    assert (found.doubt if found else None) is doubt
    if found:
        said = chain_sentence(found)
        assert mx in said
        assert found.seen.system in said
