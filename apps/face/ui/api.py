"""The endpoints for clients: /verify /identify /enroll /forget /triplet. They take photos and plain values and return
plain values.

A client's gallery lives as long as its session, like a visitor's. Faces come back as data: URLs inside the answer; no
file is written.
"""

from __future__ import annotations

import gradio as gr

from apps.face.decision.matching import check_threshold, find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER
from apps.face.triplets.loss import DEFAULT_MARGIN, check_margin, measure
from apps.face.ui.answers import CANDIDATES, Json, gallery_answer, identify_answer, triplet_answer, verify_answer
from apps.face.ui.enrol import enroll_shot, second_photo
from apps.face.ui.state import class_path, gallery_of, owner_of, read_photo, take_places
from apps.ui import LIGHT, QUICK, guard, photo_input
from shared.errors import InputError, check_whole

AUTO = "auto"  # the threshold that was calibrated for the encoder


def verify(
    photo_a: str | None, photo_b: str | None, threshold: str, encoder: str, face_a: float, face_b: float
) -> Json:
    """Whether two photos show the same person.

    Args:
        photo_a: a photo with at least one face.
        photo_b: another.
        threshold: tau, in plain distance, a number from 0 up; "auto" takes the one calibrated for the encoder. Same
            means distance <= threshold.
        encoder: "resnet29-128d" or "facenet-vggface2".
        face_a: which face of the first photo, counted from 1: the photo's subject first, then the largest.
        face_b: which face of the second photo.

    Returns: A dictionary: same (bool), distance (plain, ||f(x1) - f(x2)||), d_squared (its square), threshold,
    probability (of one person; 0.5 or more exactly when same), likelihood_ratio and prior (what the probability is
    made of), far and frr (the error rates measured at the threshold), far_data and statement (on whom they were
    measured; with an encoder that was not calibrated, probability to far_data are None, and statement says where the
    threshold comes from), encoder, photo_a and photo_b (size, faces with box and landmarks in pixels, chosen, chip as
    a data: URL).
    """
    find_calibration(encoder)  # an unknown encoder is refused before any photo is read
    tau = _threshold(threshold)
    first, second = read_photo(photo_a, "Photo 1"), read_photo(photo_b, "Photo 2")
    first.choose(face_a)
    second.choose(face_b)
    return verify_answer(first, second, encoder, tau)


def identify(photo: str | None, threshold: str, encoder: str, candidates: float, request: gr.Request) -> Json:
    """Who the people on a photo are, out of the gallery; nobody above the threshold is recognised.

    Args:
        photo: a photo with any number of faces.
        threshold: tau, in plain distance, a number from 0 up; "auto" takes the one calibrated for the encoder.
        encoder: "resnet29-128d" or "facenet-vggface2".
        candidates: how many people to rank for each face, 1 to 100.

    Returns: A dictionary: faces (number, box, confidence, recognised, name or None, distance to the nearest person,
    candidates with rank, name, distance, d_squared, probability, photo, photos), people and photos (how many were
    searched), threshold, far, stranger_chance (1 - (1 - far)^people; as probability None with an encoder that was not
    calibrated), advice (None, or where the chance is above 5 %: threshold, far and frr that keep it there), left_out
    (empty, or a sentence: how many of the smallest faces were not looked up), repeated (a sentence for each name that
    several faces got), statement, encoder, size.
    """
    find_calibration(encoder)
    count = check_whole(candidates, "The number of candidates", low=1, high=100)
    tau = _threshold(threshold)
    return identify_answer(read_photo(photo, every=True), gallery_of(request), encoder, tau, k=count)


def enroll(photo: str | None, name: str, encoder: str, face: float, key: str, request: gr.Request) -> Json:
    """Enrol one person with one photo, or add a photo to a person. Only the encoding and a thumbnail are kept.

    Args:
        photo: a photo of the person.
        name: 1 to 60 characters.
        encoder: "resnet29-128d" or "facenet-vggface2".
        face: which face, counted from 1: the photo's subject first, then the largest.
        key: a secret of yours that lets you forget from another session; empty: only this session can.

    Returns:
        A dictionary: name, photo (its number), photos (of this person), added (False where this very photo was enrolled
        already), warning (empty, or why this may be somebody else), advice (empty, or what a second photo would buy),
        gallery ("session" or "class"), people (name, photos, mine).
    """
    find_calibration(encoder)
    shot = read_photo(photo)
    shot.choose(face)
    gallery, owner = gallery_of(request), owner_of(request, key)
    take_places(request)
    done, warning = enroll_shot(shot, name, encoder, gallery, owner)
    return {
        "name": done.person,
        "photo": done.photo,
        "photos": done.photos,
        "added": done.added,
        "warning": warning,
        "advice": second_photo(done),
        **gallery_answer(gallery, owner, shared=class_path() is not None),
    }


