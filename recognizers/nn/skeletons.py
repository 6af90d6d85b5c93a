"""Skeleton layouts as data: which joints there are, what connects them, which are left and right of each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

Pair = tuple[int, int]


@runtime_checkable
class SkeletonSize(Protocol):
    """The numbers of a network that looks at skeletons: input `(N, coordinates + 1, frames, joints, persons)`."""

    @property
    def frames(self) -> int: ...

    @property
    def layout(self) -> str:
        """A key of `LAYOUTS`."""
        ...

    @property
    def coordinates(self) -> int:
        """2 (x, y) or 3 (x, y, z); whether the joint was seen comes after them."""
        ...

    @property
    def persons(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Layout:
    """The joints of a skeleton in the order in which an estimator or a data set gives them."""

    joints: tuple[str, ...]
    bones: tuple[Pair, ...]
    """From each joint towards the end of a limb."""
    pairs: tuple[Pair, ...]
    """Left and right; both change places when a skeleton is mirrored."""
    root: tuple[int, ...]
    """Positions count from the mean of these joints; where there are none, from the middle of the track."""
    trunk: tuple[Pair, ...]
    """Distances that hardly change as somebody moves; their mean is the unit of length. None: as it comes."""
    across: tuple[Pair, ...]
    """From one side of the body to the other; in three dimensions skeletons are turned until these lie along x."""

    @property
    def mirrored(self) -> tuple[int, ...]:
        """For each joint, the one that takes its place in a mirror."""
        partner = {**dict(self.pairs), **{right: left for left, right in self.pairs}}
        return tuple(partner.get(joint, joint) for joint in range(len(self.joints)))


def described(joints: str, *, bones: str = "", root: str = "", trunk: str = "", across: str = "") -> Layout:
    """A layout from words. Joints are parted by spaces, those that have a side begin with `l_` or `r_`; bones, trunk
    and across are `from-to`.

    Raises:
        ValueError: a joint is named that there is not.
    """
    names = tuple(joints.split())

    def places(links: str) -> tuple[Pair, ...]:
        parted = [link.split("-") for link in links.split()]
        return tuple((names.index(start), names.index(end)) for start, end in parted)

    return Layout(
        joints=names,
        bones=places(bones),
        pairs=tuple((n, names.index(f"r_{name[2:]}")) for n, name in enumerate(names) if name.startswith("l_")),
        root=tuple(names.index(name) for name in root.split()),
        trunk=places(trunk),
        across=places(across),
    )


_HANDED = "l_hip-r_hip l_shoulder-r_shoulder"
_SIDES = "l_shoulder-l_hip r_shoulder-r_hip"
_FINGERS = ("thumb", "index", "middle", "ring", "little")
_KINECT_BONES = (
    "hip-spine spine-neck neck-head neck-l_shoulder l_shoulder-l_elbow l_elbow-l_wrist l_wrist-l_hand "
    "neck-r_shoulder r_shoulder-r_elbow r_elbow-r_wrist r_wrist-r_hand hip-l_hip l_hip-l_knee l_knee-l_ankle "
    "l_ankle-l_foot hip-r_hip r_hip-r_knee r_knee-r_ankle r_ankle-r_foot"
)

COCO_17 = described(
    "nose l_eye r_eye l_ear r_ear l_shoulder r_shoulder l_elbow r_elbow l_wrist r_wrist l_hip r_hip l_knee r_knee "
    "l_ankle r_ankle",
    bones="nose-l_eye nose-r_eye l_eye-l_ear r_eye-r_ear l_shoulder-r_shoulder l_shoulder-l_elbow l_elbow-l_wrist "
    "r_shoulder-r_elbow r_elbow-r_wrist l_shoulder-l_hip r_shoulder-r_hip l_hip-r_hip l_hip-l_knee l_knee-l_ankle "
    "r_hip-r_knee r_knee-r_ankle",
    root="l_hip r_hip",
    trunk=_SIDES,
    across=_HANDED,
)
"""Microsoft COCO, as most two-dimensional estimators give it."""

MEDIAPIPE_33 = described(
    "nose l_eye_inner l_eye l_eye_outer r_eye_inner r_eye r_eye_outer l_ear r_ear l_mouth r_mouth "
    "l_shoulder r_shoulder l_elbow r_elbow l_wrist r_wrist l_little r_little l_index r_index l_thumb r_thumb "
    "l_hip r_hip l_knee r_knee l_ankle r_ankle l_heel r_heel l_toes r_toes",
    bones="nose-l_eye_inner l_eye_inner-l_eye l_eye-l_eye_outer l_eye_outer-l_ear nose-r_eye_inner r_eye_inner-r_eye "
    "r_eye-r_eye_outer r_eye_outer-r_ear l_mouth-r_mouth l_shoulder-r_shoulder l_shoulder-l_elbow l_elbow-l_wrist "
    "l_wrist-l_little l_wrist-l_index l_wrist-l_thumb r_shoulder-r_elbow r_elbow-r_wrist r_wrist-r_little "
    "r_wrist-r_index r_wrist-r_thumb l_shoulder-l_hip r_shoulder-r_hip l_hip-r_hip l_hip-l_knee l_knee-l_ankle "
    "l_ankle-l_heel l_heel-l_toes r_hip-r_knee r_knee-r_ankle r_ankle-r_heel r_heel-r_toes",
    root="l_hip r_hip",
    trunk=_SIDES,
    across=_HANDED,
)
"""MediaPipe Pose (BlazePose)."""

HANDS_21 = described(
    "wrist " + " ".join(f"{finger}_{number}" for finger in _FINGERS for number in (1, 2, 3, 4)),
    bones=" ".join(
        f"wrist-{finger}_1 {finger}_1-{finger}_2 {finger}_2-{finger}_3 {finger}_3-{finger}_4" for finger in _FINGERS
    ),
    root="wrist",
    trunk="wrist-index_1 wrist-middle_1 wrist-ring_1 wrist-little_1",
    across="index_1-little_1",
)
"""MediaPipe Hands: one hand. Whose left or right it is, the layout does not say; a mirror changes no places."""

KINECT_20 = described(
    "hip spine neck head l_shoulder l_elbow l_wrist l_hand r_shoulder r_elbow r_wrist r_hand "
    "l_hip l_knee l_ankle l_foot r_hip r_knee r_ankle r_foot",
    bones=_KINECT_BONES,
    root="hip",
    trunk="hip-spine spine-neck",
    across=_HANDED,
)
"""Kinect v1 in the order of its SDK (UTKinect-Action3D)."""

MSR_20 = described(
    "l_shoulder r_shoulder neck spine l_hip r_hip hip l_elbow r_elbow l_wrist r_wrist l_hand r_hand l_knee r_knee "
    "l_ankle r_ankle l_foot r_foot head",
    bones=_KINECT_BONES,
    root="hip",
    trunk="hip-spine spine-neck",
    across=_HANDED,
)
"""Kinect v1 in the order of MSRAction3D."""

KINECT_25 = described(
    "hip spine neck head l_shoulder l_elbow l_wrist l_hand r_shoulder r_elbow r_wrist r_hand "
    "l_hip l_knee l_ankle l_foot r_hip r_knee r_ankle r_foot chest l_tip l_thumb r_tip r_thumb",
    bones="hip-spine spine-chest chest-neck neck-head chest-l_shoulder l_shoulder-l_elbow l_elbow-l_wrist "
    "l_wrist-l_hand l_hand-l_tip l_wrist-l_thumb chest-r_shoulder r_shoulder-r_elbow r_elbow-r_wrist r_wrist-r_hand "
    "r_hand-r_tip r_wrist-r_thumb hip-l_hip l_hip-l_knee l_knee-l_ankle l_ankle-l_foot hip-r_hip r_hip-r_knee "
    "r_knee-r_ankle r_ankle-r_foot",
    root="hip",
    trunk="hip-spine spine-chest",
    across=_HANDED,
)
"""Kinect v2 (NTU RGB+D)."""

JHMDB_15 = described(
    "neck belly face r_shoulder l_shoulder r_hip l_hip r_elbow l_elbow r_knee l_knee r_wrist l_wrist r_ankle l_ankle",
    bones="belly-neck neck-face neck-r_shoulder r_shoulder-r_elbow r_elbow-r_wrist neck-l_shoulder l_shoulder-l_elbow "
    "l_elbow-l_wrist belly-r_hip r_hip-r_knee r_knee-r_ankle belly-l_hip l_hip-l_knee l_knee-l_ankle",
    root="belly",
    trunk="neck-belly",
    across=_HANDED,
)
"""JHMDB's puppets."""

FINGERTIP = described("tip")
"""The way of one point. It has no size of its own: how far it moves counts as it comes."""

LAYOUTS: Mapping[str, Layout] = {
    "coco17": COCO_17,
    "mediapipe33": MEDIAPIPE_33,
    "hands21": HANDS_21,
    "kinect20": KINECT_20,
    "msr20": MSR_20,
    "kinect25": KINECT_25,
    "jhmdb15": JHMDB_15,
    "fingertip": FINGERTIP,
}
"""All that there are, by name."""


def places_of(wanted: str, given: str) -> tuple[int, ...] | None:
    """Where the joints of one layout are in another that has them all, by their names; `None` if it does not."""
    names = LAYOUTS[given].joints
    own = LAYOUTS[wanted].joints
    return tuple(names.index(name) for name in own) if set(own) <= set(names) else None
