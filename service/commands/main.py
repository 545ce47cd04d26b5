"""The command ``evenreach``: one file per group of commands; heavy libraries load only where a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from service.commands import (
    access,
    build,
    check,
    clusters,
    embed,
    fairness,
    import_table,
    lists,
    proportionality,
    score,
    serve,
    share_out,
    site,
)

app = typer.Typer(
    name="evenreach",
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


app.command("demo")(build.demo)
app.command("build")(build.build)
app.command("places")(lists.places)
app.command("focuses")(lists.focuses)
app.command("sources")(lists.sources)
app.command("check")(check.check)
app.command("import")(import_table.import_table)
app.command("clusters")(clusters.clusters)
app.command("score")(score.score)
app.command("share-out")(share_out.share_out)
app.command("verify")(share_out.verify)
app.command("inequality")(fairness.inequality)
app.command("missed-need")(fairness.missed_need)
app.command("similar")(fairness.similar)
app.command("proportionality")(proportionality.proportionality)
app.command("access")(access.access)
app.command("site")(site.site)
app.command("closure")(site.closure)
app.command("map")(embed.write_map)
app.command("embed")(embed.write_embed)
app.command("serve")(serve.serve)

if __name__ == "__main__":
    app()
