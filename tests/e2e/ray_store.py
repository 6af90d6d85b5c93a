"""Bytes that were ever put into an object store of a Ray cluster, the fullest: `python ray_store.py ADDRESS`."""

from __future__ import annotations

import sys


def main(address: str) -> None:
    import ray
    from ray._private.internal_api import get_memory_info_reply, get_state_from_address

    ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    state = get_state_from_address(ray.get_runtime_context().gcs_address)
    alive = [node for node in ray.nodes() if node["Alive"]]
    replies = [get_memory_info_reply(state, node["NodeManagerAddress"], node["NodeManagerPort"]) for node in alive]
    print(max(reply.store_stats.cumulative_created_bytes for reply in replies))


if __name__ == "__main__":
    main(sys.argv[1])
