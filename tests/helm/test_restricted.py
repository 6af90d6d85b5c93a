"""The check of the restricted profile finds each thing that the profile forbids."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.helm.restricted import violations

GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [{
        "name": "takt",
        "livenessProbe": {"httpGet": {"path": "/livez", "port": 80}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}  # fmt: skip
POD, OWN = ("securityContext",), ("containers", 0, "securityContext")
FORBIDDEN: dict[str, tuple[tuple[str | int, ...], Any]] = {
    "hostNetwork is on": (("hostNetwork",), True),
    "hostPID is on": (("hostPID",), True),
    "hostIPC is on": (("hostIPC",), True),
    "volume tmp is of a kind": (("volumes", 0), {"name": "tmp", "hostPath": {"path": "/"}}),
    "volume nfs is of a kind": (("volumes", 0), {"name": "nfs", "nfs": {"server": "x", "path": "/"}}),
    "sysctl kernel.msgmax is not safe": ((*POD, "sysctls"), [{"name": "kernel.msgmax", "value": "1"}]),
    "is a host process": ((*POD, "windowsOptions"), {"hostProcess": True}),
    "takt: is a host process": ((*OWN, "windowsOptions"), {"hostProcess": True}),
    "SELinux has a": ((*POD, "seLinuxOptions"), {"user": "root"}),
    "takt: SELinux has a": ((*OWN, "seLinuxOptions"), {"type": "spc_t"}),
    "AppArmor is unconfined": ((*POD, "appArmorProfile"), {"type": "Unconfined"}),
    "takt: AppArmor is unconfined": ((*OWN, "appArmorProfile"), {"type": "Unconfined"}),
    "seccomp is unconfined": ((*POD, "seccompProfile"), {"type": "Unconfined"}),
    "takt: seccomp is unconfined": ((*OWN, "seccompProfile"), {"type": "Unconfined"}),
    "takt: seccomp is not said": ((*POD, "seccompProfile"), None),
    "runs as root": ((*POD, "runAsUser"), 0),
    "takt: runs as root": ((*OWN, "runAsUser"), 0),
    "takt: runAsNonRoot is not true": ((*POD, "runAsNonRoot"), False),
    "takt: is privileged": ((*OWN, "privileged"), True),
    "takt: sees /proc unmasked": ((*OWN, "procMount"), "Unmasked"),
    "takt: has a port of the host": (("containers", 0, "ports"), [{"containerPort": 80, "hostPort": 80}]),
    "takt: a probe or a hook names": (("containers", 0, "livenessProbe", "httpGet", "host"), "169.254.169.254"),
    "takt: a probe or a hook": (("containers", 0, "lifecycle"), {"preStop": {"tcpSocket": {"host": "h", "port": 1}}}),
    "takt: allowPrivilegeEscalation is not": ((*OWN, "allowPrivilegeEscalation"), None),
    "takt: does not drop ALL": ((*OWN, "capabilities"), {"drop": ["NET_RAW"]}),
    "takt: adds a capability": ((*OWN, "capabilities"), {"drop": ["ALL"], "add": ["SYS_TIME"]}),
    "init: does not drop ALL": (("initContainers",), [{"name": "init", "securityContext": {}}]),
    "debug: does not drop ALL": (("ephemeralContainers",), [{"name": "debug", "securityContext": {}}]),
}


def test_a_pod_with_few_rights_may_run() -> None:
    assert violations(GOOD) == []
    more = deepcopy(GOOD)
    more["securityContext"]["sysctls"] = [{"name": "net.ipv4.ip_local_port_range", "value": "50000 50999"}]
    more["containers"][0]["securityContext"]["capabilities"]["add"] = ["NET_BIND_SERVICE"]
    assert violations(more) == []


@pytest.mark.parametrize("told", FORBIDDEN)
def test_what_the_profile_forbids_is_found(told: str) -> None:
    (*where, last), value = FORBIDDEN[told]
    pod = deepcopy(GOOD)
    part: Any = pod
    for step in where:
        part = part[step] if isinstance(step, int) else part.setdefault(step, {})
    part[last] = value
    assert any(one.startswith(told) for one in violations(pod))


def test_an_annotation_cannot_take_apparmor_away() -> None:
    name = "container.apparmor.security.beta.kubernetes.io/takt"
    assert violations(GOOD, {name: "unconfined"}) == ["AppArmor is unconfined"]
    assert violations(GOOD, {name: "runtime/default"}) == []
