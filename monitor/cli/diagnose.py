"""`mailpath diagnose`: find which property of the sender's mail a mail system stops."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from monitor import logs
from monitor.actions.audit import COMMAND
from monitor.app import pipeline_of
from monitor.cli.exits import Exit
from monitor.cli.stop import until_stopped
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config, WatchedPath
from monitor.diagnosing.answers import ArmProbe
from monitor.diagnosing.begin import begin, prepared
from monitor.diagnosing.diagnoser import Diagnoser
from monitor.diagnosing.preparing import DiagnosisRequest, NotAllowedError
from monitor.events import Event
from monitor.output.diagnosis_json import arm_json, conclusion_json, diagnosis_json, duration_of, forecast_json
from monitor.probing.caps import caps_of
from monitor.store import Store
from monitor.store.diagnoses import Diagnosis
from probes.diagnosis.conclude import Conclusion, DiagnosisResult
from probes.diagnosis.factors import Factor
from probes.diagnosis.forecast import forecast
from probes.diagnosis.plan import ArmResult
from probes.diagnosis.within import Within
from probes.diagnosis.words import ARM_RESULTS, own_factors, sentence, untested_lines, untested_words
from probes.display import one_line, roughly
from probes.kinds import Kind
from probes.labels import KINDS
from probes.sender import Role
from probes.verdict import Outcome

TICK_SECONDS = 0.2
CATCH_UP = 5  # every how many ticks the store is asked what another process saw
MAX_REASON_CHARS = 120
STYLES = {ArmResult.PASSED: "green", ArmResult.STOPPED: "bold red"}
EXITS = {DiagnosisResult.TOLD: Exit.OK, DiagnosisResult.NOT_REPRODUCED: Exit.NOT_OK}


@dataclass(frozen=True, slots=True)
class DiagnoseOptions:
    """The options of the command."""

    kind: Kind | None
    factors: tuple[Factor, ...]
    within: Within | None
    dry_run: bool
    as_json: bool


async def diagnose(config: Config, path: WatchedPath, options: DiagnoseOptions) -> Exit:
    """Run one diagnosis on this path, or show what it would do."""
    logs.set_up("error", config.log.format)
    async with Store.open(config.store.url) as store:
        kind = options.kind or await _failing_kind(store, path)
        wanted = DiagnosisRequest(path, kind, options.factors, options.within)
        try:
            diagnosis = await prepared(store, config, wanted, operator_name(""), utc_now())
        except NotAllowedError as error:
            print(error, file=sys.stderr)
            return Exit.NOT_ALLOWED
        if options.dry_run:
            _show_forecast(diagnosis, as_json=options.as_json)
            return Exit.OK
        return await _run(config, store, diagnosis, as_json=options.as_json)


async def _failing_kind(store: Store, path: WatchedPath) -> Kind:
    """Return the first kind of the path whose newest verdict is bad, else its first."""
    bad = {
        present.kind
        for present in await store.probes.current()
        if (present.company, present.path, present.role) == (path.company, path.path, Role.SENDER)
        and present.verdict.outcome not in (Outcome.INBOX, Outcome.UNKNOWN)
    }
    return next((kind for kind in path.kinds if kind in bad), path.kinds[0])


async def _run(config: Config, store: Store, diagnosis: Diagnosis, *, as_json: bool) -> Exit:
    stop, report = until_stopped(), ArmTable(diagnosis, as_json=as_json)
    driver = f"command {os.getpid()} {secrets.token_hex(4)}"

    def on_event(event: Event) -> None:
        diagnoser.on_event(event)

    async with pipeline_of(config, store, on_event, owns_orphans=False) as pipeline:
        pipeline.caps = await caps_of(config, store, utc_now())
        diagnoser = Diagnoser(store, lambda: pipeline, lambda: config, utc_now, driver, on_change=report.show)
        try:
            await begin(store, diagnosis, driver, operator_name(""), COMMAND)
        except NotAllowedError as error:
            print(error, file=sys.stderr)
            return Exit.NOT_ALLOWED
        report.open()
        work, turn = asyncio.create_task(diagnoser.run(diagnosis)), 0
        while not work.done():
            if stop.is_set():
                work.cancel()
                print("interrupted; a running service goes on with it", file=sys.stderr)
                return Exit.INTERRUPTED
            turn += 1
            pipeline.tick(utc_now())
            if turn % CATCH_UP == 0:
                await pipeline.catch_up()
            await asyncio.wait((work,), timeout=TICK_SECONDS)
    conclusion = work.result()
    report.close(conclusion)
    return EXITS.get(conclusion.result, Exit.COULD_NOT_TELL)


class ArmTable:
    """Prints a line for each arm once it has an answer, and the conclusion last."""

    def __init__(self, diagnosis: Diagnosis, *, as_json: bool) -> None:
        self._diagnosis, self._as_json, self._out = diagnosis, as_json, console()
        self._shown: set[str] = set()

    def open(self) -> None:
        """Print the conditions."""
        if self._as_json:
            _print_json({"event": "diagnosis", **diagnosis_json(self._diagnosis)})
            return
        for line in _conditions(self._diagnosis):
            self._out.print(line)

    def show(self, diagnosis: Diagnosis, probes: Sequence[ArmProbe]) -> None:
        """Print the arms that have an answer now."""
        for number, probe in enumerate(probes, 1):
            if probe.answer and probe.probe_id not in self._shown:
                self._shown.add(probe.probe_id)
                if self._as_json:
                    _print_json({"event": "arm", **arm_json(probe, number)})
                else:
                    _print_arm(self._out, diagnosis, probe, number)

    def close(self, conclusion: Conclusion) -> None:
        """Print the conclusion; its sentence is the last line."""
        if self._as_json:
            _print_json({"event": "conclusion", **conclusion_json(conclusion)})
            return
        for line in untested_lines(conclusion):
            self._out.print(f"[dim]not tested: {escape(line)}[/]")
        self._out.print(escape(sentence(conclusion)))


def _print_json(row: Mapping[str, object]) -> None:
    print(json.dumps(row, ensure_ascii=True), flush=True)


def _print_arm(out: Console, diagnosis: Diagnosis, probe: ArmProbe, number: int) -> None:
    assert probe.answer is not None
    result = probe.answer.result
    style, why = STYLES.get(result, "magenta"), probe.verdict.because if probe.verdict else ""
    marks = " ".join("■" if factor in probe.own else "□" for factor in _varied(diagnosis))
    out.print(
        f"{number:3}  {marks}  [{style}]{ARM_RESULTS[result]}[/]  {own_factors(probe.own, diagnosis.setup.whole)}"
    )
    if result is not ArmResult.PASSED:
        out.print(f"     [dim]{escape(one_line(why, MAX_REASON_CHARS))}[/]")


def _varied(diagnosis: Diagnosis) -> list[Factor]:
    return [factor for factor in Factor if factor in diagnosis.setup.whole]


def _conditions(diagnosis: Diagnosis) -> Iterator[str]:
    setup = diagnosis.setup
    yield (
        f"[bold]{diagnosis.company}/{diagnosis.path}[/] {KINDS[diagnosis.kind].label}, compared with the"
        f" {diagnosis.other}; at most {setup.cap} probes, {setup.k} stops in a row count"
    )
    yield f"[dim]     ■ the sender's, □ the {diagnosis.other}'s: {', '.join(_varied(diagnosis))}[/]"


def _show_forecast(diagnosis: Diagnosis, *, as_json: bool) -> None:
    """Print what a diagnosis would do."""
    expected = forecast(diagnosis.setup)
    if as_json:
        _print_json(forecast_json(diagnosis, expected))
        return
    out = console()
    for line in _conditions(diagnosis):
        out.print(line)
    for number, own in enumerate(expected.first, 1):
        out.print(f"{number:3}  {own_factors(own, diagnosis.setup.whole)}")
    least, most = duration_of(diagnosis, expected.usual), duration_of(diagnosis, expected.most)
    out.print(
        f"{expected.fewest} to {expected.usual} probes if one factor is the reason, {expected.most} if two are:"
        f" at least {roughly(least)} to {roughly(most)}. Nothing was sent."
    )
    for line in untested_words(diagnosis.setup.untested):
        out.print(f"[dim]cannot be tested: {escape(line)}[/]")
