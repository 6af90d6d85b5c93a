"""A Ray cluster on this machine: `python ray_cluster.py FOLDER`.

Prints `ready ADDRESS`, then for each line of JSON on standard input, `{"name": …, "cpus": …, "data_dir": …}`, begins a
node and prints `ready RAYLET`, its raylet's process.

Ends with standard input.
"""

from __future__ import annotations

import json
import os
import sys


def main(folder: str) -> None:
    from ray.cluster_utils import Cluster

    os.makedirs(f"{folder}/ray", exist_ok=True)
    cluster = Cluster()
    cluster.add_node(num_cpus=0, node_name="head", include_dashboard=False)
    print("ready", cluster.address, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        os.environ["TAKT_NODE_DATA_DIR"] = asked["data_dir"]
        node = cluster.add_node(num_cpus=asked["cpus"], node_name=asked["name"])
        raylet = node.all_processes["raylet"][0].process.pid
        print("ready", raylet, flush=True)
    for node in cluster.list_all_nodes():
        node.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)


if __name__ == "__main__":
    main(sys.argv[1])
