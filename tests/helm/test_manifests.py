"""What helm makes of each set of values is right by Kubernetes' own schemas, runs with few rights, and holds a
configuration that the service takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

import recognizers.card
from recognizers.data.synthetic import ACTIONS
from streamer.settings import Settings, load
from tests.helm.chart import (
    CHART,
    ROOT,
    SETS,
    config_map,
    helm,
    of_kind,
    part,
    pods,
    refused,
    rendered,
    service_pod,
    the,
)
from tests.helm.chart import values as values_of
from tests.helm.restricted import violations
from tests.streamer.settings.files import write_card

pytestmark = pytest.mark.e2e
by_set = pytest.mark.parametrize("name", SETS)
OLDEST, NEWEST = "1.30", "1.37"
"""Of Kubernetes: what Chart.yaml asks for, and the newest whose schemas we have."""
OF_OPERATORS = ("ServiceMonitor", "PrometheusRule")
SECRETS = "/run/secrets/takt"


def taken(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The configuration as the service reads it in a pod, with a secret in every file that it names."""
    write_card(folder / "cell.safetensors", ACTIONS)
    monkeypatch.setattr(recognizers.card, "BUNDLED", folder)
    manifests = rendered(name)
    environment = {}
    for one in service_pod(manifests)["containers"][0].get("env", []):
        if SECRETS not in one.get("value", ""):
            continue
        environment[one["name"]] = one["value"].replace(SECRETS, str(folder))
        Path(environment[one["name"]]).write_text("https://mes.example/events\n")
    for file, text in config_map(manifests).items():
        for secret in re.findall(rf"{SECRETS}/([\w.-]+)", text):
            (folder / secret).write_text("user:0123456789abcdef")
        here = text.replace(SECRETS, str(folder)).replace("/models/kitchen", str(folder / "cell"))
        (folder / file).write_text(here)
    return load(folder / "takt.yaml", environment)


def test_there_are_sets_of_values_for_every_use() -> None:
    uses = {"minimal", "gpu", "existing-secret", "no-persistence", "webrtc", "monitoring", "cluster"}
    assert uses <= set(SETS)


@by_set
def test_helm_finds_nothing_wrong(name: str) -> None:
    done = helm("lint", "--strict", CHART, "--values", values_of(name))
    assert done.returncode == 0, done.stdout + done.stderr


@by_set
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_is_as_kubernetes_wants_it(name: str, version: str) -> None:
    checked = [one for one in rendered(name) if one["kind"] not in OF_OPERATORS]
    assert len(checked) >= 7
    for manifest in checked:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_wrong_manifest_would_be_found() -> None:
    wrong = json.loads(json.dumps(the("StatefulSet", rendered("minimal"))))
    wrong["spec"]["replicas"] = "one"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, OLDEST, strict=True)


@by_set
def test_its_pods_may_run_where_only_restricted_ones_may(name: str) -> None:
    found = pods(rendered(name))
    assert len(found) == (3 if name == "cluster" else 2)  # the service, workers, and the test
    assert [problem for pod in found for problem in violations(pod)] == []


@by_set
def test_containers_write_to_volumes_alone_and_talk_to_no_cluster(name: str) -> None:
    for pod in pods(rendered(name)):
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False  # else TAKT_PORT and such become variables of the service
        assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == 10001
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert "memory" in container["resources"]["limits"]
            assert not container["image"].endswith(":latest")


