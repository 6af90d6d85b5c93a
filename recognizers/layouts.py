"""How PySlowFast and PyTorchVideo call the parts of a SlowFast network that we call otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

PATHWAYS = ("slow", "fast")
"""In their order: pathway 0 is slow, 1 is fast."""


class Names(NamedTuple):
    """One layer's three names."""

    ours: str
    pyslowfast: str
    pytorchvideo: str


LAYOUTS = ("pyslowfast", "pytorchvideo")


def layers(depths: Sequence[int]) -> Iterator[Names]:
    """Every layer with weights of a network with so many blocks in each stage."""
    for p, pathway in enumerate(PATHWAYS):
        stem = (f"s1.pathway{p}_stem", f"blocks.0.multipathway_blocks.{p}")
        yield Names(f"{pathway}_stem.conv", f"{stem[0]}.conv", f"{stem[1]}.conv")
        yield Names(f"{pathway}_stem.norm", f"{stem[0]}.bn", f"{stem[1]}.norm")
    for stage, depth in enumerate(depths):
        fuse = (f"s{stage + 1}_fuse", f"blocks.{stage}.multipathway_fusion")
        yield Names(f"laterals.{stage}.conv", f"{fuse[0]}.conv_f2s", f"{fuse[1]}.conv_fast_to_slow")
        yield Names(f"laterals.{stage}.norm", f"{fuse[0]}.bn", f"{fuse[1]}.norm")
        for p, pathway in enumerate(PATHWAYS):
            for block in range(depth):
                yield from _block(
                    f"{pathway}_stages.{stage}.{block}",
                    f"s{stage + 2}.pathway{p}_res{block}",
                    f"blocks.{stage + 1}.multipathway_blocks.{p}.res_blocks.{block}",
                )
    yield Names("head", "head.projection", "blocks.6.proj")


def _block(ours: str, pyslowfast: str, pytorchvideo: str) -> Iterator[Names]:
    # The projection of every block; only the first of each stage has one.
    yield Names(f"{ours}.projection", f"{pyslowfast}.branch1", f"{pytorchvideo}.branch1_conv")
    yield Names(f"{ours}.projection_norm", f"{pyslowfast}.branch1_bn", f"{pytorchvideo}.branch1_norm")
    for one in "abc":
        yield Names(f"{ours}.conv_{one}", f"{pyslowfast}.branch2.{one}", f"{pytorchvideo}.branch2.conv_{one}")
        yield Names(f"{ours}.norm_{one}", f"{pyslowfast}.branch2.{one}_bn", f"{pytorchvideo}.branch2.norm_{one}")


def renamed(keys: Iterable[str], depths: Sequence[int], layout: str) -> dict[str, str]:
    """The layout's name of each of our state's keys, in the keys' order: `{ours: theirs}`."""
    theirs: Mapping[str, str] = {names.ours: getattr(names, layout) for names in layers(depths)}
    split = [(key, *key.rpartition(".")) for key in keys]
    return {key: f"{theirs[layer]}.{parameter}" for key, layer, _, parameter in split}
