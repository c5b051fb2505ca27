"""The web: a REST API and the page. `web.app.make_app` wires it; nothing here knows torch."""

from .app import make_app
from .captions import Captions
from .records import CaptionPage, CaptionRecord, Info, MoodList, Problem
from .serve import serve

__all__ = ["CaptionPage", "CaptionRecord", "Captions", "Info", "MoodList", "Problem", "make_app", "serve"]
