"""What a start of the server imports. Time depends on the machine; what is imported does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gunicorn.arbiter import Arbiter
from sqlalchemy import create_engine

from chains import RequestError
from tests.web.conftest import MakeApp, free_port
from web.database import connect

ROOT = Path(__file__).parents[2]


def imported(code: str) -> set[str]:
    """All modules of a process that ran the code."""
    command = [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return set(run.stdout.split())


def test_the_parent_of_the_server_imports_no_app() -> None:
    found = imported("import app\nfrom chains import Settings\nfrom web import exposure, serve\nSettings()")
    assert "gunicorn.app.base" in found
    assert {"flask", "sqlalchemy", "alembic", "langchain_core", "torch", "transformers"} & found == set()


def test_an_app_imports_no_models_and_no_alembic_where_its_tables_are_the_newest(tmp_path: Path) -> None:
    connect("", tmp_path).dispose()
    found = imported(
        "from pathlib import Path\nfrom web import make_app\nfrom web.database import connect\n"
        f"connect('', Path({str(tmp_path)!r}))"
    )
    assert "web.api" in found
    assert {"alembic", "mako", "torch", "transformers"} & found == set()


def unusable(tmp_path: Path) -> dict[str, tuple[dict[str, object], str]]:
    """Settings that only the server can find wanting, and what it says of them."""
    file, uploads = tmp_path / "file", tmp_path / "kept" / "uploads"
    file.write_text("no database")
    uploads.parent.mkdir()
    uploads.touch()
    newer = tmp_path / "newer.db"
    engine = create_engine(f"sqlite:///{newer}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
    engine.dispose()
    folder, database = r"The data folder \S+ cannot be used: ", "The database cannot be used: "
    return {
        "a file is in its place": ({"data": file}, folder + "file exists"),
        "a file is on the way": ({"data": file / "data"}, folder + "not a directory"),
        "it cannot be made": ({"data": "/proc/none/data"}, folder + "no such file"),
        "photos cannot be kept": ({"data": uploads.parent}, folder + "file exists"),
        "its name is too long": ({"data": tmp_path / ("x" * 300)}, folder + "file name too long"),
        "no URL": ({"database": "nonsense"}, "it is no database URL"),
        "no driver": ({"database": "mysql://a@b/c"}, "its driver is missing"),
        "no such folder": ({"database": "sqlite:////none/x.db"}, database + "unable to open database file"),
        "no database": ({"database": f"sqlite:///{file}"}, database + "file is not a database"),
        "a newer one": ({"database": f"sqlite:///{newer}"}, database + "a newer Moodcap made it"),
        "away": ({"database": "postgresql://nobody:secret@127.0.0.1:1/none"}, database + "connection .*refused"),
    }


def test_what_cannot_be_used_is_told_in_one_sentence(make: MakeApp, tmp_path: Path) -> None:
    for given, said in unusable(tmp_path).values():
        with pytest.raises(RequestError, match=said) as error:
            make(**given)
        assert "\n" not in str(error.value)
        assert "secret" not in str(error.value)


def test_a_data_folder_that_is_not_ours_is_told(make: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(RequestError, match="nothing can be written into it"):
        make(data=tmp_path / "data")


def test_a_start_that_is_refused_says_why_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    own = {"MOODCAP_DATA": str(tmp_path / "file" / "data"), "MOODCAP_PORT": str(free_port())}
    run = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert run.returncode == Arbiter.APP_LOAD_ERROR
    first, said = run.stderr.splitlines()
    assert first.startswith("Moodcap is at http://127.0.0.1:")
    assert said == f"The data folder {own['MOODCAP_DATA']} cannot be used: not a directory. MOODCAP_DATA names another."
