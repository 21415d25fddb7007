"""Second step of the search ``two_step``: size and angle, at the place that was found.

Size and angle are searched along two axes that cross in the present pose; each is chosen on its
own axis. Small patches are enough: the object and a few cells around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crt_plugin.algorithm.geometry import PatchGeometry
from crt_plugin.plus.pose import Pose


@dataclass(frozen=True)
class Axis:
    """Steps along one axis, ascending, including the one that changes nothing.

    Attributes:
        steps: factors of the size, or angles in radians.
        present: index of the step that changes nothing.
        penalty: fraction of its score that every other step loses.
    """

    steps: Sequence[float]
    present: int
    penalty: float = 0.0

    def choose(self, scores: Sequence[float], refine: bool) -> float:
        """Step with the highest score, the first of several.

        With ``refine``, the vertex of the parabola through it and its neighbours, if it has two.
        """
        penalised = [
            score * (1 - self.penalty * (index != self.present))
            for index, score in enumerate(scores)
        ]
        top = max(range(len(penalised)), key=lambda index: (penalised[index], -index))
        if not refine or not 0 < top < len(penalised) - 1:
            return self.steps[top]
        before, middle, after = penalised[top - 1 : top + 2]
        curvature = before - 2 * middle + after  # < 0: the first maximum exceeds the step before
        width = (self.steps[top + 1] - self.steps[top - 1]) / 2
        return self.steps[top] + width * (before - after) / (2 * curvature)


def list_poses(pose: Pose, sizes: Axis, angles: Axis) -> list[Pose]:
    """The poses to try: those along the sizes, then those along the angles.

    The present pose is among the first, and not repeated among the second.
    """
    rotated = [
        pose.rotate(step) for index, step in enumerate(angles.steps) if index != angles.present
    ]
    return [pose.scale(step) for step in sizes.steps] + rotated


def choose_pose(
    sizes: Axis, angles: Axis, scores: Sequence[float], refine: bool
) -> tuple[float, float]:
    """Factor of the size, and rotation in radians, from the scores of ``list_poses``."""
    of_sizes, of_angles = list(scores[: len(sizes.steps)]), list(scores[len(sizes.steps) :])
    of_angles.insert(angles.present, of_sizes[sizes.present])
    return sizes.choose(of_sizes, refine), angles.choose(of_angles, refine)


def shrink_patch(geometry: PatchGeometry, margin: int) -> PatchGeometry:
    """The same filter on a patch with ``margin`` cells around the object."""
    cells = geometry.filter_h + 2 * margin, geometry.filter_w + 2 * margin
    return replace(geometry, cells=cells)
