"""Names in the headers of real mail, and which of them are asked about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.standing.arrivals import MAX_NAMES, NameKind, SeenName, add_seen, names_in, recent_names
from probes.evidence import Arrival, Folder
from probes.sender import Role
from tests.support.store_samples import probe

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
DOMAIN = "account.trimble.com"
HEADERS = """\
Return-Path: <bounce+x@mail.{domain}>
Received: from o1.sender.example ([{ip}]) by mx.acme.example with ESMTPS id 1; Mon, 30 Nov 2026 08:00:00 +0000
DKIM-Signature: v=1; a=rsa-sha256; d={domain};
 s=K1; h=from:to; bh=x; b=y
DKIM-Signature: v=1; d=service.example; s=other; b=z
Received: from submitter.example ([10.0.0.1]) by o1.sender.example with ESMTPSA id 2; Mon, 30 Nov 2026 07:59:59 +0000
From: no-reply@{domain}

"""


def arrival(ip: str = "104.130.122.50", folder: Folder = Folder.INBOX) -> Arrival:
    return Arrival(NOW, NOW, folder, "INBOX", HEADERS.format(domain=DOMAIN, ip=ip), ())


def names(mail: Arrival, **other: Any) -> set[str]:
    return {f"{kind} {name}" for kind, name in names_in(probe(**{"via": "relay"} | other), mail, DOMAIN)}


OTHER = "signature other._domainkey.service.example"
ALL = {"selector k1", OTHER, f"envelope_domain mail.{DOMAIN}", "address 104.130.122.50"}


@pytest.mark.parametrize(
    ("mail", "other", "found"),
    [
        (arrival(), {}, ALL),
        (arrival(folder=Folder.JUNK), {}, ALL),
        (arrival(folder=Folder.COPY), {}, set()),  # whoever sent it could have written it
        (arrival(), {"role": Role.CONTROL}, set()),
        (arrival(), {"via": "xclient"}, set()),  # we asserted the sender
        (arrival(ip="198.51.100.7"), {"via": "direct"}, set()),  # not from the sender's address: unproven
        (arrival(ip="104.130.122.99"), {}, ALL - {"address 104.130.122.50"} | {"address 104.130.122.99"}),
        (arrival(ip="10.1.2.3"), {}, ALL - {"address 104.130.122.50"}),
        (replace(arrival(), headers=f"DKIM-Signature: d=acme.example; s=gw\n{arrival().headers}"), {}, ALL),
        (replace(arrival(), headers=""), {}, set()),
        (replace(arrival(), headers="DKIM-Signature: d=;s=;\nReturn-Path: <>\n\n"), {}, set()),
    ],
)
def test_names_in_a_mail(mail: Arrival, other: dict[str, Any], found: set[str]) -> None:
    assert names(mail, **other) == found


def test_names_of_the_last_days_are_asked_about_the_newest_first_to_be_kept() -> None:
    seen: dict[tuple[NameKind, str], SeenName] = {}
    for day in range(MAX_NAMES + 3):
        seen = add_seen(seen, [(NameKind.SELECTOR, f"s{day:02}")], NOW - timedelta(hours=day))
    assert recent_names(seen.values(), NameKind.SELECTOR, NOW) == tuple(f"s{day:02}" for day in range(MAX_NAMES))
    assert recent_names(seen.values(), NameKind.ADDRESS, NOW) == ()
    assert recent_names(seen.values(), NameKind.SELECTOR, NOW + timedelta(days=8)) == ()


def test_a_name_is_counted() -> None:
    name = (NameKind.ADDRESS, "192.0.2.1")
    seen = add_seen(add_seen({}, [name], NOW), [name], NOW + timedelta(hours=1))
    assert seen[name] == SeenName(*name, NOW, NOW + timedelta(hours=1), 2)
