"""`mailpath channel test`, `preview`, `routing` and their options."""

from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, By, ConfigFile, finish, read_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
HELP = "Test channels, and show what each would get. Exit 0: done. 1: not delivered. 2: not done."


@app.command("test")
def channel_test(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The channel, as in [channels.NAME].")],
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Send a marked test notice now and print the answer. Exit 0: delivered. 1: not delivered. 2: not sent."""
    settings = read_settings(config)
    from monitor.cli import channels

    finish(channels.test(settings, name, by, as_json=as_json))


@app.command("preview")
def channel_preview(
    incident: Annotated[str, typer.Option(metavar="ID", help="The incident; the beginning of the id is enough.")],
    channel: Annotated[str, typer.Option(metavar="NAME", help="Only this channel.", show_default=False)] = "",
    config: ConfigFile = HERE,
) -> None:
    """Print exactly what each channel would get about an incident, without secrets. Nothing is sent."""
    settings = read_settings(config)
    from monitor.cli import channels

    finish(channels.preview(settings, incident, channel))


@app.command("routing")
def channel_routing(
    company: Annotated[str, typer.Option(metavar="KEY", help="Only this company.", show_default=False)] = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Show which channels are notified, for each severity, scope and company."""
    settings = read_settings(config)
    from monitor.cli import channels

    finish(channels.routing(settings, company, as_json=as_json))
