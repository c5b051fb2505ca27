"""The page, as the frontend's build left it: files with hashed names, and index.html for every view."""

import re
from pathlib import Path

from flask import Blueprint, Response, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue

from .errors import NotFound
from .prefix import root

page = Blueprint("page", __name__)
HERE = Path(__file__).parent
VIEWS = ("/", "/gallery", "/gallery/<path:_>", "/settings", "/settings/<path:_>", "/sign-in", "/register")


def built() -> Path:
    """The folder of the built page: in the wheel beside this file, in a checkout where the build puts it."""
    return next((path for path in (HERE / "dist", HERE.parent / "static" / "dist") if path.is_dir()), HERE / "dist")


def show(_: str = "") -> ResponseReturnValue:
    """The page."""
    return _file("index.html", "no-cache")


for view in VIEWS:
    page.add_url_rule(view, "show", show)


@page.get("/docs")
@page.get("/docs/")
def docs() -> ResponseReturnValue:
    """The browsable documentation of the API."""
    return _file("docs/index.html", "no-cache")


@page.get("/assets/<path:name>")
def asset(name: str) -> ResponseReturnValue:
    """A file whose name changes with what it holds."""
    return _file(f"assets/{name}", "public, max-age=31536000, immutable")


@page.get("/<path:name>")
def other(name: str) -> ResponseReturnValue:
    """Any other file of the page. People who come to a wrong address are told so by the page itself."""
    try:
        return _file(name, "no-cache")
    except NotFound:
        kinds = ["application/problem+json", "text/html"]
        if name.startswith("api/") or request.accept_mimetypes.best_match(kinds) != "text/html":
            raise
        response = _file("index.html", "no-cache")
        response.status_code = 404
        return response


@page.get("/index.html")
def index() -> ResponseReturnValue:
    """The page has one address."""
    return redirect(f"{root()}/", 308)


def _file(name: str, cache: str) -> Response:
    folder = built()
    if not (folder / "index.html").exists():
        raise NotFound("The page is not built; `make run` builds it. The API is at /api/v1 and works without it.")
    if not (folder / name).is_file():
        raise NotFound("There is nothing at this address.")
    response = _under(root(), folder / name) if name.endswith(".html") else send_from_directory(folder, name)
    response.headers["Cache-Control"] = cache
    return response


def _under(prefix: str, file: Path) -> Response:
    """An HTML page whose files lie under a prefix, and which tells its scripts so."""
    text = re.sub(r'\b(href|src)="\.?/(?!/)', rf'\1="{prefix}/', file.read_text("utf-8"))
    response = Response(text.replace("<html ", f'<html data-root="{prefix}" ', 1), mimetype="text/html")
    response.add_etag()
    response.make_conditional(request)
    return response
