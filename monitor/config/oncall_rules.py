"""Who is told must be there, and must hear of it on another way than the one that is watched."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from monitor.channels.channel import Channel
from monitor.channels.services import ServiceChannel
from monitor.channels.table import ChannelSettings
from monitor.config.errors import dotted
from monitor.config.schema import Keys
from monitor.config.sources import ConfigProblem, Source
from probes.settings import shown

CHANNEL: TypeAdapter[Channel] = TypeAdapter(ChannelSettings)
Homes = Mapping[str, Source]
Place = tuple[Source, Keys]


def broken_oncall(main: Source, homes: Homes) -> Iterator[ConfigProblem]:
    """What is wrong. `homes` are all companies, also those with errors."""
    yield from _strangers(main, "to", "channel", "channels", _table(main.data.get("channels")))
    yield from _strangers(main, "companies", "company", "companies", homes)
    yield from _told_by_what_is_watched(main, homes)


def _strangers(main: Source, key: str, what: str, table: str, known: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """What the rules of [[routing]] name that is not there, whatever else is wrong with them."""
    for number, rule in enumerate(_list(main.data.get("routing"))):
        for place, name in enumerate(_list(_table(rule).get(key))):
            if isinstance(name, str) and name and name not in known:
                words = f"there is no {what} {shown(name)}; {_instead(name, known, table)}"
                yield ConfigProblem(main, ("routing", number, key, place), words)


def _instead(name: str, known: Mapping[str, object], table: str) -> str:
    close = get_close_matches(name, known, n=1) if len(name) < 80 else []
    return f"did you mean {close[0]}?" if close else f"add [{dotted((table, name))}], or take the name out"


def _told_by_what_is_watched(main: Source, homes: Homes) -> Iterator[ConfigProblem]:
    """Mail about a company's mail system never comes if that is where it goes."""
    mail = [(name, channel.ways()) for name, channel in _services(main)]
    if not mail:
        return
    domains, hosts = _watched(homes, _table(_table(main.data.get("sandbox")).get("companies")))
    for name, ways in mail:
        here: Keys = ("channels", name, "url")
        for domain in sorted(ways.domains):
            if there := next((domains[above] for above in _upwards(domain) if above in domains), None):
                yield ConfigProblem(main, here, _crossed(f"mail to {domain}", there, "a mailbox in another domain"))
        if there := hosts.get(ways.host):
            yield ConfigProblem(main, here, _crossed(f"mail over {ways.host}", there, "another mail server"))


def _crossed(what: str, there: Place, other: str) -> str:
    source, keys = there
    return (
        f"{what} goes the way that is watched at {dotted(keys)} ({source.place(keys)}), and fails when that does; "
        f"use {other}, or a service for chat, phone or paging"
    )


def _upwards(domain: str) -> Iterator[str]:
    """The domain and those above it."""
    labels = domain.split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


def _services(main: Source) -> Iterator[tuple[str, ServiceChannel]]:
    """The channels of Apprise that are right in themselves."""
    for name, told in _table(main.data.get("channels")).items():
        if _table(told).get("via") == "apprise":
            try:
                channel = CHANNEL.validate_python(told, context={"folder": main.folder})
            except ValidationError:
                continue  # told already
            if isinstance(channel, ServiceChannel):
                yield name, channel


def _watched(homes: Homes, make_believe: Mapping[str, Any]) -> tuple[dict[str, Place], dict[str, Place]]:
    """Where each domain and each host of the watched paths stands first, whatever else is wrong there. The hosts of
    what is make-believe are loopback addresses, where other things are at home too."""
    domains: dict[str, Place] = {}
    hosts: dict[str, Place] = {}
    for company, home in homes.items():
        paths = _table(_table(_table(home.data.get("companies")).get(company)).get("paths"))
        for name, path in ((name, _table(path)) for name, path in paths.items()):
            here: Keys = ("companies", company, "paths", name)
            if isinstance(to := path.get("to"), str):
                domains.setdefault(to.strip().lower().rpartition("@")[2], (home, (*here, "to")))
            for part in ("route", "mailbox") if company not in make_believe else ():
                if isinstance(host := _table(path.get(part)).get("host"), str):
                    hosts.setdefault(host.lower(), (home, (*here, part, "host")))
    return domains, hosts


def _table(told: Any) -> dict[str, Any]:
    """What was read, if it is a table; else one with nothing in it."""
    return told if isinstance(told, dict) else {}


def _list(told: Any) -> list[Any]:
    """What was read, if it is a list; else one with nothing in it."""
    return told if isinstance(told, list) else []
