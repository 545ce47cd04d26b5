"""``evenreach serve``: answer requests; build the demo borough first if there is nothing to serve."""

from __future__ import annotations

import errno
import os
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from service.commands.output import Output, Quiet, Refusal, Store, told

PREFIX = "EVENREACH_"
HEADER_READ_MS = 10_000  # half-sent request headers are closed after this
STOP_SECONDS = 8  # an answer that takes longer is cut: the whole is to be gone within ten
FOR_NO_SERVER = ("TRACEBACK", "SOAK", "SCREENSHOTS", "NOTEBOOK_PLACE", "NOTEBOOK_SOURCES", "NOTEBOOK_STORE")
"""What other commands, tests and notebooks read of the environment, without ``EVENREACH_``."""

IN_USE = "port {} is in use: another program listens there; stop it, or choose another --port"


@told
def serve(
    store: Store = None,
    host: Annotated[
        str | None, typer.Option(help="Address to bind to. [default: 127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port. [default: 8000]", min=1, max=65535, show_default=False)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Web processes. [default: 1]", min=1, max=64, show_default=False)
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Serve all editions; builds the demo if there are none."""
    from service.settings import Settings
    from service.web.addresses import readable_host

    output = Output(quiet=quiet)
    if mistyped := no_settings(os.environ, Settings.model_fields):
        output.say(f"Passed over, as no settings of Evenreach: {'; '.join(mistyped)}")
    chosen = {"store": store, "host": host, "port": port, "workers": workers}
    given = {name: value for name, value in chosen.items() if value is not None}
    settings = Settings.model_validate({**Settings().model_dump(), **given})
    folder = settings.store.resolve()
    _build_demo_if_empty(folder, output)
    _check_contact(settings.security_expires)
    _check_port(settings.host, settings.port)
    with _alone(settings.host, settings.port), _counts():
        os.environ["EVENREACH_STORE"] = str(folder)  # the web processes read their settings themselves
        os.environ["EVENREACH_HOST"], os.environ["EVENREACH_PORT"] = settings.host, str(settings.port)
        output.say(f"Evenreach is at http://{readable_host(settings.host)}:{settings.port}/ (Ctrl-C stops it)")
        _run(settings.host, settings.port, settings.workers)


def no_settings(environment: Iterable[str], settings: Iterable[str]) -> list[str]:
    """Name what looks like a setting and is none, each with the setting that its name is nearest to.

    Parameters
    ----------
    environment : iterable of str
        Names of environment variables.
    settings : iterable of str
        Names of all settings, as `service.settings.Settings` has them.

    Returns
    -------
    list of str
        Such as ``EVENREACH_PROT (did you mean EVENREACH_PORT?)``, in the order of the alphabet; never a value.
    """
    known = [PREFIX + name.upper() for name in (*settings, *FOR_NO_SERVER)]
    given = sorted(name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known)
    nearest = {name: get_close_matches(name.upper(), known, n=1, cutoff=0.8) for name in given}
    return [f"{name} (did you mean {near[0]}?)" if near else name for name, near in nearest.items()]


def _check_contact(until: date | None) -> None:
    """Refuse a security contact that no longer holds, before anybody is told of it."""
    if until is not None and until <= date.today():
        raise Refusal(f"EVENREACH_SECURITY_EXPIRES: {until} is past; give a day to come")


@contextmanager
def _counts() -> Iterator[None]:
    """Lend the web processes a folder in which they leave their counts for each other."""
    with tempfile.TemporaryDirectory(prefix="evenreach-counts-", ignore_cleanup_errors=True) as folder:
        os.environ["EVENREACH_METRICS_FOLDER"] = folder
        yield


def _build_demo_if_empty(store: Path, output: Output) -> None:
    from geodata import store as editions

    if not editions.places(store):
        from service.commands.build import build_edition

        output.say(f"Nothing is built in {store}: building the fictional demo borough first.")
        build_edition("demo", output, store=store)


@contextmanager
def _alone(host: str, port: int) -> Iterator[None]:
    """Hold a name for as long as this server runs: one that still starts cannot be seen by its port."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as held:
        if sys.platform == "linux":  # names of this kind are no files, and go with the process
            try:
                held.bind(f"\0evenreach {host} {port}")
            except OSError:
                raise Refusal(IN_USE.format(port)) from None
        yield


def _check_port(host: str, port: int) -> None:
    """Say in one sentence that a port is taken: the server would share it with another one, or say it in many."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if _answers(family, host, port):
        raise Refusal(IN_USE.format(port))
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, UnicodeError) as error:
            raise Refusal(_why_not(host, port, error)) from None


def _why_not(host: str, port: int, error: OSError | UnicodeError) -> str:
    """Say whether it is the host or the port that one cannot listen on."""
    reason = getattr(error, "strerror", None) or "no name of a computer"
    said = f"cannot listen on {host} port {port}: {reason}"
    if isinstance(error, (socket.gaierror, UnicodeError)) or error.errno == errno.EADDRNOTAVAIL:
        return f"{said}; give an address of this computer as --host or EVENREACH_HOST, such as 127.0.0.1"
    return f"{said}; choose another --port"


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    """Tell whether somebody listens already: two servers may share a port, and would answer by turns."""
    from service.web.addresses import readable_host

    with socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(1)
        try:
            return caller.connect_ex((readable_host(host).strip("[]"), port)) == 0
        except (OSError, UnicodeError):  # no name of this computer: binding says so
            return False


def _run(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    from service.web.hardening import harden
    from service.web.lean import hold_once, keep_lean

    harden()
    keep_lean()
    hold_once("service.app")
    from service.app import make_ahead

    make_ahead()
    Granian(
        "service.app:app_of_process",
        factory=True,
        address=host,
        port=port,
        workers=workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,  # no time limit would hold for a connection of HTTP/2 that stays silent
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_MS),
        workers_kill_timeout=STOP_SECONDS,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()
