"""What a start of the server imports. Time depends on the machine; what is imported does not."""

import subprocess
import sys
from pathlib import Path

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
