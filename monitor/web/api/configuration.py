"""The configuration as it was loaded, with defaults. Secrets are masked."""

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from monitor.web.api.fields import Key, NoBody
from monitor.web.api.operation import Call, answered
from monitor.web.api.paging import PageOfList, page_of
from monitor.web.pages.config_view import company_tables, tables


class WhichTables(PageOfList):
    """The requested tables."""

    company: Key | None = Field(None, description="The tables of this company only.")


class ConfigTableFacts(TypedDict):
    """A table of the configuration: its name, and its keys with their values as one writes them in the file, without
    quotes. `[[NAME]]` comes once for each; the first table of all has no name. A secret is shown as `••••••`."""

    table: str
    values: dict[str, str]


class ConfigFacts(TypedDict):
    """The tables: those of the caller's companies come last; whoever is limited to companies gets only theirs.

    A part of the list; `next` is the `cursor` of the following part, null at the end."""

    tables: list[ConfigTableFacts]
    next: str | None


async def show_configuration(call: Call[WhichTables, NoBody]) -> web.Response:
    """The tables. Several may have one name, so a cursor is a number."""
    view, config = call.view, call.view.backend.config()
    company = call.query.company
    keys = dict.fromkeys(path.company for path in view.paths(company or ""))
    found = [] if company else list(tables(config, view.caller.companies))
    found += [table for key in keys for table in company_tables(config, key)]
    part, following = page_of(list(enumerate(found)), lambda item: str(item[0]), call.query)
    shown = [ConfigTableFacts(table=table.name, values=dict(table.values)) for _, table in part]
    return answered({"tables": shown, "next": following})
