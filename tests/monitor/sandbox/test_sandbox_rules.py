"""What a simulated mail system holds against whom."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.sandbox.rules import MAX_REPLY_CHARS, REFUSALS, Greylist, SandboxClient, held_against, refusal
from monitor.sandbox.settings import Behaviour
from probes.sender import Identity, Role

SENDER = Identity(
    Role.SENDER,
    "no-reply@account.trimble.com",
    "104.130.122.50",
    "account.trimble.com",
    "[UNAVAILABLE]",
    "bounce@account.trimble.com",
)
ITS_IP, OTHER_IP = "104.130.122.50", "198.51.100.7"
ITS_MAIL, OTHER_MAIL = "bounce+x@account.trimble.com", "a@control.example"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("behaviour", "ip", "mail_from", "held"),
    [
        ("blocks_ip", ITS_IP, OTHER_MAIL, True),
        ("blocks_ip", OTHER_IP, ITS_MAIL, False),
        ("blocks_domain", OTHER_IP, ITS_MAIL, True),
        ("blocks_domain", ITS_IP, OTHER_MAIL, False),
        ("blocks_domain", OTHER_IP, "x@Mail.Account.TRIMBLE.com", True),
        ("blocks_domain", OTHER_IP, "x@notaccount.trimble.com", False),
        ("blocks_domain", OTHER_IP, "", False),
        ("junk", ITS_IP, OTHER_MAIL, True),
        ("junk", OTHER_IP, ITS_MAIL, True),
        ("junk", OTHER_IP, OTHER_MAIL, False),
        ("loses", OTHER_IP, OTHER_MAIL, True),
        ("hangs_up", "unknown", "", False),
    ],
)
def test_what_is_held_against_a_message(behaviour: str, ip: str, mail_from: str, held: bool) -> None:
    assert held_against(Behaviour(behaviour), SENDER, SandboxClient(ip), mail_from) is held


@pytest.mark.parametrize(("wait", "passes"), [(0, False), (299, False), (300, True), (9999, True)])
def test_a_greylist_lets_through_who_waited(wait: int, passes: bool) -> None:
    greylist = Greylist(timedelta(seconds=300))
    assert not greylist.knows(SandboxClient(ITS_IP), ITS_MAIL, "p@acme.example", NOON)
    assert greylist.knows(SandboxClient(ITS_IP), ITS_MAIL, "P@acme.example", NOON + timedelta(seconds=wait)) is passes


def test_a_greylist_takes_each_tag_for_another_sender() -> None:
    greylist = Greylist(timedelta(seconds=300))
    greylist.knows(SandboxClient(ITS_IP), "bounce+a@account.trimble.com", "p@acme.example", NOON)
    later = NOON + timedelta(hours=1)
    assert not greylist.knows(SandboxClient(ITS_IP), "bounce+b@account.trimble.com", "p@acme.example", later)


def test_a_greylist_forgets_the_oldest_when_it_is_full() -> None:
    greylist = Greylist(timedelta(seconds=300), size=2)
    for number in range(3):
        greylist.knows(SandboxClient(ITS_IP), f"{number}@b.example", "p@acme.example", NOON)
    later = NOON + timedelta(hours=1)
    assert greylist.knows(SandboxClient(ITS_IP), "2@b.example", "p@acme.example", later)
    assert not greylist.knows(SandboxClient(ITS_IP), "0@b.example", "p@acme.example", later)


@pytest.mark.parametrize("behaviour", REFUSALS)
def test_a_reply_is_one_short_line_whatever_it_repeats(behaviour: Behaviour) -> None:
    stage, _ = REFUSALS[behaviour]
    hostile = "a\r\n250 ok\x00\u00e9{ip}" * 100
    said = refusal(behaviour, stage, SandboxClient(ITS_IP), hostile, hostile)
    assert said is not None
    assert len(said) <= MAX_REPLY_CHARS
    assert said.isascii()
    assert said.isprintable()
