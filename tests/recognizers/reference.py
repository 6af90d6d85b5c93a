"""SlowFast written a second time, from the paper's table and PySlowFast's names, to compare ours with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

Shapes = dict[str, tuple[int, ...]]

PYTORCHVIDEO = (
    (r"s1\.pathway(\d)_stem\.conv", r"blocks.0.multipathway_blocks.\1.conv"),
    (r"s1\.pathway(\d)_stem\.bn", r"blocks.0.multipathway_blocks.\1.norm"),
    (r"s(\d)_fuse\.conv_f2s", lambda m: f"blocks.{int(m[1]) - 1}.multipathway_fusion.conv_fast_to_slow"),
    (r"s(\d)_fuse\.bn", lambda m: f"blocks.{int(m[1]) - 1}.multipathway_fusion.norm"),
    (
        r"s(\d)\.pathway(\d)_res(\d+)\.",
        lambda m: f"blocks.{int(m[1]) - 1}.multipathway_blocks.{m[2]}.res_blocks.{m[3]}.",
    ),
    (r"branch1_bn", r"branch1_norm"),
    (r"branch1\.", r"branch1_conv."),
    (r"branch2\.(\w)_bn", r"branch2.norm_\1"),
    (r"branch2\.(\w)\.", r"branch2.conv_\1."),
    (r"head\.projection", r"blocks.6.proj"),
)
"""Substitutions from PySlowFast's names."""


def pytorchvideo(name: str) -> str:
    for pattern, replacement in PYTORCHVIDEO:
        name = re.sub(pattern, replacement, name)
    return name


CAFFE2 = (
    (r"^s1\.pathway0_stem\.conv", "conv1"),
    (r"^s1\.pathway1_stem\.conv", "t_conv1"),
    (r"^s1\.pathway0_stem\.bn", "res_conv1_bn"),
    (r"^s1\.pathway1_stem\.bn", "t_res_conv1_bn"),
    (r"^s1_fuse\.conv_f2s", "t_pool1_subsample"),
    (r"^s1_fuse\.bn", "t_pool1_subsample_bn"),
    (r"^s(\d)\.pathway0_res(\d+)\.branch1", r"res\1_\2_branch1"),
    (r"^s(\d)\.pathway1_res(\d+)\.branch1", r"t_res\1_\2_branch1"),
    (r"^s(\d)\.pathway0_res(\d+)\.branch2\.", r"res\1_\2_branch2"),
    (r"^s(\d)\.pathway1_res(\d+)\.branch2\.", r"t_res\1_\2_branch2"),
    (r"^head\.projection", "pred"),
    (r"bn\.weight$", "bn_s"),
    (r"bn\.running_mean$", "bn_rm"),
    (r"bn\.running_var$", "bn_riv"),
    (r"\.weight$", "_w"),
    (r"\.bias$", "_b"),
)
"""Likewise; what joins the pathways behind a stage carries the number of its last block."""


def caffe2(name: str, depths: Sequence[int]) -> str:
    for stage, depth in enumerate(depths, start=2):
        name = name.replace(f"s{stage}_fuse.conv_f2s", f"t_res{stage}_{depth - 1}_branch2c_bn_subsample")
        name = name.replace(f"s{stage}_fuse.bn", f"t_res{stage}_{depth - 1}_branch2c_bn_subsample_bn")
    for pattern, replacement in CAFFE2:
        name = re.sub(pattern, replacement, name)
    return name


def shapes(width: int, beta_inv: int, depths: Sequence[int], fusion_kernel: int, classes: int) -> Shapes:
    """Every tensor of a PySlowFast checkpoint."""
    return dict(_shapes(width, beta_inv, depths, fusion_kernel, classes))


