"""A stream's answers are those of the plain network run over the whole video at once, however it arrives.

The oracle: the maps of the plain network's last stages over all pictures; a window's logits are the head's, of the mean
over its T fast and T / alpha slow pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from recognizers.models.slowfast import SlowFast, SlowFastSize, slowfast_r50_4x16, slowfast_r50_8x8
from recognizers.nn.pictureconv import BY_PICTURE, PLAIN, Layers
from recognizers.nn.resnet3d import window_mean
from recognizers.nn.state import StreamState, stack
from recognizers.runtimes.pushes import CompiledPushes, Pusher, recurring
from recognizers.runtimes.streamed import StreamSlowFast
from recognizers.transforms import normalised
from tests.recognizers.networks import TINY, random_slowfast

MEAN, STD = (0.45, 0.4, 0.35), (0.225, 0.25, 0.275)
LENGTH, SIDE = 70, 33
"""Pictures of the video, no multiple of any alpha; and a side that no stride divides."""
ALPHA_4 = replace(TINY, frames=16, alpha=4, fusion_kernel=7)
ALPHA_8 = replace(TINY, frames=16, alpha=8, fusion_kernel=5)
SIZES = {
    "alpha 4": ALPHA_4,
    "alpha 8": ALPHA_8,
    "alpha 4, causal": replace(ALPHA_4, causal=True),
    "alpha 8, causal": replace(ALPHA_8, causal=True),
    "four channels, causal": replace(ALPHA_4, width=16, causal=True),
    "grey, causal": replace(ALPHA_4, causal=True, fast_colours=1),
    "dilated": replace(ALPHA_4, dilated=True),
    "every picture slow": replace(TINY, frames=4, alpha=1, fusion_kernel=1),
    "fast later than slow": replace(TINY, slow_kernels=(1, 1, 1, 1), fast_kernels=(1, 3, 3, 7)),
    "wide stems": replace(TINY, slow_stem_kernel=3, fast_stem_kernel=7, fast_colours=1),
    "wide stems, causal": replace(TINY, slow_stem_kernel=3, fast_stem_kernel=1, causal=True),
}
PUSHES = [(1,), (2,), (3,), (4,), (8,), (16,), (5, 1, 16, 2, 3, 8)]


@cache
def video(seed: int = 0) -> Tensor:
    """`(1, LENGTH, 3, SIDE, SIDE)` uint8."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (1, LENGTH, 3, SIDE, SIDE), dtype=torch.uint8, generator=generator)


@cache
def network_of(size: SlowFastSize) -> SlowFast:
    return random_slowfast(size)


@cache
@torch.inference_mode()
def pooled(size: SlowFastSize, seed: int = 0) -> tuple[Tensor, Tensor]:
    """`(1, C, LENGTH / alpha)` and `(1, C, LENGTH)`: every picture's share of what the head looks at."""
    network, clips = network_of(size), normalised(video(seed), MEAN, STD)
    slow, fast = network.stems(clips)
    for lateral, slow_stage, fast_stage in zip(network.laterals, network.slow_stages, network.fast_stages, strict=True):
        slow, fast = slow_stage(torch.cat((slow, lateral(fast)), dim=1)), fast_stage(fast)
    return tuple(torch.stack([window_mean(x[:, :, t]) for t in range(x.shape[2])], dim=2) for x in (slow, fast))


