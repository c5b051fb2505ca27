"""The web: a REST API and the page. `web.app.make_app` wires it; nothing here knows torch."""

from .memory import give_back_read
from .serve import exposure, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .accounts import Accounts
    from .app import make_app
    from .captions import Captions
    from .records import CaptionPage, CaptionRecord, Info, MoodList, Problem
    from .shell import open_accounts, remove_user

LAZY = {
    "accounts": "Accounts",
    "app": "make_app",
    "captions": "Captions",
    "records": "CaptionPage CaptionRecord Info MoodList Problem",
    "shell": "open_accounts remove_user",
}
"""Names by their module: they bring Flask, SQLAlchemy and LangChain, of which gunicorn's parent needs none."""


def __getattr__(name: str) -> object:
    for module, names in LAZY.items():
        if name in names.split():
            from importlib import import_module

            found = globals()[name] = getattr(import_module(f".{module}", __name__), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Accounts",
    "CaptionPage",
    "CaptionRecord",
    "Captions",
    "Info",
    "MoodList",
    "Problem",
    "exposure",
    "give_back_read",
    "make_app",
    "open_accounts",
    "remove_user",
    "serve",
]
