"""The commands that the chart gives to the pods of a cluster, as they are, on two machines that let in what it lets in.

Machines are network namespaces of this one; what a NetworkPolicy allows is a rule of iptables.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e.films import film
from tests.e2e.networks import always_bright
from tests.e2e.takt import until
from tests.helm.chart import rendered, service_pod, the

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.full,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces"),
    pytest.mark.skipif(not (shutil.which("ip") and shutil.which("iptables")), reason="ip or iptables is missing"),
]
ROOT = Path(__file__).parents[2]
HEAD, MACHINE = "10.77.0.1", "10.77.0.2"
SERVICE = "import sys; from streamer.cli import main; raise SystemExit(main())"
ENDS_S = 60.0


class Pod:
    """A network namespace, and the container's command in it."""

    def __init__(self, space: str, address: str, component: str, token: Path) -> None:
        # Sockets have short paths.
        self.folder = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
        self.space, self.address, self._token = space, address, token
        self._container = service_pod(rendered("cluster"), component)["containers"][0]
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, *words: str, check: bool = True) -> str:
        command = ["ip", "netns", "exec", self.space, *words]
        return subprocess.run(command, check=check, capture_output=True, text=True, timeout=30).stdout

    def reaches(self, address: str, port: int) -> bool:
        script = f"import socket; socket.create_connection(('{address}', {port}), 2)"
        command = ["ip", "netns", "exec", self.space, sys.executable, "-c", script]
        return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0

    def lets_in(self, ports: list[tuple[int, int]]) -> None:
        self.run("iptables", "-A", "INPUT", "-i", "lo", "-j", "ACCEPT")
        self.run("iptables", "-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
        for first, last in ports:
            self.run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", f"{first}:{last}", "-j", "ACCEPT")
        self.run("iptables", "-A", "INPUT", "-j", "REJECT")

    def begin(self, name: str, changes: dict[str, str]) -> None:
        text = self._container["args"][0]
        for before, after in changes.items():
            text = text.replace(before, after)
        said = {one["name"]: one["value"] for one in self._container["env"] if "value" in one}
        environment = os.environ | said | {
            "POD_NAME": name, "POD_IP": self.address, "RAY_TMPDIR": str(self.folder), "PYTHONPATH": str(ROOT),
            "RAY_AUTH_TOKEN_PATH": str(self._token), "TAKT_NODE_DATA_DIR": str(self.folder / "data"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }  # fmt: skip
        (self.folder / "data").mkdir()
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", self.space, "sh", "-ec", text],
                env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def end(self) -> None:
        """Whatever runs there ends; first what was begun, in order."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        pids = subprocess.run(["ip", "netns", "pids", self.space], capture_output=True, text=True, check=False).stdout
        for pid in pids.split():
            os.kill(int(pid), signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def spaces(*names: str) -> Iterator[None]:
    """Network namespaces, the first two of which are joined by a cable."""
    with ExitStack() as stack:
        for name in names:
            subprocess.run(["ip", "netns", "add", name], check=True)
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
        first, second = names
        cable = ["ip", "link", "add", "c0", "netns", first, "type", "veth", "peer", "name", "c0", "netns", second]
        subprocess.run(cable, check=True)
        for name, address in ((first, HEAD), (second, MACHINE)):
            for words in ("addr add IP/24 dev c0", "link set c0 up", "link set lo up"):
                subprocess.run(["ip", "-n", name, *words.replace("IP", address).split()], check=True)
        yield


async def test_what_the_chart_runs_is_a_cluster_behind_its_network_policy(tmp_path: Path) -> None:
    net, clip = always_bright(tmp_path / "net"), film(tmp_path, 5, seconds=120)
    source = {"kind": "file", "path": str(clip), "pace": "live"}
    watch = {"id": "b", "recognizer": "constant"}
    config = {
        "data_dir": str(tmp_path / "kept"), "http": {"host": "0.0.0.0", "port": 9464},
        "recognizers": {"constant": {"checkpoint": str(net)}},
        "streams": [{"id": name, "source": source, "watches": [watch]} for name in "ab"],
    }  # fmt: skip
    (tmp_path / "takt.yaml").write_text(json.dumps(config))
    (tmp_path / "token").write_text(secrets.token_hex(32))
    rules = the("NetworkPolicy", rendered("cluster"))["spec"]["ingress"]
    ports = [(port["port"], port["endPort"]) for rule in rules for port in rule["ports"] if "endPort" in port]
    tag = secrets.token_hex(3)
    with spaces(f"h{tag}", f"w{tag}"), ExitStack() as stack:
        head = Pod(f"h{tag}", HEAD, "service", tmp_path / "token")
        machine = Pod(f"w{tag}", MACHINE, "worker", tmp_path / "token")
        for pod in (head, machine):
            pod.lets_in(ports)
            stack.callback(pod.end)
        head.begin("cell-taktstream-0", {
            "exec takt run /etc/takt/takt.yaml": f"exec {sys.executable} -c '{SERVICE}' run {tmp_path / 'takt.yaml'}",
        })  # fmt: skip
        await until(lambda: machine.reaches(HEAD, 6379), 90)
        machine.begin("cell-taktstream-workers-0", {
            "cell-taktstream-0.cell-taktstream-pods": HEAD,
            "--num-gpus=1": "--num-gpus=0",
            "--num-cpus=8": "--num-cpus=4",
        })  # fmt: skip

        def live() -> bool:
            told = head.run("curl", "-s", "-m", "5", "http://127.0.0.1:9464/metrics", check=False)
            lines = [one for one in told.splitlines() if 'state="live"' in one and one.endswith(" 1.0")]
            return len(lines) == 2 and all('worker="cell-taktstream-workers-0-0"' in one for one in lines)

        await until(live, 240)
        assert head.run("curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "http://127.0.0.1:9464/readyz") == "200"
        assert not machine.reaches(HEAD, 9464)  # which the policy lets nobody of the cluster ask