@torch.inference_mode()
def wanted(size: SlowFastSize, end: int, seed: int = 0) -> Tensor:
    """Logits of the window that ends before picture `end`."""
    slow, fast = pooled(size, seed)
    slow_end, slow_frames = -(-end // size.alpha), size.frames // size.alpha
    means = slow[:, :, slow_end - slow_frames : slow_end].mean(2), fast[:, :, end - size.frames : end].mean(2)
    return network_of(size).head(torch.cat(means, dim=1))


def streamed(size: SlowFastSize, layers: Layers = BY_PICTURE) -> StreamSlowFast:
    return StreamSlowFast(network_of(size), MEAN, STD, layers).eval()


@torch.inference_mode()
def pushed(
    pusher: Pusher, pushes: Sequence[int], seed: int = 0, state: StreamState | None = None
) -> Iterator[tuple[Tensor, StreamState]]:
    """What is said after each push of the video, from its beginning or from where a state stands."""
    seen = 0 if state is None else state.seen[0]
    for many in cycle(pushes):
        if seen >= LENGTH:
            return
        logits, state = pusher.push(video(seed)[:, seen : seen + many], state)
        seen = state.seen[0]
        yield logits, state


def assert_same(logits: Tensor, oracle: Tensor) -> None:
    assert (logits - oracle).abs().max() < 1e-4 * oracle.abs().max().clamp(min=1)


@pytest.mark.parametrize("layers", [BY_PICTURE, PLAIN], ids=["by picture", "plain"])
@pytest.mark.parametrize("pushes", PUSHES, ids=str)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_every_push_is_answered_as_by_the_whole_video(
    size: SlowFastSize, pushes: tuple[int, ...], layers: Layers
) -> None:
    stream, answered = streamed(size, layers), 0
    for logits, state in pushed(stream, pushes):
        assert stream.warm(state) == (state.seen[0] - stream.late >= size.frames)
        if stream.warm(state):
            assert_same(logits, wanted(size, state.seen[0] - stream.late))
            answered += 1
    assert answered >= (LENGTH - size.frames - stream.late) // max(pushes)
    assert stream.late == 0 or not size.causal


@pytest.mark.parametrize(
    ("name", "pushes"),
    [
        ("alpha 4", (6,)),
        ("alpha 8", (8,)),
        ("alpha 4, causal", (2,)),
        ("alpha 8, causal", (4,)),
        ("grey, causal", (4,)),
        ("four channels, causal", (2,)),
        ("fast later than slow", (8,)),
    ],
)
def test_so_are_pushes_by_openvino(name: str, pushes: tuple[int]) -> None:
    size = SIZES[name]
    stream, traceable = streamed(size), streamed(size, PLAIN)
    with torch.inference_mode():
        compiled = CompiledPushes(stream, traceable, video()[:, : pushes[0]], threads=1)
    for logits, state in pushed(compiled, pushes):
        if stream.warm(state):
            assert_same(logits, wanted(size, state.seen[0] - stream.late))


@pytest.mark.parametrize(("push", "places"), [(4, 1), (8, 1), (2, 2), (1, 4)])
@torch.inference_mode()
def test_few_places_come_again_and_again(push: int, places: int) -> None:
    for name in ("alpha 4", "alpha 4, causal"):
        assert len(recurring(streamed(SIZES[name]), video()[:, :push])) == places


@torch.inference_mode()
def test_the_first_clip_of_a_causal_network_is_answered_as_the_network_does() -> None:
    size = SIZES["alpha 4, causal"]
    logits, _ = streamed(size).push(video()[:, : size.frames], None)
    assert_same(logits, network_of(size)(normalised(video()[:, : size.frames], MEAN, STD)))


@pytest.mark.parametrize(("size", "late"), [(slowfast_r50_8x8, 48), (slowfast_r50_4x16, 83)])
def test_published_networks_are_as_late_as_their_kernels_reach(size: object, late: int) -> None:
    """The kernels alone count, so thin networks tell as much."""
    published = size()  # type: ignore[operator]
    assert streamed(replace(published, width=8)).late == late
    assert streamed(replace(published, width=8, causal=True)).late == 0


@pytest.mark.parametrize("name", ["alpha 4", "alpha 8, causal"])
@torch.inference_mode()
def test_streams_of_a_batch_do_not_mix_and_can_be_put_together_and_taken_apart(name: str) -> None:
    """Two streams, the second a push later than the first: alone, together, alone again."""
    stream = streamed(SIZES[name])
    push, late = SIZES[name].alpha, SIZES[name].alpha
    alone = [[logits for logits, _ in pushed(stream, (push,), seed)] for seed in (1, 2)]
    states = [None, None]
    said: list[list[Tensor]] = [[], []]
    for turn in range(LENGTH // push - 1):
        shown = [video(1)[:, turn * push + late :][:, :push], video(2)[:, turn * push :][:, :push]]
        if turn == 0:
            _, states[0] = stream.push(video(1)[:, :late], None)
        if states[1] is not None and states[0].shapes == states[1].shapes and turn % 3:
            logits, both = stream.push(torch.cat(shown), stack(states))
            states, answers = both.split(), logits.split(1)
        else:
            answers, states = zip(*(stream.push(*one) for one in zip(shown, states, strict=True)), strict=True)
        for kept, answer in zip(said, answers, strict=True):
            kept.append(answer)

    for one, other in zip(said[0], alone[0][1:], strict=False):
        assert_same(one, other)
    for one, other in zip(said[1], alone[1], strict=False):
        assert_same(one, other)


@pytest.mark.parametrize("name", ["alpha 8", "alpha 4, causal"])
def test_a_state_can_be_moved_and_saved(name: str) -> None:
    stream = streamed(SIZES[name])
    whole = list(pushed(stream, (5,)))
    _, state = whole[8]

    saved = StreamState.of_tensors(load(save(state.tensors())))
    moved = saved.to("cpu")

    assert (moved.seen, moved.shapes, moved.nbytes) == (state.seen, state.shapes, state.nbytes)
    for (logits, _), (other, _) in zip(pushed(stream, (5,), state=moved), whole[9:], strict=True):
        assert torch.equal(logits, other)


def test_states_at_different_places_are_not_stacked() -> None:
    stream = streamed(SIZES["alpha 4"])
    (_, first), (_, second), *_ = pushed(stream, (3,))
    with pytest.raises(ValueError, match="equal shapes"):
        stack([first, second])


def test_a_push_leaves_the_state_before_it_as_it_was() -> None:
    stream = streamed(SIZES["alpha 4, causal"])
    (_, first), (logits, _), *_ = pushed(stream, (16,))
    with torch.inference_mode():
        again, _ = stream.push(video()[:, 16:32], first)
    assert torch.equal(logits, again)


def test_a_state_does_not_grow() -> None:
    sizes = [state.nbytes for _, state in pushed(streamed(SIZES["alpha 4"]), (4,))]
    assert len(set(sizes[-5:-1])) == 1
    assert "StreamState(seen=" in repr(next(iter(pushed(streamed(SIZES["alpha 4"]), (4,))))[1])
