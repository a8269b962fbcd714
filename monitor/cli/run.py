"""The long-running commands: `serve`, `sandbox` and `probe`."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from monitor import logs
from monitor.actions.audit import COMMAND
from monitor.actions.probes import CannotSendError, send_each
from monitor.actions.rate_limit import Allowance, TooManyError
from monitor.app import Service, pipeline_of, service
from monitor.cli.exits import Exit
from monitor.cli.stop import until_stopped
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config, WatchedPath
from monitor.config.secret_values import secret_values
from monitor.config.simulated import sandbox_of, simulated_dns
from monitor.doctor.config_warnings import config_notes, config_warnings
from monitor.events import Event, Judged
from monitor.leader import replaced_text
from monitor.output.json import event_json
from monitor.output.text import event_line, header_line
from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.probing.caps import Caps, caps_of
from monitor.probing.pipeline import LaunchError, Pipeline
from monitor.probing.requester import Requester
from monitor.process import raise_descriptor_limit, share_between_threads
from monitor.store import Store
from monitor.supervised import supervised
from probes.display import roughly
from probes.kinds import Kind
from probes.probe import Probe, ProbePurpose
from probes.sender import Role
from probes.verdict import Outcome

STEP = 0.2  # seconds between looks at what is due, while a person waits
CATCH_UP = 5  # every how many of those the store is asked what another process saw

Opening = Callable[[Path, Config], AbstractAsyncContextManager[Service]]
"""Runs a process with the parts of a role."""

log = structlog.get_logger("mailpath")


async def serve(file: Path, config: Config) -> Exit:
    """Run all roles in one process; see `run_role`."""
    return await run_role(file, config, service)


async def run_role(file: Path, config: Config, opening: Opening) -> Exit:
    """Run until SIGTERM or Ctrl-C, a second one exits at once; or until another process has taken over the store."""
    logs.set_up(config.log.level, config.log.format)
    logs.hide(secret_values(config))
    asyncio.get_running_loop().set_exception_handler(logs.LoopErrors())
    for warning in config_warnings(file, config):
        log.warning(warning)
    for note in config_notes(config):
        log.info(note)
    raise_descriptor_limit()
    share_between_threads()
    stop, started = until_stopped(), asyncio.Event()
    hangup = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
    work = asyncio.create_task(_serve(opening(file, config), started, stop, hangup))
    await _first(stop.wait(), asyncio.wait((work,)))
    if not started.is_set() and not work.done():  # it waits to take over, for as long as another one works
        work.cancel()
        await asyncio.wait((work,))
        return Exit.OK
    return await work


async def _serve(
    opening: AbstractAsyncContextManager[Service], started: asyncio.Event, stop: asyncio.Event, hangup: asyncio.Event
) -> Exit:
    async with opening as at_work:
        started.set()
        async with supervised("reload", partial(_reload, at_work, hangup)):
            await _first(stop.wait(), at_work.replaced.wait())
        if not at_work.replaced.is_set():
            return Exit.OK
        log.error(await replaced_text(at_work.store))
    return Exit.COULD_NOT_TELL


async def _reload(at_work: Service, hangup: asyncio.Event) -> None:
    """Reload the configuration for each SIGHUP, one at a time; one that came during the start counts."""
    while await hangup.wait():
        hangup.clear()
        try:
            await at_work.reload()
        except Exception:
            log.exception("loading the configuration failed")


async def _first(*waits: Coroutine[None, None, object]) -> None:
    """Wait until one of these is done."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def sandbox(config: Config) -> Exit:
    """Run only the simulated mail systems."""
    logs.set_up(config.log.level, config.log.format)
    if not config.sandbox.companies:
        print("the configuration has no [sandbox] companies", file=sys.stderr)
        return Exit.COULD_NOT_TELL
    stop = until_stopped()
    async with sandbox_of(config), simulated_dns(config) as dns_port:
        log.info(
            "sandbox mail systems are running; try: mailpath probe COMPANY",
            companies=len(config.sandbox.companies),
            dns=f"127.0.0.1:{dns_port}" if dns_port else "as configured",
        )
        await stop.wait()
    return Exit.OK


