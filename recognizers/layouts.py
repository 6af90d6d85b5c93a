"""How PySlowFast, PyTorchVideo and caffe2 call the parts of SlowFast and its relatives that we call otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

PATHWAYS = ("slow", "fast")
"""In their order: pathway 0 is slow, 1 is fast."""


class Names(NamedTuple):
    """One layer's names; none in a layout that does not have such networks."""

    ours: str
    pyslowfast: str | None
    pytorchvideo: str
    caffe2: str | None


WEIGHT_LAYOUTS = ("pyslowfast", "pytorchvideo", "caffe2")
_CAFFE2 = {"weight": "s", "bias": "b", "running_mean": "rm", "running_var": "riv"}
"""Of a batch norm."""


def slowfast_layers(depths: Sequence[int]) -> Iterator[Names]:
    """Every layer with weights of a SlowFast with so many blocks in each stage."""
    for p, pathway in enumerate(PATHWAYS):
        stem, t = (f"s1.pathway{p}_stem", f"blocks.0.multipathway_blocks.{p}"), "t_" * p
        yield Names(f"{pathway}_stem.conv", f"{stem[0]}.conv", f"{stem[1]}.conv", f"{t}conv1")
        yield Names(f"{pathway}_stem.norm", f"{stem[0]}.bn", f"{stem[1]}.norm", f"{t}res_conv1_bn")
    for stage, depth in enumerate(depths):
        fuse = (f"s{stage + 1}_fuse", f"blocks.{stage}.multipathway_fusion")
        before = f"t_res{stage + 1}_{depths[stage - 1] - 1}_branch2c_bn" if stage else "t_pool1"
        subsample = f"{before}_subsample"
        yield Names(f"laterals.{stage}.conv", f"{fuse[0]}.conv_f2s", f"{fuse[1]}.conv_fast_to_slow", subsample)
        yield Names(f"laterals.{stage}.norm", f"{fuse[0]}.bn", f"{fuse[1]}.norm", f"{subsample}_bn")
        for p, pathway in enumerate(PATHWAYS):
            for block in range(depth):
                yield from _block(
                    f"{pathway}_stages.{stage}.{block}",
                    f"s{stage + 2}.pathway{p}_res{block}",
                    f"blocks.{stage + 1}.multipathway_blocks.{p}.res_blocks.{block}",
                    f"{'t_' * p}res{stage + 2}_{block}",
                )
    yield Names("head", "head.projection", "blocks.6.proj", "pred")


def _block(ours: str, pyslowfast: str, pytorchvideo: str, caffe2: str) -> Iterator[Names]:
    # The projection of every block; only the first of each stage has one.
    theirs = (f"{pyslowfast}.branch1", f"{pytorchvideo}.branch1", f"{caffe2}_branch1")
    yield Names(f"{ours}.projection", theirs[0], f"{theirs[1]}_conv", theirs[2])
    yield Names(f"{ours}.projection_norm", f"{theirs[0]}_bn", f"{theirs[1]}_norm", f"{theirs[2]}_bn")
    theirs = (f"{pyslowfast}.branch2", f"{pytorchvideo}.branch2", f"{caffe2}_branch2")
    for one in "abc":
        yield Names(f"{ours}.conv_{one}", f"{theirs[0]}.{one}", f"{theirs[1]}.conv_{one}", f"{theirs[2]}{one}")
        yield Names(f"{ours}.norm_{one}", f"{theirs[0]}.{one}_bn", f"{theirs[1]}.norm_{one}", f"{theirs[2]}{one}_bn")


def resnet_layers(depths: Sequence[int], joined: bool) -> Iterator[Names]:
    """Of a network of one pathway; with `joined` PyTorchVideo counts what joins pictures as a block."""
    yield Names("stem.conv", "s1.pathway0_stem.conv", "blocks.0.conv", "conv1")
    yield Names("stem.norm", "s1.pathway0_stem.bn", "blocks.0.norm", "res_conv1_bn")
    for stage, depth in enumerate(depths):
        place = stage + 1 + (joined and stage > 0)
        for block in range(depth):
            yield from _block(
                f"stages.{stage}.{block}",
                f"s{stage + 2}.pathway0_res{block}",
                f"blocks.{place}.res_blocks.{block}",
                f"res{stage + 2}_{block}",
            )
    yield Names("head", "head.projection", f"blocks.{5 + joined}.proj", "pred")


def x3d_layers(depths: Sequence[int]) -> Iterator[Names]:
    """Of an X3D, as PyTorchVideo calls them; PySlowFast's have a norm more and are other networks."""

    def names(ours: str, pytorchvideo: str) -> Names:
        return Names(ours, None, pytorchvideo, None)

    # Their `conv_t` is the one in space.
    yield names("stem_space", "blocks.0.conv.conv_t")
    yield names("stem_time", "blocks.0.conv.conv_xy")
    yield names("stem_norm", "blocks.0.norm")
    for stage, depth in enumerate(depths):
        for block in range(depth):
            ours, theirs = f"stages.{stage}.{block}", f"blocks.{stage + 1}.res_blocks.{block}"
            yield names(f"{ours}.projection", f"{theirs}.branch1_conv")
            yield names(f"{ours}.projection_norm", f"{theirs}.branch1_norm")
            for one in ("conv_a", "norm_a", "conv_b", "conv_c", "norm_c"):
                yield names(f"{ours}.{one}", f"{theirs}.branch2.{one}")
            yield names(f"{ours}.norm_b", f"{theirs}.branch2.norm_b.0")
            yield names(f"{ours}.excitation.squeeze", f"{theirs}.branch2.norm_b.1.block.0")
            yield names(f"{ours}.excitation.excite", f"{theirs}.branch2.norm_b.1.block.2")
    for ours, theirs in (("pre", "pool.pre_conv"), ("pre_norm", "pool.pre_norm"), ("post", "pool.post_conv")):
        yield names(ours, f"blocks.5.{theirs}")
    yield names("head", "blocks.5.proj")


def layouts_of(layers: Iterable[Names]) -> tuple[str, ...]:
    """Those of `WEIGHT_LAYOUTS` that have such networks."""
    names = tuple(layers)
    return tuple(layout for layout in WEIGHT_LAYOUTS if all(getattr(one, layout) is not None for one in names))


def renamed(keys: Iterable[str], layers: Iterable[Names], layout: str) -> dict[str, str]:
    """The layout's name of each of our state's keys, in the keys' order: `{ours: theirs}`.

    caffe2 does not count the batches that its norms saw; such keys have no name in it.
    """
    theirs: Mapping[str, str] = {names.ours: getattr(names, layout) for names in layers}
    split = [(key, *key.rpartition(".")) for key in keys]
    if layout != "caffe2":
        return {key: f"{theirs[layer]}.{parameter}" for key, layer, _, parameter in split}
    return {
        key: f"{theirs[layer]}_{_CAFFE2[parameter] if theirs[layer].endswith('_bn') else parameter[0]}"
        for key, layer, _, parameter in split
        if parameter != "num_batches_tracked"
    }
