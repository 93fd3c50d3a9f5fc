"""Sound on its way to rows: cut into windows, measured, blended, gathered to a track."""

import numpy as np
import pytest
from making import from_zero

from overlay.datatypes import SoundBlock
from overlay.errors import TaggerError
from overlay.reporting import Reporter
from overlay.tagging.band_levels import LevelMeter
from overlay.tagging.segmenting import Cutter, segments
from overlay.tagging.tagger import WindowTagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_blending import Blend
from overlay.tagging.window_plan import Windows, in_runs
from overlay.track import ScoreBlock


def counted(n):
    """Samples that say where they are, from 1, so that 0 is silence."""
    return np.arange(1, n + 1, dtype=np.float32)


def windows_of(cutter, cuts):
    """The first sample and the content of each window of some segments."""
    return [
        (start + i, segment[i : i + cutter.window_length].tolist())
        for start, segment in cuts
        for i in range(0, len(segment) - cutter.window_length + 1, cutter.hop_length)
    ]


def cut(n, ending, size, *, window=4, hop=3, at_once=2, blank=0.0):
    """All windows of n counted samples that come in blocks of a size."""
    cutter, samples, found = Cutter(window, hop, at_once, blank), counted(n), []
    for begin in range(0, n, size):
        found += windows_of(cutter, cutter.push(samples[begin : begin + size]))
    return found + windows_of(cutter, getattr(cutter, ending)())


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize("n", [*range(16), 40])
def test_padded_windows_start_at_every_hop_that_is_inside(n, size):
    expected = []
    for start in range(0, n, 3):
        window = [float(s + 1) if s < n else 0.0 for s in range(start, start + 4)]
        expected.append((start, window))
    assert cut(n, "padded", size) == expected


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize("n", [*range(16), 40])
def test_windows_inside_end_with_the_sound(n, size):
    starts = list(range(0, n - 4 + 1, 3))
    if n >= 4 and starts[-1] != n - 4:
        starts.append(n - 4)
    expected = [(start, [float(s + 1) for s in range(start, start + 4)]) for start in starts]
    assert cut(n, "inside", size) == expected


@pytest.mark.parametrize(("window", "hop"), [(4, 7), (3, 3), (1, 1)])
def test_windows_may_lie_apart(window, hop):
    for n in range(30):
        found = cut(n, "padded", 3, window=window, hop=hop)
        assert [start for start, _ in found] == list(range(0, n, hop))
        assert all(w[0] == start + 1 for start, w in found)


def test_every_window_is_in_one_segment_and_none_holds_more_than_asked():
    cutter = Cutter(4, 3, at_once=5)
    cuts = [*cutter.push(counted(50)), *cutter.padded()]
    assert [start for start, _ in cuts] == [0, 15, 30, 45]
    assert [len(segment) for _, segment in cuts] == [16, 16, 16, 7]


def test_a_stream_is_cut_as_soon_as_a_segment_is_whole_and_then_forgotten():
    cutter = Cutter(4, 3, at_once=2)
    assert list(cutter.push(counted(6))) == []
    ((start, segment),) = cutter.push(counted(1))  # 4 + 3 samples hold two windows
    assert (start, len(segment), cutter.next_start) == (0, 7, 6)
    for _ in range(100):
        list(cutter.push(counted(6)))
        assert len(cutter._kept) <= 4 + 6 + 4
    assert cutter.next_start == 606


def test_features_are_padded_with_their_own_silence():
    cutter = Cutter(3, 2, blank=[-7.0, -8.0])
    list(cutter.push(np.ones((2, 2), np.float32)))
    ((_, segment),) = cutter.padded()
    assert segment.tolist() == [[1, 1], [1, 1], [-7, -8]]


@pytest.mark.parametrize("n", [0, 1, 4, 9, 3000])
def test_segments_hold_every_window_of_a_sound(n):
    made = list(segments([counted(n)[:7], counted(n)[7:]], 4, 3))
    firsts = [s[i] for s in made for i in range(0, len(s) - 3, 3)]
    assert firsts == [float(start + 1) for start in range(0, n, 3)]
    assert max((len(s) for s in made), default=0) <= 4 + 63 * 3


