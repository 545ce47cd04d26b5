"""The methods pages, one for each method, and their worked examples as a workbook."""

from __future__ import annotations

from hashlib import sha256

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from service.editions.scoring import METHOD_VERSION
from service.files.spreadsheet_methods import methods_workbook
from service.pages.furniture import site_pages
from service.pages.methods import BY_ID, FIGURES, WORKBOOK, method_page, methods_page, sheets
from service.web.answers import answer, answer_page
from service.web.late_routes import Routes

router = Routes(prefix="/methods", default_response_class=HTMLResponse, include_in_schema=False)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _page(request: Request, template: str, context: dict[str, object]) -> Response:
    body = site_pages(request).draw(template, context).encode()
    return answer_page(request, body)


@router.get("")
def all_methods(request: Request) -> Response:
    """Explain the rule, its limits, and where each method is written down."""
    context = {"page_title": "How it works", "section": "methods", **methods_page()}
    return _page(request, "methods.html", context)


@router.get(f"/{WORKBOOK}")
def workbook(request: Request) -> Response:
    """Give every worked example with live formulas."""
    key = f"methods workbook {METHOD_VERSION} {sha256(FIGURES.read_bytes()).hexdigest()}"
    response = answer(request, key, lambda: methods_workbook(sheets()), media_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{WORKBOOK}"'
    return response


@router.get("/{method}")
def one_method(request: Request, method: str) -> Response:
    """Explain one method: plain words, formula, worked examples, laws, limits."""
    if method not in BY_ID:
        raise HTTPException(404)
    found = BY_ID[method]
    context = {
        "page_title": found.title,
        "section": "methods",
        "breadcrumbs": [{"text": "How it works", "href": "/methods"}, {"text": f"Method {found.number}"}],
        **method_page(found),
    }
    return _page(request, f"methods/{found.id}.html", context)
