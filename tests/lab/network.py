"""A small internet inside this machine: network namespaces on one bridge, and no way out.

Ours bears the sender's own address, the control's, and an admin address; each company has a namespace of its own, so
that it sees the real source of a connection and can have a firewall of its own.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.lab.processes import end

PREFIX = "mailpath-"
SENDER_IP = "104.130.122.50"
CONTROL_IP = "198.51.100.7"
ADMIN_IP = "192.0.2.1"
NAMES_IP = "192.0.2.53"
BLOCKLIST_IP = "192.0.2.54"
FILTER_IP = "192.0.2.55"
RELAY_IP = "192.0.2.56"

NAMED = Path("/run/netns")  # where ip(8) pins namespaces by name
PER_NAMESPACE = Path("/etc/netns")  # what `ip netns exec` mounts over /etc

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def _enter(fd: int) -> None:
    if _LIBC.setns(fd, _CLONE_NEWNET):  # os.setns came with Python 3.12
        raise OSError(ctypes.get_errno(), "setns")


@dataclass(frozen=True, slots=True)
class Namespace:
    """One machine on the bridge, with one address."""

    name: str
    address: str

    @property
    def label(self) -> str:
        """Its name on this machine, with the prefix by which the lab's leftovers are found."""
        return PREFIX + self.name

    @property
    def command(self) -> tuple[str, ...]:
        """What stands before a command that is to run in here."""
        return ("ip", "netns", "exec", self.label)

    @property
    def inode(self) -> int | None:
        """By which the kernel knows it; None when it does not exist."""
        try:
            return (NAMED / self.label).stat().st_ino
        except OSError:
            return None

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be in this namespace: the calling thread, and every thread and child it makes meanwhile."""
        with open("/proc/thread-self/ns/net") as home, open(NAMED / self.label) as here:
            _enter(here.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def pids(self) -> list[int]:
        """Every process that lives in here, except this one."""
        inode = self.inode
        return [] if inode is None else [pid for pid in _processes() if _namespace_of(pid) == inode]

    def filter(self, rules: Iterable[str] = (), *, out: Iterable[str] = ()) -> None:
        """Let the firewall have these rules for what comes in and goes `out`, "tcp dport 25 drop", and no others."""
        lines = ["flush ruleset", "add table inet lab"]
        for chain, hook, chained in (("in", "input", rules), ("out", "output", out)):
            lines.append(f"add chain inet lab {chain} {{ type filter hook {hook} priority 0; }}")
            lines += [f"add rule inet lab {chain} {rule}" for rule in chained]
        subprocess.run([*self.command, "nft", "-f", "-"], input="\n".join(lines), text=True, check=True)

    def ask(self, nameserver: str) -> None:
        """Let programs that start in here ask this name server."""
        (PER_NAMESPACE / self.label / "resolv.conf").write_text(
            f"nameserver {nameserver}\noptions timeout:2 attempts:2\n"
        )


US = Namespace("us", ADMIN_IP)
OUR_OTHERS = (SENDER_IP, CONTROL_IP)


def build(others: Sequence[Namespace]) -> None:
    """Make our namespace with the bridge, and `others` joined to it. Every /etc/resolv.conf there names NAMES_IP."""
    _create([US])
    workaround = ["link set lo up", "link add br0 type bridge", "link set br0 up", f"address add {ADMIN_IP}/24 dev br0"]
    _ip(
        "-n",
        US.label,
        "-batch",
        "-",
        commands=[*workaround, *(f"address add {each}/32 dev br0" for each in OUR_OTHERS)],
    )
    join(others)


def join(others: Sequence[Namespace]) -> None:
    """Make these and join them to the bridge."""
    _create(others)
    cables = []
    for each in others:
        end = f"v{each.address.rpartition('.')[2]}"
        cables.append(f"link add {end} type veth peer name eth0 netns {each.label}")
        cables.append(f"link set {end} master br0 up")
    _ip("-n", US.label, "-batch", "-", commands=cables)
    for each in others:
        _address(each)


@contextmanager
def lent(address: str, borrower: Namespace) -> Iterator[None]:
    """`borrower` bears this address of ours, and we do not, while the context lasts."""
    _hand_over(address, (US.label, "br0"), (borrower.label, "eth0"))
    try:
        yield
    finally:
        _hand_over(address, (borrower.label, "eth0"), (US.label, "br0"))


def _hand_over(address: str, giver: tuple[str, str], taker: tuple[str, str]) -> None:
    for (label, device), what in ((giver, "del"), (taker, "add")):
        _ip("-n", label, "-batch", "-", commands=[f"address {what} {address}/32 dev {device}"])
    for label in namespaces():  # which may remember whose card it was
        _ip("-n", label, "-batch", "-", commands=[f"neigh flush to {address}"])


def _create(all_of: Sequence[Namespace]) -> None:
    _ip("-batch", "-", commands=[f"netns add {each.label}" for each in all_of])
    for each in all_of:
        folder = PER_NAMESPACE / each.label
        folder.mkdir(parents=True, exist_ok=True)
        each.ask(NAMES_IP)


def _address(namespace: Namespace) -> None:
    commands = ["link set lo up", f"address add {namespace.address}/24 dev eth0"]
    commands += ["link set eth0 up", *(f"route add {each}/32 dev eth0" for each in OUR_OTHERS)]
    _ip("-n", namespace.label, "-batch", "-", commands=commands)


def sweep() -> list[str]:
    """End every process in namespaces with our prefix, then remove them. Returns what there was to remove."""
    end_all()
    found = namespaces()
    for name in found:
        subprocess.run(["ip", "netns", "del", name], check=True)
    for folder in PER_NAMESPACE.glob(PREFIX + "*"):
        shutil.rmtree(folder)
    with suppress(OSError):
        PER_NAMESPACE.rmdir()  # only when it is empty
    return found


def end_all() -> None:
    """Kill every process in namespaces with our prefix, and wait until they are gone."""
    inodes = {(NAMED / name).stat().st_ino for name in namespaces()}
    while pids := [pid for pid in _processes() if _namespace_of(pid) in inodes]:
        end(pids)  # and again, because one of them may have had a child meanwhile


def namespaces() -> list[str]:
    """The names of all namespaces with our prefix."""
    return sorted(each.name for each in NAMED.glob(PREFIX + "*"))


def _processes() -> list[int]:
    return [int(each) for each in os.listdir("/proc") if each.isdigit() and int(each) != os.getpid()]


def _namespace_of(pid: int) -> int | None:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:  # gone meanwhile, or a zombie
        return None


def _ip(*arguments: str, commands: Sequence[str]) -> None:
    subprocess.run(["ip", *arguments], input="\n".join(commands) + "\n", text=True, check=True)