def forget(name: str, photo: float, everybody: bool, key: str, request: gr.Request) -> Json:
    """Delete what you enrolled: a person, one photo, or everything. What others enrolled cannot be deleted.

    Args:
        name: the person to delete; empty where ``photo`` or ``everybody`` says what.
        photo: the number of one photo to delete, or 0.
        everybody: delete everything that you enrolled.
        key: the secret given to /enroll, if any.

    Returns:
        A dictionary: forgotten (number of photos), gallery ("session" or "class"), people (name, photos, mine).
    """
    gallery, owner = gallery_of(request), owner_of(request, key)
    if everybody:
        gone = gallery.clear(owner=owner)
    elif photo:
        gallery.forget_photo(check_whole(photo, "The number of the photo", low=1, high=2**53), owner=owner)
        gone = 1
    elif name.strip():
        gone = gallery.forget(name, owner=owner)
    else:
        raise InputError("", "Nothing was chosen", "Say what to delete: a name, a photo number, or everybody.")
    return {"forgotten": gone, **gallery_answer(gallery, owner, shared=class_path() is not None)}


def triplet(anchor: str | None, positive: str | None, negative: str | None, margin: float, encoder: str) -> Json:
    """The triplet loss L(A, P, N) = max(||f(A) - f(P)||² - ||f(A) - f(N)||² + margin, 0) of three photos.

    Args:
        anchor: a photo of a person (its subject counts).
        positive: another photo of the same person.
        negative: a photo of somebody else.
        margin: alpha, from 0 to 4.
        encoder: "resnet29-128d" or "facenet-vggface2".

    Returns: A dictionary: loss, d_ap and d_an (squared distances), margin, region ("easy", "semi-hard" or "hard"),
    formula (the loss with its numbers), encoder.
    """
    find_calibration(encoder)
    alpha = check_margin(margin)
    A, P, N = (
        read_photo(photo, what).encoding(encoder)
        for photo, what in ((anchor, "The anchor"), (positive, "The positive"), (negative, "The negative"))
    )
    return triplet_answer(measure(A, P, N, alpha), encoder)


def _threshold(text: str) -> float | None:
    return None if text.strip().lower() in ("", AUTO) else check_threshold(text)


def build() -> None:
    """Add the endpoints to the page; nothing of them is visible."""
    with gr.Group(visible=False):
        photos = [photo_input(name) for name in ("Photo 1", "Photo 2", "Photo 3")]
        encoder = gr.Textbox(DEFAULT_ENCODER, label="Encoder")
        threshold, number = gr.Textbox(AUTO, label="Threshold"), gr.Number(0, label="Photo number")
        faces = [gr.Number(1, label=name) for name in ("Face 1", "Face 2")]
        margin = gr.Number(DEFAULT_MARGIN, label="Margin")
        count = gr.Number(CANDIDATES, label="Candidates")
        name, key = gr.Textbox("", label="Name"), gr.Textbox("", label="Key")
        everybody = gr.Checkbox(False, label="Everybody")
        answer = gr.JSON(label="Answer")
        button = gr.Button("Call")
    inputs = [*photos[:2], threshold, encoder, *faces]
    button.click(guard(verify), inputs, answer, api_name="verify", **QUICK)
    inputs = [photos[0], threshold, encoder, count]
    button.click(guard(identify), inputs, answer, api_name="identify", **QUICK)
    inputs = [photos[0], name, encoder, faces[0], key]
    button.click(guard(enroll), inputs, answer, api_name="enroll", **QUICK)
    inputs = [*photos, margin, encoder]
    button.click(guard(triplet), inputs, answer, api_name="triplet", **QUICK)
    inputs = [name, number, everybody, key]
    button.click(guard(forget), inputs, answer, api_name="forget", **LIGHT)
