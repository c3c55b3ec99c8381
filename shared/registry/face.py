"""The weight files of the face demo."""

from __future__ import annotations

import math

from shared.registry.types import Bundled, HubFile, InPackage, Published, Record, Release, WeightFile

RECORDS: tuple[Record, ...] = (
    Record(
        name="face/detector",
        title="MTCNN face detector",
        task="face",
        files=(
            WeightFile(
                path="pnet.pt", sha256="a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f", size=28570
            ),
            WeightFile(
                path="rnet.pt", sha256="bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86", size=403147
            ),
            WeightFile(
                path="onet.pt", sha256="165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d", size=1559269
            ),
        ),
        origin=InPackage(package="facenet_pytorch", folder="data"),
        loader="apps.face.photo.mtcnn:load",
        licence="MIT",
        source="Zhang et al. 2016, arXiv 1604.02878; https://github.com/timesler/facenet-pytorch 2.5.3",
        preprocessing="RGB 0..255, B 3 H W, (x - 127.5) / 128",
        output="boxes, confidence and five landmarks per face",
        card="face/detector.md",
    ),
    Record(
        name="face/resnet29-128d",
        title="29-layer face ResNet, 128-d (dlib)",
        task="face",
        files=(
            WeightFile(
                path="face/resnet29-128d-00001-of-00002.safetensors",
                sha256="3c8c0d318b4672cfcd3bd6e437d180899a2e21574d239eeee50503c2eef6db8f",
                size=8793912,
            ),
            WeightFile(
                path="face/resnet29-128d-00002-of-00002.safetensors",
                sha256="9d97e0b135ab6b716a54b6c1714cc02bd0adb4de149795c1e4f63ccb6e6119fc",
                size=2426304,
            ),
        ),
        origin=Bundled(made_by="python -m apps.face convert"),
        loader="apps.face.encoding.resnet:load",
        licence="CC0-1.0",
        source="Davis King, https://github.com/davisking/dlib-models: dlib_face_recognition_resnet_model_v1.dat, from "
        "the PyPI package face-recognition-models 0.3.0",
        preprocessing="upright chip 150 x 150, RGB 0..255, B 3 H W, (x - (122.782, 117.001, 104.298)) / 256",
        output="B 128, not normalised; the plain distance of two faces of one person is mostly below 0.6",
        measured="face/resnet29-128d.json",
        card="face/resnet29-128d.md",
    ),
    Record(
        name="face/facenet-vggface2",
        title="FaceNet Inception-ResNet-v1, 512-d (VGGFace2)",
        task="face",
        files=(
            WeightFile(
                path="face/20180402-114759-vggface2.pt",
                sha256="281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
                size=111898327,
            ),
        ),
        origin=Release(
            url="https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/20180402-114759-vggface2.pt",
            mirror=HubFile(repo="py-feat/facenet", filename="facenet_20180402_114759_vggface2.pth"),
        ),
        loader="apps.face.encoding.facenet:load",
        licence="MIT",
        source="Schroff et al. 2015, Cao et al. 2018; https://github.com/timesler/facenet-pytorch",
        preprocessing="upright crop 160 x 160, RGB 0..255, B 3 H W, (x - 127.5) / 128",
        output="B 512, unit vectors",
        measured="face/facenet-vggface2.json",
        published_threshold=Published(
            value=math.sqrt(1.242),  # plain distance
            source="Schroff et al. 2015 (arXiv 1503.03832): squared distance 1.242 between unit encodings, where their "
            "own FaceNet, another network, answers most pairs of Labeled Faces in the Wild right",
        ),
        card="face/facenet-vggface2.md",
    ),
)
