"""The certificate of a share-out: every figure as text, and a digest (methods M1); `certificate_check` checks it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from layers.share_out import Neighbourhood, Recipient, ShareOut
from layers.whole_units import exact, written

RECIPIENT_COLUMNS = ("code", "need", "people", "position", "multiple", "quota", "amount")
NEIGHBOURHOOD_COLUMNS = ("code", "need", "people", "position", "recipient")
KIND = "evenreach share-out 1"
ORDER = "recipients and neighbourhoods by code"
TIES = "largest remainder; equal remainders by higher need position, then more people, then code"
ABOUT = "A digest is not a signature: it shows that nothing here was changed since, not who wrote it."


def certificate(
    share_out: ShareOut, *, method: str, inputs: Mapping[str, str], context: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """State a share-out so that anyone can check it with `certificate_check.py`.

    Parameters
    ----------
    share_out : ShareOut
        What was divided.
    method : str
        Version of the method.
    inputs : mapping of name to SHA-256
        The files that the figures came from, 64 hexadecimal digits each.
    context : mapping of str to str
        Anything else to state: place, focus, edition, the name of the unit.

    Returns
    -------
    dict
        Ready for JSON; every number is text, a decimal where it ends and else a fraction; missing is null. `digest` is
        the SHA-256 of `canonical` of the rest.

    Raises
    ------
    ValueError
        If an input's hash is no SHA-256.

    References
    ----------
    Methods M1, certificate.
    """
    for name, hashed in inputs.items():
        if len(hashed) != 64 or set(hashed) - set("0123456789abcdef"):
            raise ValueError(f"the hash of {name} is {hashed!r}; expected 64 hexadecimal digits")
    rule = share_out.rule
    counted = ["in_need"] if rule.form == "count" else []
    own = [] if share_out.footprints else counted
    stated: dict[str, Any] = {
        "certificate": KIND,
        "about": ABOUT,
        "method": method,
        "inputs": dict(inputs),
        "context": dict(context or {}),
        "form": rule.form,
        **({"rho": _stated(rule.rho)} if rule.form == "dial" else {"floor": _stated(rule.floor)}),
        "budget": written(share_out.budget),
        "unit": rule.unit or "none",
        "minimum": _stated(rule.minimum),
        "missing": rule.missing,
        "order": ORDER,
        "ties": TIES,
        "recipients": [_stated_row(row, [*own, *RECIPIENT_COLUMNS]) for row in share_out.recipients],
        "achieved": {name: _text(value) for name, value in share_out.achieved._asdict().items()},
        "below_one_unit": share_out.below_one_unit,
        "people_with_nothing": written(share_out.people_with_nothing),
    }
    if share_out.footprints:
        columns = [*counted, *NEIGHBOURHOOD_COLUMNS]
        stated["neighbourhoods"] = [_stated_row(row, columns) for row in share_out.neighbourhoods]
    return {**stated, "digest": hashlib.sha256(canonical(stated).encode()).hexdigest()}


def canonical(certificate: Mapping[str, Any]) -> str:
    """Write a certificate as canonical JSON, the text of its file: keys sorted, no spaces, no line end, UTF-8."""
    return json.dumps(certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _stated(value: float) -> str:
    return written(exact(value, "a number"))


def _stated_row(row: Neighbourhood | Recipient, columns: Sequence[str]) -> dict[str, str | None]:
    """State one row: text for a number, null for what is missing."""
    values = ((name, getattr(row, name)) for name in columns)
    return {name: written(value) if isinstance(value, Fraction) else value for name, value in values}


def _text(value: Fraction | None) -> str | None:
    return None if value is None else written(value)
