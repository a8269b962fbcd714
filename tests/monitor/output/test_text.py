"""How `mailpath explain` shows what others sent us."""

from datetime import UTC, datetime

import pytest

from monitor.output.text import event_line
from probes.evidence import Arrival, BodyState, Bounce, Evidence, Folder, MailKind, Marker
from probes.verdict import Cause
from tests.support.store_samples import probe

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOUNCE = (NOON, MailKind.BOUNCE, "a@b.test", "failed", "5.7.1", "550 no", Cause.CONTENT, True, "mx.b.test")
ARRIVAL = (NOON, NOON, Folder.COPY, "the copies", "", (Marker.HEADER, Marker.MESSAGE_ID))


@pytest.mark.parametrize(
    ("evidence", "shown"),
    [
        (Bounce(*BOUNCE), '"5.7.1 550 no"[/]  [dim]by mx.b.test[/]'),
        (Bounce(*BOUNCE, client_ip="192.0.2.1"), "received from 192.0.2.1[/]"),
        (Bounce(*BOUNCE, client_ip="192.0.2.1", client_name="out.b.test"), "received from out.b.test [192.0.2.1][/]"),
        (Bounce(*BOUNCE, client_ip="[bold]x"), r"\[bold]x"),
        (Arrival(*ARRIVAL), "identified by header, Message-ID; text not verified[/]"),
        (Arrival(*ARRIVAL, BodyState.INTACT, "192.0.2.1"), "text unchanged, received from 192.0.2.1[/]"),
    ],
)
def test_who_sent_it_and_whether_it_is_as_we_sent_it(evidence: Evidence, shown: str) -> None:
    assert shown in str(event_line(probe(), evidence))
