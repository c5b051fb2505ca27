"""The data folder: the server's photos, and its SQLite file where the database is no other."""

import os
from pathlib import Path

from chains import RequestError

UPLOADS = "uploads"


def data_folder(folder: Path) -> Path:
    """The data folder, made where it is not there yet, with the folder of the photos in it.

    Raises:
        RequestError: it cannot be made, or nothing can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / UPLOADS).mkdir(exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unusable(folder, (getattr(error, "strerror", None) or str(error)).lower()) from error
    if not all(os.access(path, os.R_OK | os.W_OK | os.X_OK) for path in (folder, folder / UPLOADS)):
        raise _unusable(folder, "nothing can be written into it")
    return folder


def _unusable(folder: Path, why: str) -> RequestError:
    return RequestError(f"The data folder {folder} cannot be used: {why}. MOODCAP_DATA names another.")
