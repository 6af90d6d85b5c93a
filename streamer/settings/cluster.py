"""How workers are spread over many machines."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from streamer.settings.values import Section, Workers


class ClusterSection(Section):
    """Of `takt run --cluster`; without it none of this counts."""

    silent_s: Annotated[float, Field(ge=2, le=600)] = Field(
        10.0,
        description="seconds without a word of a worker until its streams run elsewhere; it falls silent a bit before",
    )
    per_node: Workers = Field("auto", description="workers of a machine; auto: one for every four of its CPUs")
    gpus_each: float = Field(0.0, ge=0, le=8, description="share of a GPU that each worker has for itself; 0: none")
    require_token: bool = Field(True, description="whether a cluster that lets everybody in is refused")
