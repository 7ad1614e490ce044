"""The bill of materials: all that runs and nothing else, as CycloneDX has it, the same bytes each time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy import sbom

ROOT = Path(__file__).resolve().parents[2]
# What a page loads by name: `import ... from "x/y"`, `@import "x"`; not what lies beside.
_LOADED = re.compile(r"""(?:from|import)\s+"((?:@[\w-]+/)?\w[\w.-]*)(?:/[^"]*)?";""")


@pytest.fixture(scope="module")
def validated() -> dict[str, Any]:
    return sbom.document()


def components(validated: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in validated["components"] if one["purl"].startswith(f"pkg:{kind}/")}


def test_it_is_valid_cyclonedx(validated: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(validated)) is None


def test_a_broken_one_would_be_found(validated: dict[str, Any]) -> None:
    broken = {**validated, "components": [{**validated["components"][0], "licenses": [{"license": {"id": "My Own"}}]}]}

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(broken)) is not None


def test_each_locked_package_is_in_it_with_the_hashes_of_the_lock(validated: dict[str, Any]) -> None:
    lock = (ROOT / "requirements/runtime.txt").read_text()
    packages = components(validated, "pypi")

    pinned = dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", lock, re.MULTILINE))
    assert {name: one["version"] for name, one in packages.items()} == pinned
    hashes = [digest["content"] for one in packages.values() for digest in one["externalReferences"][0]["hashes"]]
    assert sorted(hashes) == sorted(re.findall(r"sha256:([0-9a-f]{64})", lock))


def test_what_pages_load_is_in_it_and_what_only_builds_them_is_not(validated: dict[str, Any]) -> None:
    sources = [path for path in (ROOT / "frontend").rglob("*") if path.suffix in (".js", ".css")]
    loaded = {name for path in sources for name in _LOADED.findall(path.read_text())}
    direct = set(json.loads((ROOT / "package.json").read_text())["devDependencies"])

    assert loaded <= set(components(validated, "npm"))
    assert direct - sbom.BUILD_TOOLS == loaded
    assert not sbom.BUILD_TOOLS & set(components(validated, "npm"))
    assert all(len(one["hashes"][0]["content"]) == 128 for one in components(validated, "npm").values())


def test_each_has_a_licence_but_what_this_system_does_not_install(validated: dict[str, Any]) -> None:
    without = {one["name"]: one.get("scope") for one in validated["components"] if "licenses" not in one}

    assert set(without.values()) <= {"optional"}


def test_who_needs_what_leads_to_each_from_runbell(validated: dict[str, Any]) -> None:
    needs = {row["ref"]: row["dependsOn"] for row in validated["dependencies"]}
    reached, open_ones = set(), [validated["metadata"]["component"]["bom-ref"]]
    while open_ones:
        reference = open_ones.pop()
        if reference not in reached:
            reached.add(reference)
            open_ones += needs[reference]

    assert reached - {validated["metadata"]["component"]["bom-ref"]} == {
        one["bom-ref"] for one in validated["components"]
    }


def test_written_twice_it_is_the_same_and_says_no_time_but_the_one_given(tmp_path: Path) -> None:
    said = [_written(tmp_path / str(turn), SOURCE_DATE_EPOCH="1700000000") for turn in range(2)]

    assert said[0] == said[1]
    assert b"2023-11-14T22:13:20Z" in said[0]
    assert b"timestamp" not in _written(tmp_path / "timeless")


def _written(path: Path, **environment: str) -> bytes:
    # As in the image: of all that is ours it needs nothing but the file itself, and no network.
    script = [sys.executable, "-I", str(ROOT / "deploy/sbom.py"), str(path)]
    subprocess.run(script, env=environment, check=True, capture_output=True)
    return path.read_bytes()
