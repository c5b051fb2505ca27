"""The web: a REST API and the page. `web.app.make_app` wires it; nothing here knows torch."""

from .accounts import Accounts
from .app import make_app
from .captions import Captions
from .memory import give_back_read
from .records import CaptionPage, CaptionRecord, Info, MoodList, Problem
from .serve import exposure, serve
from .shell import open_accounts, remove_user

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
