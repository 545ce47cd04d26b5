"""The headers that protect an answer, by its path: what it may load, who may frame it, who may read it."""

from __future__ import annotations

import re

Headers = list[tuple[bytes, bytes]]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors "
)
BUILDER = re.compile(r"/places/[^/]+/embed")  # shows embeds of this site as a preview
BUILDER_POLICY = PAGE_POLICY.replace("base-uri", "frame-src 'self'; base-uri")
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
DATA_PATHS = ("/api", "/geojson", "/downloads", "/health", "/pictures", "/ogc", "/oembed", "/openapi.json", "/metrics")
BOTH_PATHS = ("/ogc",)  # every document there is also a page
COMMON: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
OPEN_TO_ALL: Headers = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Link, Content-Crs, Content-Disposition, Content-Range, X-Request-ID, Retry-After",
    ),
]
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"Accept, If-None-Match, If-Range, Range"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]


def starts_with(path: str, prefixes: tuple[str, ...]) -> bool:
    """Tell whether the path is one of the prefixes or lies below one."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)


def security_headers(path: str, embed_origins: tuple[str, ...], *, https: bool = False, page: bool = False) -> Headers:
    """Return the headers that protect an answer on this path.

    Parameters
    ----------
    path : str
        Path of the request.
    embed_origins : tuple of str
        Origins that may frame what lies under ``/embed``, beside this site itself.
    https : bool
        The service is reached by https: browsers are told to keep to it.
    page : bool
        The answer is a page: under ``/ogc`` there are both pages and data.
    """
    if starts_with(path, ("/embed",)):
        kind = [(b"content-security-policy", (PAGE_POLICY + " ".join(("'self'", *embed_origins))).encode())]
        kind += [(b"cross-origin-resource-policy", b"cross-origin")]
    elif starts_with(path, ("/assets", *DATA_PATHS)) and not (page and starts_with(path, BOTH_PATHS)):
        kind = [(b"content-security-policy", DATA_POLICY.encode()), (b"cross-origin-resource-policy", b"cross-origin")]
    else:
        policy = BUILDER_POLICY if BUILDER.fullmatch(path) else PAGE_POLICY
        kind = [(b"content-security-policy", (policy + "'none'").encode()), (b"x-frame-options", b"DENY")]
        kind += [(b"cross-origin-resource-policy", b"same-origin")]
    strict = [(b"strict-transport-security", b"max-age=31536000")] if https else []
    return [*COMMON, *kind, *strict]
