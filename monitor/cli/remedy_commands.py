"""`mailpath remedy`, its commands and their options."""

from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, By, ConfigFile, finish, read_settings, say_error
from monitor.cli.exits import Exit
from probes.diagnosis.factors import Factor
from probes.outcome import Cause

remedies = typer.Typer(invoke_without_command=True, rich_markup_mode=None)

RecordId = Annotated[str, typer.Argument(metavar="ID", help="The remedy; the beginning of the id is enough.")]


@remedies.callback()
def remedy(
    context: typer.Context,
    company: Annotated[
        str,
        typer.Option(metavar="COMPANY", help="For its mail systems and its open incident.", show_default=False),
    ] = "",
    system: Annotated[
        str, typer.Option(metavar="NAME", help="For this mail system: m365, postfix, ...", show_default=False)
    ] = "",
    cause: Annotated[
        Cause | None,
        typer.Option(help="Only against this cause. Default: the open incident's, else all.", show_default=False),
    ] = None,
    factor: Annotated[
        Factor | None,
        typer.Option(help="Only where this property is stopped, as `diagnose` names it.", show_default=False),
    ] = None,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show the exact steps that let the sender through a mail system, the safest first, with undo and proof.

    Exit 0: shown. 1: only a general remedy, or none helps. 2: no such company or mail system.
    """
    if context.invoked_subcommand:
        return
    if bool(company) is bool(system):
        say_error("give either --company or --system, or one of the commands list, changed, test, renewed, undone")
        raise typer.Exit(Exit.COULD_NOT_TELL)
    settings = read_settings(config, missing_is_empty=bool(system))
    from monitor.cli import remedy as shown

    finish(shown.remedy(settings, shown.RemedyOptions(company, system, cause, factor, as_json)))


@remedies.command("list")
def list_records(
    company: Annotated[str, typer.Argument(metavar="[COMPANY]", help="Only of this company.", show_default=False)] = "",
    also_over: Annotated[bool, typer.Option("--all", help="Also undone ones, and those without effect.")] = False,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """List what companies have changed, and what a test showed. Exit 0: fine. 1: one is too wide, lapses or lapsed."""
    settings = read_settings(config)
    from monitor.cli import remedy_records

    options = remedy_records.RecordOptions("", as_json)
    finish(remedy_records.list_records(settings, company, options, also_over=also_over))


@remedies.command("changed")
def changed(
    subject: Annotated[
        str, typer.Argument(metavar="INCIDENT|COMPANY", help="The beginning of an incident's id, or a company's key.")
    ],
    company: Annotated[
        str, typer.Option(metavar="COMPANY", help="Where the incident affects several.", show_default=False)
    ] = "",
    key: Annotated[
        str,
        typer.Option(
            "--remedy",
            metavar="KEY",
            help="The remedy; `other` for another change. Default: the one that is next to try.",
            show_default=False,
        ),
    ] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="One line: a ticket, a name.", show_default=False)] = "",
    review: Annotated[
        str,
        typer.Option(
            metavar="DATE", help="When to look whether it is still needed. Default: in 180 days.", show_default=False
        ),
    ] = "",
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Note that a company has carried a remedy out; the service tests it in its time. Exit 0: noted. 2: not."""
    settings = read_settings(config)
    from monitor.cli import remedy_records

    what = remedy_records.ChangeOptions(company, key, note, review)
    finish(remedy_records.changed(settings, subject, what, remedy_records.RecordOptions(by, as_json)))


@remedies.command("test")
def run_test(record_id: RecordId, by: By = "", config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """Have the service test a remedy now: sooner than planned, or once more. Exit 0: planned. 2: not."""
    settings = read_settings(config)
    from monitor.cli import remedy_records

    options = remedy_records.RecordOptions(by, as_json)
    finish(remedy_records.act(settings, record_id, options, lambda worker, applied: worker.test_now(applied)))


@remedies.command("renewed")
def renewed(record_id: RecordId, by: By = "", config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """Note that an entry which lapses by itself was prolonged. Exit 0: noted. 2: not."""
    settings = read_settings(config)
    from monitor.cli import remedy_records

    options = remedy_records.RecordOptions(by, as_json)
    finish(remedy_records.act(settings, record_id, options, lambda worker, applied: worker.renewed(applied)))


@remedies.command("undone")
def undone(record_id: RecordId, by: By = "", config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """Note that a remedy was taken back. Exit 0: noted. 2: not."""
    settings = read_settings(config)
    from monitor.cli import remedy_records

    options = remedy_records.RecordOptions(by, as_json)
    finish(remedy_records.act(settings, record_id, options, lambda worker, applied: worker.undone(applied)))
