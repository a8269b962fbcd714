"""DMARC and TLS reports: what of them concerns us, and what a hostile one cannot do."""

import base64
import gzip
import io
import itertools
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.reading import report_files
from probes.reading.reports import MAX_ROWS, ReportError, ReportFacts, ReportKind, ReportRow, read_report

pytest.importorskip("parsedmarc")

IP = "104.130.122.50"
DOMAIN = "account.trimble.com"

RECORD = """
 <record>
  <row><source_ip>{ip}</source_ip><count>{count}</count>
   <policy_evaluated><disposition>{disposition}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row>
  <identifiers><header_from>{header_from}</header_from></identifiers>
  <auth_results><spf><domain>{header_from}</domain><result>{spf}</result></spf></auth_results>
 </record>"""


def record(ip: str = IP, count: int = 1, header_from: str = DOMAIN, spf: str = "pass", dkim: str = "pass") -> str:
    disposition = "none" if "pass" in (spf, dkim) else "reject"
    return RECORD.format(ip=ip, count=count, header_from=header_from, spf=spf, dkim=dkim, disposition=disposition)


def aggregate(
    *records: str, domain: str = DOMAIN, begins: int = 1795305600, reporter: str = "mail.example", report_id: str = "r1"
) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feedback>
 <report_metadata><org_name>{reporter}</org_name><email>dmarc@mail.example</email><report_id>{report_id}</report_id>
  <date_range><begin>{begins}</begin><end>{begins + 86399}</end></date_range></report_metadata>
 <policy_published><domain>{domain}</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><sp>none</sp><pct>100</pct>
 </policy_published>{"".join(records)}
</feedback>""".encode()


def tls(domain: str = DOMAIN, ip: str = IP) -> bytes:
    failure = {"result-type": "certificate-expired", "sending-mta-ip": ip, "failed-session-count": 2}
    return json.dumps(
        {
            "organization-name": "mail.example",
            "date-range": {"start-datetime": "2026-11-22T00:00:00Z", "end-datetime": "2026-11-22T23:59:59Z"},
            "contact-info": "tls@mail.example",
            "report-id": "t1",
            "policies": [
                {
                    "policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": domain},
                    "summary": {"total-successful-session-count": 10, "total-failure-session-count": 3},
                    "failure-details": [failure],
                }
            ],
        }
    ).encode()


FAILURE = b"""\
From: dmarc@mail.example\r
Subject: Failure\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
It failed.\r
--b\r
Content-Type: message/feedback-report\r
\r
Feedback-Type: auth-failure\r
User-Agent: mail.example/1\r
Version: 1\r
Auth-Failure: dmarc\r
Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0000\r
Source-IP: 104.130.122.50\r
Reported-Domain: account.trimble.com\r
Delivery-Result: reject\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
From: no-reply@account.trimble.com\r
Subject: Your code\r
\r
--b--\r
"""


def mail(content: bytes, name: str = "report.xml", kind: str = "application/octet-stream") -> bytes:
    packed = base64.encodebytes(content).decode().replace("\n", "\r\n")
    return (
        "From: dmarc@mail.example\r\nSubject: Report\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
        f'--b\r\nContent-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n{packed}\r\n--b--\r\n'
    ).encode()


def zipped(*contents: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.xml", content)
    return into.getvalue()


def read(data: bytes) -> ReportFacts:
    return read_report(data, IP, DOMAIN)


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        gzip.compress,
        zipped,
        mail,
        lambda xml: mail(gzip.compress(xml), kind="application/gzip"),
        lambda xml: mail(zipped(xml), kind="application/zip"),
        lambda xml: b"\xef\xbb\xbf\r\n" + xml,
        lambda xml: xml.replace(b"<feedback>", b'<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">'),
    ],
    ids=["bare", "gzip", "zip", "mail", "mail with gzip", "mail with zip", "BOM", "namespace"],
)
def test_a_report_in_whatever_it_comes(pack: Callable[[bytes], bytes]) -> None:
    facts = read(pack(aggregate(record(count=7), record(count=2, spf="fail", dkim="fail"))))
    assert (facts.kind, facts.organisation, facts.report_id) == (ReportKind.AGGREGATE, "mail.example", "r1")
    assert (facts.domain, facts.policy) == (DOMAIN, "reject")
    assert (facts.records, facts.messages, facts.passed) == (2, 9, 7)
    assert (facts.ours_passed, facts.ours_failed) == (7, 2)


def test_a_report_about_another_domain_is_reduced_to_what_we_sent() -> None:
    facts = read(
        aggregate(
            record("192.0.2.1", 100, "other.example"),
            record(IP, 5, "other.example", "fail", "fail"),
            record("192.0.2.2", 3, f"sub.{DOMAIN}"),
            record("192.0.2.2", 4, f"sub.{DOMAIN}"),
            record("192.0.2.3", 1, f"not{DOMAIN}"),
            domain="other.example",
        )
    )
    assert facts.messages == 113
    assert facts.ours == (
        ReportRow("192.0.2.2", f"sub.{DOMAIN}", 7, True, "none", "pass", "pass"),
        ReportRow(IP, "other.example", 5, False, "reject", "fail", "fail"),
    )


def test_a_report_about_our_domain_concerns_us_whole() -> None:
    assert read(aggregate(record("192.0.2.9", 3, "elsewhere.example"))).ours_passed == 3


def test_a_tls_report() -> None:
    facts = read(tls())
    assert (facts.kind, facts.domain, facts.policy) == (ReportKind.TLS, DOMAIN, "sts")
    assert (facts.messages, facts.passed) == (13, 10)
    assert facts.ours == (
        ReportRow("", DOMAIN, 10, True),
        ReportRow(IP, DOMAIN, 2, False, result="certificate-expired"),
        ReportRow("", DOMAIN, 1, False, result="not told"),
    )
    assert read(tls("other.example")).ours == (ReportRow(IP, "other.example", 2, False, result="certificate-expired"),)
    assert read(mail(gzip.compress(tls()), "r.json.gz", "application/tlsrpt+gzip")).passed == 10


def test_a_failure_report() -> None:
    facts = read(FAILURE)
    assert facts.kind is ReportKind.FAILURE
    assert facts.ours == (ReportRow(IP, DOMAIN, 1, False, "reject", result="dmarc"),)


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback><report_metadata><org_name>&b;&x;</org_name></report_metadata></feedback>"""


