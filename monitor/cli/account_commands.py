"""`mailpath account setup`."""

from typing import Annotated

import typer

from monitor.cli.common import HERE, AsJson, ConfigFile, finish, read_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
HELP = "Set up accounts at providers. Exit 0: done. 2: no such account."


@app.callback()
def _group() -> None:
    """Keep `setup` a command of its own, while it is the only one."""


@app.command("setup")
def account_setup(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The account, as in [accounts.NAME].")],
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Print the steps of the administrator of its provider, as this configuration needs them: a PowerShell script for
    Microsoft 365, else comments. Asks nobody, and needs no secret."""
    settings = read_settings(config)
    from monitor.cli import account

    finish(account.setup(settings, name, as_json=as_json))