def ones(n, value=1.0):
    return np.full(n, value, np.float32)


def test_a_row_is_the_weighted_mean_of_what_is_said():
    blend = Blend()
    blend.add(2, np.array([1, 3], np.float32), np.array([0.4, 0.0], np.float32))
    blend.add(3, np.array([1], np.float32), np.array([[0.8, 0.2]], np.float32))
    np.testing.assert_allclose(
        blend.take(4), [[0.4, 0], [0.4, 0], [0.4, 0], [0.5, 0.05]], atol=1e-6
    )
    assert blend.first == 4


def test_a_row_that_nobody_spoke_of_repeats_the_one_before():
    blend = Blend()
    blend.add(0, ones(1), ones(1, 0.2))
    blend.add(3, ones(1), ones(1, 0.6))
    assert blend.take(6).ravel() == pytest.approx([0.2, 0.2, 0.2, 0.6, 0.6, 0.6])


def test_what_comes_too_late_changes_nothing():
    blend = Blend()
    assert blend.take(3) is None  # nothing is known yet
    blend.add(0, ones(2), ones(1, 0.2))
    assert blend.take(0) is None
    assert len(blend.take(2)) == 2
    blend.add(0, ones(2), ones(1, 0.9))
    blend.add(1, ones(0), ones(1, 0.9))
    assert blend.take(3) is None  # of row 2 nobody spoke, and of none before it any more
    blend.add(1, ones(3), np.array([[0.9], [0.5], [0.7]], np.float32))
    assert blend.take(4).ravel() == pytest.approx([0.5, 0.7])


def test_means_stay_scores_whatever_rounding_does():
    blend = Blend()
    for weight in (0.1, 0.7, 1e-8):
        blend.add(0, ones(1, weight), ones(1, 1 + 1e-6))
    assert blend.take(1).max() <= 1


def test_a_level_is_the_power_in_a_band():
    """A tone of full scale: sum of |X|^2 over the Hann window's main lobe, in dB, at any rate."""
    for rate, hz, band in ((32000, 1000, 3), (8000, 200, 1), (48000, 10000, 7), (16000, 5000, 6)):
        length = rate // 50
        tone = np.sin(2 * np.pi * hz * np.arange(3 * length) / rate).astype(np.float32)
        meter = LevelMeter(rate)
        assert list(meter.listening([block := SoundBlock(0.0, tone)])) == [block]
        levels, times = meter.levels()
        assert (levels.shape, levels.dtype) == ((3, 8), np.float16)
        np.testing.assert_allclose(times, [0.0, 0.02, 0.04])
        expected = 10 * np.log10(np.square(np.hanning(length)).sum() * length / 4)
        assert levels.argmax(axis=1).tolist() == [band] * 3, (rate, hz)
        np.testing.assert_allclose(levels[:, band], expected, atol=0.2)


def test_silence_and_what_a_rate_cannot_hold_are_the_floor():
    meter = LevelMeter(8000)  # nothing above 4 kHz
    noise = np.random.default_rng(0).normal(0, 0.1, 1600).astype(np.float32)
    list(meter.listening([SoundBlock(0.0, noise), SoundBlock(0.2, np.zeros(1600, np.float32))]))
    levels = meter.levels()[0].astype(float)
    np.testing.assert_allclose(levels[10:], -60, atol=0.1)
    np.testing.assert_allclose(levels[:10, 7], -60, atol=0.1)
    assert (levels[:10, :6] > -20).all()


@pytest.mark.parametrize("size", [1, 160, 333, 5000])
def test_levels_do_not_depend_on_blocks_and_leave_out_a_last_part(size):
    noise = np.random.default_rng(1).normal(0, 0.1, 1000).astype(np.float32)
    meter, whole = LevelMeter(8000), LevelMeter(8000)
    list(meter.listening(from_zero([noise[i : i + size] for i in range(0, 1000, size)], 8000)))
    list(whole.listening([SoundBlock(0.0, noise)]))
    np.testing.assert_array_equal(meter.levels()[0], whole.levels()[0])
    np.testing.assert_allclose(meter.levels()[1], np.arange(6) / 50)  # 1000 // 160


