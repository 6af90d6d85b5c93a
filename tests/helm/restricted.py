"""The profile `restricted` of the Pod Security Standards, with all of `baseline`, for Linux pods, control by control.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}  # fmt: skip
SELINUX = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
Spec = dict[str, Any]


def violations(pod: Spec, annotations: dict[str, str] | None = None) -> list[str]:
    """What the profile does not allow in the spec of a pod; nothing where it may run."""
    found = [*_of_the_pod(pod, annotations or {})]
    for kind in CONTAINERS:
        for container in pod.get(kind) or []:
            found += [f"{container['name']}: {one}" for one in _of_a_container(container, pod)]
    return found


def _of_the_pod(pod: Spec, annotations: dict[str, str]) -> Iterator[str]:
    security = pod.get("securityContext") or {}
    yield from (f"{name} is on" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name))
    for volume in pod.get("volumes") or []:
        if set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is of a kind that is not allowed"
    for sysctl in security.get("sysctls") or []:
        if sysctl["name"] not in SAFE_SYSCTLS:
            yield f"sysctl {sysctl['name']} is not safe"
    for name, value in annotations.items():
        ours = name.startswith("container.apparmor.security.beta.kubernetes.io/")
        if ours and value not in ("", "runtime/default") and not value.startswith("localhost/"):
            yield f"AppArmor is {value}"
    yield from _of_both(security)
    if security.get("runAsUser") == 0:
        yield "runs as root"


def _of_both(security: Spec) -> Iterator[str]:
    """Of what pods and containers have alike."""
    if (security.get("windowsOptions") or {}).get("hostProcess"):
        yield "is a host process"
    linux = security.get("seLinuxOptions") or {}
    if linux.get("type") not in SELINUX or linux.get("user") or linux.get("role"):
        yield "SELinux has a user, a role or a type of its own"
    if (security.get("appArmorProfile") or {}).get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost"):
        yield "AppArmor is unconfined"
    if (security.get("seccompProfile") or {}).get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost"):
        yield "seccomp is unconfined"


def _of_a_container(container: Spec, pod: Spec) -> Iterator[str]:
    own, shared = container.get("securityContext") or {}, pod.get("securityContext") or {}
    yield from _of_both(own)
    if own.get("privileged"):
        yield "is privileged"
    if own.get("procMount") not in (None, "Default"):
        yield "sees /proc unmasked"
    if any(port.get("hostPort") for port in container.get("ports") or []):
        yield "has a port of the host"
    if any(_hosts(container)):
        yield "a probe or a hook names a host"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if not own.get("runAsNonRoot", shared.get("runAsNonRoot")):
        yield "runAsNonRoot is not true"
    if own.get("runAsUser") == 0:
        yield "runs as root"
    if "type" not in (own.get("seccompProfile") or shared.get("seccompProfile") or {}):
        yield "seccomp is not said"
    yield from _of_rights(own.get("capabilities") or {})


def _of_rights(rights: Spec) -> Iterator[str]:
    if "ALL" not in (rights.get("drop") or []):
        yield "does not drop ALL capabilities"
    if set(rights.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield "adds a capability"


def _hosts(container: Spec) -> Iterator[str]:
    handlers = [container.get(name) for name in PROBES] + list((container.get("lifecycle") or {}).values())
    for handler in filter(None, handlers):
        yield from filter(None, ((handler.get(way) or {}).get("host") for way in ("httpGet", "tcpSocket")))
