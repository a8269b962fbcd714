"""`mailpath share`, its commands and their options."""

from typing import Annotated

import typer
from typer.core import TyperGroup

from monitor.cli.common import HERE, AsJson, By, ConfigFile, finish, read_settings

HELP = "Links to the status page of a company, without sign-in: `mailpath share COMPANY` creates one."
CREATE = "create"


class ShareGroup(TyperGroup):
    """Commands, where a company in place of a command means to create a link for it."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the name of the command first, where it was left out."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [CREATE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=ShareGroup, no_args_is_help=True, rich_markup_mode=None)


@app.command(CREATE)
def create(
    company: Annotated[str, typer.Argument(metavar="COMPANY", help="The key of the company.")],
    days: Annotated[int, typer.Option("--days", metavar="7|30", help="Valid for this many days.")] = 7,
    by: By = "",
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Create a link and print its address, once. Exit 0: created. 2: not created."""
    settings = read_settings(config)
    from monitor.cli import shares

    finish(shares.create(settings, company, days, by, as_json=as_json))


@app.command("list")
def list_shares(
    company: Annotated[str, typer.Argument(metavar="[COMPANY]", help="Only of this company.", show_default=False)] = "",
    also_over: Annotated[bool, typer.Option("--all", help="Include expired and revoked links.")] = False,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """List the links, without their secrets."""
    settings = read_settings(config)
    from monitor.cli import shares

    finish(shares.show(settings, company, also_over=also_over, as_json=as_json))


@app.command("revoke")
def revoke(
    which: Annotated[str, typer.Argument(metavar="ID", help="The beginning of the id is enough.")],
    by: By = "",
    config: ConfigFile = HERE,
) -> None:
    """Revoke a link at once. Exit 0: revoked. 2: not revoked."""
    settings = read_settings(config)
    from monitor.cli import shares

    finish(shares.revoke(settings, which, by))