def test_a_gap_begins_a_new_frame_of_levels():
    meter, noise = LevelMeter(8000), counted(200) / 200
    list(meter.listening([SoundBlock(1.0, noise), SoundBlock(5.0, noise)]))
    assert meter.levels()[1].tolist() == [1.0, 5.0]
    np.testing.assert_array_equal(*meter.levels()[0])
    assert [len(each) for each in LevelMeter(8000).levels()] == [0, 0]
    assert LevelMeter(8000).levels()[0].shape == (0, 8)


class Answering(WindowTagger):
    """A tagger that answers what it is told to."""

    name, labels, sample_rate, model_hash = "answering", ("a", "b"), 100, "ef" * 32

    def __init__(self, answer=0.5):
        self.answer = answer

    def score(self, segment, window_length, hop_length):
        n_windows = (len(segment) - window_length) // hop_length + 1
        return np.full((n_windows, 2), self.answer, np.float32)


def test_a_track_says_what_it_was_made_of_and_progress_how_far_it_is():
    steps = []
    track = score_stream(
        from_zero([ones(150)] * 4, 100), Answering(), Windows(1.0, 0.5), total_s=6.0,
        fingerprint="ab", reporter=Reporter(on_progress=lambda *step: steps.append(step)),
    )  # fmt: skip
    assert (track.model, track.model_hash, track.sound) == ("answering", "ef" * 32, "ab")
    assert (track.window_s, track.hop_s, track.duration_s, track.n_hops) == (1.0, 0.5, 6.0, 12)
    assert len(track.levels) == len(track.level_times) == 300
    assert {(step, total) for step, _, total in steps} == {("tag", 6.0)}
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert steps[-1][1] == 6.0


@pytest.mark.parametrize("answer", [-0.01, 1.01, float("nan"), float("inf")])
def test_answers_that_are_no_scores_are_said(answer):
    with pytest.raises(TaggerError, match="answering answers no scores from 0 to 1"):
        score_stream(from_zero([ones(500)], 100), Answering(answer), Windows())


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_scores_may_be_0_and_1(answer):
    assert score_stream(from_zero([ones(500)], 100), Answering(answer), Windows()).n_hops == 17


def test_many_blocks_grow_a_track_that_nobody_can_change():
    track = score_stream(from_zero([ones(10)] * 3000, 100), Answering(), Windows(0.1, 0.05))
    assert (track.n_hops, track.scores.base is None) == (6000, True)
    assert not track.scores.flags.writeable
    np.testing.assert_allclose(np.diff(track.times), 0.05)


class Told:
    """A run that tells what it was given."""

    def __init__(self, start_s, said):
        self.said = said
        said.append(("begin", start_s))

    def push(self, samples):
        self.said.append(len(samples))
        yield ScoreBlock(np.zeros(1), np.zeros((1, 1), np.float32), 0.0)

    def end(self):
        self.said.append("end")
        yield ScoreBlock(np.ones(1), np.zeros((1, 1), np.float32), 0.0)


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([], []),
        ([(0.0, 0), (3.0, 0)], []),  # no samples are no sound
        ([(0.0, 50)], [("begin", 0.0), 50, "end"]),
        ([(2.0, 50), (2.5, 10)], [("begin", 2.0), 50, 10, "end"]),
        ([(0.0, 50), (0.504, 10)], [("begin", 0.0), 50, 10, "end"]),  # less than half a sample
        ([(0.0, 50), (0.506, 10)], [("begin", 0.0), 50, "end", ("begin", 0.506), 10, "end"]),
        ([(0.0, 50), (0.494, 10)], [("begin", 0.0), 50, "end", ("begin", 0.494), 10, "end"]),
        ([(0.0, 50), (9.0, 0), (0.5, 10)], [("begin", 0.0), 50, 10, "end"]),
    ],
)
def test_a_gap_ends_a_run_and_begins_another(blocks, said):
    found = []
    sound = [SoundBlock(start_s, ones(n)) for start_s, n in blocks]
    rows = [*in_runs(sound, 100, lambda start_s: Told(start_s, found))]
    assert found == said
    assert len(rows) == sum(each == "end" or isinstance(each, int) for each in said)
