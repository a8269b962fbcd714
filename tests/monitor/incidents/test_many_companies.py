"""Outages of many companies, minute by minute, that once were told in a wrong way."""

from monitor.incidents.incident import Nature
from tests.support.outage_simulation import Outage, turns


def test_a_company_that_is_well_hears_the_end_while_others_still_have_it() -> None:
    outage = Outage(12, lambda n, minute: "d" if minute >= 60 and (n < 5 or minute < 180) else "i")
    outage.run(800)
    heard = [turn for turn in turns(outage) if "c7_it" in turn]
    assert [turn for turn in heard if "resolved" in turn]
    assert not [turn for turn in heard if "reminder" in turn]


def test_a_company_with_an_older_bad_probe_is_no_exception_when_our_line_is_cut() -> None:
    outage = Outage(12, lambda n, minute: "t" if n == 3 and 45 <= minute < 60 else ("w" if 60 <= minute < 120 else "i"))
    outage.run(100)
    assert {each.nature for each in outage.day.open} == {Nature.OURS}
    assert not [turn for turn in turns(outage) if "pager" in turn and "Company 3:" in turn]


def test_what_is_left_of_an_outage_does_not_take_on_another_companys_full_mailbox() -> None:
    outage = Outage(
        12, lambda n, minute: "d" if 60 <= minute < 120 else ("f" if n == 3 and 120 <= minute < 300 else "i")
    )
    outage.run(300)
    assert not [turn for turn in turns(outage) if "c7_it" in turn and ("full" in turn or "mailbox" in turn)]


def test_a_company_hears_of_what_it_has_and_not_of_what_most_have() -> None:
    outage = Outage(12, lambda n, minute: ("b" if n == 7 else "d") if minute >= 60 else "i")
    outage.run(200)
    assert "IP address" not in outage.last("c7_it").title
