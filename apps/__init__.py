"""The demos, in the order of their tabs.

A demo is a folder of this package: torch-side modules that know nothing of pages, and ``ui.py``, whose ``build()`` lays
out its tab. Importing a demo's ``ui`` imports neither torch nor another demo.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Demo:
    """One tab of the hub."""

    slug: str  # in --tabs and in the page's address: ?tab=face
    title: str  # on the tab
    summary: str  # one sentence under the title
    build: str  # "module:function"; called without arguments inside the tab
    libraries: tuple[str, ...] = ()  # slow to import; needed by the first answer, so imported once the page is up


DEMOS: tuple[Demo, ...] = (
    Demo(
        slug="face",
        title="Faces",
        summary="Is this the claimed person, and who is this? One photo is enough to enrol somebody.",
        build="apps.face.ui:build",
        libraries=("facenet_pytorch.models.mtcnn",),
    ),
    Demo(
        slug="style",
        title="Style transfer",
        summary="Paint one picture in the manner of another, by changing its pixels until the network agrees.",
        build="apps.style.ui:build",
        libraries=("altair",),
    ),
    Demo(
        slug="gan",
        title="GANs",
        summary="Two networks, a forger and a detective, teach each other to draw digits.",
        build="apps.gan.ui:build",
        libraries=("altair",),
    ),
    Demo(
        slug="ekg",
        title="EKG",
        summary="One-dimensional convolutions read heartbeats of patients they never saw.",
        build="apps.ekg.ui:build",
        libraries=("wfdb.processing",),
    ),
    Demo(
        slug="conv",
        title="Convolutions",
        summary="The same sliding sum over a signal, a picture and a volume: shapes, numbers, and a look at it.",
        build="apps.conv.ui:build",
    ),
)
