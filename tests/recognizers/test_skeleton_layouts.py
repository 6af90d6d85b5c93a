"""Laws of skeleton layouts and of what networks look at: mirrors undo themselves, bodies are compared, not places."""

from __future__ import annotations

import math

import pytest
import torch

from recognizers.nn.modalities import MODALITIES, modality, standardised
from recognizers.nn.skeletons import COCO_17, KINECT_20, LAYOUTS, MEDIAPIPE_33, Layout, described, places_of
from tests.recognizers.skeletons import people, tiny


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_mirrored_twice_is_as_before(layout: Layout) -> None:
    swap = layout.mirrored
    assert [swap[swap[joint]] for joint in range(len(swap))] == list(range(len(layout.joints)))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_left_and_right_change_places_and_nothing_else(layout: Layout) -> None:
    sides = {"l": "r", "r": "l"}
    for joint, other in zip(layout.joints, layout.mirrored, strict=True):
        side, _, name = joint.partition("_")
        assert layout.joints[other] == (f"{sides[side]}_{name}" if side in sides else joint)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_mirrored_bone_is_a_bone(layout: Layout) -> None:
    bones = {frozenset(bone) for bone in layout.bones}
    assert {frozenset(layout.mirrored[joint] for joint in bone) for bone in bones} == bones
    assert len(bones) == len(layout.bones)


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "fingertip"])
def test_bones_reach_every_joint(name: str) -> None:
    layout = LAYOUTS[name]
    assert {joint for bone in layout.bones for joint in bone} == set(range(len(layout.joints)))


def test_the_number_of_joints_is_in_the_name() -> None:
    counted = {name: len(layout.joints) for name, layout in LAYOUTS.items() if name != "fingertip"}
    assert all(name.endswith(f"{count}") for name, count in counted.items())


def test_a_bone_of_no_joint_is_refused() -> None:
    with pytest.raises(ValueError):
        described("hip head", bones="hip-neck")


def test_every_joint_of_coco_is_among_mediapipes() -> None:
    places = places_of("coco17", "mediapipe33")
    assert places is not None
    assert [MEDIAPIPE_33.joints[place] for place in places] == list(COCO_17.joints)


def test_a_layout_that_lacks_a_joint_is_no_source_of_it() -> None:
    assert places_of("mediapipe33", "coco17") is None
    assert places_of("kinect20", "mediapipe33") is None
    assert places_of("hands21", "hands21") == tuple(range(21))


@pytest.mark.parametrize("name", MODALITIES)
def test_where_how_large_and_which_way_makes_no_difference(name: str) -> None:
    one = people(tiny(layout="kinect20", coordinates=3))[..., 0]
    angle = torch.tensor(0.7)
    turn = torch.tensor([[angle.cos(), 0, angle.sin()], [0, 1, 0], [-angle.sin(), 0, angle.cos()]])
    other = one.clone()
    other[:, :3] = 2.5 * torch.einsum("dc,nctj->ndtj", turn, one[:, :3]) + torch.tensor([1.0, -2, 3])[:, None, None]

    seen, again = (modality(name, standardised(each, KINECT_20), KINECT_20) for each in (one, other))

    torch.testing.assert_close(seen, again, atol=1e-4, rtol=1e-4)


def test_bodies_face_the_camera() -> None:
    standard = standardised(people(tiny(layout="kinect20", coordinates=3))[..., 0], KINECT_20)
    ways = torch.stack([standard[:, :3, :, end] - standard[:, :3, :, start] for start, end in KINECT_20.across])
    across = ways.mean(dim=(0, 3))
    assert (across[:, 0] > 0).all()
    torch.testing.assert_close(across[:, 2], torch.zeros(len(across)), atol=1e-5, rtol=0)


def test_a_pixel_track_keeps_its_size() -> None:
    """How far a fingertip moves tells standing still from moving."""
    track = people(tiny(layout="fingertip"))[..., 0]
    larger = torch.cat((track[:, :2] * 2, track[:, 2:]), dim=1)
    one, other = (modality("motion", standardised(each, LAYOUTS["fingertip"]), LAYOUTS["fingertip"])[:, :2]
                  for each in (track, larger))  # fmt: skip
    torch.testing.assert_close(one * 2, other)


def test_motion_is_the_way_from_the_frame_before() -> None:
    track = torch.tensor([[[[0.0], [1.0], [4.0]], [[0.0], [0.0], [2.0]], [[1.0], [1.0], [1.0]]]])
    moved = modality("motion", track, LAYOUTS["fingertip"])
    assert moved[0, :, :, 0].tolist() == [[0, 1, 3], [0, 0, 2], [0, 1, 1]]


def test_an_unseen_joint_moves_nothing_and_is_no_number() -> None:
    one = people(tiny(layout="kinect20", coordinates=3))[..., 0]
    one[:, 3, 2, 7] = 0
    other = one.clone()
    other[:, :3, 2, 7] = 1e3
    for name in MODALITIES:
        seen, again = (modality(name, standardised(each, KINECT_20), KINECT_20) for each in (one, other))
        torch.testing.assert_close(seen, again)
        assert math.isfinite(float(seen.abs().max()))
