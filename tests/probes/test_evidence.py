"""Evidence in the store: what an older release wrote is still read."""

from datetime import UTC, datetime

from probes.evidence import Arrival, BodyState, Bounce, MailKind, decode, encode
from probes.verdict import Cause

OLD_BOUNCE = (
    '{"at":"2026-11-20T08:00:00Z","kind":"bounce","recipient":"probe@acme.test","action":"failed","status":"5.7.1",'
    '"reply":"550 5.7.1 no","cause":"ip_listed","permanent":true,"reporting_mta":"mx.acme.test","remote_mta":"",'
    '"type":"bounce"}'
)
OLD_ARRIVAL = (
    '{"at":"2026-11-20T08:00:00Z","seen_at":"2026-11-20T08:00:01Z","folder":"inbox","folder_name":"INBOX",'
    '"headers":"From: a@b.c\\r\\n","markers":["header","body"],"type":"arrival"}'
)


def test_a_bounce_from_before_we_kept_who_sent_it() -> None:
    bounce = decode(OLD_BOUNCE)
    assert isinstance(bounce, Bounce)
    assert (bounce.client_ip, bounce.client_name, bounce.to_envelope) == ("", "", False)
    assert bounce.once == "bounce:e80887df6108bb37fe96"  # as the store has it
    assert decode(encode(bounce)) == bounce


def test_an_arrival_from_before_the_body_was_signed() -> None:
    arrival = decode(OLD_ARRIVAL)
    assert isinstance(arrival, Arrival)
    assert (arrival.body, arrival.client_ip) == (BodyState.UNVERIFIED, "")
    assert decode(encode(arrival)) == arrival


def test_the_same_report_of_another_network_is_another_one() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    said = (noon, MailKind.BOUNCE, "probe@acme.test", "failed", "5.7.1", "550 no", Cause.UNCLEAR, True)
    names = {Bounce(*said, client_ip=ip).once for ip in ("192.0.2.1", "192.0.2.77", "198.51.100.1", "")}
    assert len(names) == 3