def _shapes(
    width: int, beta_inv: int, depths: Sequence[int], fusion_kernel: int, classes: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    stem, last = (width, width // beta_inv), []
    for p, taps in enumerate((1, 5)):
        yield f"s1.pathway{p}_stem.conv.weight", (stem[p], 3, taps, 7, 7)
        yield from _norm(f"s1.pathway{p}_stem.bn", stem[p])
    entering = list(stem)
    for stage, depth in enumerate(depths):
        fast = entering[1]
        yield f"s{stage + 1}_fuse.conv_f2s.weight", (2 * fast, fast, fusion_kernel, 1, 1)
        yield from _norm(f"s{stage + 1}_fuse.bn", 2 * fast)
        entering[0] += 2 * fast
        for p, taps in enumerate(((1, 1, 3, 3)[stage], 3)):
            inner = stem[p] * 2**stage
            for block in range(depth):
                yield from _block(f"s{stage + 2}.pathway{p}_res{block}", entering[p], inner, taps, block == 0)
                entering[p] = 4 * inner
        last = entering
    yield "head.projection.weight", (classes, sum(last))
    yield "head.projection.bias", (classes,)


def _block(name: str, entering: int, inner: int, taps: int, projected: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    layers = {
        "branch2.a": (inner, entering, taps, 1, 1),
        "branch2.b": (inner, inner, 1, 3, 3),
        "branch2.c": (4 * inner, inner, 1, 1, 1),
    }
    if projected:
        layers["branch1"] = (4 * inner, entering, 1, 1, 1)
    for layer, shape in layers.items():
        yield f"{name}.{layer}.weight", shape
        yield from _norm(f"{name}.{layer}_bn", shape[0])


def _norm(name: str, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for parameter in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{parameter}", (channels,)
    yield f"{name}.num_batches_tracked", ()


def logits(state: Mapping[str, Tensor], clips: Tensor, alpha: int, depths: Sequence[int]) -> Tensor:
    """`(N, 3, T, H, W)` → `(N, classes)`; the head looks at every 7×7 window and averages, as PyTorchVideo's does."""

    def layer(x: Tensor, conv: str, norm: str, stride: tuple[int, int, int] = (1, 1, 1)) -> Tensor:
        weight = state[f"{conv}.weight"]
        y = F.conv3d(x, weight, None, stride, [k // 2 for k in weight.shape[2:]])
        mean, var, gain, bias = (
            state[f"{norm}.{name}"].view(1, -1, 1, 1, 1) for name in ("running_mean", "running_var", "weight", "bias")
        )
        return (y - mean) / (var + 1e-5).sqrt() * gain + bias

    def block(x: Tensor, name: str, stride: int) -> Tensor:
        y = F.relu(layer(x, f"{name}.branch2.a", f"{name}.branch2.a_bn"))
        y = F.relu(layer(y, f"{name}.branch2.b", f"{name}.branch2.b_bn", (1, stride, stride)))
        y = layer(y, f"{name}.branch2.c", f"{name}.branch2.c_bn")
        if f"{name}.branch1.weight" in state:
            x = layer(x, f"{name}.branch1", f"{name}.branch1_bn", (1, stride, stride))
        return F.relu(x + y)

    paths = [clips[:, :, ::alpha], clips]
    for p in (0, 1):
        name = f"s1.pathway{p}_stem"
        x = F.relu(layer(paths[p], f"{name}.conv", f"{name}.bn", (1, 2, 2)))
        paths[p] = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    for stage, depth in enumerate(depths):
        fuse = f"s{stage + 1}_fuse"
        across = F.relu(layer(paths[1], f"{fuse}.conv_f2s", f"{fuse}.bn", (alpha, 1, 1)))
        paths[0] = torch.cat([paths[0], across], 1)
        for p in (0, 1):
            for number in range(depth):
                stride = 2 if stage > 0 and number == 0 else 1
                paths[p] = block(paths[p], f"s{stage + 2}.pathway{p}_res{number}", stride)
    window = [min(7, side) for side in paths[0].shape[3:]]
    windows = torch.cat([F.avg_pool3d(x, (x.shape[2], *window), stride=1) for x in paths], 1)
    each = F.linear(windows.movedim(1, -1), state["head.projection.weight"], state["head.projection.bias"])
    return each.mean((1, 2, 3))
