"""Of a cluster: a head that is the service, machines that keep name and volume, and a way between them alone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.helm.chart import ROOT, of_kind, part, rendered, service_pod, the

pytestmark = pytest.mark.e2e
SET = "cluster"


def container(component: str) -> dict[str, Any]:
    return dict(service_pod(rendered(SET), component)["containers"][0])


def command(component: str) -> str:
    one = container(component)
    assert one["command"] == ["tini", "--", "sh", "-ec"]
    return str(one["args"][0])


def ports(rules: list[dict[str, Any]]) -> set[int]:
    """Every TCP port of the cluster's that rules let through."""
    found = [port for rule in rules for port in rule["ports"] if "endPort" in port]
    return {n for port in found for n in range(port["port"], port["endPort"] + 1)}


def test_the_head_runs_the_service_and_has_no_workers_itself() -> None:
    head, _, wait, service = command("service").strip().splitlines()
    assert head.startswith("ray start --head ")
    assert "--num-cpus=0" in head
    assert "--block" not in head
    assert wait.startswith("until ray status")  # without a machine it would end, and the head with it
    assert service == "exec takt run /etc/takt/takt.yaml --cluster auto"
    assert "nvidia.com/gpu" not in json.dumps(service_pod(rendered(SET)))


def test_a_machine_finds_the_head_by_a_name_that_stays() -> None:
    line = command("worker").strip()
    assert line.startswith("exec ray start --block ")  # whoever begins it ends with it
    (address,) = re.findall(r"--address=(\S+):6379", line)
    pod, service = address.split(".")
    assert pod == f"{part('StatefulSet', 'service', rendered(SET))['metadata']['name']}-0"
    headless = {one["metadata"]["name"]: one["spec"] for one in of_kind("Service", rendered(SET))}[service]
    assert headless["clusterIP"] == "None"
    assert headless["publishNotReadyAddresses"] is True  # it is asked for before it is ready


def test_a_machine_keeps_its_name_and_its_volume() -> None:
    stateful = part("StatefulSet", "worker", rendered(SET))["spec"]
    assert stateful["replicas"] == 3
    assert stateful["podManagementPolicy"] == "Parallel"
    (claim,) = stateful["volumeClaimTemplates"]
    mounts = {one["mountPath"]: one["name"] for one in container("worker")["volumeMounts"]}
    environment = {one["name"]: one for one in container("worker")["env"]}
    assert mounts[environment["TAKT_NODE_DATA_DIR"]["value"]] == claim["metadata"]["name"]
    assert stateful["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert '--node-name="$POD_NAME"' in command("worker")
    assert environment["POD_NAME"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"


@pytest.mark.parametrize("component", ["service", "worker"])
def test_who_has_the_token_belongs_to_the_cluster(component: str) -> None:
    environment = {one["name"]: one.get("value") for one in container(component)["env"]}
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN_PATH"] == "/run/secrets/ray/token"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"
    (volume,) = [one for one in service_pod(rendered(SET), component)["volumes"] if one["name"] == "ray-token"]
    assert volume["secret"]["secretName"] == "takt-ray"
    assert not of_kind("Secret", rendered(SET))


@pytest.mark.parametrize("component", ["service", "worker"])
def test_files_that_the_configuration_names_are_everywhere_under_the_same_path(component: str) -> None:
    mounts = {one["mountPath"]: one["name"] for one in container(component)["volumeMounts"]}
    assert {"/etc/takt", "/run/secrets/takt", "/tmp", "/var/lib/takt", "/dev/shm"} <= set(mounts)


def test_the_cluster_speaks_with_itself_and_nobody_else_with_it() -> None:
    policy = the("NetworkPolicy", rendered(SET))["spec"]
    wanted = {6379, 6380, 6381, 6382, *range(10002, 10102)}
    assert ports(policy["ingress"]) == ports(policy["egress"]) == wanted  # not 10001, by which anything may be run
    (rule,) = [one for one in policy["ingress"] if any("endPort" in port for port in one["ports"])]
    (peer,) = rule["from"]
    assert list(peer) == ["podSelector"]
    assert peer["podSelector"]["matchExpressions"][0]["values"] == ["service", "worker"]
    used = {int(port) for name in ("service", "worker") for port in re.findall(r"-port=(\d+)", command(name))}
    assert used <= wanted
    assert not ports(the("NetworkPolicy", rendered("minimal"))["spec"]["ingress"])


def test_ports_are_those_of_the_document() -> None:
    text = (ROOT / "docs" / "cluster.md").read_text()
    said = re.findall(r"--[a-z-]+port=\d+", text)
    assert set(said) <= set(re.findall(r"--[a-z-]+port=\d+", command("service") + command("worker")))


def test_a_machine_has_the_gpu_and_is_begun_anew_when_it_left_the_cluster() -> None:
    one = container("worker")
    assert one["resources"] == {
        "limits": {"memory": "8Gi", "nvidia.com/gpu": 1},
        "requests": {"cpu": "8", "memory": "4Gi"},
    }
    assert "--num-gpus=1" in command("worker")
    assert "--num-cpus=8" in command("worker")
    (port,) = one["ports"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert one[probe]["tcpSocket"] == {"port": port["name"]}
    assert f"--node-manager-port={port['containerPort']}" in command("worker")
    assert service_pod(rendered(SET), "worker")["runtimeClassName"] == "nvidia"


def test_machines_are_drained_one_after_the_other() -> None:
    budget = part("PodDisruptionBudget", "worker", rendered(SET))["spec"]
    labels = part("StatefulSet", "worker", rendered(SET))["spec"]["template"]["metadata"]["labels"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"].items() <= labels.items()


def test_without_a_cluster_there_is_none() -> None:
    assert "ray" not in json.dumps(service_pod(rendered("minimal")))
    assert len(of_kind("StatefulSet", rendered("minimal"))) == 1
