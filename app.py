"""Moodcap's entry, where everything is wired: `create_app`, `python app.py` and the command `moodcap`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from chains.cli import app as commands
from chains.cli import main, prepare
from chains.console import err, out, told_errors

if TYPE_CHECKING:
    from flask import Flask

    from chains import Settings
    from web import Accounts


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The web app of the settings: the API and the page, its models being loaded in the background."""
    from models.loading import quiet_transformers, without_collecting

    with without_collecting():
        from chains import CaptionChain, Settings, all_moods, build_chain
        from web import give_back_read, make_app

    chosen = settings or Settings()

    def load() -> CaptionChain:
        with without_collecting():
            quiet_transformers()
            chain = build_chain(chosen)
        give_back_read(chosen.home / "models")
        return chain

    return make_app(chosen, load, all_moods(chosen))


@commands.command()
def serve() -> None:
    """Serve the page and the API until stopped; MOODCAP_HOST and MOODCAP_PORT say where."""
    from chains import url_of
    from web import exposure
    from web import serve as serve_app

    with told_errors():
        chosen = prepare()
        if told := exposure(chosen):
            err.print(f"Warning: {told}", style="yellow")
        err.print(f"Moodcap is at {url_of(chosen.host, chosen.port)} (stop it with Ctrl+C)", soft_wrap=True)
        serve_app(chosen, lambda: create_app(chosen))


users = typer.Typer(help="Manage the accounts of a server with MOODCAP_ACCOUNTS=on.", no_args_is_help=True)
commands.add_typer(users, name="users")
Name = Annotated[str, typer.Argument(help="The account's name.")]
Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where it is not given.")
]


@users.command("list")
def list_users() -> None:
    """List the accounts."""
    from chains.terminal import table

    with _accounts() as accounts:
        rows = [(one.name, "admin" if one.admin else "", f"{one.created_at:%Y-%m-%d}") for one in accounts.list()]
        out.print(table(["name", "", "since"], rows))


@users.command()
def add(name: Name, password: Password) -> None:
    """Make an account; the first one is an admin's."""
    with _accounts() as accounts:
        user = accounts.register(name, password)
        err.print(f"{user.name} has an account{' and is an admin' if user.admin else ''}.")


@users.command()
def reset_password(name: Name, password: Password) -> None:
    """Set an account's password; its sessions and access tokens end."""
    with _accounts() as accounts:
        user = accounts.named(name)
        accounts.set_password(user, password, "shell")
        accounts.tokens.revoke_all(user.id)
        err.print(f"{user.name} has a new password, and has to sign in anew.")


@users.command()
def make_admin(name: Name) -> None:
    """Make somebody an admin."""
    with _accounts() as accounts:
        user = accounts.named(name)
        accounts.make_admin(user)
        err.print(f"{user.name} is an admin.")


@users.command()
def adopt(name: Name) -> None:
    """Give an account what the server kept while it had no accounts."""
    with _accounts() as accounts:
        user = accounts.named(name)
        err.print(f"{user.name} has {accounts.adopt(user)} captions more.")


@users.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove an account, and delete everything that is its."""
    from web import remove_user

    if not yes:
        typer.confirm(f"Delete {name}, with all captions and photos, for good?", abort=True)
    with _accounts() as accounts:
        remove_user(accounts, name)
        err.print(f"{name} is gone.")


@contextmanager
def _accounts() -> "Iterator[Accounts]":
    from chains import Settings
    from web import open_accounts

    with told_errors(), open_accounts(Settings.from_environment()) as accounts:
        yield accounts


if __name__ == "__main__":
    main(sys.argv[1:] or ["serve"])
