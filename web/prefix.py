"""The path under which a proxy has the server."""

import re

from flask import has_request_context, request

PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)


def root() -> str:
    """The path that goes before every address of the server, such as `/captions`; empty where there is none.

    A proxy that does not set X-Forwarded-Prefix passes on what a client says, so what is no plain path does not count.
    """
    path = request.script_root if has_request_context() else ""
    return path if PATH.fullmatch(path) else ""
