"""Every setting of Evenreach, in one place: environment variables that begin with ``EVENREACH_``.

``create_app`` and the commands read them once and hand on plain values.
"""

from __future__ import annotations

import re
from datetime import date
from math import floor
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?")
ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[^\s\"'<>]*)?")
CONTACT = re.compile(
    r"mailto:[^\s@<>]+@[A-Za-z0-9.\-]+|tel:\+?[0-9\-]+|https://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[^\s\"'<>]*)?"
)
TOKEN = re.compile(r"[!-~]{16,}")
MEGABYTE = 1_000_000
LEAST_CONTRAST = 4.5
"""Of letters with what is behind them, as WCAG 2.2 asks for (success criterion 1.4.3)."""


class Settings(BaseSettings):
    """What can be set from outside, each with a default that works.

    Attributes
    ----------
    store, cache : pathlib.Path
        Where editions are kept, and where downloaded sources are kept.
    sources : pathlib.Path or None
        A folder of publishers' files; without it the publishers are asked.
    public_url : str
        The address people use, without a closing slash; links never come from the Host header.
    embed_origins : tuple of str
        Origins that may frame an embed, separated by spaces or commas; none by default.
    tenant_name, tenant_colour, tenant_text_colour : str
        What the page header says and its two colours as ``#rrggbb``.
    respond_url : str
        Where "Comment on this view" leads, with the view's address behind it; no link when empty.
    host, port, workers
        What the server binds to, and how many web processes it starts.
    body_bytes, body_seconds, query_bytes : int
        The largest request body, the time it may take to arrive, and the longest query string.
    concurrency : int
        Requests that one web process has let in at once; more are asked to come back (503).
    turns : int
        How many of them it works on at once; the others wait for their turn.
    turn_seconds : float
        How long one may wait for its turn in a queue that stays long; then it is asked to come back (503).
    workshop_workers, workshop_waiting : int
        Processes for heavy jobs beside each web process, and how many jobs may wait for one.
    workshop_memory_mb, workshop_cpu_seconds, workshop_seconds : int
        What one heavy job may use before it is stopped: address space, processor time, time.
    metrics_token : str
        What a reader of ``/metrics`` must send; without it only this machine may read them, and nobody where a
        public address is set.
    metrics_folder : pathlib.Path or None
        Where the web processes of one server leave their counts for each other; ``evenreach serve`` makes one.
    security_contact : str
        Whom to tell about a weakness, for ``/.well-known/security.txt``; there is none without it.
    security_expires : datetime.date or None
        Until when the contact holds: a day to come; a contact needs it.
    log_level : str
        Level of the log, which is JSON lines on standard output.
    """

    model_config = SettingsConfigDict(env_prefix="EVENREACH_", extra="ignore", frozen=True)

    store: Path = Path("store")
    sources: Path | None = None
    cache: Path = Path("~/.cache/evenreach")
    public_url: str = ""
    embed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    tenant_name: str = Field("Evenreach", max_length=80)
    tenant_colour: str = "#1d3a5f"
    tenant_text_colour: str = "#ffffff"
    respond_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    workers: int = Field(1, ge=1, le=64)
    body_bytes: int = Field(25 * MEGABYTE, ge=1)
    body_seconds: float = Field(20.0, gt=0)
    query_bytes: int = Field(2048, ge=1)
    concurrency: int = Field(256, ge=1)
    turns: int = Field(3, ge=1, le=64)
    turn_seconds: float = Field(0.1, gt=0)
    workshop_workers: int = Field(1, ge=1, le=16)
    workshop_waiting: int = Field(8, ge=0)
    workshop_memory_mb: int = Field(2500, ge=64)
    workshop_cpu_seconds: int = Field(90, ge=1)
    workshop_seconds: int = Field(120, ge=1)
    metrics_token: str = ""
    metrics_folder: Path | None = None
    security_contact: str = ""
    security_expires: date | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("cache", "store", "sources")
    @classmethod
    def _home(cls, folder: Path | None) -> Path | None:
        return None if folder is None else folder.expanduser()

    @field_validator("embed_origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        return tuple(re.split(r"[\s,]+", value.strip())) if isinstance(value, str) and value.strip() else value or ()

    @field_validator("embed_origins")
    @classmethod
    def _real_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin such as https://www.example.org")
        return value

    @field_validator("tenant_name")
    @classmethod
    def _name(cls, value: str) -> str:
        """Refuse a name that cannot be seen: the link to the first page is made of it."""
        if not any(sign.isprintable() and not sign.isspace() for sign in value):
            raise ValueError("a name that cannot be seen; give one, or leave the setting out")
        return value

    @field_validator("tenant_colour", "tenant_text_colour")
    @classmethod
    def _colour(cls, value: str) -> str:
        if not COLOUR.fullmatch(value):
            raise ValueError(f"{value!r} is not a colour such as #1d3a5f")
        return value.lower()

    @field_validator("public_url", "respond_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not ADDRESS.fullmatch(value):
            raise ValueError(f"{value!r} is not an address such as https://maps.example.org")
        return value

    @field_validator("public_url")
    @classmethod
    def _without_path(cls, value: str) -> str:
        """Refuse an address below a path: pages and files of this site have addresses from the root of a host."""
        value = value.rstrip("/")
        if urlsplit(value).path:
            raise ValueError(
                f"{value!r} leads below a path, where the service cannot stand; "
                "give a host of its own, such as https://maps.example.org"
            )
        return value

    @field_validator("security_contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if value and not CONTACT.fullmatch(value):
            raise ValueError(f"{value!r} is not a contact such as mailto:security@example.org or an https address")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _token(cls, value: str) -> str:
        if value and not TOKEN.fullmatch(value):
            raise ValueError("give 16 characters or more, without spaces (letters without accents, digits and signs)")
        return value

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        """Refuse a header whose letters are too much like what is behind them."""
        ratio = contrast(self.tenant_colour, self.tenant_text_colour)
        if ratio < LEAST_CONTRAST:
            raise ValueError(
                f"EVENREACH_TENANT_TEXT_COLOUR {self.tenant_text_colour} on EVENREACH_TENANT_COLOUR "
                f"{self.tenant_colour} has a contrast of {floor(100 * ratio) / 100:.2f} to 1; "
                f"letters need {LEAST_CONTRAST} to 1 or more"
            )
        return self

    @model_validator(mode="after")
    def _contact_holds(self) -> Self:
        """Ask until when a contact holds: a date of our own making would move."""
        if self.security_contact and self.security_expires is None:
            raise ValueError(
                "EVENREACH_SECURITY_CONTACT needs EVENREACH_SECURITY_EXPIRES, a day to come such as 2030-03-31"
            )
        return self


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21, as WCAG 2.2 defines it.

    Parameters
    ----------
    one, other : str
        As ``#rrggbb``, in either order.

    Returns
    -------
    float
        Relative luminance of the lighter to that of the darker, 0.05 added to both.
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
