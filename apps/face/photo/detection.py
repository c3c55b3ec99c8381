"""A face that was found in a photo: a plain value, without torch."""

from __future__ import annotations

from dataclasses import dataclass

from apps.face.photo.alignment import Landmarks


@dataclass(frozen=True, kw_only=True)
class Detection:
    """One face in pixels of the photo."""

    box: tuple[float, float, float, float]  # left, top, right, bottom; may reach outside the photo
    landmarks: Landmarks  # (5, 2)
    confidence: float  # 0..1

    @property
    def area(self) -> float:
        """Square pixels of the box."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])
