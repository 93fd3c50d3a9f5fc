"""Second t of the sound is second t of the picture, whatever the container says."""

import numpy as np
import pytest

from overlay.errors import NoAudioStream, NoVideoStream
from overlay.media.audio import audio_command, stream_sound
from overlay.media.sample_placing import LONGEST_SILENCE_S, Placing
from overlay.media.source import open_source

RATE = 16000
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=3")
TONE = ("-f", "lavfi", "-i", "sine=d=3")
H264_AAC = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")


def spans(path, **options):
    """Where there is sound: stretches of blocks that follow each other."""
    found = []
    for block in stream_sound(open_source(path).info, RATE, **options):
        end_s = block.start_s + len(block.samples) / RATE
        if found and abs(found[-1][1] - block.start_s) < 0.5 / RATE:
            found[-1][1] = end_s
        else:
            found.append([block.start_s, end_s])
    return found


def test_a_stream_that_is_not_used_does_not_set_the_zero(make_clip):
    """C2: picture and sound start 3 s after a picture that is not drawn on."""
    early = make_clip(
        "early.ts", "-itsoffset", "3", *PICTURE, "-itsoffset", "3", *TONE, "-f", "lavfi", "-i",
        "testsrc2=s=16x16:r=1:d=6", "-map", "0:v", "-map", "1:a", "-map", "2:v", *H264_AAC,
        "-tune", "zerolatency", "-f", "mpegts",
    )  # fmt: skip
    source = open_source(early)
    assert source.picture().width == 64
    assert source.picture().start_s == pytest.approx(0, abs=0.05)
    assert spans(early) == [[pytest.approx(0, abs=0.05), pytest.approx(3, abs=0.1)]]


@pytest.mark.parametrize("jump_s", [60, 5000])
def test_a_jump_of_a_transport_stream_is_no_gap(make_clip, jump_s):
    """C3: ffmpeg goes on without a gap when it renders, so the sound does."""
    shift = f"if(gte(T\\,1.5)\\,{jump_s}/TB\\,0)"
    moved = f"setts=pts='PTS+{shift}':dts='DTS+{shift}'".replace("T\\,", "DTS*TB\\,")
    jump = make_clip(
        f"jump{jump_s}.ts", *PICTURE, *TONE, *H264_AAC, "-bsf:v", moved, "-bsf:a", moved,
        "-f", "mpegts",
    )  # fmt: skip
    (span,) = spans(jump, tolerant=True)
    assert span == [pytest.approx(0, abs=0.1), pytest.approx(3, abs=0.3)]


def test_a_long_gap_is_jumped(make_clip):
    """I1: two hours that a file claims cost neither time nor memory."""
    shift = "if(gt(N,20),7200/TB,0)"
    gap = make_clip(
        "hours.mkv", *PICTURE, *TONE, *H264_AAC, "-bsf:a",
        f"setts=pts='PTS+{shift}':dts='DTS+{shift}'",
    )  # fmt: skip
    before, after = spans(gap)
    assert before[0] == 0
    assert before[1] < 1
    assert after[0] == pytest.approx(7200 + before[1], abs=0.05)
    assert after[1] == pytest.approx(7203, abs=0.1)


def test_sound_that_changes_its_layout_stays_in_its_place(make_clip, tmp_path):
    """C1: the filters are made anew there, and must not begin at 0 again."""
    stereo = make_clip("two.ac3", "-f", "lavfi", "-i", "sine=d=3:r=48000", "-ac", "2")
    surround = make_clip("six.ac3", "-f", "lavfi", "-i", "sine=d=3:r=48000", "-ac", "6")
    both = tmp_path / "both.ac3"
    both.write_bytes(stereo.read_bytes() + surround.read_bytes())
    changing = make_clip("changing.mkv", "-i", str(both), "-c", "copy")
    assert spans(changing) == [[0, pytest.approx(6, abs=0.1)]]


def test_runs_use_the_same_streams_where_that_sets_the_zero(make_clip):
    stream = make_clip("both.ts", *PICTURE, *TONE, *H264_AAC, "-f", "mpegts")
    file = make_clip("both.mp4", *PICTURE, *TONE, *H264_AAC)
    assert audio_command(open_source(stream).info, RATE)[-5:] == ["-f", "null", "-c", "copy", "-"]
    assert "null" not in audio_command(open_source(file).info, RATE)


def test_picture_and_sound_are_of_one_program(make_clip):
    """B4: whichever picture is chosen, the sound of its program is heard with it."""
    two = make_clip(
        "programs.ts", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=2", "-f", "lavfi", "-i",
        "sine=d=2", "-f", "lavfi", "-i", "testsrc2=s=128x96:r=10:d=2", "-f", "lavfi", "-i",
        "sine=900:d=2", "-map", "0", "-map", "1", "-map", "2", "-map", "3", *H264_AAC, "-program",
        "title=A:st=0:st=1", "-program", "title=B:st=2:st=3", "-f", "mpegts",
    )  # fmt: skip
    best = open_source(two)
    assert best.notes
    chosen = [best, open_source(two, video_track=0), open_source(two, video_track=1)]
    assert [source.picture().width for source in chosen] == [64, 64, 128]
    assert [source.sound().index for source in chosen] == [1, 1, 3]
    with pytest.raises(NoVideoStream, match="no track 2"):
        open_source(two, video_track=2)


