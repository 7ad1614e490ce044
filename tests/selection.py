"""Test selection by import graph: the test files that a change may break, nearest first, within a budget of seconds.

`make check` runs `python -m tests.selection`. It says what it leaves to `make test`, and never says that all is well.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import timing

ROOT = Path(__file__).resolve().parent.parent
# On two workers; beside it stand style, types, and the collecting.
BUDGET_SECONDS = 50.0
# A file that never ran here.
_UNKNOWN_SECONDS = 6.0
_FARTHEST = 4
# Each of them starts processes or a browser.
_SLOW = ("tests/browser/", "tests/faults/", "tests/stories/", "tests/wandb_api/test_sdk_")
_DOTTED = re.compile(r"[a-z_]+(\.\w+)+")
_ALWAYS = "tests/architecture/"

Sources = Mapping[str, str]


@dataclass(frozen=True)
class Selection:
    run: list[str]
    left_out: list[str]


def select(changed: Iterable[str], sources: Sources, seconds: Mapping[str, float], budget: float) -> Selection:
    """Give the test files for these changed files (paths from the root): as many as the budget holds, nearest first."""
    ranks = nearness(set(changed), sources)
    order = sorted(ranks, key=lambda file: (ranks[file], seconds.get(file, _UNKNOWN_SECONDS), file))
    run, left_out, spent = [], [], 0.0
    for file in order:
        cost = seconds.get(file, _UNKNOWN_SECONDS)
        # A test that was itself changed runs, whatever it takes.
        if ranks[file] == (0, 0) or spent + cost <= budget:
            run.append(file)
            spent += cost
        else:
            left_out.append(file)
    return Selection(run, left_out)


def always(sources: Sources) -> list[str]:
    """Give the tests of the plan of the house: they read every file, so any change may break them."""
    return sorted(path for path in sources if _is_test(path) and path.startswith(_ALWAYS))


def nearness(changed: set[str], sources: Sources) -> dict[str, tuple[int, int]]:
    """Give each test file that a change reaches how near it is: by imports, and before that by its subject's name."""
    users = importers(sources)
    distances = _distances(changed | _speaking_of(changed, sources), users)
    subjects = {part for path in changed for part in _subjects(path)}
    found = {path: distance for path, distance in distances.items() if _is_test(path)}
    found |= {path: _FARTHEST for path in sources if _is_test(path) and _is_about(path, subjects) and path not in found}
    if not found:
        found = {path: _FARTHEST for path in sources if _is_test(path) and path.startswith(_folders(changed))}
    return {
        path: (0 if path in changed or _is_about(path, subjects) else 1, distance) for path, distance in found.items()
    }


def importers(sources: Sources) -> dict[str, set[str]]:
    """Give for each file those that import it: the edges of the import graph, turned around."""
    files = {_module(path): path for path in sources if path.endswith(".py")}
    users: dict[str, set[str]] = {}
    for path, source in sources.items():
        if path.endswith(".py"):
            for name in _imported(source):
                if (target := files.get(name)) and target != path:
                    users.setdefault(target, set()).add(path)
    # Fixtures are asked for by name: a conftest is used by what stands beside and below it.
    for path in sources:
        if path.endswith("/conftest.py"):
            folder = path.removesuffix("conftest.py")
            below = {other for other in sources if other.startswith(folder) and _is_test(other)}
            users.setdefault(path, set()).update(below)
    return users


def _imported(source: str) -> Iterator[str]:
    """Give every module that may be meant, and the dotted strings, by which Django finds some."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _DOTTED.fullmatch(node.value):
            yield from (node.value, node.value.rpartition(".")[0])


def _distances(changed: set[str], users: Mapping[str, set[str]]) -> dict[str, int]:
    distances = dict.fromkeys(changed, 0)
    edge = changed
    for distance in range(1, _FARTHEST + 1):
        edge = {user for path in edge for user in users.get(path, ()) if user not in distances}
        # A package that hands on what its modules hold is no step of its own.
        handing_on = [path for path in edge if path.endswith("/__init__.py")]
        edge |= {user for path in handing_on for user in users.get(path, ()) if user not in distances}
        distances |= dict.fromkeys(edge, distance)
    return distances


def _speaking_of(changed: set[str], sources: Sources) -> set[str]:
    """Give the Python files that name a changed template, script or data file, by the end of its path."""
    names = {"/".join(Path(path.removeprefix("templates/")).parts[-2:]) for path in changed if not path.endswith(".py")}
    return {path for path, source in sources.items() if path.endswith(".py") and any(name in source for name in names)}


def _subjects(path: str) -> set[str]:
    """Give what a test of this file would be called: after it, or after its folder."""
    stem, folder = Path(path).stem.removeprefix("test_"), Path(path).parent.name
    return {stem if stem not in ("__init__", "models", "services", "api", "views") else folder} - {"", "tests"}


def _is_about(path: str, subjects: set[str]) -> bool:
    stem = Path(path).stem.removeprefix("test_")
    return bool({stem, stem.removesuffix("s"), f"{stem}s"} & subjects)


def _folders(changed: set[str]) -> tuple[str, ...]:
    """Give where the tests of these apps stand: for what no import reaches. Templates are seen on pages."""
    apps = {path.partition("/")[0] for path in changed if "/" in path}
    return tuple(f"tests/{'pages' if app == 'templates' else app}/" for app in sorted(apps))


def _is_test(path: str) -> bool:
    return (
        path.startswith("tests/")
        and not path.startswith(_SLOW)
        and Path(path).name.startswith("test_")
        and path.endswith(".py")
    )


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def work_tree() -> tuple[set[str], dict[str, str]]:
    """Give what differs from the last commit, and every Python file of ours."""
    changed = {*_git("diff", "--name-only", "HEAD"), *_git("ls-files", "--others", "--exclude-standard")}
    files = {*_git("ls-files", "*.py"), *(path for path in changed if path.endswith(".py"))}
    return changed, {path: (ROOT / path).read_text() for path in files if (ROOT / path).exists()}


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[:-1]


def main() -> int:
    """Run what is selected; pytest's answer is ours."""
    changed, sources = work_tree()
    if not changed:
        print("Nothing differs from the last commit: no test to select.")
        return 0
    selection = select(changed, sources, timing.recorded(), BUDGET_SECONDS)
    files = [*selection.run, *(file for file in always(sources) if file not in selection.run)]
    print(f"{len(changed)} files changed; {len(files)} test files are run: {' '.join(files)}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--hypothesis-profile=quick"]
    command += ["-m", "not processes and not browser", *files]
    ended = subprocess.run(command, cwd=ROOT).returncode
    left = [file for file in selection.left_out if file not in files]
    print(f"\n!! LEFT TO make test: whatever starts processes, and {len(left)} more test files the change reaches:")
    print("".join(f"!!   {file}\n" for file in left), end="")
    # 5: the selected files hold only tests that start processes.
    return 0 if ended == 5 else ended


if __name__ == "__main__":
    sys.exit(main())
