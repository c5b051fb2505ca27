"""Moodcap's entry, where everything is wired: `create_app`, `python app.py` and the command `moodcap`."""

import sys
from typing import TYPE_CHECKING

from chains.cli import app as commands
from chains.cli import err, main, prepare, told_errors

if TYPE_CHECKING:
    from flask import Flask

    from chains import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The web app of the settings: the API and the page, its models being loaded in the background."""
    from chains import CaptionChain, Settings, all_moods, build_chain
    from web import make_app

    chosen = settings or Settings()

    def load() -> CaptionChain:
        from models.loading import quiet_transformers, without_collecting

        with without_collecting():
            quiet_transformers()
            return build_chain(chosen)

    return make_app(chosen, load, all_moods(chosen))


@commands.command()
def serve() -> None:
    """Serve the page and the API until stopped; MOODCAP_HOST and MOODCAP_PORT say where."""
    from web import serve as serve_app

    with told_errors():
        chosen = prepare()
        err.print(f"Moodcap is at http://{chosen.host}:{chosen.port} (stop it with Ctrl+C)")
        serve_app(chosen, lambda: create_app(chosen))


if __name__ == "__main__":
    main(sys.argv[1:] or ["serve"])
