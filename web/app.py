"""The Flask app, put together from its parts."""

from collections.abc import Callable, Mapping

from flask import Flask

from chains import Settings
from prompts import Mood

from .account import account
from .accounts import Accounts
from .api import api
from .auth import authenticate
from .captions import Captions
from .data import data
from .database import connect
from .faults import handle_errors
from .folder import UPLOADS, data_folder
from .library import Library
from .page import page
from .photos import PhotoStore
from .preferences import preferences
from .scheduler import Chain
from .security import limit_rate, secure
from .site import site
from .sweeper import keep_sweeping


def make_app(settings: Settings, load: Callable[[], Chain], moods: Mapping[str, Mood]) -> Flask:
    """The app, its database ready and its models being loaded by `load`, in a thread.

    Raises:
        RequestError: the data folder or the database cannot be used.
    """
    folder = data_folder(settings.data)
    library = Library(connect(settings.database.get_secret_value(), folder))
    captions = Captions(settings, library, PhotoStore(folder / UPLOADS), moods)
    app = Flask("moodcap", static_folder=None)
    app.url_map.strict_slashes = False
    app.extensions["moodcap"] = captions
    secure(app, settings, captions.metrics)
    accounts = Accounts(settings, library.engine)
    authenticate(app, settings, accounts)
    handle_errors(app)
    for part in (api, preferences, account, data, site, page):
        app.register_blueprint(part)
    limit_rate(app, settings, "api.create_caption", "api.create_rewrite")
    captions.start(load)
    keep_sweeping(captions, accounts)
    return app
