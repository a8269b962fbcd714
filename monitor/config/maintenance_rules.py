"""Check [[maintenance]]: everything it names must exist, and its own names must be unique."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from monitor.config.model import CompanySettings
from monitor.config.schema import Keys
from monitor.config.sources import ConfigProblem, Source
from monitor.incidents.maintenance import MaintenanceSettings

Wrong = tuple[Keys, str]
Homes = Mapping[str, Source]
Right = Mapping[str, CompanySettings]


def broken_maintenance(
    main: Source, plans: Sequence[MaintenanceSettings], homes: Homes, right: Right
) -> Iterator[ConfigProblem]:
    """Yield the problems. `homes` are all companies, `right` the valid ones."""
    names: dict[str, int] = {}
    for number, plan in enumerate(plans):
        here: Keys = ("maintenance", number)
        if names.setdefault(plan.name, number) != number:
            there = main.place(("maintenance", names[plan.name], "name"))
            yield ConfigProblem(main, (*here, "name"), f"is already used at {there}; names must be unique")
        for keys, words in _unknown_companies(plan, homes, right):
            yield ConfigProblem(main, (*here, *keys), words)


def _unknown_companies(plan: MaintenanceSettings, homes: Homes, right: Right) -> Iterator[Wrong]:
    for number, company in enumerate(plan.companies):
        if company not in homes:
            yield ("companies", number), f"unknown company {company}{_meant(company, homes)}"
    for number, path in enumerate(plan.paths):
        company, _, name = path.partition("/")
        if company not in homes:
            yield ("paths", number), f"unknown company {company}{_meant(company, homes)}"
        elif company in right and name not in right[company].paths:
            yield ("paths", number), f"{company} has no path {name}{_meant(name, right[company].paths)}"
    systems = {system for company in right.values() for system in company.chain}
    for number, system in enumerate(plan.mail_systems if len(right) == len(homes) else ()):
        if system not in systems:
            yield ("mail_systems", number), f"no company has the mail system {system}{_meant(system, systems)}"


def _meant(word: str, known: Mapping[str, object] | set[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
