"""What every command shares: its options, its way of telling results and errors."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Store = Annotated[Path | None, typer.Option("--store", help="Folder of editions. [default: store]", show_default=False)]
PlaceName = Annotated[str, typer.Argument(metavar="PLACE", help="A place, as `evenreach places` lists them.")]

BAD_INPUT = 1
P = ParamSpec("P")


@dataclass(frozen=True)
class Output:
    """Where a command writes: results to standard output, all else to standard error.

    Attributes
    ----------
    as_json, quiet : bool
        As the person asked.
    """

    as_json: bool = False
    quiet: bool = False

    def result(self, data: Any, text: Callable[[Any], None]) -> None:
        """Print a result as JSON, or as the text for people, or not at all."""
        if self.as_json:
            print(json.dumps(data, ensure_ascii=False, indent=1, default=str))
        elif not self.quiet:
            text(data)

    def say(self, sentence: str) -> None:
        """Tell what is going on."""
        if not (self.quiet or self.as_json):
            console(error=True).print(sentence, markup=False, highlight=False)

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str], None]]:
        """Show a moving bar with the step that is being done; without a terminal, one line a step."""
        screen = console(error=True)
        if self.quiet or self.as_json:
            yield lambda step: None
        elif not screen.is_terminal:
            yield lambda step: screen.print(f"{title}: {step}", markup=False, highlight=False)
        else:
            from rich.markup import escape
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
            with Progress(*columns, console=screen, transient=True) as bar:
                task = bar.add_task(escape(title), total=None)
                yield lambda step: bar.update(task, description=escape(f"{title}: {step}"))


def console(*, error: bool = False) -> Any:
    """Give the screen; rich heeds NO_COLOR itself."""
    from rich.console import Console

    return Console(stderr=error, soft_wrap=True)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows for people; a cell of data is never read as mark-up."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console().print(table)


class Refusal(ValueError):
    """A command cannot do what was asked, and its message says why."""


def told(function: Callable[P, None]) -> Callable[P, None]:
    """Turn an error into one message and exit code 1: no traceback, unless EVENREACH_TRACEBACK asks for it."""

    @functools.wraps(function)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            function(*arguments, **options)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever read along has read enough, as `head` does
            _let_go_of_output()
            raise typer.Exit(BAD_INPUT) from None
        except (typer.Exit, typer.BadParameter):
            raise
        except Exception as error:
            if os.environ.get("EVENREACH_TRACEBACK"):
                raise
            sentence, item = explained(error)
            if where := _where_looked(error, options):
                sentence, item = sentence + where, {"message": sentence + where}
            _refuse(sentence, item, as_json=bool(options.get("as_json")))

    return run


def _where_looked(error: Exception, options: Mapping[str, object]) -> str:
    """Name the store where an edition was looked for in vain, and how to name another."""
    from geodata.errors import BuildMissing
    from service.settings import Settings

    if not isinstance(error, BuildMissing) or "store" not in options:
        return ""
    return f". The store is {str(options['store'] or Settings().store)!r}; name another with --store"


def _let_go_of_output() -> None:
    """Send what is still to be written nowhere, so that Python does not complain about it when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def explained(error: Exception) -> tuple[str, dict[str, object]]:
    """Give one sentence about an error, and its parts for programs."""
    from pydantic import ValidationError

    from geodata import errors as data

    if isinstance(error, data.DataError):
        return error.sentence(), error.item()
    if isinstance(error, ValidationError):
        names = [f"EVENREACH_{part['loc'][0]}: ".upper() if part["loc"] else "" for part in error.errors()]
        faults = [part["msg"].removeprefix("Value error, ") for part in error.errors()]
        sentence = "; ".join(f"{name}{fault}" for name, fault in zip(names, faults, strict=True))
    elif isinstance(error, OSError):
        sentence = f"{error.filename or 'file'}: {error.strerror or error}"
    elif isinstance(error, Refusal) or type(error).__module__ == data.__name__:
        sentence = str(error)
    elif _is_answered(error):
        sentence = f"{error} {getattr(error, 'hint', '')}".strip()
    else:
        sentence = f"unexpected {type(error).__name__}: {error}. EVENREACH_TRACEBACK=1 shows where."
    return sentence, {"message": sentence}


def _is_answered(error: Exception) -> bool:
    """Whether the service too would tell of it in these words."""
    from service.web.errors import PROBLEMS

    return type(error) in PROBLEMS


def _refuse(sentence: str, item: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": item}, ensure_ascii=False, indent=1, default=str))
    else:
        print(f"evenreach: {sentence}", file=sys.stderr)
    raise typer.Exit(BAD_INPUT)
