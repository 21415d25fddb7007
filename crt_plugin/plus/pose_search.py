"""Second step of the search ``two_step`` (ours): size and angle, at the place that was found.

Size and angle are searched along two axes that meet in the present pose; each is chosen by its
own axis. Small patches suffice: of the object and a few cells around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crt_plugin.algorithm.geometry import Pose
from crt_plugin.parameters import Parameters


@dataclass(frozen=True)
class Axis:
    """Steps along one axis, ascending; the one that changes nothing is among them.

    Attributes:
        steps: factors of the size, or angles in radians.
        present: index of the step that changes nothing.
        price: fraction of the score that every other step loses.
    """

    steps: Sequence[float]
    present: int
    price: float = 0.0

    def best(self, scores: Sequence[float], refine: bool) -> float:
        """Step of the highest score; with ``refine`` the top of a parabola through it.

        The parabola goes through the score and its two neighbours, where it has two.
        """
        paid = [
            score * (1 - self.price * (index != self.present)) for index, score in enumerate(scores)
        ]
        top = max(range(len(paid)), key=lambda index: (paid[index], -index))
        if not refine or not 0 < top < len(paid) - 1:
            return self.steps[top]
        before, middle, after = paid[top - 1 : top + 2]
        curvature = before - 2 * middle + after  # < 0: the first of the highest is above before
        width = (self.steps[top + 1] - self.steps[top - 1]) / 2
        return self.steps[top] + width * (before - after) / (2 * curvature)


def poses(pose: Pose, sizes: Axis, angles: Axis) -> list[Pose]:
    """The poses to look at: those along the sizes, then those along the angles.

    The present pose is among the first, and not repeated among the second.
    """
    turned = [
        pose.turned(step) for index, step in enumerate(angles.steps) if index != angles.present
    ]
    return [pose.scaled(step) for step in sizes.steps] + turned


def chosen(
    sizes: Axis, angles: Axis, scores: Sequence[float], params: Parameters
) -> tuple[float, float]:
    """Factor of the size, and turn in radians, from the scores of ``poses``."""
    refine = params.pose_refinement == "parabola"
    of_sizes, of_angles = list(scores[: len(sizes.steps)]), list(scores[len(sizes.steps) :])
    of_angles.insert(angles.present, of_sizes[sizes.present])
    return sizes.best(of_sizes, refine), angles.best(of_angles, refine)
