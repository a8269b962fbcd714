"""Check [[routing]] and [channels]: names must exist, and notices must not depend on a monitored mail path."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monitor.channels.channel import Channel
from monitor.channels.table import ChannelSettings
from monitor.config.errors import dotted
from monitor.config.schema import Keys
from monitor.config.sources import ConfigProblem, Source
from probes.settings import shown

CHANNEL: TypeAdapter[Channel] = TypeAdapter(ChannelSettings)
Homes = Mapping[str, Source]
Place = tuple[Source, Keys]


def broken_oncall(main: Source, homes: Homes) -> Iterator[ConfigProblem]:
    """Yield the problems. `homes` are all companies, including those with errors."""
    yield from _unknown_names(main, "to", "channel", "channels", _table(main.data.get("channels")))
    yield from _unknown_names(main, "companies", "company", "companies", homes)
    yield from _channels_over_monitored_paths(main, homes)


def _unknown_names(main: Source, key: str, what: str, table: str, known: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Yield names in [[routing]] that do not exist, even if the rule has other errors."""
    for number, rule in enumerate(_list(main.data.get("routing"))):
        for place, name in enumerate(_list(_table(rule).get(key))):
            if isinstance(name, str) and name and name not in known:
                words = f"unknown {what} {shown(name)}; {_suggestion(name, known, table)}"
                yield ConfigProblem(main, ("routing", number, key, place), words)


def _suggestion(name: str, known: Mapping[str, object], table: str) -> str:
    close = get_close_matches(name, known, n=1) if len(name) < 80 else []
    return f"did you mean {close[0]}?" if close else f"add [{dotted((table, name))}], or remove the name"


def _channels_over_monitored_paths(main: Source, homes: Homes) -> Iterator[ConfigProblem]:
    """A notice by mail about a broken mail system is lost if it is delivered through that system."""
    mail = [(name, channel.mail_ways()) for name, channel in _channels(main)]
    domains, hosts = _watched(homes, _table(_table(main.data.get("sandbox")).get("companies")))
    for name, ways in mail:
        for domain in sorted(ways.domains):
            if there := next((domains[above] for above in _upwards(domain) if above in domains), None):
                here: Keys = ("channels", name, ways.domains_key)
                yield ConfigProblem(main, here, _crossed(f"mail to {domain}", there, "a mailbox in another domain"))
        if there := hosts.get(ways.host):
            here = ("channels", name, ways.host_key)
            yield ConfigProblem(main, here, _crossed(f"mail over {ways.host}", there, "another mail server"))


def _crossed(what: str, there: Place, other: str) -> str:
    source, keys = there
    return (
        f"{what} depends on the monitored path at {dotted(keys)} ({source.place(keys)}) and fails when it does; "
        f"use {other}, or a chat, phone or paging service"
    )


def _upwards(domain: str) -> Iterator[str]:
    """Yield the domain and its parent domains."""
    labels = domain.split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


def _channels(main: Source) -> Iterator[tuple[str, Channel]]:
    """Yield the valid channels."""
    for name, table in _table(main.data.get("channels")).items():
        try:
            yield name, CHANNEL.validate_python(table, context={"folder": main.folder})
        except ValidationError:
            continue  # reported already


def _watched(homes: Homes, simulated: Mapping[str, Any]) -> tuple[dict[str, Place], dict[str, Place]]:
    """Return the first place of each domain and host of the monitored paths, whatever else is wrong there.

    Hosts of sandbox companies are left out: they are loopback addresses, which other services use too.
    """
    domains: dict[str, Place] = {}
    hosts: dict[str, Place] = {}
    for company, home in homes.items():
        paths = _table(_table(_table(home.data.get("companies")).get(company)).get("paths"))
        for name, path in ((name, _table(path)) for name, path in paths.items()):
            here: Keys = ("companies", company, "paths", name)
            if isinstance(to := path.get("to"), str):
                domains.setdefault(to.strip().lower().rpartition("@")[2], (home, (*here, "to")))
            for part in ("route", "mailbox") if company not in simulated else ():
                if isinstance(host := _table(path.get(part)).get("host"), str):
                    hosts.setdefault(host.lower(), (home, (*here, part, "host")))
    return domains, hosts


def _table(value: Any) -> dict[str, Any]:
    """Return the value if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
