"""What the classifier does not know, said where it is met: irregular rhythms, pacemakers, artefacts, patients it saw.

It was trained on single ectopic beats in a rhythm. Where no rhythm is, as in atrial fibrillation, every second beat is
early; a beat that looks like no other, or has the usual QRS on a line that moved, may be an electrode's doing; beats
after a pacemaker's spikes are its own kind. There an S or V is no longer shown as sure; where the line moves as much as
steps make it, no beat is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import LETTERS, UNCLASSIFIED, UNSURE, fold_of
from apps.ekg.answers.refusals import by_noise
from apps.ekg.beats.features import SHAPE_FEATURES, qrs_likeness
from apps.ekg.beats.heart import changing, other_waves, swing, unlike, width
from apps.ekg.beats.inputs import NetworkInputs
from apps.ekg.beats.moved_line import has_usual_qrs
from apps.ekg.beats.spikes import is_paced
from apps.ekg.beats.windows import PEAK, Array, Beats, local_reference, noise_of
from apps.ekg.formats.recording import Recording

_WINDOW = 32  # intervals in which a rhythm is looked for
_WIDTH = 0.1  # of a logarithm: intervals that differ by less are of one length
_REGULAR = 0.4  # of the intervals of a window have one length in a rhythm, ectopic beats or not; fibrillation has 0.25
_ALIKE = 0.8  # likeness of a ventricular beat to another of the recording
_NEIGHBOURS = 20  # of its class, on either side, that it is compared with
_WORTH_SAYING = 0.05  # share of the beats
_HALF = 0.5  # of the beats called V
_FEW = 3  # beats of which nothing is said
_FASTEST_BPM = 180.0  # the networks' patients hardly have more
_BEFORE, _BEHIND = slice(8, 32), slice(PEAK + 44, PEAK + 68)  # of a window: away from the QRS, most of it no wave
_MOVES = 0.14  # in QRS heights, on a line that moves under the QRS, too
_CHANGING = 0.2  # of ``heart.changing``: in a regular rhythm it is 0.05
_UNLIKE = 0.3  # record 114 has 0.24; of 1,162 strips of 74 patients six have more, of this or the two above
_BROAD, _BARE = 8.0, 0.055  # of ``heart.width`` and ``other_waves``: 2 and 0 of 148 leads of 74 patients are beyond
_LOST = 0.5  # share of the beats; the noisiest of 148 leads has 0.19
_STEP_SWING, _OF_USUAL_SWING = 0.3, 0.4  # a beat with less of ``heart.swing``, and less of the usual one, is a step
_NEARLY_NOISY = 0.08  # in QRS heights: of the answers S, V and F above it 40 % are right (benchmarks/ekg/noise.py)
_LEAST_LIKE = 0.7  # likeness of an early beat to the usual one: with less it is a mark on something else, or aberrant
_LIKE_USUAL = SHAPE_FEATURES.index("QRS like the local reference")
_S, _V = LETTERS.index("S"), LETTERS.index("V")
_CHUNK = 4096  # windows at a time


@dataclass(frozen=True)
class Doubts:
    """What stands against the answers of ``K`` beats."""

    irregular: npt.NDArray[np.bool_]  # (K,) no rhythm around it that a beat could be early in
    alone: npt.NDArray[np.bool_]  # (K,) called V and like no other
    on_moved_line: npt.NDArray[np.bool_]  # (K,) called V, with the usual QRS or where most called so have it
    beside: npt.NDArray[np.bool_]  # (K,) on a step of the line, next to such a mark or one in noise, or nearly in noise
    moves: float  # how far the line moves between the beats, in QRS heights
    unlike: float  # how far the QRS complexes are from one another, see ``heart.unlike``
    broad: bool  # as a pulse may be
    bare: bool  # hardly a P or T wave next to them
    lost: float  # share of them that noise hides

    @property
    def not_sure(self) -> bool:
        """Whether a pulse, steps, taps, noise or a moving electrode may have made the beats: then none is sure."""
        return self.moves > _MOVES or self.unlike > _UNLIKE or self.broad or self.bare or self.lost > _LOST

    def of(self, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(K,) of which beats the answers ``classes`` (K,) are doubtful."""
        early = self.irregular & (classes == _S)
        doubtful = early | self.alone | self.on_moved_line | (_abnormal(classes) & self.beside)
        return np.asarray(doubtful | (self.not_sure & (classes != UNCLASSIFIED)))


@dataclass(frozen=True)
class Limits:
    """Where an answer is doubtful (K,), and what is said of it."""

    doubtful: npt.NDArray[np.bool_]
    notes: tuple[str, ...]


