"""The heat map: what its cells count, and where they lead."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.store.result_counts import day_of
from monitor.web.pages.heat_map import day_tables, system_tables
from monitor.web.sender_facts import SystemCounts
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome
from tests.monitor.web.test_page_codes_in_time import fill
from tests.support.page_samples import NOW, SamplePages, current_verdicts, open_sample_pages, path, well_made
from tests.support.pipeline_app import ScriptedRoute

DAY = timedelta(days=1)


@pytest.fixture
async def sample_pages(tmp_path: Path) -> AsyncIterator[SamplePages]:
    async with open_sample_pages(tmp_path) as sample_pages:
        sample_pages.watch(path("acme"), path("birch"), current_verdicts=current_verdicts(acme="b", birch="i"))
        yield sample_pages


def test_a_cell_has_its_share_and_leads_to_the_companies_with_that_result() -> None:
    counts = SystemCounts("postfix", Grade.REAL, 3, ((Outcome.BLOCKED, 5), (Outcome.INBOX, 95)))
    (table,) = system_tables([counts])
    assert table.outcomes == (Outcome.INBOX, Outcome.BLOCKED)
    good, bad = table.rows[0].cells
    assert good
    assert bad
    assert (good.percent, bad.percent, bad.count, bad.of, bad.shade) == ("95 %", "5 %", 5, 100, 1)
    assert bad.href == "/?system=postfix&outcome=blocked&sort=name"


async def test_days_count_what_tells_each_grade_by_itself(sample_pages: SamplePages) -> None:
    lab = path("acme", "lab", route=ScriptedRoute())
    sample_pages.watch(path("acme"), path("birch"), lab)
    await fill(sample_pages.store, Outcome.INBOX, 3)
    await fill(sample_pages.store, Outcome.MISSING, 1, grade=Grade.UNPROVEN, company="birch")
    await fill(sample_pages.store, Outcome.UNKNOWN, 9)
    await fill(sample_pages.store, Outcome.BLOCKED, 2, DAY, path="lab", cause=Cause.IP_BLOCKED)
    days = (day_of(NOW) - DAY, day_of(NOW))
    paths = list(sample_pages.board.paths.values())
    for companies in (None, ("acme", "birch")):
        counts = await sample_pages.store.probes.days(days[0], companies, by_path=True)
        tables = day_tables(counts, paths, days)
        found = {
            table.grade: [cell and (cell.count, cell.of) for cell in row.cells]
            for table in tables
            for row in table.rows
        }
        assert sorted(found.values(), key=str) == [[(0, 2), None], [None, (3, 4)]]


async def test_the_page_leads_to_lists_and_says_nothing_of_others(sample_pages: SamplePages) -> None:
    await fill(sample_pages.store, Outcome.INBOX, 25)
    await fill(sample_pages.store, Outcome.BLOCKED, 5, company="birch", cause=Cause.IP_BLOCKED)
    page = await sample_pages.get("/heat-map")
    well_made(page)
    assert "83 % 25 of 30" in page.words
    link = next(each for each in page.links if each.startswith("/probes?"))
    assert f"kind={Kind.VERIFICATION}" in link
    await sample_pages.get(link.replace("&amp;", "&"))
    await sample_pages.get("/?system=postfix&outcome=blocked&sort=name")
    sample_pages.bind(("acme",))
    page = await sample_pages.get("/heat-map")
    assert "100 % 25 of 25" in page.words
    sample_pages.bind(("acme", "birch"))
    assert "83 % 25 of 30" in (await sample_pages.get("/heat-map")).words
