"""What `pip install .` brings: one folder of its own with the front end in it, and a `runbell` that starts anywhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import pytest
import requests
from django.conf import settings

from config.version import __version__
from tests.processes import Environment, alive_in, free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf"}
FOR_DEVELOPERS = {"tests", "bench", "deploy", "docs", "frontend", "requirements", "node_modules", "__pycache__"}
# What a folder may hold in which somebody starts `runbell`: none of it may be taken for ours.
DECOYS = ("config.py", "common.py", "cli.py", "gunicorn.py", "manage.py", "gunicorn.conf.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[PurePosixPath]:
    with zipfile.ZipFile(wheel) as packed:
        return [PurePosixPath(name) for name in packed.namelist()]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(_build("sdist", ROOT, folder)) as packed:
        packed.extractall(folder, filter="data")
    return folder / f"runbell-{__version__}"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Variables under which `runbell` of the wheel runs; what it needs besides comes from this Python."""
    prefix = tmp_path_factory.mktemp("installed")
    _run([sys.executable, "-m", "installer", "--prefix", str(prefix), "--no-compile-bytecode", str(wheel)])
    found = next(prefix.rglob("runbell/manage.py")).parent.parent
    own = ("RUNBELL_", "PYTEST_", "DJANGO_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(own)},
        "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(found),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "settings_of_another_project",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, but for modules that are not ours."""
    for name in DECOYS:
        (tmp_path / name).write_text('raise SystemExit("a module of the folder one stands in was taken for ours")\n')
    return tmp_path


def test_all_of_it_stands_under_one_folder(names: list[PurePosixPath]) -> None:
    assert {name.parts[0] for name in names} == {"runbell", f"runbell-{__version__}.dist-info"}


def test_every_app_of_ours_is_in_it(names: list[PurePosixPath]) -> None:
    ours = {app.partition(".")[0] for app in settings.INSTALLED_APPS} & {path.name for path in ROOT.iterdir()}

    assert "automations" in ours
    assert ours <= {name.parts[1] for name in names}


def test_the_front_end_is_in_it(names: list[PurePosixPath]) -> None:
    built = {path.name for path in (ROOT / "static" / "build").iterdir() if not path.name.startswith(".")}

    assert "app.css" in built
    assert {name.name for name in names if name.parts[1:3] == ("static", "build")} == built


def test_neither_tests_nor_pictures_nor_what_only_developers_use_are_in_it(names: list[PurePosixPath]) -> None:
    assert [str(name) for name in names if name.suffix in PICTURES or FOR_DEVELOPERS & {*name.parts}] == []


def test_an_sdist_needs_no_node(sdist: Path, tmp_path: Path, names: list[PurePosixPath]) -> None:
    again = _build("wheel", sdist, tmp_path, PATH="")

    with zipfile.ZipFile(again) as packed:
        assert sorted(packed.namelist()) == sorted(str(name) for name in names)


def test_where_the_front_end_cannot_be_built_it_says_what_helps(sdist: Path, tmp_path: Path) -> None:
    (sdist / "static" / "build" / ".built").rename(tmp_path / "kept")
    try:
        refused = _hatchling("wheel", sdist, tmp_path, PATH="")
        asks = [sys.executable, "-c", "from hatchling import build; print(*build.get_requires_for_build_wheel())"]
        asked_for = _run(asks, cwd=sdist, environment={**os.environ, "PATH": ""})
    finally:
        (tmp_path / "kept").rename(sdist / "static" / "build" / ".built")

    assert refused.returncode == 1
    assert "The front end is not built (static/build), and there is no Node 20 or newer" in refused.stderr
    # Built in isolation, pip and uv bring that one: the same that the Makefile does.
    assert asked_for.strip() in (ROOT / "Makefile").read_text()


@pytest.mark.processes
def test_it_starts_on_an_empty_folder(installed: Environment, folder: Path) -> None:
    data = folder / "var"
    with _serving(installed, folder) as (server, url):
        page = requests.get(url, timeout=60)
        style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]

        assert (page.status_code, "Sign in" in page.text) == (200, True)
        assert requests.get(f"{url}{style}", timeout=60).headers["Content-Type"].startswith("text/css")
        # Twice, for the first may be that of the file being made.
        _wait_for_a_heartbeat(data)
        _wait_for_a_heartbeat(data)
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=20) == 0

    assert not alive_in({"RUNBELL_DATA_DIR": str(data)})
    assert {path.name for path in folder.iterdir()} == {*DECOYS, "var", "log"}
    assert (data / "runbell.sqlite3").exists()


@pytest.mark.processes
def test_every_command_of_ours_stands_beside_manage_py(installed: Environment, folder: Path) -> None:
    ours = {path.stem for path in ROOT.glob("*/management/commands/*.py") if path.stem != "__init__"}

    assert {"serve", "worker", "demo", "automations", "provision"} <= ours
    assert ours <= set(_run(["runbell", "help", "--commands"], cwd=folder, environment=installed).split())
    assert _run(["runbell", "version"], cwd=folder, environment=installed).strip()


@pytest.mark.processes
def test_the_version_is_the_same_wherever_it_is_asked_for(installed: Environment, folder: Path) -> None:
    code = (
        "import importlib.metadata, runbell, django; from django.conf import settings; "
        "print(importlib.metadata.version('runbell'), runbell.__version__, settings.VERSION, "
        "settings.SPECTACULAR_SETTINGS['VERSION'])"
    )
    said = _run(["runbell", "shell", "--no-imports", "-c", code], cwd=folder, environment=installed)

    assert said.split() == [__version__] * 4


@pytest.mark.processes
def test_a_demo_without_what_it_trains_with_says_what_to_install(installed: Environment, folder: Path) -> None:
    # A stand-in for an environment without it: found first, and no package.
    hidden = "import sys, runpy; sys.modules['sklearn'] = None; sys.argv = ['runbell', 'demo']; "
    code = hidden + "from runbell.cli.command import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=installed, capture_output=True, text=True)

    assert done.returncode == 1
    assert "pip install scikit-learn" in done.stderr


@contextmanager
def _serving(installed: Environment, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`runbell serve` in this folder, and its address; nothing of it stays."""
    port, log = free_port(), folder / "log"
    environment = {**installed, "PORT": str(port)}
    with log.open("w") as stream:
        server = subprocess.Popen(
            ["runbell", "serve"], cwd=folder, env=environment,
            stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until(lambda: "Ctrl-C stops it" in log.read_text() or server.poll() is not None, 30, "ready")
        assert server.poll() is None, log.read_text()
        yield server, f"http://127.0.0.1:{port}"
    finally:
        for pid in {server.pid, *alive_in({"RUNBELL_DATA_DIR": str(folder / "var")})}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.wait()


def _wait_for_a_heartbeat(data: Path) -> None:
    """Wait until a worker of the pool has answered: it touches the file that was made for it."""

    def heartbeats() -> list[int]:
        return [file.stat().st_mtime_ns for file in data.glob("heartbeat-*")]

    before = heartbeats()
    wait_until(lambda: before not in ([], heartbeats()), 30, "a heartbeat")


def _build(target: str, source: Path, folder: Path, **variables: str) -> Path:
    built = _hatchling(target, source, folder, **variables)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("runbell-*.whl" if target == "wheel" else "runbell-*.tar.gz"))


def _hatchling(target: str, source: Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Build with what is installed here: nothing is asked of the network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, timeout=300)


def _run(command: list[str], cwd: Path = ROOT, environment: Environment | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
