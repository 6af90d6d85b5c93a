"""`takt run --cluster`: the supervisor of one machine, with workers on many."""

from __future__ import annotations

import asyncio

from streamer.clock import SystemClock
from streamer.cluster.machines import Cluster, Machines
from streamer.cluster.nodes import Sizes
from streamer.errors import ConfigError, OutboxUnavailable
from streamer.rereading import Written
from streamer.settings import Settings
from streamer.workers.crew import Crew
from streamer.workers.lease import lasts_s
from streamer.workers.pulse import Deadlines
from streamer.workers.supervisor import Show, supervise

NO_MACHINE = (
    "no machine of the cluster can have a worker: join one with CPUs (`ray start --address=… --num-cpus=…`), and where "
    "cluster.gpus_each is given, with GPUs"
)


def check_spread(settings: Settings) -> None:
    """Raises ConfigError: what of the configuration cannot be, or means something else, on many machines."""
    problems = []
    if not settings.data_dir.is_absolute():
        problems.append("data_dir: must be an absolute path where workers are on many machines; each has its own there")
    alone = {
        "evidence": settings.evidence.asks or any(one.evidence.asks for of in settings.streams for one in of.watches),
        "labels.folder": settings.labels.folder is not None,
        "streams": any(stream.source.kind == "whip" for stream in settings.streams),
    }
    what = {"streams": "a source of the kind whip needs one machine that browsers reach"}
    stays = "pictures stay on the machine that kept them, and nobody would find them; run without --cluster"
    problems += [f"{name}: {what.get(name, stays)}" for name in alone if alone[name]]
    if problems:
        raise ConfigError(problems)


async def supervise_cluster(
    settings: Settings, cluster: Cluster, stop: asyncio.Event, show: Show, written: Written
) -> None:
    """As `supervise`, with workers on the machines of a cluster.

    Raises:
        ConfigError: no machine can have a worker; nothing can listen there, a token cannot be read.
        OutboxUnavailable: as `supervise`.
    """
    section = settings.cluster
    sizes = Sizes(None if section.per_node == "auto" else section.per_node, section.gpus_each)
    try:
        async with Machines(cluster, sizes, lasts_s(section.silent_s), SystemClock()) as machines:
            slots, wrong = await machines.first()
            if not slots:
                raise ConfigError(wrong or [NO_MACHINE])
            words = f"{len(slots)} workers on {len({slot.node for slot in slots})} machines"
            deadlines = Deadlines(silent_s=section.silent_s)
            crew = Crew(words, slots, machines.begin, deadlines, machines.watch, all_needed=False)
            await supervise(settings, stop, show, written, crew)
    except* ConfigError as errors:
        found = [error for error in errors.exceptions if isinstance(error, ConfigError)]
        raise ConfigError([problem for error in found for problem in error.problems]) from None
    except* OutboxUnavailable as errors:
        raise OutboxUnavailable(str(errors.exceptions[0])) from None
