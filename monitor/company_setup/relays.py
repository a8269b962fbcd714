"""The account at the sender's mail service that other paths use already, as it stands in the files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from monitor.company_setup.toml_text import TomlValue
from monitor.config import Config, ConfigError
from monitor.config.sources import gather, load
from probes.route_traits import traits_of

FILES = ("password", "ca_file")
"""Keys that may name a file, relative to the file that they stand in."""


def has_relay(config: Config) -> bool:
    """Test if a path sends through the sender's own mail service."""
    return any(traits_of(path.route.via).relayed for path in config.paths())


def relay_in_use(main: Path, config: Config) -> Mapping[str, TomlValue] | None:
    """Return the first route of that kind, its files by their full path; None if there is none. Blocks."""
    if not has_relay(config) or isinstance(source := load(main, main.name), ConfigError):
        return None
    for each in gather(source, main, config.include).read:
        for route in _routes(each.data.get("companies")):
            if traits_of(str(route.get("via"))).relayed:
                return {name: _whole(name, value, each.folder) for name, value in route.items()}
    return None


def _routes(companies: Any) -> Iterator[dict[str, Any]]:
    for company in companies.values() if isinstance(companies, dict) else ():
        paths = company.get("paths") if isinstance(company, dict) else None
        for path in paths.values() if isinstance(paths, dict) else ():
            route = path.get("route") if isinstance(path, dict) else None
            if isinstance(route, dict):
                yield route


def _whole(name: str, value: Any, folder: Path) -> Any:
    if name not in FILES:
        return value
    match value:
        case {"file": str(file)}:
            return {"file": str(folder.resolve() / file)}
        case str():
            return str(folder.resolve() / value)
        case _:
            return value
