"""Links into every place of the page that has controls, each of them at a value that it does not begin with."""

from __future__ import annotations

_RECIPE = (
    "preset=forms&beta=2.5&content_layers=relu2_2,relu4_2&style_layers=relu1_1,relu5_1"
    "&lambdas=relu1_1=0.5,+relu5_1=3&units=written&alpha=0.5&smoothness=1.5&init=blend&optimizer=adam&pooling=max"
    "&coarse_to_fine=0&keep_colours=1&size=192&iterations=40&backbone=vgg19-imagenet&seed=11"
)
_SAMPLES = "content=coffee&style=mosaic"
_VALUES: tuple[tuple[str, str], ...] = (
    (
        "conv/see",
        "scene=photo&picture=1&stride=2&padding=same&dilation=2&size=3&weights=0.5,-1,0,0.25,1,0,-0.5,0,2"
        "&speed=slow&place=40",
    ),
    ("conv/see", "scene=volume&filter=1"),  # a filter of ours, or one's own weights
    ("conv/shapes", "preset=lenet&input=28x28x1&layers=5x5,6%0Amaxpool+2x2%0Afc+10"),
    ("conv/measure", "seed=5"),
    ("gan/sample", "model=cgan-digits&seed=4&count=9&real=3&truncation=1.5&again=Keep+z"),
    ("gan/two-players", "snapshot=3&seed=5&own_seed=6"),
    ("gan/are-you-better-than-d", "round=77&fake=2,10"),
    ("gan/digits-on-demand", "number=3.14&seed=8&truncation=2.5&columns=7&columns_seed=9"),
    (
        "gan/latent-walk",
        "from_seed=7&from_digit=5&to_seed=9&to_digit=1&path=linear&steps=9&seed=2&digit=6&slant=1.5"
        "&boldness=-0.5&width=2&height=-1&a=15&b=16&c=17&sum_digit=4",
    ),
    ("gan/sharpen-a-photo", "sample=coffee&mode=enlarge&side=48"),
    ("gan/day-to-night", "at=0.25&seed=12&latitude=48.5&longitude=-4.25&painted=1&model=l1&by_hand=1&own_seed=9"),
    (
        "gan/endless-art",
        "picture=swirls&seed=3&x=-32&y=64&width=128&height=96&tile=1&second=woodcut&amount=0.25&across=0",
    ),
    ("gan/anatomy", "model=dcgan-digits&seed=21&digit=0"),
    (
        "gan/gan-lab",
        "preset=Eight+modes&shape=spiral&noise=gaussian-1&loss=minimax&start=1000&seed=3&r1=0.5&layers_d=1"
        "&neurons_d=8&optimizer_d=sgd&lr_d=0.02&d_updates=2&layers_g=3&neurons_g=16&optimizer_g=sgd&lr_g=0.04&g_updates=0"
        "&speed=20&shows=manifold,real,fake&slow=1",
    ),
    ("face/threshold", "encoder=facenet-vggface2&tau=0.7&people=1000"),
    ("face/triplets", "encoder=facenet-vggface2&tau=0.7&margin=0.35&mining=hardest&numbers=16"),
    ("face/head", "encoder=facenet-vggface2&tau=0.7&features=chi_square"),
    ("ekg/one-beat/slide-a-filter", "sample=premature&annotated=0&beat=20&filter=5&channel=2&position=40"),
    ("ekg/exercises", "sample=premature&annotated=0&beat=20&exercise=rate&number=999999"),
    # last, because the broken recording has beats of its own
    ("ekg/break-it", "sample=premature&annotated=0&beat=20&noise=0.3&drift=1.5&gain=2&rate=60&inverted=1"),
    ("style/now", "second=ink&style=mosaic&mix=0.25&strength=0.5&size=256&keep=1&content=flower"),
    ("style/paint", f"{_RECIPE}&{_SAMPLES}&axis=linear"),
    ("style/compare", f"alpha_a=2&beta_a=0.5&alpha_b=3&beta_b=40&{_RECIPE}&{_SAMPLES}"),
    ("style/after", f"{_RECIPE}&{_SAMPLES}"),
    ("style/grams", f"{_RECIPE}&{_SAMPLES}"),
    ("style/teach", "steps=100&content_weight=2&sample=mosaic"),
    ("style/units", "layer=relu4_1&unit=12&network=vgg19-imagenet"),
    ("gan/exercises", "exercise=cost&number=42"),
    ("style/exercises", "exercise=gram&number=3"),
    ("conv/exercises", "exercise=finds&number=7"),
    ("face/exercises", "encoder=facenet-vggface2&tau=0.7&exercise=loss&number=12"),
)

LINKS: tuple[str, ...] = tuple(f"?tab={path}&v=1&{values}" for path, values in _VALUES)
