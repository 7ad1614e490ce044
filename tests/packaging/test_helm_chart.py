"""The Helm chart: what it renders to is what Kubernetes takes, what the settings read and what hardening asks for.

The templates use what Go's text/template has and nothing of Helm's own functions, so that kubectl renders them too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from config import env
from config.version import __version__
from events import prometheus_metrics
from operations.monitoring import samples

ROOT = Path(__file__).resolve().parents[2]
HELM = ROOT / "deploy" / "helm"
CHART = HELM / "runbell"
TEMPLATES = {path.name: path.read_text() for path in sorted((CHART / "templates").iterdir())}
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
# By the name of a rendering: the values that it was made with, besides the chart's own.
GIVEN = {"default": {}} | {
    path.name.removesuffix("-values.yaml"): yaml.safe_load(path.read_text()) for path in HELM.glob("*-values.yaml")
}
RENDERED = {name: (HELM / "rendered" / f"{name}.yaml").read_text() for name in GIVEN}
EXAMPLE = set(re.findall(r"^#([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
KUBERNETES = "1.29"
# Of two kinds that others bring: what we write of them, as their definitions have it.
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
CUSTOM: dict[str, dict[str, Any]] = {
    "monitoring.coreos.com/v1 ServiceMonitor": {
        "type": "object",
        "required": ["selector", "endpoints"],
        "additionalProperties": False,
        "properties": {
            "selector": {"type": "object", "required": ["matchLabels"], "properties": {"matchLabels": LABELS}},
            "endpoints": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "port": {"type": "string"},
                        "path": {"type": "string"},
                        "interval": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"},
                    },
                },
            },
        },
    },
    "keda.sh/v1alpha1 ScaledObject": {
        "type": "object",
        "required": ["scaleTargetRef", "triggers"],
        "additionalProperties": False,
        "properties": {
            "scaleTargetRef": {"type": "object", "required": ["name"]},
            "minReplicaCount": {"type": "integer"},
            "maxReplicaCount": {"type": "integer"},
            "triggers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["type", "metadata"],
                    "additionalProperties": False,
                    "properties": {
                        "type": {"const": "prometheus"},
                        "metricType": {"enum": ["AverageValue", "Value"]},
                        "metadata": {**LABELS, "required": ["serverAddress", "query", "threshold"]},
                    },
                },
            },
        },
    },
}
Object = dict[str, Any]


def objects(name: str) -> list[Object]:
    return [one for one in yaml.safe_load_all(RENDERED[name]) if one]


def title(one: Object) -> str:
    return str(one["metadata"]["name"])


def merged(values: Any, given: Any) -> Any:
    """Values as Helm merges them: maps by their keys, all else as a whole."""
    if not (isinstance(values, Mapping) and isinstance(given, Mapping)):
        return given
    return {**values, **{key: merged(values.get(key), value) for key, value in given.items()}}


def pods(name: str) -> dict[str, Object]:
    found = [one for one in objects(name) if one["kind"] in ("Deployment", "Job")]
    return {f"{name} {one['metadata']['name']}": one["spec"]["template"]["spec"] for one in found}


ALL = [(name, one) for name in GIVEN for one in objects(name)]
PODS = {key: pod for name in GIVEN for key, pod in pods(name).items()}


@pytest.mark.parametrize(("name", "one"), ALL, ids=[f"{name}-{one['kind']}-{title(one)}" for name, one in ALL])
def test_each_object_is_what_kubernetes_takes(name: str, one: Object) -> None:
    schema = CUSTOM.get(f"{one['apiVersion']} {one['kind']}")
    if schema is None:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)
    else:
        jsonschema.validate(one["spec"], schema)
    assert re.fullmatch(r"[a-z0-9-]{1,63}", one["metadata"]["name"])
    assert one["metadata"]["labels"]["app.kubernetes.io/name"] == "runbell"


def test_the_renderings_show_every_kind_there_is() -> None:
    shown = {one["kind"] for _name, one in ALL}

    assert shown == set(re.findall(r"^kind: (\w+)$", "\n".join(TEMPLATES.values()), re.MULTILINE))
    assert {
        "PodDisruptionBudget",
        "NetworkPolicy",
        "ServiceMonitor",
        "ScaledObject",
        "HorizontalPodAutoscaler",
    } <= shown


def test_templates_use_what_text_template_has() -> None:
    """No include, no toYaml: what they say is what stands there."""
    actions = re.findall(r"\{\{-?\s*(.*?)\s*-?\}\}", "\n".join(TEMPLATES.values()), re.DOTALL)
    words = {action.split()[0].lstrip("(") for action in actions if not action.startswith(("/*", ".", "$"))}

    assert words <= {"define", "end", "if", "else", "range", "template", "printf", "or"}


def test_every_value_is_used_and_every_one_that_is_used_is_there() -> None:
    used = set(re.findall(r"\.Values\.([\w.]+)", "\n".join(TEMPLATES.values())))

    def leaves(values: Mapping[str, Any], start: str = "") -> set[str]:
        found = set()
        for key, value in values.items():
            path = f"{start}{key}"
            is_map = isinstance(value, dict) and value and path != "secret.files"
            found |= leaves(value, f"{path}.") if is_map else {path}
        return found

    assert used == leaves(VALUES)


@pytest.mark.parametrize("name", GIVEN)
def test_the_schema_takes_the_values(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(merged(VALUES, GIVEN[name]), SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "runbell.example.com"},
        {"url": "https://h/runbell/"},
        {"web": {"replica": 3}},
        {"web": {"replicas": "three"}},
        {"autoscaling": {"kind": "magic"}},
        {"settings": {"runbell_url": "x"}},
        {"settings": {"RUNBELL_WORKERS": 3}},
        {"secret": {"name": ""}},
        {"wokers": {}},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_wrong(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(merged(VALUES, wrong), SCHEMA)


def test_every_setting_is_one_that_is_read_and_every_secret_is_a_file() -> None:
    for place, pod in PODS.items():
        (container,) = pod["containers"]
        named = {one["name"]: one["value"] for one in container["env"]}
        assert len(named) == len(container["env"]), place
        files = {name.removesuffix("_FILE") for name in named if name.endswith("_FILE")}
        assert files <= env.SECRETS, place
        assert {name for name in named if not name.endswith("_FILE")} <= EXAMPLE - env.SECRETS, place
        assert {"RUNBELL_SECRET_KEY", "RUNBELL_FERNET_KEYS", "DATABASE_URL"} <= files, place
        mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert all(named[f"{name}_FILE"].startswith(f"{mounts['secrets']}/") for name in files), place
        # Whatever is written to.
        assert (named["RUNBELL_DATA_DIR"], mounts["data"], mounts["tmp"]) == ("/data", "/data", "/tmp"), place


def test_each_pod_may_do_no_more_than_it_must() -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[0]
    for place, pod in PODS.items():
        (container,) = pod["containers"]
        of_pod, of_container = pod["securityContext"], container["securityContext"]
        assert (of_pod["runAsNonRoot"], str(of_pod["runAsUser"]), str(of_pod["runAsGroup"])) == (True, *user), place
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}, place
        assert of_container == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, place
        assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False), place
        assert {"requests", "limits"} == set(container["resources"]), place


@pytest.mark.parametrize("name", GIVEN)
def test_probes_ask_each_of_its_own_part(name: str) -> None:
    found = pods(name)
    (web,), (worker,) = (found[f"{name} runbell-{part}"]["containers"] for part in ("web", "worker"))

    assert web["readinessProbe"]["httpGet"] == {"path": "/readyz?only=web", "port": "http"}
    assert {web[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")} == {"/livez"}
    # It listens nowhere.
    assert worker["livenessProbe"]["exec"]["command"] == ["runbell-probe", "worker"]
    assert "ports" not in worker
    assert (web["args"], worker["args"]) == (["runbell", "web"], ["runbell", "worker"])


def test_what_is_under_way_may_finish_before_kubernetes_kills() -> None:
    for place, pod in PODS.items():
        if "terminationGracePeriodSeconds" in pod:
            (container,) = pod["containers"]
            stop = next(int(one["value"]) for one in container["env"] if one["name"] == "RUNBELL_STOP_SECONDS")
            before = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
            # The worker stores what came back, and its queue ends: up to 6 s more.
            assert pod["terminationGracePeriodSeconds"] >= stop + int(before[1]) + 6, place


@pytest.mark.parametrize("name", GIVEN)
def test_one_of_the_two_migrates_and_the_others_wait(name: str) -> None:
    jobs = [one for one in objects(name) if one["kind"] == "Job"]
    said = {
        next(one["value"] for one in pod["containers"][0]["env"] if one["name"] == "RUNBELL_MIGRATE")
        for pod in pods(name).values()
    }

    assert said == ({"false"} if jobs else {"true"})
    for job in jobs:
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert job["spec"]["template"]["spec"]["containers"][0]["args"] == ["runbell", "migrate"]


def test_workers_are_scaled_by_what_metrics_say() -> None:
    asked = set(re.findall(r"runbell_\w+", TEMPLATES["autoscaling.yaml"]))
    told = set(re.findall(r'"(runbell_\w+)"', Path(samples.__file__).read_text()))

    assert asked
    assert asked <= told | {one.name for one in prometheus_metrics.COUNTERS}
    for name in ("full", "hpa"):
        (worker,) = (
            one for one in objects(name) if one["kind"] == "Deployment" and "worker" in one["metadata"]["name"]
        )
        assert "replicas" not in worker["spec"], name


def test_the_network_leads_to_web_alone() -> None:
    (policy,) = (one["spec"] for one in objects("default") if one["kind"] == "NetworkPolicy")

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in policy["ingress"]] == [["http"], ["metrics"]]
    assert all(rule["from"] for rule in policy["ingress"])
    assert "169.254.0.0/16" in str(policy["egress"])


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert (chart["appVersion"], chart["apiVersion"]) == (__version__, "v2")
    images = {pod["containers"][0]["image"] for pod in pods("default").values()}
    assert images == {f"runbell:{__version__}"}


@pytest.mark.skipif(shutil.which("helm") is None, reason="there is no helm here")
@pytest.mark.parametrize("name", GIVEN)
def test_helm_renders_what_is_committed(name: str) -> None:
    given = [f"--values={HELM}/{name}-values.yaml"] if name != "default" else []
    command = ["helm", "template", "runbell", str(CHART), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert by_name(done.stdout) == by_name(RENDERED[name])


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl here")
@pytest.mark.parametrize("name", GIVEN)
def test_text_template_renders_what_is_committed(name: str, tmp_path: Path) -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    told = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "values"}, "Release": {"Name": "runbell"},
        "Values": merged(VALUES, GIVEN[name]), "Chart": {"AppVersion": chart["appVersion"]},
    }  # fmt: skip
    (tmp_path / "values.json").write_text(json.dumps(told))
    rendered = "\n---\n".join(
        _by_kubectl(tmp_path, TEMPLATES["_helpers.tpl"] + text)
        for file, text in TEMPLATES.items()
        if file.endswith(".yaml")
    )

    assert by_name(rendered) == by_name(RENDERED[name])


def by_name(rendered: str) -> dict[str, Object]:
    found = [one for one in yaml.safe_load_all(rendered) if one]
    return {f"{one['kind']} {one['metadata']['name']}": one for one in found}


def _by_kubectl(folder: Path, template: str) -> str:
    (folder / "template").write_text(template)
    # It changes a copy of the file, and asks no cluster.
    command = ["kubectl", "annotate", "--local", f"--filename={folder}/values.json", "a=b", "--output=go-template-file"]
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"], "KUBECONFIG": os.devnull}
    done = subprocess.run(
        [*command, f"--template={folder}/template"], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout
