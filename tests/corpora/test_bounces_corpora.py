"""Labelled bounces are read as well as demanded, and no flaw in their bytes breaks the reader."""

import random

import pytest

from probes.reading.bounces import read_bounce
from tests.corpora import scores_bounces as scores

pytestmark = pytest.mark.skipif(not scores.CORPORA.is_dir(), reason="the corpora are not beside this repository")


def test_real_bounces_of_many_makes() -> None:
    found = scores.sisimai()
    print("\n".join(scores.table("sisimai-bounces", found)))
    wanted = {"recipient": 0.985, "code": 0.98, "status": 0.98, "cause": 0.96, "kind": 0.99}
    assert {name: found[name].share for name in wanted if found[name].share < wanted[name]} == {}


def test_bounces_that_follow_no_standard() -> None:
    found = scores.flufl()
    print("\n".join(scores.table("flufl-bounces", found)))
    assert found["recipients"].share >= 0.96
    assert found["persistence"].share >= 0.96


def test_no_flaw_in_them_breaks_the_reader() -> None:
    chance = random.Random(5)
    mails = sorted((scores.SISIMAI / "mail").glob("*.eml"))
    for path in chance.sample(mails, 200):
        data = bytearray(path.read_bytes())
        for _ in range(chance.randint(1, 40)):
            place = chance.randrange(len(data))
            flaw = chance.choice(
                (b"", b"\n", b"\n\n", b"--", b"<", b">", b":", b";", b"=", b"\xff", chance.randbytes(3))
            )
            data[place : place + chance.randint(0, 4)] = flaw
        read_bounce(bytes(data))
