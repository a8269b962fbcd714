"""Addresses as people type them: what is wrong with each, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.triage.address import MAX_TYPED_CHARS, NoteWeight, Slip, read_address
from monitor.triage.labels import SLIPS
from monitor.triage.public_domains import PUBLIC_DOMAINS
from monitor.triage.words import note_text

KNOWN = ("acme.example", "acme-steel.com", "account.trimble.com", "trimble.com", *PUBLIC_DOMAINS)


@pytest.mark.parametrize(
    ("typed", "domain", "slips"),
    [
        ("jane@acme.example", "acme.example", ""),
        ("jane.o'neil+codes@acme.example", "acme.example", ""),
        # harmless
        ("Jane.Doe@ACME.example", "acme.example", "upper_case"),
        ("  jane@acme.example\t", "acme.example", "blanks_around"),
        ("jane@acme.example.", "acme.example", "trailing_dot"),
        ("jane@acme.example,", "acme.example", "end_mark"),
        ("Jane Doe <jane@acme.example>", "acme.example", "framed"),
        ("mailto:jane@acme.example", "acme.example", "framed"),
        ('"jane@acme.example"', "acme.example", "framed"),
        ("mailto:jane@acme.example?subject=Code", "acme.example", "framed"),
        # allowed, and rare: nobody is said to have it wrong
        ('"jane"@acme.example', "acme.example", "quoted"),
        ('"jane doe"@acme.example', "acme.example", "quoted"),
        ('"jane@home"@acme.example', "acme.example", "quoted"),
        ("jane.@acme.example", "acme.example", "name_dots"),
        ("jane..doe@acme.example", "acme.example", "name_dots"),
        # as a Japanese keyboard types it
        ("jane＠acme.example", "acme.example", "wide"),
        ("jane@acme。example", "acme.example", "wide"),
        ("ｊａｎｅ@ａｃｍｅ.example", "acme.example", "wide"),
        # below a known domain it is compared with nothing
        ("jane@mail.acme-steel.com", "mail.acme-steel.com", ""),
        ("jane@mail.elsewhere.com", "mail.elsewhere.com", ""),
        ("jane@acme-steel.co.uk", "acme-steel.co.uk", "other_ending:acme-steel.com"),
        ("jane@münchen.example", "xn--mnchen-3ya.example", "foreign_domain"),
        # one slip away from a known domain
        ("jane@trimle.com", "trimle.com", "similar:trimble.com"),
        ("jane@gmial.com", "gmial.com", "similar:gmail.com"),
        ("jane@gmail.con", "gmail.con", "similar:gmail.com"),
        ("jane@hotmial.com", "hotmial.com", "similar:hotmail.com"),
        ("jane@acme.exmaple", "acme.exmaple", "similar:acme.example"),
        ("jane@acmesteel.com", "acmesteel.com", "similar:acme-steel.com"),
        ("jane@acme-steel.de", "acme-steel.de", "other_ending:acme-steel.com"),
        # real ones that resemble others
        ("jane@mail.com", "mail.com", ""),
        ("jane@ymail.com", "ymail.com", ""),
        ("jane@gmx.de", "gmx.de", ""),
        ("jane@abc.de", "abc.de", ""),
        ("jane@elsewhere.example", "elsewhere.example", ""),
        # look-alikes
        ("jane@\u0430cme.example", "xn--cme-5cd.example", "imitated:acme.example foreign_domain"),
        ("jane@xn--cme-5cd.example", "xn--cme-5cd.example", "imitated:acme.example foreign_domain"),
        ("jane@grnail.com", "grnail.com", "look_alike:gmail.com"),
        ("jane@tr1mble.com", "tr1mble.com", "similar:trimble.com"),
        ("jane@gmai1.com", "gmai1.com", "look_alike:gmail.com"),
        ("jane@b\u0430nk.example", "xn--bnk-6cd.example", "mixed_alphabets foreign_domain"),
        ("jane@\u043f\u043e\u0447\u0442\u0430.example", "xn--80a1acny.example", "foreign_domain"),
        ("jane@www.acme.example", "www.acme.example", "www:acme.example"),
        ("jane\u200b@acme.example", "acme.example", "hidden"),
        ("j\u0430ne@acme.example", "acme.example", "foreign_name"),
        ("acme.example", "acme.example", "no_at"),
        # no address
        ("", "", "empty"),
        ("   ", "", "empty blanks_around"),
        ("jane", "", "no_domain"),
        ("jane at acme dot example", "", "no_domain"),
        ("jane@", "", "no_domain"),
        ("@acme.example", "acme.example", "no_name"),
        ("jane@doe@acme.example", "acme.example", "two_at"),
        ("jane doe@acme.example", "acme.example", "space"),
        ("jane@acme. example", "acme.example", "space:acme.example"),
        ("jane@acme,example", "acme.example", "comma:acme.example"),
        ("jane,doe@acme.example", "acme.example", "comma"),
        ("jane@acme..example", "acme.example", "dots:acme.example"),
        ("jane@.acme.example", "acme.example", "dots:acme.example"),
        ("jane@acmeexample", "", "no_dot:acme.example"),
        ("jane@gmail", "", "no_dot:gmail.com"),
        ("jane@nowhere", "", "no_dot"),
        ("jane@acme_.-example", "", "not_a_domain"),
        ("jane@[192.0.2.1]", "", "not_a_domain"),
        ("<b>jane</b>@acme.example", "acme.example", "not_a_name"),
        ("a@acme.example; b@acme.example", "", "several"),
        (f"{'j' * 65}@acme.example", "acme.example", "too_long"),
        (f"jane@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}", "", "not_a_domain"),
        ("j" * (MAX_TYPED_CHARS + 1), "", "too_long"),
    ],
)
def test_what_is_wrong_with_an_address_is_named(typed: str, domain: str, slips: str) -> None:
    found = read_address(typed, KNOWN)
    assert found.domain == domain
    assert " ".join(f"{note.slip}:{note.meant}".rstrip(":") for note in found.notes) == slips


def test_what_makes_it_wrong_comes_first() -> None:
    found = read_address(" Jane@gmial,com", KNOWN)
    assert [note.weight for note in found.notes] == sorted(
        (note.weight for note in found.notes), key=[*NoteWeight].index
    )
    assert found.wrong
    assert found.wrong.slip is Slip.COMMA


def test_the_name_is_in_no_text_that_a_program_makes_of_the_value() -> None:
    assert "jane.private" not in repr(read_address("jane.private@acme.example", KNOWN))
    assert "private" not in repr(read_address("jane\u200b private \u0430@gmial,com", KNOWN))


@given(st.text(max_size=500))
def test_any_text_is_read(typed: str) -> None:
    found = read_address(typed, KNOWN)
    assert found.domain == found.domain.lower()
    assert found.domain.isascii()
    assert all(note_text(note).isprintable() for note in found.notes)
    assert bool(found.domain) or found.wrong


def test_every_slip_has_its_sentence() -> None:
    assert set(SLIPS) == set(Slip)
