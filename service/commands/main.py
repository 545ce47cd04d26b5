"""The command ``evenreach``: one file per group of commands; heavy libraries load only where a command runs."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

COMMANDS = {  # name -> module and function
    "demo": ("build", "demo"),
    "build": ("build", "build"),
    "places": ("lists", "places"),
    "focuses": ("lists", "focuses"),
    "sources": ("lists", "sources"),
    "check": ("check", "check"),
    "import": ("import_table", "import_table"),
    "clusters": ("clusters", "clusters"),
    "score": ("score", "score"),
    "share-out": ("share_out", "share_out"),
    "verify": ("share_out", "verify"),
    "inequality": ("fairness", "inequality"),
    "missed-need": ("fairness", "missed_need"),
    "similar": ("fairness", "similar"),
    "proportionality": ("proportionality", "proportionality"),
    "access": ("access", "access"),
    "site": ("site", "site"),
    "closure": ("site", "closure"),
    "map": ("embed", "write_map"),
    "embed": ("embed", "write_embed"),
    "serve": ("serve", "serve"),
}


@cache
def _command(name: str) -> Any:
    module, function = COMMANDS[name]
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    alone.command(name)(getattr(import_module(f"service.commands.{module}"), function))
    return typer.main.get_command(alone)


class Commands(TyperGroup):
    """All commands; each is put together when it is asked for, which for all of them takes longer than for typer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # the names, for what looks like one of them

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give a command by its name."""
        return _command(cmd_name) if cmd_name in COMMANDS else None


app = typer.Typer(
    name="evenreach",
    cls=Commands,
    help="Maps how need and access differ between neighbourhoods, and works out what each should get.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help comes in half the time
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("evenreach"))
        raise typer.Exit


@app.callback()
def evenreach(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Map how need and access differ between neighbourhoods, and work out what each should get.

    Exit 0 = done; 1 = it cannot be done with this place, these files or these choices; 2 = an option that cannot be
    read as typed.
    """


if __name__ == "__main__":
    app()