def bomb() -> bytes:
    return gzip.compress(b"<feedback>" + b" " * (report_files.MAX_UNPACKED_BYTES + 1))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no DMARC or TLS report"),
        (b"hello", "no DMARC or TLS report"),
        (b"<html><body>hello</body></html>", "no DMARC or TLS report"),
        (b"{}", "no DMARC or TLS report"),
        (b"A: b\r\n\r\nhello", "no DMARC or TLS report"),
        (ENTITIES, "DOCTYPE"),
        (ENTITIES.replace(b"<!DOCTYPE", b"<!\n doctype"), "DOCTYPE"),
        (ENTITIES.decode().replace("UTF-8", "UTF-16").encode("utf-16-le"), "DOCTYPE"),
        (gzip.compress(ENTITIES), "DOCTYPE"),
        (b"<feedback><record></feedback>", "not a DMARC or TLS report"),
        (b'{"policies": [1, "', "broken JSON"),
        (b'{"policies": [1, 2]}', "not a DMARC or TLS report"),
        (b"<feedback>" + b"<record/>" * 30_000, "more than 20000 records"),
        (bomb(), "unpacks to more than"),
        (zipped(b"<feedback>" + b" " * (report_files.MAX_UNPACKED_BYTES + 1)), "unpacks to more than"),
        (gzip.compress(bomb()), "no DMARC or TLS report"),  # an archive in an archive is not opened
        (zipped(zipped(b"<feedback/>")), "no DMARC or TLS report"),
        (zipped(*[b"x"] * 90), "no DMARC or TLS report"),
        (zipped(*[b"x"] * 500), "too many files"),
        (zipped(b"<feedback/>")[:40], "cannot be read"),
        (gzip.compress(b"<feedback/>")[:12], "no DMARC or TLS report"),
        (b"PK\x03\x04" + b"\xff" * 500, "cannot be read"),
        (b"\x1f\x8b" + b"\xff" * 500, "cannot be read"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 5000, "no DMARC or TLS report"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 5000, "no DMARC or TLS report"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000, "no DMARC or TLS report"),
        (mail(b"\0" * 1000), "no DMARC or TLS report"),
        (b"a" * (report_files.MAX_PACKED_BYTES + 1), "larger than"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_report_is_told_and_does_no_harm(data: bytes, why: str) -> None:
    with pytest.raises(ReportError, match=why):
        read(data)


@settings(max_examples=150, deadline=None)
@given(
    data=st.binary(max_size=400), cut=st.integers(0, 900), where=st.sampled_from(["bare", "gzip", "zip", "mail", "tls"])
)
def test_any_bytes_in_any_place_do_no_harm(data: bytes, cut: int, where: str) -> None:
    wrap: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zip": zipped, "mail": mail}
    whole = tls() if where == "tls" else aggregate(record())
    spoilt = wrap.get(where, bytes)(whole[:cut] + data + whole[cut + len(data) :])
    with suppress(ReportError):
        assert isinstance(read(spoilt), ReportFacts)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "parsedmarc", None)
    with pytest.raises(ReportError, match=r"pip install 'mailpath\[reports\]'"):
        read(aggregate(record()))


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, monitor.app, monitor.cli.read; sys.exit('parsedmarc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_of_a_long_report_our_rows_are_kept_and_no_message_is_lost() -> None:
    others = [record(f"192.0.{n // 250}.{n % 250}", 2, spf="fail", dkim="fail") for n in range(1500)]
    facts = read(aggregate(*others, record(count=1)))
    assert len(facts.ours) == MAX_ROWS + 1
    assert sum(row.count for row in facts.ours) == facts.messages == 3001
    assert [row for row in facts.ours if row.source_ip == IP] == [
        ReportRow(IP, DOMAIN, 1, True, "none", "pass", "pass")
    ]
    assert facts.ours[-1] == ReportRow("", DOMAIN, 1002, False)