def doubts_of(times_s: npt.NDArray[np.float64], inputs: NetworkInputs, classes: npt.NDArray[np.int64]) -> Doubts:
    """The doubts in beats at ``times_s`` (K,) of which ``classes`` (K,) are the answers."""
    on_moved_line = np.zeros(len(classes), np.bool_)
    places = np.flatnonzero(classes == _V)
    for part in np.array_split(places, -(-len(places) // _CHUNK)) if len(places) else ():
        references = inputs.reference.local[local_reference(part)]
        on_moved_line[part] = has_usual_qrs(inputs.beats.windows[part], references)
    if len(places) and on_moved_line.sum() >= _HALF * len(places):  # then the others are hardly anything else
        on_moved_line[places] = True
    alone, beside = beats_alone(inputs.beats, classes), beside_steps_and_noise(inputs.beats, classes)
    beside |= (classes == _S) & (inputs.shape[:, _LIKE_USUAL] < _LEAST_LIKE)  # early beats have the usual QRS
    moves = movement(inputs, _of_commonest_class(inputs.beats, classes))
    irregular = irregular_beats(times_s, classes)
    return Doubts(
        irregular,
        alone,
        on_moved_line,
        beside,
        moves,
        _unlike(inputs.beats),
        *_broad_and_bare(inputs.beats),
        lost=1 - float(inputs.beats.usable.mean()),
    )


def limits_of(
    recording: Recording,
    lead: int,
    times_s: npt.NDArray[np.float64],
    inputs: NetworkInputs,
    classes: npt.NDArray[np.int64],
) -> Limits:
    """The limits met by beats at ``times_s`` (K,) of which ``classes`` (K,) are the answers."""
    doubts = doubts_of(times_s, inputs, classes)
    paced = is_paced(recording, lead, times_s)
    doubtful = doubts.of(classes) | (paced & _abnormal(classes))
    notes = (*_notes_on_recording(recording, times_s, paced), *_notes(doubts, classes))
    return Limits(doubtful, notes)


def _notes_on_recording(recording: Recording, times_s: npt.NDArray[np.float64], paced: bool) -> Iterator[str]:
    if fold_of(recording.name) is not None:
        yield (
            f"Record {recording.name} is, by its name, of a patient that networks were trained on: good answers prove "
            "nothing."
        )
    marked = 0 if recording.annotations is None else recording.annotations.symbols.count("/")
    if marked:
        yield f"Paced? {marked:,} beats are marked so. The networks know no paced beats and call them N or V."
    elif paced:
        yield (
            "Paced? Spikes like a pacemaker's come before the beats. The networks know no paced beats; no S, V or F is "
            "sure."
        )
    if len(times_s) > 1 and 60 / float(np.median(np.diff(times_s))) > _FASTEST_BPM:
        yield f"Faster than {_FASTEST_BPM:g} a minute: the networks hardly saw such beats, and P waves hide in T waves."


def _notes(doubts: Doubts, classes: npt.NDArray[np.int64]) -> Iterator[str]:
    share = doubts.irregular.mean()
    if share > _WORTH_SAYING:
        yield (
            f"Irregular over {share:.0%} of the beats, as in atrial fibrillation: rhythm is not judged, "
            "and a beat called early (S) there may be none."
        )
    if doubts.moves > _MOVES:
        yield (
            f"Too noisy: the line between the beats moves by {doubts.moves:.0%} of the QRS height, as if an electrode "
            "moved; no beat is sure."
        )
    if doubts.unlike > _UNLIKE:
        yield "The beats hardly look like one another, as where an electrode is touched; no beat is sure."
    if doubts.broad:
        yield "The beats are as broad as the waves of a pulse, or as the broadest QRS complexes; no beat is sure."
    if doubts.bare:
        yield "There is hardly a P or a T wave next to the beats, as with taps or spikes; no beat is sure."
    if doubts.lost > _LOST:
        yield f"Too noisy: {doubts.lost:.0%} of the beats are lost in noise; no other is sure."
    alone, moved = int(doubts.alone.sum()), int(doubts.on_moved_line.sum())
    beside = int((doubts.beside & _abnormal(classes)).sum())
    if beside > _FEW:
        yield f"{beside} beats called S, V or F lie on a step of the line or next to noise; they are not sure."
    if alone > _FEW:
        yield f"{alone} beats called V look like no other of this recording: a moved electrode, perhaps."
    if moved > _FEW:
        yield f"{moved} beats called V: the usual QRS, on a line that moved. A touched electrode, perhaps."


def _abnormal(classes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(K,) which beats were called S, V or F."""
    return np.asarray((classes > 0) & (classes != UNCLASSIFIED))


def less_sure(probabilities: Array, doubtful: npt.NDArray[np.bool_]) -> Array:
    """``probabilities`` (K, 5) of which the ``doubtful`` (K,) have their best answer just below what counts as sure.

    What is taken away goes to N, and from N to Q; the best answer stays the best.
    """
    result = probabilities.copy()
    rows = np.flatnonzero(doubtful)
    best = result[rows].argmax(axis=1)
    over = np.maximum(result[rows, best] - (UNSURE - 0.01), 0)
    result[rows, best] -= over
    result[rows, np.where(best == 0, UNCLASSIFIED, 0)] += over
    return result


def irregular_beats(times_s: npt.NDArray[np.float64], classes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(K,) True where the intervals around a beat have no usual length; those before and after V are not counted."""
    known = (classes[1:] != _V) & (classes[:-1] != _V)
    log_rr = np.log(np.clip(np.diff(times_s), 0.1, 10))[known]
    if len(log_rr) < _WINDOW:
        return np.zeros(len(times_s), np.bool_)
    view = np.lib.stride_tricks.sliding_window_view(log_rr, _WINDOW)
    shares = np.empty(len(view))
    for start in range(0, len(view), _CHUNK):
        rows = np.sort(view[start : start + _CHUNK], axis=1)
        within = rows[:, None, :] <= rows[:, :, None] + _WIDTH  # of the intervals from each on, those of its length
        shares[start : start + _CHUNK] = (within.sum(axis=2) - np.arange(_WINDOW)).max(axis=1) / _WINDOW
    before = np.concatenate([[0], np.cumsum(known)])  # intervals that are counted before each beat
    return np.asarray(shares[np.clip(before - _WINDOW // 2, 0, len(view) - 1)] < _REGULAR)


def _unlike(beats: Beats) -> float:
    return unlike(beats.windows[beats.usable]) if beats.usable.sum() > 1 else 0.0


def _broad_and_bare(beats: Beats) -> tuple[bool, bool]:
    calm, kept = by_noise(beats)
    if not len(kept):
        return False, False
    rate = 60 / float(np.median(beats.rr_s))
    return width(calm if len(calm) else kept) > _BROAD, other_waves(np.median(kept, axis=0), rate) < _BARE


def movement(inputs: NetworkInputs, chosen: npt.NDArray[np.bool_]) -> float:
    """How far the line before and after the ``chosen`` beats (K,) moves away from the usual beat's, in QRS heights: the
    median.

    A line that moves does so under the QRS complexes, too. Where these hardly change, it is 0: what moves then are the
    P and T waves of a fast heart, or its next beat.
    """
    places = np.flatnonzero(chosen)
    if not len(places) or changing(inputs.beats.windows[places]) < _CHANGING:
        return 0.0
    total = []
    for part in np.array_split(places, -(-len(places) // _CHUNK)):
        moved = inputs.beats.windows[part] - inputs.reference.local[local_reference(part)]
        total.append(np.minimum(np.ptp(moved[:, _BEFORE], axis=1), np.ptp(moved[:, _BEHIND], axis=1)))
    return float(np.median(np.concatenate(total)))


def _of_commonest_class(beats: Beats, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(K,) the beats that can be used and are of the class that most are of: others differ from these by themselves."""
    commonest = np.bincount(classes[beats.usable], minlength=1).argmax()
    return np.asarray(beats.usable & (classes == commonest))


def beside_steps_and_noise(beats: Beats, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(K,) True for beats that a step of the line makes up, for those nearly in noise, and for S next to one of these.

    A mark on a step or in noise may be no beat; then its neighbours are neither early nor late.
    """
    if not _abnormal(classes).any():
        return np.zeros(len(classes), np.bool_)
    swings = swing(beats.windows)
    stepped = swings < min(_STEP_SWING, _OF_USUAL_SWING * float(np.median(swings)))
    noisy = np.maximum(noise_of(beats), noise_of(beats, in_a_row=1)) >= _NEARLY_NOISY
    odd = stepped | noisy | ~beats.usable
    near = odd.copy()
    near[1:] |= odd[:-1]
    near[:-1] |= odd[1:]
    return np.asarray(stepped | noisy | (near & (classes == _S)))


def beats_alone(beats: Beats, classes: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """(K,) True for beats called V that look like none of the others called V nearby, and like no neighbour."""
    alone = np.zeros(len(classes), np.bool_)
    places = np.flatnonzero(classes == _V)
    if len(places) <= _FEW:
        return alone
    steps = np.r_[-_NEIGHBOURS:0, 1 : _NEIGHBOURS + 1]
    for part in np.array_split(np.arange(len(places)), -(-len(places) * len(steps) // _CHUNK)):
        near = part[:, None] + steps
        own, others = places[np.repeat(part, len(steps))], places[np.clip(near, 0, len(places) - 1).reshape(-1)]
        alike = qrs_likeness(beats.windows[own], beats.windows[others]).reshape(near.shape)
        alike[(near < 0) | (near >= len(places))] = -1
        alone[places[part]] = alike.max(axis=1) < _ALIKE
    return alone
