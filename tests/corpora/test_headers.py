"""The readers of headers over labelled mail: the shares that have to be reached, and flaws in every byte of it."""

import random
from pathlib import Path

import pytest

from probes.reading.headers import read_message
from tests.corpora.scores_headers import (
    CORPORA,
    KERNEL,
    PHISHING,
    Score,
    connecting_addresses,
    forms,
    labels,
    mail_systems,
    table,
    verdicts,
)

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not beside this repository")


def total(scores: dict[str, Score], start: str = "") -> float:
    counted = [score for label, score in scores.items() if label.startswith(start)]
    assert counted
    return sum(score.right for score in counted) / sum(score.asked for score in counted)


def test_the_verdicts_of_filters() -> None:
    scores = verdicts()
    print(table(scores))
    assert total(scores, "verdict") >= 0.99
    assert total(scores, "vendor line") >= 0.95


def test_the_connecting_address() -> None:
    scores = connecting_addresses()
    print(table(scores))
    assert total(scores, "connecting IP") >= 0.995
    assert total(scores, "hops") == 1
    assert total(scores, "greylisting noted") >= 0.98
    assert total(scores, "greylisting seen") >= 0.8  # the first try was sometimes another message's


def test_folders_and_checks_at_outlook() -> None:
    scores = labels()
    print(table(scores))
    assert total(scores, "folder") == 1
    assert total(scores, "hops") == 1
    for method in ("spf", "dkim", "dmarc"):
        assert total(scores, method) >= 0.99


def test_the_forms_of_received_lines() -> None:
    assert total(forms()) == 1


def test_the_mail_systems_of_the_receiver() -> None:
    scores = mail_systems()
    print(table(scores))
    assert total(scores, "receiver") >= 0.98
    assert total(scores, "product by its header") >= 0.98


def samples() -> list[Path]:
    return sorted([*(KERNEL / "headers").iterdir(), *(PHISHING / "headers").iterdir()])


def test_no_flaw_in_them_breaks_the_reader() -> None:
    chance = random.Random(3)
    for path in chance.sample(samples(), 300):
        data = bytearray(path.read_bytes())
        for _ in range(chance.randint(1, 40)):
            place = chance.randrange(len(data))
            flaw = chance.choice((b"", b"\n", b"(", b")", b"[", b"]", b";", b'"', b"=", b"\xff", chance.randbytes(3)))
            data[place : place + chance.randint(0, 4)] = flaw
        read_message(bytes(data))
        read_message(bytes(data[: chance.randrange(len(data) + 1)]), relayed=chance.choice((None, True, False)))