def test_an_encrypted_file_is_said_to_be_so(make_clip):
    """B3."""
    secret = make_clip(
        "secret.mp4", *PICTURE, *TONE, *H264_AAC, "-encryption_scheme", "cenc-aes-ctr",
        "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid",
        "a7e61c373e219033c21091fa607bf3b8",
    )  # fmt: skip
    source = open_source(secret)
    with pytest.raises(NoVideoStream, match="its picture is encrypted"):
        source.picture()
    with pytest.raises(NoAudioStream, match="its sound is encrypted"):
        source.sound()


def test_channels_without_a_known_layout_are_averaged(make_clip):
    """B6: ambisonic sound, 0.5 on one of four channels."""
    sound = make_clip(
        "round.mkv", "-f", "lavfi", "-i", "aevalsrc=0.5*sin(2500*t)|0|0|0:d=2,"
        "channelmap=channel_layout=ambisonic 1", "-c:a", "libopus", "-mapping_family", "2",
        "-b:a", "256k",
    )  # fmt: skip
    blocks = [block.samples for block in stream_sound(open_source(sound).info, RATE)]
    assert np.abs(np.concatenate(blocks)).max() == pytest.approx(0.125, abs=0.03)


def test_a_damaged_first_picture_is_passed_over(make_clip, tmp_path):
    """B2."""
    clip = make_clip("first.avi", *PICTURE, "-c:v", "mjpeg")
    data = bytearray(clip.read_bytes())
    start = data.index(b"\xff\xd8\xff", data.index(b"movi"))
    data[start : start + 200] = bytes(200)
    damaged = tmp_path / "first.avi"
    damaged.write_bytes(data)
    assert open_source(damaged).picture().width == 64


def _placed(*pieces):
    placing = Placing(10, 50)
    blocks = [b for position, n in pieces for b in placing.put(position, np.ones(n, np.float32))]
    return [(b.start_s, len(b.samples), float(b.samples.sum())) for b in [*blocks, *placing.rest()]]


def test_pieces_lie_where_their_timestamps_say():
    assert _placed((0, 5), (5, 5)) == [(0.0, 10, 10)]
    assert _placed((3, 5)) == [(0.0, 8, 5)]  # late: silence before it
    assert _placed((-2, 5)) == [(0.0, 3, 3)]  # before second 0: dropped
    assert _placed((0, 5), (6, 5)) == [(0.0, 10, 10)]  # jitter
    assert _placed((0, 5), (9, 5)) == [(0.0, 14, 10)]  # a gap
    assert _placed((0, 10), (4, 10)) == [(0.0, 14, 14)]  # an overlap
    assert _placed((0, 10), (4, 2), (10, 3)) == [(0.0, 13, 13)]  # all of it heard already
    far = round(LONGEST_SILENCE_S * 10) + 6
    assert _placed((0, 5), (far, 5)) == [(0.0, 5, 5), (far / 10, 5, 5)]
    assert _placed((None, 5), (None, 5)) == [(0.0, 10, 10)]


def test_a_picture_of_which_nothing_is_known_does_not_silence_the_sound(make_clip, tmp_path):
    """A recording that begins behind its one keyframe: ffmpeg copies no such picture."""
    whole = make_clip("late.ts", *PICTURE, *TONE, "-c:v", "libx264", "-c:a", "ac3")
    data = whole.read_bytes()
    late = tmp_path / "late.ts"
    late.write_bytes(data[188 * 20 :])
    source = open_source(late)
    with pytest.raises(NoVideoStream, match="none of it can be decoded"):
        source.picture()
    ((begin_s, end_s),) = spans(late)
    assert begin_s == pytest.approx(0, abs=0.1)
    assert end_s == pytest.approx(3, abs=0.3)


def test_sound_that_is_heard_again_for_long_goes_on_only_where_that_is_tolerated():
    def length(mended, *pieces):
        placing = Placing(10, 1000, mended=mended)
        blocks = [b for at, n in pieces for b in placing.put(at, np.ones(n, np.float32))]
        blocks += placing.rest()
        return sum(len(b.samples) for b in blocks), placing.goes_back

    again = ((0, 20), *((n, 5) for n in (0, 5, 0, 5)))
    assert length(False, *again) == (20, True)
    assert length(True, *again) == (40, True)
    apart = ((0, 20), (0, 8), (20, 5), (0, 8), (25, 5))  # never a second in a row
    assert length(True, *apart) == (30, False)
