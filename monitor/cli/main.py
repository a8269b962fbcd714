"""The commands and their options."""

import asyncio
import gc
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import (
    account_commands,
    channel_commands,
    diagnose_commands,
    read_commands,
    remedy_commands,
    role_commands,
    share_commands,
    standing_commands,
    store_commands,
    text_commands,
    triage_commands,
    work_commands,
)
from monitor.cli.common import HERE, AsJson, By, ConfigFile, finish, need_secrets, read_settings, say_error
from monitor.cli.exits import Exit
from monitor.cli.streams import open_standard_streams
from monitor.people.person import Rights
from probes.kinds import Kind
from probes.sender import Role

if TYPE_CHECKING:
    from monitor.config import Config, WatchedPath

app = typer.Typer(
    help="Does mail from the watched sender reach people's inboxes in time, and if not, who stops it and why?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The entry point."""
    open_standard_streams()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


@app.command()
def serve(config: ConfigFile = HERE) -> None:
    """Run the service: probe all paths on schedule, serve pages, API and /metrics. SIGHUP reloads the configuration.
    While another process uses the store, this one stands by, and takes over when that one ends."""
    gc.disable()  # what is imported and read now lives on; the service collects once it is ready
    settings = read_settings(config, secrets_later=False)
    from monitor.cli import run, stop

    finish(stop.to_the_end(run.serve(config, settings)))


@app.command()
def sandbox(config: ConfigFile = HERE) -> None:
    """Run only the simulated mail systems of [sandbox], to try `mailpath probe` with them."""
    settings = read_settings(config)
    from monitor.cli import run

    finish(run.sandbox(settings))


@app.command("check-config")
def check_config(
    config: ConfigFile = HERE,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Also compare mail systems with the MX, ask what the domains publish that stops mail, and try each"
            " account and trace.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the configuration and list all errors; nothing is started."""
    from monitor.config import ConfigErrors, read_config
    from monitor.doctor.config_warnings import config_warnings
    from monitor.output.disk_needs import disk_needs, disk_sentence

    try:
        settings = read_config(config)
    except ConfigErrors as errors:
        rows = [{"file": e.file, "line": e.line, "key": e.key, "problem": e.problem} for e in errors.errors]
        _out(json.dumps({"ok": False, "errors": rows})) if as_json else say_error(str(errors))
        raise typer.Exit(Exit.NOT_OK) from None
    paths, needs = settings.paths(), disk_needs(settings)
    warnings = config_warnings(config, settings)
    if online:
        from monitor.cli.online import account_warnings, online_warnings, simulation

        warnings += (*simulation(settings), *asyncio.run(online_warnings(settings)))
        warnings += asyncio.run(account_warnings(config, settings))
    if as_json:
        counts = {"companies": len(settings.companies), "paths": len(paths), "probes_per_day": needs.probes_per_day}
        sizes = {"store_bytes_least": round(needs.least), "store_bytes_most": round(needs.most)}
        _out(json.dumps({"ok": True, **counts, **sizes, **({"warnings": warnings} if online else {})}))
        return
    for warning in warnings:
        say_error(f"warning: {warning}")
    _out(f"{config}: valid: {len(settings.companies)} companies, {len(paths)} paths")
    _out(disk_sentence(needs))


@app.command()
def doctor(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="NAME", help="This examination; may be given several times.", show_default=False
        ),
    ] = None,
    account: Annotated[
        str,
        typer.Option(metavar="NAME", help="Examine this account in depth, and nothing else.", show_default=False),
    ] = "",
    outside: Annotated[
        str,
        typer.Option(metavar="USER", help="With --account: a mailbox that must stay closed to it.", show_default=False),
    ] = "",
    timeout: Annotated[float, typer.Option(min=1, max=120, help="Seconds for one dialogue, lookup or mailbox.")] = 10.0,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Try every part that Mailpath needs, from DNS to mailboxes, and say what to do. Routes are tried up to MAIL:
    nothing is sent. Exit 0: nothing is bad. 1: something is bad. 2: could not start."""
    if outside and not account:
        raise typer.BadParameter("needs --account NAME", param_hint="--outside")
    settings = read_settings(config, secrets_later=bool(account))
    from monitor.cli import doctor as examined

    options = examined.DoctorOptions(tuple(only or ()), timeout, as_json, account, outside)
    finish(examined.doctor(config, settings, options))


@app.command()
def paths(config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """List the monitored paths."""
    from monitor.cli import show
    from monitor.output.json import path_json

    watched = read_settings(config).paths()
    if as_json:
        for path in watched:
            _out(json.dumps(path_json(path), ensure_ascii=False))
    else:
        show.table_of(watched)


@app.command()
def probe(
    path: Annotated[str, typer.Argument(metavar="COMPANY[/PATH]", help="A company alone: all its paths.")],
    kind: Annotated[Kind, typer.Option(help="The kind of Trimble mail to send.")] = Kind.TWO_STEP_CODE,
    role: Annotated[Role, typer.Option("--as", help="The sending identity.")] = Role.SENDER,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Send a probe now and show each step as it happens. Exit 0: inbox. 1: not the inbox. 2: could not tell."""
    settings = read_settings(config)
    chosen = _choose(settings, path)
    need_secrets(settings, chosen)
    from monitor.cli import run, stop

    finish(stop.to_the_end(run.probe(settings, chosen, kind, role, as_json=as_json)))


@app.command()
def explain(
    probe_id: Annotated[
        str,
        typer.Argument(
            metavar="PROBE_ID", help="The beginning or end of the id is enough. COMPANY[/PATH]: its newest probes."
        ),
    ],
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show all evidence of a probe (every step, reply and look) and its verdict."""
    settings = read_settings(config)
    from monitor.cli import recall

    finish(recall.explain(settings, probe_id, as_json=as_json))


@app.command()
def incidents(
    incident_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Show one incident in full; the beginning of the id is enough.", show_default=False
        ),
    ] = "",
    also_closed: Annotated[bool, typer.Option("--all", help="Include closed incidents.")] = False,
    company: Annotated[
        str, typer.Option(metavar="COMPANY", help="Only incidents that affect this company.", show_default=False)
    ] = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """List incidents, worst first. Exit 0: none open, or all muted. 1: at least one open. 2: could not tell."""
    settings = read_settings(config)
    from monitor.cli.incidents import list_incidents, show_incident

    if incident_id:
        finish(show_incident(settings, incident_id, as_json=as_json))
    finish(list_incidents(settings, company, also_closed=also_closed, as_json=as_json))


app.add_typer(standing_commands.standings, name="standing")
app.add_typer(remedy_commands.remedies, name="remedy")
role_commands.add_to(app)
work_commands.add_to(app)
store_commands.add_to(app)
diagnose_commands.add_to(app)
triage_commands.add_to(app)
text_commands.add_to(app)

muting = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(muting, name="mute", help="Suppress notices. Exit 0: done. 2: not done.")


@muting.command("add")
def mute_add(
    why: Annotated[str, typer.Option(metavar="TEXT", help="The reason, shown with the mute.")],
    about: Annotated[
        str, typer.Argument(metavar="COMPANY[/PATH]", help="The company or path to mute.", show_default=False)
    ] = "",
    mail_system: Annotated[str, typer.Option(metavar="NAME", help="Only failures at this mail system.")] = "",
    cause: Annotated[str, typer.Option(metavar="CAUSE", help="Only failures with this cause.")] = "",
    everything: Annotated[bool, typer.Option("--everything", help="Mute everything.")] = False,
    lasts: Annotated[str, typer.Option("--lasts", "--for", metavar="TIME", help="Duration: 2h, 3d.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="End: 2026-11-26T08:00Z.")] = "",
    weekly: Annotated[
        str, typer.Option(metavar="TIMES", help='Every week: "sun 02:00-04:00 Europe/Berlin"; UTC without a zone.')
    ] = "",
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Mute failures that match all conditions, for a time or every week. Probing continues."""
    settings = read_settings(config)
    from monitor.cli import mute

    wish = mute.MuteOptions(about, mail_system, cause, everything, lasts, until, weekly, why, by)
    finish(mute.add(settings, wish, as_json=as_json))


@muting.command("list")
def mute_list(
    also_over: Annotated[bool, typer.Option("--all", help="Include mutes that have ended.")] = False,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """List the mutes, including the configuration's maintenance."""
    settings = read_settings(config)
    from monitor.cli import mute

    finish(mute.show(settings, also_over=also_over, as_json=as_json))


@muting.command("end")
def mute_end(
    mute_id: Annotated[str, typer.Argument(metavar="ID", help="The beginning of the id is enough.")],
    by: By = "",
    config: ConfigFile = HERE,
) -> None:
    """End a mute before its time."""
    settings = read_settings(config)
    from monitor.cli import mute

    finish(mute.end(settings, mute_id, by))


persons = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(persons, name="person", help="Manage people who sign in. Exit 0: done. 2: not done.")
tokens = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(tokens, name="token", help="Manage tokens for programs that use the API. Exit 0: done. 2: not done.")

HaveRights = Annotated[
    Rights,
    typer.Option(
        "--rights",
        help="viewer: look, and with --company say what became of a remedy there. operator: also probe and mute. "
        "admin: also people and tokens.",
    ),
]

OfCompanies = Annotated[
    list[str] | None,
    typer.Option(
        "--company", metavar="KEY", help="Bind to this company; may be repeated. Default: all.", show_default=False
    ),
]
PersonName = Annotated[str, typer.Argument(metavar="NAME")]


@persons.command("add")
def person_add(
    name: PersonName,
    rights: HaveRights = Rights.VIEWER,
    companies: OfCompanies = None,
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Add a person and print a link to set a password: valid once, for 24 hours."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.add(settings, people.PersonOptions(name, rights, companies or (), by), as_json=as_json))


@persons.command("link")
def person_link(name: PersonName, by: By = "", config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """Print a new link for a forgotten password; earlier links become invalid."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.link(settings, name, by, as_json=as_json))


@persons.command("disable")
def person_disable(name: PersonName, by: By = "", config: ConfigFile = HERE) -> None:
    """Sign a person out everywhere and refuse further sign-ins."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.disable(settings, name, by))


@persons.command("enable")
def person_enable(name: PersonName, by: By = "", config: ConfigFile = HERE) -> None:
    """Allow a disabled person to sign in again."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.enable(settings, name, by))


@persons.command("list")
def person_list(config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """List people, including disabled ones."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.show(settings, as_json=as_json))


@tokens.command("add")
def token_add(
    name: PersonName,
    rights: HaveRights = Rights.VIEWER,
    companies: OfCompanies = None,
    lasts: Annotated[
        str, typer.Option("--lasts", "--for", metavar="TIME", help="Validity: 90d, 12h, or never.")
    ] = "90d",
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Add a token and print its secret, once."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.add_token(settings, people.PersonOptions(name, rights, companies or (), by), lasts, as_json=as_json))


@tokens.command("list")
def token_list(
    also_over: Annotated[bool, typer.Option("--all", help="Include expired and revoked tokens.")] = False,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """List the tokens, without their secrets."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.show_tokens(settings, also_over=also_over, as_json=as_json))


@tokens.command("revoke")
def token_revoke(
    which: Annotated[str, typer.Argument(metavar="ID", help="The beginning of the id, or the token's name.")],
    by: By = "",
    config: ConfigFile = HERE,
) -> None:
    """Revoke a token at once."""
    settings = read_settings(config)
    from monitor.cli import people

    finish(people.revoke(settings, which, by))


app.add_typer(channel_commands.app, name="channel", help=channel_commands.HELP)
app.add_typer(share_commands.app, name="share", help=share_commands.HELP)
app.add_typer(account_commands.app, name="account", help=account_commands.HELP)
app.add_typer(read_commands.app, name="read", help=read_commands.HELP)


def _choose(config: "Config", name: str) -> "list[WatchedPath]":
    chosen = [path for path in config.paths() if name in (path.company, path.key)]
    if not chosen:
        known = ", ".join(path.key for path in config.paths()[:20]) or "none: the configuration has no companies"
        say_error(f"no company or path {name!r}; configured: {known}")
        raise typer.Exit(Exit.COULD_NOT_TELL)
    return chosen


def _out(line: str) -> None:
    typer.echo(line)
