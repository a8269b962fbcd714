"""Reports that mean harm: refused before a library sees them, in bounded time, however little they weigh."""

import gzip
import io
import time
import zipfile
from collections.abc import Callable

import pytest

from probes.reading import report_files, report_limits
from probes.reading.report_files import ReportError, unpack
from probes.reading.report_limits import check
from tests.probes.reading.test_reports import aggregate, mail, record, tls, zipped

SECONDS = 4.0  # of CPU time, for the worst; an ordinary report takes a few thousandths

NO_REPORT = "no DMARC or TLS report"


def in_zip(content: bytes, method: int, count: int = 1) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", method) as archive:
        for number in range(count):
            archive.writestr(f"{number}.xml", content)
    return into.getvalue()


def in_parts(content: bytes, count: int) -> bytes:
    """A mail with this content in so many parts, as it is."""
    parts = b"".join(b"--b\r\nContent-Type: application/gzip\r\n\r\n" + content + b"\r\n" for _ in range(count))
    return b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"


def field(value: bytes) -> bytes:
    return b"From: a@b.example\r\nContent-Type: multipart/mixed; " + value + b"\r\n\r\nhello\r\n"


HARM: dict[str, tuple[Callable[[], bytes], str]] = {
    "a field of 9 MB of parameters": (lambda: field(b";a=" * 3_000_000), NO_REPORT),
    "a field of 9 MB of continued boundaries": (lambda: field(b"".join(b";boundary*%d=x" % n for n in range(500_000))), NO_REPORT),
    "a field of 9 MB of boundaries": (lambda: field(b"boundary=" * 1_000_000), NO_REPORT),
    "a field of 9 MB of quotes": (lambda: field(b'boundary="' + b'\\"' * 4_500_000), NO_REPORT),
    "a field of 9 MB of comments": (lambda: field(b"(" * 9_000_000), NO_REPORT),
    "a field of 3 million folds": (lambda: field(b"a\r\n " * 2_500_000), NO_REPORT),
    "9 MB of encoded words": (lambda: b"Subject: " + b"=?utf-8?q?a?= " * 600_000 + b"\r\n\r\nhello\r\n", NO_REPORT),
    "900,000 fields": (lambda: b"From: a\r\n" * 1_000_000 + b"\r\nhello", NO_REPORT),
    "a million parts": (lambda: field(b"boundary=b") + b"--b\r\n\r\nx\r\n" * 1_000_000, NO_REPORT),
    "100,000 mails inside each other": (lambda: b"Content-Type: message/rfc822\r\n\r\n" * 100_000, NO_REPORT),
    "100,000 parts inside each other": (lambda: b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(100_000)), NO_REPORT),
    "a boundary mentioned at each place": (lambda: field(b"boundary=b") + b"--b" * 3_000_000, NO_REPORT),
    "9 MB of base64 garbage": (lambda: b"Content-Transfer-Encoding: base64\r\n\r\n" + b"====\xff!!A" * 1_100_000, NO_REPORT),
    "10 million open elements": (lambda: gzip.compress(b"<feedback>" + b"<a>" * 10_000_000), "elements"),
    "10 million open elements in a zip": (lambda: zipped(b"<feedback>" + b"<a>" * 10_000_000), "elements"),
    "a million open elements": (lambda: gzip.compress(b"<feedback>" + b"<a>" * 1_000_000), "inside each other"),
    "a million elements": (lambda: gzip.compress(b"<feedback>" + b"<a/>" * 1_000_000), "more than 600000 elements"),
    "three million records": (lambda: gzip.compress(b"<feedback>" + b"<record/>" * 3_000_000), "more than 20000 records"),
    "400,000 attributes of one element": (lambda: b"<feedback><a " + b"".join(b"a%d='' " % n for n in range(400_000)) + b"/>", "attributes"),
    "400,000 attributes of as many elements": (lambda: b"<feedback>" + b"<a b=''/>" * 400_000, "attributes"),
    "three million attributes": (lambda: gzip.compress(b"<feedback>" + b"<a b='' c='' d=''/>" * 1_000_000), "equals signs"),
    "a name of 30 MB": (lambda: gzip.compress(b"<feedback><" + b"a" * 30_000_000 + b"/>"), ""),
    "an attribute of 30 MB": (lambda: gzip.compress(b"<feedback a='" + b"a" * 30_000_000 + b"'/>"), ""),
    "a comment of 30 MB": (lambda: gzip.compress(b"<feedback><!--" + b"-a" * 15_000_000), ""),
    "a CDATA section of 30 MB": (lambda: gzip.compress(b"<feedback><![CDATA[" + b"]]" * 15_000_000), ""),
    "a million processing instructions": (lambda: gzip.compress(b"<feedback>" + b"<?a b?>" * 1_000_000), ""),
    "entities": (lambda: b'<!DOCTYPE a [<!ENTITY a "b">]><feedback>&a;</feedback>', "DOCTYPE"),
    "default attributes": (lambda: b'<!DOCTYPE a [<!ATTLIST a b CDATA "v">]><feedback/>', "DOCTYPE"),
    "JSON of ten million lists": (lambda: gzip.compress(b'{"policies": [' + b"[]," * 10_000_000), "more than 200000 values"),
    "JSON of 100,000 levels": (lambda: b'{"policies": ' + b"[" * 100_000, "inside each other"),
    "JSON of 100,000 levels of objects": (lambda: b'{"policies": ' + b'{"a":' * 100_000, "inside each other"),
    "JSON of a number of 30 million digits": (lambda: gzip.compress(b'{"policies": ' + b"9" * 30_000_000 + b"}"), "broken JSON"),
    "JSON of one string without an end": (lambda: gzip.compress(b'{"policies": "' + b'\\"' * 15_000_000), "broken JSON"),
    "JSON of 15 million quotes": (lambda: gzip.compress(b'{"policies": ' + b'"' * 30_000_000), "broken JSON"),
    "gzip inside gzip": (lambda: gzip.compress(gzip.compress(b"\0" * 60_000_000)), NO_REPORT),
    "gzip of 60 MB": (lambda: gzip.compress(b"\0" * 60_000_000), "unpacks to more than"),
    "60 parts of gzip of 30 MB": (lambda: in_parts(gzip.compress(b"\0" * 30_000_000), 60), "unpacks to more than"),
    "three members of 30 MB": (lambda: in_zip(b"\0" * 30_000_000, zipfile.ZIP_DEFLATED, 3), "unpacks to more than"),
    "20,000 members": (lambda: zipped(*[b""] * 20_000), "too many files"),
    "a member in bzip2": (lambda: in_zip(b"\0" * 40_000_000, zipfile.ZIP_BZIP2), NO_REPORT),
    "a member in LZMA": (lambda: in_zip(b"\0" * 40_000_000, zipfile.ZIP_LZMA), NO_REPORT),
}  # fmt: skip


