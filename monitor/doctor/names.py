"""DNS as this machine sees it. What our resolver invents or hides would be said of senders and companies."""

import secrets
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path

from monitor.doctor.observation import Observation, Premises
from probes.resolver import Unresolved
from probes.standing.blocklists import ListState, ask_lists
from probes.standing.fact import State

RESOLV_CONF = Path("/etc/resolv.conf")
PUBLIC = frozenset(  # resolvers for everybody: most blocklists refuse to answer them
    ip_address(address)
    for address in (
        *("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"),
        *("1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001"),
        *("9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9"),
        *("208.67.222.222", "208.67.220.220", "2620:119:35::35", "2620:119:53::53"),
    )
)
ANSWERED = frozenset({ListState.CLEAR, ListState.LISTED})
OWN_RESOLVER = "run a resolver of your own, such as unbound, and name it in dns.nameservers"


async def resolver(premises: Premises) -> AsyncIterator[Observation]:
    """Test that it answers, knows the public DNS, and invents nothing."""
    for server in _servers(premises):
        if _is_public(server):
            seen = "a public resolver, which blocklists refuse to answer"
            yield Observation(server, State.WEAK, seen, OWN_RESOLVER)
    lookup = premises.outside.resolver.lookup
    top = premises.config.sender.domain.rpartition(".")[2]
    known = await lookup(top, "NS", timeout=premises.timeout)
    if isinstance(known, Unresolved):
        yield Observation("resolver", State.BAD, known.text, "check [dns] and the network; without DNS no MX is found")
        return
    if not known.records:
        seen = f'it says that there is no top-level domain "{top}", so it does not know the public DNS'
        yield Observation("resolver", State.BAD, seen, OWN_RESOLVER)
        return
    name = f"{secrets.token_hex(8)}.invalid"
    invented = await lookup(name, "A", timeout=premises.timeout)
    if isinstance(invented, Unresolved):
        yield Observation("resolver", State.UNKNOWN, f"about a name that cannot exist: {invented.text}", OWN_RESOLVER)
    elif invented.records:
        seen = f"it invents answers: {name} cannot exist, and it says {invented.records[0]}"
        yield Observation("resolver", State.BAD, seen, OWN_RESOLVER)
    else:
        yield Observation("resolver", State.GOOD, "it knows the public DNS and invents nothing")


def _servers(premises: Premises) -> list[str]:
    """Return those of [dns], else the system's, each as it is written there."""
    if named := premises.config.dns.nameservers:
        return [str(server) for server in named]
    try:
        lines = RESOLV_CONF.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [words[1] for words in map(str.split, lines) if len(words) > 1 and words[0] == "nameserver"]


def _is_public(server: str) -> bool:
    host = server[1:].partition("]")[0] if server.startswith("[") else server
    for text in (host, host.rpartition(":")[0]):
        try:
            return ip_address(text.partition("%")[0]) in PUBLIC
        except ValueError:
            continue
    return False


async def blocklists(premises: Premises) -> AsyncIterator[Observation]:
    """Test which blocklists can be asked from here. `mailpath standing` has what they say of the sender."""
    outside, sender = premises.outside, premises.config.sender
    answers = await ask_lists(
        outside.resolver,
        (sender.source_ip,),
        (sender.domain,),
        outside.now(),
        access=premises.config.standing.list_access(),
    )
    by_state: dict[ListState, set[str]] = {}
    for answer in answers:
        by_state.setdefault(answer.state, set()).add(answer.dns_list.zone)
    zones = {answer.dns_list.zone for answer in answers}
    useless = {zone for state, of_it in by_state.items() if state not in ANSWERED for zone in of_it}
    seen = f"{len(zones - useless)} of {len(zones)} answer"
    if not useless:
        yield Observation("blocklists", State.GOOD, seen)
        return
    parts = [f"{state}: {', '.join(sorted(by_state[state]))}" for state in sorted(by_state) if state not in ANSWERED]
    state = State.WEAK if useless < zones else State.UNKNOWN
    yield Observation(
        "blocklists", state, "; ".join((seen, *parts)), f"{OWN_RESOLVER}; for Spamhaus, set standing.spamhaus_key"
    )