class Witness:
    """Prints the events of one command's probes, and remembers their first verdicts."""

    def __init__(self, *, as_json: bool) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._as_json = as_json
        self._out = console()
        self._opened: set[str] = set()
        self._several = False

    def on_event(self, event: Event) -> None:
        """Handle an event of the pipeline."""
        probe, what = event.probe, event.what
        if probe.id in self.outcomes:
            return
        if isinstance(what, Judged):
            self.outcomes[probe.id] = what.verdict.outcome
        if self._as_json:
            print(json.dumps(event_json(event), ensure_ascii=False), flush=True)
            return
        if probe.id not in self._opened:
            self._opened.add(probe.id)
            self._out.print(header_line(probe))
        if line := event_line(probe, what):
            several = f"[dim]{probe.company}/{probe.path}[/] " if len(self._opened) > 1 else ""
            self._out.print(several + line)


async def probe(config: Config, paths: Sequence[WatchedPath], kind: Kind, role: Role, *, as_json: bool) -> Exit:
    """Send one probe on each path; returns when each has a verdict."""
    logs.set_up("error", config.log.format)
    witness = Witness(as_json=as_json)
    stop = until_stopped()
    async with (
        Store.open(config.store.url) as store,
        pipeline_of(config, store, witness.on_event, owns_orphans=False) as pipeline,
    ):
        pipeline.caps = caps = await caps_of(config, store, utc_now())
        caller = Caller(operator_name(""), Rights.ADMIN, None, COMMAND)
        service = ProbeCommand(config, store, pipeline, caps)
        try:
            service.refuse_full(paths)
            launched = await send_each(ProbeCommandScope(service, caller), [(path, kind) for path in paths], role)
        except TooManyError as error:
            again = roughly(error.retry_after)
            print(f"{error}; try again in {again}, or raise the limits of [web.manual]", file=sys.stderr)
            return Exit.COULD_NOT_TELL
        except (CannotSendError, LaunchError) as error:
            print(error, file=sys.stderr)
            return Exit.COULD_NOT_TELL
        turn = 0
        while len(witness.outcomes) < len(launched):
            if stop.is_set():
                names = ", ".join(probe.id for probe in launched if probe.id not in witness.outcomes)
                print(f"interrupted; a running service goes on with it: mailpath explain {names}", file=sys.stderr)
                return Exit.INTERRUPTED
            turn += 1
            pipeline.tick(utc_now())
            if turn % CATCH_UP == 0:
                await pipeline.catch_up()
            await _pause(stop)
    return _exit_of(witness.outcomes.values())


class ProbeCommand:
    """The service as far as one command is it: a pipeline of its own, over the store that others use too."""

    def __init__(self, config: Config, store: Store, pipeline: Pipeline, caps: Caps) -> None:
        self.store, self.manual, self.now = store, Allowance(), utc_now
        self._config, self._pipeline, self._caps = config, pipeline, caps

    def config(self) -> Config:
        """The configuration."""
        return self._config

    def refuse_full(self, paths: Iterable[WatchedPath]) -> None:
        """Refuse paths that have had their probes of today. Raises LaunchError."""
        for path in paths:
            if not self.admits(path):
                raise LaunchError(f"{path.key}: no more probes are sent there today, see probes.cap")

    def admits(self, path: WatchedPath) -> bool:
        """Test if the path may have one more probe today; `launch` counts it."""
        return not self._caps.full(path, utc_now())

    def give_back(self, _: WatchedPath) -> None:
        """Nothing was counted."""

    async def launch(self, path: WatchedPath, kind: Kind, role: Role, by: Requester) -> Probe:
        """Launch as soon as the cap of the path's host allows. Raises LaunchError."""
        caps, now = self._caps, utc_now()
        free_at = caps.free_at(path.route.destination(path.to), now)
        await asyncio.sleep((free_at - now).total_seconds())
        caps.count(path, free_at)
        return await self._pipeline.launch(path, kind, role, ProbePurpose.MANUAL, by)


@dataclass(frozen=True, slots=True)
class ProbeCommandScope:
    """A command and who typed it."""

    backend: ProbeCommand
    caller: Caller


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STEP):
            await stop.wait()


def _exit_of(outcomes: Iterable[Outcome]) -> Exit:
    seen = set(outcomes)
    if seen - {Outcome.INBOX, Outcome.UNKNOWN}:
        return Exit.NOT_OK
    return Exit.COULD_NOT_TELL if Outcome.UNKNOWN in seen else Exit.OK