@pytest.mark.parametrize("name", HARM)
def test_it_is_refused_before_a_library_sees_it_in_bounded_time(name: str) -> None:
    make, why = HARM[name]
    data = make()
    assert len(data) <= report_files.MAX_PACKED_BYTES
    began = time.process_time()
    try:
        check(unpack(data).text)
        refused = ""
    except ReportError as error:
        refused = str(error)
    assert time.process_time() - began < SECONDS
    assert why in refused
    assert bool(why) == bool(refused)


def test_the_largest_good_report_is_read() -> None:
    few = aggregate(record(count=1))
    many = aggregate(*[record(count=1)] * report_limits.MAX_RECORDS)
    for report in (few, many, tls(), mail(gzip.compress(many))):
        check(unpack(report).text)


def test_a_broken_report_that_a_library_can_mend_is_left_to_it() -> None:
    broken = aggregate(record()).replace(b"mail.example", b"mail & example", 1)
    check(unpack(broken).text)


def test_a_report_that_was_forwarded_as_an_attachment_is_found() -> None:
    inside = mail(gzip.compress(aggregate(record())), "r.xml.gz", "application/gzip")
    forwarded = (
        b'From: x@acme.test\r\nContent-Type: multipart/mixed; boundary="f"\r\n\r\n'
        b"--f\r\nContent-Type: text/plain\r\n\r\nFor you\r\n--f\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    assert "<feedback>" in unpack(forwarded + inside + b"\r\n--f--\r\n").text
