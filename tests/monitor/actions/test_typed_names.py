"""What people type for a company or a path is understood, or answered with a suggestion."""

import pytest

from monitor.actions.names import UnknownNameError, companies_named, company_named

NAMES = {
    "granite": "Granite",
    "acme": "Acme Steel",
    "acme-uk": "Acme Steel (UK), Ltd.",
    "twin-a": "Twin",
    "twin-b": "Twin",
    "steel": "Steel & Sons",
}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("granite", "granite"),
        ("GRANITE", "granite"),
        ("Acme Steel", "acme"),
        ("acme  steel", "acme"),
        ("Steel", "steel"),  # a key, and part of other names
        ("Twin-B", "twin-b"),
        ("Granit", "No company 'Granit'. Did you mean Granite?"),
        ("Sons", "No company 'Sons'. Did you mean Steel & Sons (steel)?"),
        ("twin", "Several companies are called that: twin-a, twin-b. Type one of these keys."),
        ("zzz", "No company 'zzz'. There are: granite, acme, acme-uk, twin-a, twin-b, steel."),
        ("z\u202ez", "No company 'z z'. There are: granite, acme, acme-uk, twin-a, twin-b, steel."),
    ],
)
def test_a_company_is_meant_by_key_or_name_in_any_case(typed: str, meant: str) -> None:
    if " " not in meant:
        assert company_named(typed, NAMES) == meant
        return
    with pytest.raises(UnknownNameError) as error:
        company_named(typed, NAMES)
    assert str(error.value) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ()),
        ("acme granite", ("acme", "granite")),
        ("acme, granite,acme", ("acme", "granite")),
        ("Acme Steel, GRANITE", ("acme", "granite")),
        ("Acme Steel", ("acme",)),
        ("acme;granite\nsteel", ("acme", "granite", "steel")),
    ],
)
def test_several_companies_are_named_with_commas_or_as_keys_with_spaces(typed: str, meant: tuple[str, ...]) -> None:
    assert companies_named(typed, NAMES) == meant


def test_one_unknown_company_among_several_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"No company 'granit'\. Did you mean Granite\?"):
        companies_named("acme granit", NAMES)
