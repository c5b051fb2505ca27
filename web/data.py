"""The routes of one's data: to take it along, and to delete it."""

from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from .api import captions
from .auth import accounts
from .export import export
from .holdings import remove_all
from .library import now
from .operations import Answer, operation
from .owner import current_owner

data = Blueprint("data", __name__, url_prefix="/api/v1/account")


@data.get("/export")
@operation(
    "Take along all that is yours: data.json and photos", "account", (200, Answer("A zip.", media="application/zip"))
)  # fmt: skip
def export_data() -> ResponseReturnValue:
    """A zip of everything."""
    name = f"moodcap-{now().date().isoformat()}.zip"
    user = g.asker.user if g.asker else None
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    parts = export(captions(), accounts(), current_owner(), user)
    return Response(parts, mimetype="application/zip", headers=headers)


@data.delete("/data")
@operation(
    "Delete all captions, photos, preferences and what was learnt; the account stays",
    "account",
    (204, Answer("It is gone.", media="")),
    problems=(403,),
)
def delete_data() -> ResponseReturnValue:
    """Nothing of what was made and stated."""
    captions().give_up(current_owner())
    remove_all(captions().library.engine, captions().photos, current_owner())
    return "", 204
