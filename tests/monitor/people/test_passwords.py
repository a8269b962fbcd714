"""Which passwords are good enough, and that nothing but the right one fits."""

import asyncio
from contextlib import ExitStack

import pytest
from argon2 import PasswordHasher

from monitor.people.passwords import MAX_WAITING, BusyError, Passwords, fault_of

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.parametrize(
    "password",
    [
        "four words in a row",
        "correct horse battery staple",
        "Tr0ub4dor&3-and-more",
        "kaffee um halb sieben",
        "ячмень овёс рожь",
        "パスワードは長く覚えやすく",
        "xK9#mQ2$vL5!",
        "my password is a long one",
        "x" * 4 + "y1z2a3b4" * 24,
    ],
)
def test_good_ones(password: str) -> None:
    assert fault_of(password, "ann") is None


@pytest.mark.parametrize(
    ("password", "name", "fault"),
    [
        ("", "ann", "at least 12"),
        ("short words", "ann", "at least 12"),
        ("ﬃﬃﬃ", "ann", "at least 12"),  # 3 characters that look like 9
        ("z" * 201, "ann", "at most 200"),
        ("annabella1234", "annabella", "than the name"),
        ("ANNABELLA-annabella", "annabella", "than the name"),
        ("annabella!!!!!!!", "annabella", "than the name"),
        ("aaaaaaaaaaaa", "ann", "others would try"),
        ("abababababab", "ann", "others would try"),
        ("password1234", "ann", "others would try"),
        ("Password-Password!", "ann", "others would try"),
        ("Mailpath2026!", "ann", "others would try"),
        ("Trimble-Admin-2026", "ann", "others would try"),
        ("qwertyuiop123", "ann", "others would try"),
        ("qwertzuiop123", "ann", "others would try"),
        ("asdfghjkl1234", "ann", "others would try"),
        ("0987654321098", "ann", "others would try"),
        ("zyxwvutsrqponm", "ann", "others would try"),
        ("letmein letmein", "ann", "others would try"),
    ],
)
def test_bad_ones_and_why(password: str, name: str, fault: str) -> None:
    said = fault_of(password, name)
    assert said
    assert fault in said
    assert not password or password not in said


def test_it_is_soon_told_also_of_a_long_one() -> None:
    assert fault_of("abcdefghijklmnopqrstuvwxyz" * 5000, "ann")


async def test_only_the_right_one_fits() -> None:
    passwords = Passwords(QUICK)
    kept = await passwords.hashed("four words in a row")
    assert kept.startswith("$argon2id$")
    assert "four words" not in kept
    assert await passwords.fits(kept, "four words in a row")
    for wrong in ("four words in a ro", "Four words in a row", "", "four words in a row\0", kept):
        assert not await passwords.fits(kept, wrong)


async def test_two_of_the_same_are_kept_differently() -> None:
    passwords = Passwords(QUICK)
    assert await passwords.hashed("four words in a row") != await passwords.hashed("four words in a row")


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$broken", "four words in a row"])
async def test_nothing_fits_what_is_no_hash(kept: str) -> None:
    assert not await Passwords(QUICK).fits(kept, "four words in a row")
    assert not await Passwords(QUICK).fits(kept, "")


async def test_what_a_service_keeps_takes_the_memory_that_it_should() -> None:
    kept = await Passwords().hashed("four words in a row")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_when_too_many_wait_the_next_is_sent_away() -> None:
    passwords = Passwords(QUICK)

    async def attempt(known: bool) -> bool:
        with passwords.place(known=known):
            return await passwords.fits("", "four words in a row")

    tries = [attempt(known) for known in [False] * MAX_WAITING + [True] * MAX_WAITING]
    done = [isinstance(each, BusyError) for each in await asyncio.gather(*tries, return_exceptions=True)]
    assert (done[:MAX_WAITING].count(False), done[MAX_WAITING:].count(False)) == (30, 10)
    assert not await attempt(known=False), "afterwards it goes on"


@pytest.mark.parametrize(
    ("one", "other"), [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8:1::1"), ("2001:db8:0:ffff::1", "x")]
)
def test_strangers_of_one_block_have_two_places(one: str, other: str) -> None:
    passwords = Passwords(QUICK)
    with ExitStack() as places:
        for _ in range(2):
            places.enter_context(passwords.place(one))
        with pytest.raises(BusyError):
            places.enter_context(passwords.place("2001:db8::2" if ":" in one else one))
        places.enter_context(passwords.place(one, known=True))
        places.enter_context(passwords.place(other))
        for _ in range(5):
            places.enter_context(passwords.place())  # an address of many
    with passwords.place(one):
        pass  # the places are free again