@by_set
def test_the_service_takes_its_configuration(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = taken(name, tmp_path, monkeypatch)
    said = yaml.safe_load(values_of(name).read_text())["config"]
    assert [stream.id for stream in settings.streams] == [stream["id"] for stream in said["streams"]]
    assert str(settings.data_dir) == "/var/lib/takt"
    assert settings.http.host == "0.0.0.0"
    assert settings.log.format == "json"


def test_rules_of_events_stay_words_and_sizes_whole_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Helm reads `on` and `off` as truth values, and writes large numbers as 8.2944e+06 where one does not look."""
    stream = taken("gpu", tmp_path, monkeypatch).streams[0]
    assert stream.watches[0].events["default"].on == 0.7
    assert stream.watches[0].events["default"].off == 0.3
    assert stream.source.max_pixels == 8_294_400


@by_set
def test_it_has_the_time_to_end_that_the_configuration_asks_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends actions, delivers what waits, and writes pictures: each for as long as grace_s, after the hook."""
    grace_s, pod = taken(name, tmp_path, monkeypatch).shutdown.grace_s, service_pod(rendered(name))
    hook_s = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert hook_s >= 1
    assert hook_s + 3 * grace_s + 5 <= pod["terminationGracePeriodSeconds"] <= hook_s + 3 * grace_s + 30


@by_set
def test_probes_ask_for_the_service_alone(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    container = service_pod(rendered(name))["containers"][0]
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: one["path"] for kind, one in asked.items()} == {
        "startup": "/readyz", "liveness": "/livez", "readiness": "/readyz",
    }  # fmt: skip
    assert {one["port"] for one in asked.values()} == {"http"}
    port = taken(name, tmp_path, monkeypatch).http.port
    assert container["ports"] == [{"name": "http", "containerPort": port, "protocol": "TCP"}]
    services = {one["metadata"]["name"]: one["spec"]["ports"][0]["port"] for one in of_kind("Service", rendered(name))}
    services.pop("cell-taktstream-workers", None)
    assert list(services.values()) == [port, port]
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 300


@by_set
def test_selectors_and_claims_hold_nothing_that_a_new_version_changes(name: str) -> None:
    """Kubernetes would refuse the upgrade."""
    manifests = rendered(name)
    stateful = part("StatefulSet", "service", manifests)
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    fixed = [stateful["spec"]["selector"], stateful["spec"].get("volumeClaimTemplates", [])]
    assert version not in json.dumps(fixed)
    assert version not in json.dumps(stateful["spec"]["template"]["metadata"])  # nor would it restart for that alone
    labels = stateful["spec"]["template"]["metadata"]["labels"]
    services = [one for one in of_kind("Service", manifests) if one["metadata"]["name"] != "cell-taktstream-workers"]
    budget = part("PodDisruptionBudget", "service", manifests)["spec"]
    for selector in (stateful["spec"]["selector"]["matchLabels"], budget["selector"]["matchLabels"]):
        assert selector.items() <= labels.items()
    assert all(service["spec"]["selector"].items() <= labels.items() for service in services)
    assert not all(
        service["spec"]["selector"].items() <= the("Pod", manifests)["metadata"]["labels"].items()
        for service in services
    )


def test_the_chart_is_of_the_version_of_the_service() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert chart["appVersion"] == version[1]
    assert chart["kubeVersion"] == f">={OLDEST}.0-0"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("config.mqtt.password=geheim", "/config/mqtt/password"),
        ("config.streams[0].source.url=rtsp://user:geheim@10.1.2.3/main", "/config/streams/0/source"),
        ("config.streams[0].wathces=1", "wathces"),
        ("config.data_dir=/data", "data_dir"),
        ("config.streams=null", "streams"),
        ("replicas=2", "replicas"),
        ("image.tag=latest", "/image/tag"),
        ("persistence.size=lots", "/persistence/size"),
        ("persistence.size=1Gi", "together need 1636Mi"),
        ("persistence.size=2Gi,config.workers=3", "together need 2148Mi"),  # an outbox for each
        ("secrets.existing=mine,secrets.values.a=b", "not both"),
        ("cluster.enabled=true", "cluster.tokenSecret: name a Secret with the key `token`"),
        ("cluster.enabled=true,cluster.tokenSecret=t,cluster.workers.replicas=0", "/cluster/workers/replicas"),
        ("monitoring.serviceMonitor.enabled=true", "networkPolicy.metrics: say where Prometheus is"),
        ("ingress.enabled=true", "networkPolicy.clients: say where the ingress controller is"),
    ],
)
def test_values_that_cannot_be_right_are_refused(given: str, told: str) -> None:
    said = refused("minimal", "--set", given)
    assert told in said
    assert "geheim" not in said


def test_a_secret_may_be_named_as_a_variable() -> None:
    (text,) = config_map(rendered("minimal", "--set", "config.mqtt.password=${BROKER}")).values()
    assert "password: ${BROKER}" in text


def test_secrets_that_are_given_lie_in_a_secret_alone() -> None:
    manifests = rendered("no-persistence")
    assert the("Secret", manifests)["stringData"] == {"cell-4": "user:password"}
    assert not any("user:password" in json.dumps(one) for one in manifests if one["kind"] != "Secret")
