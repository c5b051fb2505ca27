"""Accounts for the server's keeper, who works in its shell and needs no sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager

from chains import Settings

from .accounts import Accounts
from .database import connect
from .folder import UPLOADS, data_folder
from .holdings import remove_all
from .photos import PhotoStore


@contextmanager
def open_accounts(settings: Settings) -> Iterator[Accounts]:
    """The accounts of a server, whether or not it runs.

    Raises:
        RequestError: the data folder or the database cannot be used.
    """
    engine = connect(settings.database.get_secret_value(), data_folder(settings.data))
    try:
        yield Accounts(settings, engine)
    finally:
        engine.dispose()


def remove_user(accounts: Accounts, name: str) -> None:
    """End an account and delete everything that is its.

    Raises:
        NotFound: there is none of that name.
    """
    user = accounts.named(name)
    accounts.remove(user.id)
    remove_all(accounts.engine, PhotoStore(accounts.settings.data / UPLOADS), user.id, account=True)
