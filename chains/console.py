"""What the command line says and how: two consoles, JSON lines, and errors as one sentence.

Nothing that is printed is read as markup, and a stream that cannot show a character gets a plainer one.
"""

import codecs
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from models import MoodcapError

PLAINER = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "–": "-", "—": "-", "·": "*"}
    | dict.fromkeys("▋▊▉█▐", "#")
    | dict.fromkeys("▏▎▍▌", " ")
)
out = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def set_up_streams() -> None:
    """Have stdout and stderr take every text, whatever their encoding."""
    codecs.register_error("plainer", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="plainer")


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(PLAINER)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def print_json(file: str, told: dict[str, Any]) -> None:
    """Print what is told of a file as one line of JSON; in ASCII where the output is not UTF-8."""
    print(json_line(file, told, getattr(sys.stdout, "encoding", None) or "ascii"), flush=True)


def json_line(file: str, told: dict[str, Any], encoding: str = "utf-8") -> str:
    """One line of JSON with a file's name first.

    A name that is not UTF-8 has its odd bytes as `\\udc80` to `\\udcff` (PEP 383); `os.fsencode` gives them back.
    """
    line = json.dumps({"file": file} | told, ensure_ascii=False)
    try:
        line.encode()
        return line if codecs.lookup(encoding).name == "utf-8" else json.dumps(json.loads(line))
    except UnicodeEncodeError:
        return json.dumps({"file": file} | told)


def error_told(error: MoodcapError) -> dict[str, Any]:
    """An error as it stands in a record."""
    return {"error": {"code": error.code, "message": str(error)}}


def tell_error(error: MoodcapError, as_json: bool, file: str) -> None:
    """Say what was wrong with a file."""
    if as_json:
        print_json(file, error_told(error))
    else:
        err.print(Text(f"{file}: {error} ({error.code})", style="yellow"), soft_wrap=True)


@contextmanager
def told_errors() -> Iterator[None]:
    """Moodcap's own errors as one sentence and exit code 1; an interrupt as 130."""
    try:
        yield
    except MoodcapError as error:
        fail(f"{error}")
    except KeyboardInterrupt:
        err.print("stopped; what was written stays")
        raise typer.Exit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None


def fail(message: str) -> NoReturn:
    """Say what is wrong, and end with exit code 1."""
    err.print(Text(message, style="red"), soft_wrap=True)
    raise typer.Exit(1)
