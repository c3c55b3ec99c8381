"""The demos, in the order of their tabs: the one table that names them.

A new demo is a folder ``apps/<slug>`` and a line here. From it follow its tab and address (``?tab=slug``), the values
of ``--tabs``, and where its weights are declared (``shared/registry/<slug>.py``, if it has any).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Demo:
    """One tab of the hub."""

    slug: str  # its folder below apps/, its value in --tabs and in the page's address: ?tab=face
    title: str  # on the tab
    summary: str  # one sentence under the title
    libraries: tuple[str, ...] = ()  # slow to import; needed by the first answer, so imported once the page is up

    @property
    def build(self) -> str:
        """ "module:function" that lays out the tab; called without arguments inside it."""
        return f"apps.{self.slug}.ui.tab:build"


DEMOS: tuple[Demo, ...] = (
    Demo(
        slug="face",
        title="Faces",
        summary="Is this the claimed person, and who is this? One photo is enough to enrol somebody.",
        libraries=("facenet_pytorch.models.mtcnn",),
    ),
    Demo(
        slug="style",
        title="Style transfer",
        summary="Paint one picture in the style of another, by changing its pixels until the network agrees.",
    ),
    Demo(
        slug="gan",
        title="GANs",
        summary="Two networks, a forger and a detective, teach each other: digits, sharp photos, the Earth by night.",
    ),
    Demo(
        slug="ekg",
        title="EKG",
        summary="One-dimensional convolutions read heartbeats of patients they never saw.",
        libraries=("wfdb.processing",),
    ),
    Demo(
        slug="conv",
        title="Convolutions",
        summary="The same sliding sum over a signal, a picture and a volume: shapes, numbers, and a look at it.",
    ),
)
SLUGS: tuple[str, ...] = tuple(demo.slug for demo in DEMOS)
