"""SlowFast over an endless clip, push by push: nothing is looked at twice, and nothing is padded but the beginning.

The answer after each push is that of the plain network run over the whole stream at once, of whose last maps as many
pictures are averaged as a clip has. A causal network's window ends with the newest picture. Any other answers late, by
the pictures that its last maps look ahead, and needs no training of its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from recognizers.models.slowfast import SlowFast
from recognizers.nn.pictureconv import Layers, constant
from recognizers.nn.resnet3d import Block, Lateral, Stage, back, each, window_mean
from recognizers.nn.state import StreamState
from recognizers.nn.streaming import Past, Reach, StreamBlock, StreamConv, side_by_side
from recognizers.runtimes.folding import folded


class StreamSlowFast(nn.Module):
    """A trained SlowFast with state in and state out; batch norms are folded into its convolutions."""

    def __init__(self, network: SlowFast, mean: Sequence[float], std: Sequence[float], layers: Layers) -> None:
        super().__init__()
        network = network.eval()
        self.size, self.layers = network.size, layers
        self.mean = constant(torch.tensor(mean).mul(255)[:, None, None])
        self.scale = constant(torch.tensor(std).mul(255).reciprocal()[:, None, None])
        self.slow_stem = _streamed(network.slow_stem.conv, network.slow_stem.norm, layers)
        self.fast_stem = _streamed(network.fast_stem.conv, network.fast_stem.norm, layers)
        laterals = each(network.laterals, Lateral)
        self.laterals = nn.ModuleList(_streamed(one.conv, one.norm, layers) for one in laterals)
        self.slow_stages = nn.ModuleList(_stage(one, layers) for one in each(network.slow_stages, Stage))
        self.fast_stages = nn.ModuleList(_stage(one, layers) for one in each(network.fast_stages, Stage))
        self.head = network.head
        self._late = self._lateness()
        self.late = max(self._late)
        """Pictures by which an answer's window ends before the newest."""

    def push(self, pictures: Tensor, state: StreamState | None) -> tuple[Tensor, StreamState]:
        """The next pictures of N streams, `(N, T, 3, H, W)` uint8 → `(N, classes)` logits, and what comes after.

        Streams of a batch are equally far into a slow picture. Until `warm`, logits mean nothing.
        """
        seen = (0,) * len(pictures) if state is None else state.seen
        phase, before = (0, None) if state is None else (self.phase(state), state.buffers)
        logits, left = self(pictures, phase, before)
        return logits, StreamState(tuple(one + pictures.shape[1] for one in seen), left)

    def phase(self, state: StreamState) -> int:
        """Pictures since the last slow one, that one too; 0 if the next is slow."""
        return state.seen[0] % self.size.alpha

    def place(self, state: StreamState | None) -> Hashable:
        """Where a stream stands: those at the same place can be pushed as a batch."""
        return None if state is None else (self.phase(state), state.shapes)

    def warm(self, state: StreamState) -> bool:
        """Whether a whole window has been seen; of one stream."""
        return state.seen[0] >= self.size.frames + self.late

    def forward(
        self, pictures: Tensor, phase: int, before: Sequence[Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See `push` and `phase`; `before`: what was left in the state's buffers."""
        alpha, past = self.size.alpha, Past(before)
        # As `transforms.normalised`, without writing in place, which OpenVINO cannot follow here.
        clips = ((pictures.float() - self.mean) * self.scale).transpose(1, 2)
        fast = clips if self.size.fast_colours == 3 else clips.mean(dim=1, keepdim=True)
        slow = self._stem(self.slow_stem, clips[:, :, -phase % alpha :: alpha], past)
        fast = self._stem(self.fast_stem, fast, past)
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow_stages, self.fast_stages, strict=True):
            slow = side_by_side(slow, self.layers.relu(lateral(fast, past)[0]), past)
            for block in cast(nn.ModuleList, slow_stage):
                slow = block(slow, past)
            for block in cast(nn.ModuleList, fast_stage):
                fast = block(fast, past)
        now, frames, late_fast, late_slow = phase + pictures.shape[1], self.size.frames, *self._late
        pooled = (
            _window(
                slow,
                past,
                frames // alpha,
                spare=_ceil(self.late - late_slow, alpha),
                newer=_ceil(now - late_slow, alpha) - _ceil(now - self.late, alpha),
            ),
            _window(fast, past, frames, spare=self.late - late_fast, newer=self.late - late_fast),
        )
        return self.head(torch.cat(pooled, dim=1)), tuple(past.left)

    def _stem(self, stem: nn.Module, clips: Tensor, past: Past) -> Tensor:
        # ReLU after the maximum gives the same with a quarter of the work.
        return self.layers.relu(self.layers.pool(stem(clips, past)[0]))

    def _lateness(self) -> tuple[int, int]:
        """By how many pictures the last maps of fast and slow pathway come later than the pictures they belong to."""
        alpha = self.size.alpha
        fast, slow = _ahead([self.fast_stem]), alpha * _ahead([self.slow_stem])
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow_stages, self.fast_stages, strict=True):
            slow = max(slow, fast + _ahead([lateral])) + alpha * _ahead(
                block.a for block in each(slow_stage, StreamBlock)
            )
            fast += _ahead(block.a for block in each(fast_stage, StreamBlock))
        return fast, slow


def _window(x: Tensor, past: Past, count: int, spare: int, newer: int) -> Tensor:
    """The mean of the maps of `count` pictures, `(N, C, T, H, W)` → `(N, C)`: the last but `newer` of them. At most
    `spare` are newer."""
    n, channels, due = x.shape[:3]
    said = x.new_empty(n, channels, 0)
    if due:
        said = window_mean(x.transpose(1, 2).flatten(0, 1)).view(n, due, channels).transpose(1, 2)
    kept = past.then(said, count + spare)[:, :, -(count + spare) :]
    past.leave(kept)
    return kept[:, :, spare - newer : spare - newer + count].mean(dim=2)


def _streamed(conv: nn.Conv3d, norm: nn.BatchNorm3d, layers: Layers) -> StreamConv:
    return StreamConv(_whole(conv, norm, layers), Reach(conv.kernel_size[0], back(conv), conv.stride[0]))


def _whole(conv: nn.Conv3d, norm: nn.BatchNorm3d, layers: Layers) -> nn.Module:
    return layers.conv(*folded(conv, norm), conv.stride[0], conv.stride[1], conv.dilation[1])


def _stage(stage: Stage, layers: Layers) -> nn.ModuleList:
    return nn.ModuleList(_block(block, layers) for block in each(stage, Block))


def _block(block: Block, layers: Layers) -> StreamBlock:
    projection = None
    if block.projection is not None and block.projection_norm is not None:
        projection = _whole(block.projection, block.projection_norm, layers)
    b, c = _whole(block.conv_b, block.norm_b, layers), _whole(block.conv_c, block.norm_c, layers)
    return StreamBlock(_streamed(block.conv_a, block.norm_a, layers), b, c, projection, layers)


def _ahead(convs: Iterable[nn.Module]) -> int:
    return sum(cast(StreamConv, conv).reach.ahead for conv in convs)


def _ceil(number: int, divisor: int) -> int:
    return -(-number // divisor)
