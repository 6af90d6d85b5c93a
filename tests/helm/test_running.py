"""How the service is placed: what it keeps, what it reads anew, who may reach it, and who is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamer.settings import schema
from streamer.settings.changes import LIVE
from tests.helm.chart import ROOT, SETS, config_map, of_kind, part, rendered, service_pod, the
from tests.prometheus.tools import tool

pytestmark = pytest.mark.e2e
CONFIG = ROOT / "config"


def mounts(name: str) -> dict[str, dict[str, Any]]:
    """Of the service, by where."""
    return {one["mountPath"]: one for one in service_pod(rendered(name))["containers"][0]["volumeMounts"]}


def volume(name: str, called: str) -> dict[str, Any]:
    (found,) = [one for one in service_pod(rendered(name))["volumes"] if one["name"] == called]
    return dict(found)


@pytest.mark.parametrize("name", SETS)
def test_a_changed_configuration_and_a_new_password_reach_the_running_service(name: str) -> None:
    """Kubernetes swaps a link in the folder. A file that is mounted by itself (subPath) would stay as it was."""
    pod = service_pod(rendered(name))
    assert not any({"subPath", "subPathExpr"} & set(one) for one in mounts(name).values())
    assert mounts(name)["/etc/takt"] == {"name": "config", "mountPath": "/etc/takt", "readOnly": True}
    assert volume(name, "config") == {"name": "config", "configMap": {"name": "cell-taktstream"}}  # all of its files
    assert "run /etc/takt/takt.yaml" in " ".join(pod["containers"][0]["args"])
    assert all(path in mounts(name) for path in ("/tmp", "/var/lib/takt"))


def started(name: str, *more: str) -> str:
    """Of the pod: where this differs, Kubernetes starts it anew."""
    return json.dumps(part("StatefulSet", "service", rendered(name, *more))["spec"]["template"])


def test_what_takes_effect_at_a_start_alone_starts_it_anew() -> None:
    sections = schema()["properties"]
    changed = {
        name: f'config.{name}=[{{"probe": 1}}]' if of.get("type") == "array" else f"config.{name}.probe=1"
        for name, of in sections.items()
        if name != "data_dir"  # which the chart says
    }
    assert len(changed) > 10
    for name, change in changed.items():
        now = started("minimal", "--skip-schema-validation", "--set-json", change)
        assert (now == started("minimal")) == (name in LIVE), name
    procedure = ("--set", "procedures.new\\.yaml=name: new")
    assert started("minimal", *procedure) == started("minimal")


def test_every_change_starts_it_anew_where_that_is_asked_for() -> None:
    change = ("--set", "config.streams[0].id=cell-5")
    assert started("minimal") == started("minimal", *change)
    assert started("no-persistence") != started("no-persistence", *change)


def test_secrets_are_files_that_only_the_service_may_read() -> None:
    assert volume("existing-secret", "secrets")["secret"] == {"secretName": "takt-passwords", "defaultMode": 0o440}
    assert mounts("existing-secret")["/run/secrets/takt"]["readOnly"] is True
    (one,) = service_pod(rendered("existing-secret"))["containers"][0]["env"]
    assert one == {"name": "HOOK_FILE", "value": "/run/secrets/takt/HOOK"}
    assert not of_kind("Secret", rendered("existing-secret"))
    assert "/run/secrets/takt" not in mounts("minimal")


def test_procedures_lie_beside_the_configuration_as_they_were_written() -> None:
    files = config_map(rendered("existing-secret"))
    assert files["gearbox.yaml"].startswith("# fetched before it is fastened\n")
    assert "procedure: gearbox.yaml" in files["takt.yaml"]


def test_what_waits_for_the_broker_outlives_pod_and_release() -> None:
    stateful = the("StatefulSet", rendered("minimal"))["spec"]
    (claim,) = stateful["volumeClaimTemplates"]
    assert claim["metadata"]["name"] == mounts("minimal")["/var/lib/takt"]["name"]
    assert stateful["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert volume("monitoring", "data")["persistentVolumeClaim"]["claimName"] == "takt-data"
    assert "emptyDir" in volume("no-persistence", "data")


def test_two_never_watch_the_same_cameras() -> None:
    assert {part("StatefulSet", "service", rendered(name))["spec"]["replicas"] for name in SETS} == {1}


def test_a_gpu_is_asked_for_with_the_image_for_it() -> None:
    pod = service_pod(rendered("gpu"))
    container = pod["containers"][0]
    assert container["resources"]["limits"] == {"memory": "8Gi", "nvidia.com/gpu": 1}
    assert container["image"] == "taktstream:0.1.0-cuda"
    assert pod["runtimeClassName"] == "nvidia"
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert mounts("gpu")["/models"]["readOnly"] is True
    assert "nvidia" not in json.dumps(service_pod(rendered("minimal")))


def policy(name: str) -> dict[str, Any]:
    return dict(the("NetworkPolicy", rendered(name))["spec"])


def allowed(rules: list[dict[str, Any]]) -> list[tuple[str, int | str, int | str]]:
    """Protocol, first and last port of every rule."""
    return [
        (port["protocol"], port["port"], port.get("endPort", port["port"])) for rule in rules for port in rule["ports"]
    ]


def test_nothing_goes_in_or_out_but_names_cameras_and_the_broker() -> None:
    spec = policy("minimal")
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    (inward,) = spec["ingress"]
    assert [list(peer) for peer in inward["from"]] == [["podSelector"]]  # of `helm test`
    names, cameras, broker, service = spec["egress"]
    assert allowed([names]) == [("UDP", 53, 53), ("TCP", 53, 53)]
    assert {peer["ipBlock"]["cidr"] for peer in cameras["to"]} == {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}
    assert allowed([broker]) == [("TCP", 1883, 1883)]
    assert allowed([service]) == [("TCP", "http", "http")]


@pytest.mark.parametrize(
    ("name", "port"), [("existing-secret", 8884), ("webrtc", 8883), ("minimal", 1883)], ids=["said", "tls", "plain"]
)
def test_the_broker_is_reached_by_the_port_of_its_address(name: str, port: int) -> None:
    assert ("TCP", port, port) in allowed(policy(name)["egress"])


def test_a_broker_that_is_named_is_the_only_one_that_is_reached() -> None:
    (rule,) = [one for one in policy("existing-secret")["egress"] if allowed([one]) == [("TCP", 8884, 8884)]]
    assert rule["to"] == [{"ipBlock": {"cidr": "203.0.113.9/32"}}]


def test_pictures_of_publishers_come_in_by_the_ports_that_the_pod_uses() -> None:
    spec = policy("webrtc")
    ports = service_pod(rendered("webrtc"))["securityContext"]["sysctls"]
    assert ports == [{"name": "net.ipv4.ip_local_port_range", "value": "50000 50499"}]
    (rule,) = [one for one in spec["ingress"] if allowed([one]) == [("UDP", 50000, 50499)]]
    assert rule["from"] == [{"ipBlock": {"cidr": "192.168.0.0/16"}}]
    assert [("UDP", 3478, 3478), ("TCP", 3478, 3478)] in [allowed([one]) for one in spec["egress"]]
    assert not any(protocol == "UDP" for protocol, *_ in allowed(policy("minimal")["ingress"]))


def test_an_ingress_leads_to_the_service() -> None:
    spec = the("Ingress", rendered("webrtc"))["spec"]
    backend = spec["rules"][0]["http"]["paths"][0]["backend"]["service"]
    services = {one["metadata"]["name"]: one for one in of_kind("Service", rendered("webrtc"))}
    assert services[backend["name"]]["spec"]["ports"][0]["name"] == backend["port"]["name"]
    assert spec["tls"] == [{"hosts": ["takt.example"], "secretName": "takt-certificate"}]


def test_the_rules_are_those_of_the_repository_and_prometheus_takes_them(tmp_path: Path) -> None:
    groups = the("PrometheusRule", rendered("monitoring"))["spec"]["groups"]
    wanted = []
    for name in ("recording", "alerts"):
        text = (CONFIG / "prometheus" / f"{name}.yaml").read_text()
        text = text.replace("runbook_url: docs/", "runbook_url: https://pages.example/taktstream/docs/")
        wanted += yaml.safe_load(text)["groups"]
    assert groups == wanted
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    tool("promtool", "check", "rules", tmp_path / "rules.yaml")


def test_the_dashboards_are_those_of_the_repository() -> None:
    found = {}
    for one in of_kind("ConfigMap", rendered("monitoring")):
        if one["metadata"]["labels"].get("grafana_dashboard") == "1":
            assert one["metadata"]["annotations"] == {"grafana_folder": "Taktstream"}
            found |= one["data"]
    files = (CONFIG / "grafana" / "dashboards").glob("*.json")
    assert found == {f"taktstream-{path.name}": path.read_text() for path in files}
    assert len(found) >= 5


def test_prometheus_finds_the_service_under_the_job_that_rules_go_by() -> None:
    manifests = rendered("monitoring")
    spec = the("ServiceMonitor", manifests)["spec"]
    (endpoint,) = spec["endpoints"]
    assert {"targetLabel": "job", "replacement": "takt"} in endpoint["relabelings"]
    matching = [
        one
        for one in of_kind("Service", manifests)
        if spec["selector"]["matchLabels"].items() <= one["metadata"]["labels"].items()
    ]
    assert [one["spec"]["ports"][0]["name"] for one in matching] == [endpoint["port"]]  # once, not also headless
    assert {"kubernetes.io/metadata.name": "monitoring"} in [
        peer.get("namespaceSelector", {}).get("matchLabels") for peer in policy("monitoring")["ingress"][0]["from"]
    ]


def test_the_test_pod_asks_the_service_and_the_broker() -> None:
    pod = the("Pod", rendered("monitoring"))
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    answers, doctor = pod["spec"]["containers"]
    compile(answers["args"][0], "test", "exec")
    assert "http://cell-taktstream:8080" in answers["args"][0]
    assert doctor["args"] == ["doctor", "/etc/takt/takt.yaml", "--only", "broker"]
    assert [one["name"] for one in the("Pod", rendered("no-persistence"))["spec"]["containers"]] == ["answers"]
