"""The same command lines on two checkouts, and all that comes out of them compared.

    python tests/campaigns/compare.py BEFORE AFTER [--keep FOLDER] [--files DIR] [--only N]

BEFORE and AFTER are folders of checkouts. The commands of a row run in a process each, or in one
together where starting costs more than working, in a folder of its own that holds copies of their
inputs, with an empty cache and without internet. Inputs are the files of ../shared/videos, the
sample, and files made here with ffmpeg; of long ones an excerpt. Rows whose inputs are not here are
not run. ``--only`` takes numbers of rows (``12``, ``3-9``) or part of a name, with commas between.

With ``--keep`` inputs, results of BEFORE and a report with all differences stay in FOLDER, and what
BEFORE did is not done again; the report is named after the folder AFTER. Packages that the Python
at hand lacks, such as pyarrow for Parquet, can be put into FOLDER/packages (``pip install
--target``). Let one campaign at a time fill a FOLDER.

What a row can come to:

    identical                       status, printed lines, files: all the same
    differs                         how is said; a line with ``!`` is one that nobody has explained
    before failed, after works
    before worked, after fails      a status, a file, an option or a refusal is lost

In ``how`` a number in brackets is that of the command in its row; ``on both sides [2] 3`` says that
the second ends with status 3 before and after, so that it proves nothing but that. Seconds are CPU.

The exit status is 1 after a row of the last kind, or if streams, packets, times of pictures or
pictures differ and nobody has explained it. ``--drawing-may-differ`` explains pictures that differ
in parts, and the animated panel; ``--explained FILE`` explains single differences:

    [[explained]]
    row = "soft *"                  # patterns as of file names
    difference = "*dts*"
    reason = "B frames in avi come in order now"

Nothing of the package is imported here: what is compared is what a user starts.
"""

from __future__ import annotations

import argparse
import difflib
import functools
import hashlib
import itertools
import json
import os
import pickle
import platform
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import wave
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from fnmatch import fnmatch
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

# PyAV 19 has no word for it any more; nothing of the package is imported here.
LENIENT = {} if int(av.__version__.partition(".")[0]) >= 19 else {"metadata_errors": "replace"}

LIMIT_S = 120
LONG_S, EXCERPT_S = 12, 6
LARGE, LARGE_S = 1280 * 720, 2
"""Pixels of a picture of which the excerpt is shorter, and its seconds."""
SCORE_TOLERANCE = 1e-4
SAME_DB = 33.0
"""A part of a picture that is at least this near is the same picture, coded otherwise."""
LOST_SHARE = 0.75
"""If more parts of the picture differ than this, it is not the panel alone that differs."""
N_PARTS = 8
TIMED_OUT = 124
OWN_TRACKS = ("Sounds", "Sound tags, animated")
MEDIA = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".png"}
_CHANGING_TAGS = {"encoder", "duration"}
"""Metadata that names the program, or that containers derive."""
_CHANGING_SIDE_DATA = ("Unregistered", "timecode")
"""The encoder's signature, and what has bytes that decoders leave to chance."""
_CODING = (
    "name", "codec_tag", "width", "height", "pix_fmt", "sample_aspect_ratio", "color_range",
    "colorspace", "color_primaries", "color_trc", "field_order", "sample_rate", "layout", "format",
)  # fmt: skip
_HERE = Path(__file__).resolve()


# What is compared: rows of commands


@dataclass(frozen=True, slots=True)
class Step:
    """One command."""

    command: str
    """Arguments of the command line, or the name of a script of ``API``."""
    wants: int | None = 0
    """Status of a command that works; ``None`` where it has to be refused, with any status."""
    entry: str = "cli"
    """``cli`` (cli.py), ``module`` (python -m overlay) or ``api``."""
    weights: bool = False
    """Whether the real weights of ../shared are at hand."""

    def worked(self, ran: Ran) -> bool:
        """Whether it ended as it should."""
        if self.wants is None:
            return 0 < ran.status < TIMED_OUT and "Traceback" not in ran.stderr
        return ran.status == self.wants


@dataclass(frozen=True, slots=True)
class Row:
    """Commands one after the other in the same folder, with the same cache: a line of the table."""

    name: str
    steps: tuple[Step, ...]
    together: bool = False
    """Whether one process runs them all, as it runs ``cli.py``: starting Python costs more than
    most commands do."""


def row(name: str, *steps: str | Step, together: bool = False) -> Row:
    """A row; texts are command lines."""
    made = tuple(Step(step) if isinstance(step, str) else step for step in steps)
    return Row(name, made, together)


def refused(command: str) -> Step:
    """A command line that must be refused and leave no file."""
    return Step(command, wants=None)


ALIASES = {
    "rabbit.mp4": "learning-area__rabbit320.mp4",
    "rabbit.webm": "learning-area__rabbit320.webm",
    "movie.mp4": "web-platform-tests__movie_300.mp4",
    "wpt.mp4": "web-platform-tests__test.mp4",
    "circles.mov": "web-platform-tests__RGB_Circles.mov",
    "wpt.webm": "web-platform-tests__test-av-640k-44100Hz-1ch-640x480-30fps-10kfr.webm",
    "hd.mp4": "mediabunny__video.mp4",
    "rotated.mp4": "mediabunny__rotate-buck-bunny.mp4",
    "dts.mp4": "mediabunny__toothsome-dts.mp4",
    "wide-pixels.mp4": "mediabunny__sar_2x1.mp4",
    "no-keyframe.ts": "mediabunny__no-initial-keyframe.ts",
    "edits.mp4": "mediabunny__edts.mp4",
    "out-of-range.mp4": "mp4parse-rust__chunk_out_of_range.mp4",
    "invalid-userdata.mp4": "mp4parse-rust__invalid_userdata.mp4",
    "tiny-rotated.mp4": "mp4parse-rust__video_rotation_90.mp4",
    "xhe-aac.mp4": "mp4parse-rust__sine-3s-xhe-aac-44khz-mono.mp4",
    "small.mp4": "small__mp4-with-audio.mp4",
    "nasa.mp4": "torchcodec__nasa_13013.mp4",
    "ten-bit.mp4": "torchcodec__h265_10bits.mp4",
    "av1.mkv": "torchcodec__av1_video.mkv",
    "fire.mp4": "moviepy__fire2.mp4",
    "bunny.webm": "moviepy__big_buck_bunny_0_30.webm",
    "no-duration.webm": "moviepy__no_duration.webm",
    "transparent.webm": "moviepy__transparent.webm",
    "422.mp4": "auto-editor__test_yuv422p.mp4",
    "text.mp4": "auto-editor__mov_text.mp4",
    "ntsc.mp4": "ffmpeg-python__in1.mp4",
    "two-tracks.mp4": "ffmpeg-normalize__test.mp4",
}
"""Short names of the files of ../shared/videos."""
SPECIAL = {
    "circles.mov", "wide-pixels.mp4", "tiny-rotated.mp4", "ten-bit.mp4", "av1.mkv",
    "no-keyframe.ts", "invalid-userdata.mp4", "out-of-range.mp4", "edits.mp4",
}  # fmt: skip
"""Those without sound or damaged: they need flags."""
UNUSUAL = "n\u00e4m\u00e9 \u540d\u5b57 (1).mp4"

_SOUND = "-ss 20 -t 4 -i {sounds.mp4}"
_X264 = "-c:v libx264 -preset ultrafast -threads 1"
RECIPES = {
    "six.mp4": f"-i {{sounds.mp4}} -t {EXCERPT_S} -map 0 -c copy",
    "three.mp4": "-i {sounds.mp4} -t 3 -map 0 -c copy",
    "sounds.wav": "-i {sounds.mp4} -t 12 -ac 1 -ar 16000",
    "sounds.mp3": "-ss 16 -t 12 -i {sounds.mp4} -c:a libmp3lame",
    "interlaced.mp4": f"-f lavfi -i testsrc2=s=352x288:r=50:d=4 {_SOUND} -map 0:v -map 1:a "
    f"-vf tinterlace=interleave_top,setfield=tff {_X264} -flags +ilme+ildct -x264-params tff=1 "
    "-c:a copy",
    "hdr.mp4": f"-f lavfi -i testsrc2=s=320x180:r=25:d=3 {_SOUND} -map 0:v -map 1:a -t 3 -vf "
    "format=yuv420p10le,setparams=range=tv:colorspace=bt2020nc:color_primaries=bt2020:"
    "color_trc=smpte2084 -c:v libx265 -preset ultrafast -x265-params log-level=error:pools=1:"
    "frame-threads=1:hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)"
    "WP(15635,16450)L(10000000,1):max-cll=1000,400 -tag:v hvc1 -c:a copy",
    "colours.mp4": f"-f lavfi -i testsrc2=s=320x240:r=24000/1001:d=3 {_SOUND} -map 0:v -map 1:a "
    "-t 3 -vf setsar=16/15,setparams=range=pc:colorspace=bt709:color_primaries=bt709:"
    f"color_trc=bt709 -pix_fmt yuv420p {_X264} -bf 2 -c:a copy",
    "vfr.mkv": f"-f lavfi -i testsrc2=s=320x240:r=30:d=4 {_SOUND} -map 0:v -map 1:a -vf "
    rf"select='not(eq(mod(n\,7)\,3))' -fps_mode passthrough {_X264} -c:a copy",
    "odd.mp4": f"-f lavfi -i testsrc2=s=321x241:r=25:d=3 {_SOUND} -map 0:v -map 1:a -t 3 "
    f"-pix_fmt yuv444p {_X264} -c:a copy",
    "late.ts": f"-itsoffset 3 -f lavfi -i testsrc2=s=320x240:r=25:d=4 -itsoffset 3 {_SOUND} "
    f"-map 0:v -map 1:a {_X264} -bf 2 -c:a copy -f mpegts",
    "film.mov": f"-f lavfi -i testsrc2=s=320x240:r=24000/1001:d=3 {_SOUND} -map 0:v -map 1:a -t 3 "
    f"{_X264} -bf 2 -c:a pcm_s16le -timecode 01:00:00:00",
    "old.avi": f"-f lavfi -i testsrc2=s=320x240:r=25:d=4 {_SOUND} -map 0:v -map 1:a -c:v mpeg4 "
    "-q:v 4 -threads 1 -c:a libmp3lame",
    "opus.webm": f"-f lavfi -i testsrc2=s=320x240:r=25:d=2 {_SOUND} -map 0:v -map 1:a -t 2 "
    "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -threads 1 -c:a libopus",
    "turned.mp4": "-display_rotation 90 -i {text.mp4} -map 0:v -map 0:a -c copy",
    "silent.mp4": f"-f lavfi -i testsrc2=s=320x240:r=25:d=2 {_X264}",
    "cover.jpg": "-f lavfi -i color=orange:s=160x120 -frames:v 1",
    "cover.mp4": "-i {rabbit.mp4} -i {cover.jpg} -map 0 -map 1 -c copy "
    "-disposition:v:1 attached_pic",
    "rich.mkv": "-i {rabbit.mp4} -ss 20 -t 6 -i {sounds.mp4} -i {dialogue.srt} -i {dialogue.ass} "
    "-i {chapters.txt} -map 0:v -map 0:a -map 1:a -map 2 -map 3 -map_metadata 4 -map_chapters 4 "
    "-c copy -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -metadata:s:a:1 "
    "title=Kommentar -metadata:s:s:0 language=fra -disposition:a:1 comment "
    "-disposition:s:1 hearing_impaired -attach {font.otf} -metadata:s:t:0 mimetype=font/otf "
    "-attach {cover.jpg} -metadata:s:t:1 mimetype=image/jpeg",
}
"""Files made with ffmpeg: its arguments before the target; inputs in braces."""

TEXTS = {
    "dialogue.srt": "1\n00:00:01,000 --> 00:00:03,000\nGood morning.\n\n"
    "2\n00:00:09,000 --> 00:00:11,500\nIs that <i>your</i> drum?\n- It is.\n\n"
    "3\n00:00:24,500 --> 00:00:27,000\nThe cows come home.\n",
    "dialogue.vtt": "WEBVTT\n\nNOTE made by hand\n\nfirst\n00:01.000 --> 00:03.000 align:start\n"
    "Good morning.\n\n00:00:24.500 --> 00:00:27.000\nThe cows come home.\n",
    "dialogue.ass": "[Script Info]\nScriptType: v4.00+\nPlayResX: 384\nPlayResY: 288\n\n"
    "[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, Alignment, MarginL, MarginR, "
    "MarginV\nStyle: Default,Arial,16,&Hffffff,2,10,10,10\n\n[Events]\nFormat: Layer, Start, End, "
    "Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,Good {\\i1}morning{\\i0}.\n"
    "Dialogue: 0,0:00:24.50,0:00:27.00,Default,,0,0,0,,The cows come home.\n",
    "latin.srt": "1\r\n00:00:01,000 --> 00:00:03,000\r\nGr\u00fc\u00dfe aus K\u00f6ln\r\n\r\n",
    "broken.srt": "1\n00:00:01,000 --> 00:00:01,200\n[a dog that barks and barks and barks, and "
    "then barks some more, all night long]\n\n2\n00:00:01,250 --> 00:00:19,000\n[rain]\n",
    "chapters.txt": ";FFMETADATA1\ntitle=A rabbit\nartist=Nobody\n[CHAPTER]\nTIMEBASE=1/1000\n"
    "START=0\nEND=3000\ntitle=First half\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=3000\nEND=7800\n"
    "title=Zweite H\u00e4lfte\n",
    "thresholds.toml": '"Cowbell" = 0.9\n"Drum kit" = 0.2\n',
    "plain.toml": '[captions]\nstyle = "plain"\n[events]\nevent_threshold = 0.1\n',
    "settings.toml": '[tagging]\nmodel = "builtin"\nhop_duration = 0.5\n[panel]\n'
    'theme = "light"\ntop_k = 3\nposition = "top-right"\n[video]\ncrf = 30\npreset = "ultrafast"\n'
    '[events]\ndeny = ["Speech"]\n[captions]\nstyle = "bbc"\n',
    "unknown-key.toml": "[panel]\ncolour = 3\n",
    "theme.toml": '[card]\nopacity = 0.9\nwidth = 0.6\n[labels]\n"Cowbell" = "#ff8800"\n',
    "text-only.mp4": "This is no video.\n",
    "damaged.npz": "PK\x03\x04 and then nothing of use",
}
"""Files written as they stand here, in UTF-8; ``latin.srt`` in Latin-1."""

API = {
    "tag": """
        import overlay
        notes, steps = [], set()
        track = overlay.tag("six.mp4", model="builtin", on_note=notes.append,
                            on_progress=lambda step, done, total: steps.add(step))
        print(track.n_hops, track.n_classes, track.model, track.model_hash)
        print(track.window_s, track.hop_s, round(track.duration_s, 3), track.times[:3].tolist())
        print(track.top_k(3), track.top_k(3, at_s=2.5), notes, sorted(steps))
        track.save("clip.npz")
        again = overlay.TagTrack.load("clip.npz")
        assert (again.scores == track.scores).all() and again.labels == track.labels
    """,
    "render": """
        import overlay
        track = overlay.TagTrack.load("sounds.tags.npz")
        done = overlay.render("six.mp4", "out.mp4", track=track, theme="light")
        print(done.path, done.n_frames, done.encoder, done.content, done.track is track)
        done = overlay.render("six.mp4", "panel.mov", track=track, overlay_only=True)
        print(done.path, done.n_frames, done.encoder, done.content)
        done = overlay.render("six.mp4", "soft.mkv", track=track, soft=True)
        print(done.path, done.n_frames, done.encoder, done.content)
        print(overlay.preview("six.mp4", 2.5, "still.png", track=track, top_k=3))
    """,
    "events": """
        import overlay
        events, track = overlay.find_events("sounds.mp4", event_threshold=0.4)
        for event in events:
            print(event)
        events, track = overlay.find_events("sounds.tags.npz")
        print(len(events), track.model)
        print(overlay.export_events("sounds.tags.npz", "csv", "clip.csv"))
        print(list(overlay.export_formats()))
    """,
    "captions": """
        import overlay
        for cue in overlay.captions("sounds.mp4", style="bbc", language="zh", density="low"):
            print(cue)
        print(overlay.merge_captions("sounds.tags.npz", "dialogue.srt"))
        print(overlay.check_captions("dialogue.sounds.srt", "netflix", video="sounds.mp4"))
        for rule in overlay.check_captions("broken.srt", "netflix"):
            print(rule)
    """,
    "moviepy": """
        from moviepy import VideoFileClip
        from PIL import Image
        import overlay
        from overlay.moviepy import TagOverlay
        track = overlay.TagTrack.load("sounds.tags.npz")
        settings = overlay.PanelSettings(theme="light", top_k=3)
        with VideoFileClip("six.mp4") as clip:
            for effect in (TagOverlay(track), TagOverlay(track, settings, start_s=20.0)):
                shown = clip.with_effects([effect])
                for t in (0.5, 2.0, 4.0):
                    Image.fromarray(shown.get_frame(t)).save(f"{effect.start_s:g}-{t:g}.png")
            shown.subclipped(0, 1).write_videofile("out.mp4", logger=None)
    """,
    "networks": """
        from overlay.tagging.panns import cnn6, cnn10, cnn14
        net = cnn6(pretrained=False, extract_embedding=False)
        net.eval()
        print(sorted((name, tuple(value.shape)) for name, value in net.state_dict().items()))
        print(callable(cnn10), callable(cnn14))
    """,
    "errors": """
        import pickle
        import overlay
        for call in (
            lambda: overlay.tag("no-such-file.mp4"),
            lambda: overlay.tag("silent.mp4"),
            lambda: overlay.render("six.mp4", "six.mp4"),
            lambda: overlay.render("sounds.wav", "out.mp4"),
            lambda: overlay.tag("six.mp4", model="no such model"),
            lambda: overlay.tag("six.mp4", colour=3),
            lambda: overlay.PanelSettings(top_k=0),
            lambda: overlay.TagTrack.load("damaged.npz"),
            lambda: overlay.export_events("sounds.tags.npz", "no such format"),
        ):
            try:
                call()
            except overlay.OverlayError as error:
                print(type(error).__name__, error.exit_code, error)
                assert type(pickle.loads(pickle.dumps(error))) is type(error)
    """,
    "names": """
        import dataclasses
        import inspect
        import overlay
        calls = {
            "tag": "path settings on_progress on_note",
            "render": "path out settings track on_progress on_note",
            "preview": "path at_s out settings track on_progress on_note",
            "find_events": "path settings on_progress on_note",
            "captions": "path settings on_progress on_note",
            "check_captions": "path style language video",
            "merge_captions": "path subtitles out settings on_progress on_note",
            "export_events": "path format_name out settings picture on_progress on_note",
            "export_formats": "",
            "Box": "x y width height",
            "Cue": "start_s end_s lines",
            "Tag": "index label score",
            "TagEvent": "index label onset_s offset_s peak mean",
            "TagTrack": "scores labels window_s hop_s duration_s model model_hash levels",
            "Rendered": "path track n_frames encoder content",
            "Settings": "tagging panel video events captions",
            "TaggingSettings": "model weights front_end device threads sample_duration "
            "hop_duration audio_track cache",
            "PanelSettings": "theme position top_k threshold collapse smoothing smooth_size font "
            "scale label_file language",
            "EventSettings": "event_threshold hysteresis min_duration_s max_gap_s collapse margin "
            "thresholds_file allow deny hop_top_k",
            "CaptionSettings": "style density language",
            "VideoSettings": "encoder crf preset tolerant allow_silent soft overlay_only "
            "overwrite ffmpeg",
        }
        lost = [name for name in [*calls, "OverlayError"] if not hasattr(overlay, name)]
        for name, wanted in calls.items():
            known = inspect.signature(getattr(overlay, name)).parameters
            lost += [f"{name}({each})" for each in wanted.split() if each not in known]
        for name in ("n_hops", "n_classes", "times", "top_k", "save", "load"):
            if name not in (*dir(overlay.TagTrack), *inspect.get_annotations(overlay.TagTrack)):
                lost.append(f"TagTrack.{name}")
        assert not lost, lost
        for name in overlay.__all__:
            shown = name in calls and inspect.signature(getattr(overlay, name))
            print(name, shown or "")
    """,
}
"""Scripts that use the package as README says."""

COMMANDS = ("render", "tag", "captions", "export", "parse", "train", "models", "cache", "doctor")
DENSITIES = ("low", "medium", "high")
STYLES = ("netflix", "dcmp", "bbc", "youtube", "plain")
CAPTIONS = ("srt", "vtt", "ass", "ttml", "sbv")
FORMATS = {
    "tables": ("csv", "json", "jsonl", "hops", "parquet"),
    "labels": ("audacity", "dcase", "eaf", "labelstudio", "raven", "rttm"),
    "captions": ("ass", "sbv", "srt", "ttml", "vtt"),
    "for players": ("ass-panel", "chapters"),
}
THEMES = ("dark", "light", "high-contrast", "minimal", "theme.toml")
POSITIONS = ("top-left", "top-right", "bottom-left", "bottom-right", "left", "right", "bottom")
LOOKS = {
    "theme": [f"--theme {theme}" for theme in THEMES],
    "position": [f"--position {place}" for place in POSITIONS],
    "rows": ["--top-k 1", "--top_k 10 --threshold 0.01", "--threshold 0.5", "--no-collapse",
             "--collapse", "--smoothing none", "--smoothing trailing --smooth-size 9"],
    "text": ["--lang zh", "--lang en", "--font font.otf", "--font cjk.otf --lang zh", "--scale 0.5",
             "--scale 2", "--label-file labels.txt", "--label_file labels.txt --no-collapse"],
}  # fmt: skip
FAST = "--preset ultrafast"


def all_rows(names: Iterable[str]) -> list[Row]:
    """All rows; ``names`` are the files that each get the usual commands."""
    return [
        *(_file_row(name) for name in names),
        *_render_rows(),
        *_soft_rows(),
        *_alone_rows(),
        *_still_rows(),
        *_tag_rows(),
        *_text_rows(),
        *_other_rows(),
        *_refusal_rows(),
        *(row(f"api {name}", Step(name, entry="api")) for name in API),
    ]


def _file_row(name: str) -> Row:
    """What a person does with a file, whatever it is."""
    steps = [
        f"{name} {FAST}",
        f"{name} --soft --config plain.toml -o soft.mkv",
        f"captions {name} --style plain --event-threshold 0.1",
        f"tag {name} -o scores.npz",
        f"{name} --preview 0.5 -o still.png",
    ]
    if name in SPECIAL:
        steps.append(f"{name} --tolerant --allow-silent -o tolerant.mkv {FAST}")
    return row(f"file {name}", *steps, together=True)


def _render_rows() -> Iterator[Row]:
    yield row("render mp4", "six.mp4 -o out.mp4")
    yield row("render containers", "three.mp4 -o out.mkv", "three.mp4 -o out.mov",
              "text.mp4 -o out.m4v", "wpt.webm -o vorbis.mkv", "wpt.webm -o vorbis.webm",
              together=True)  # fmt: skip
    yield row("render webm of opus", "opus.webm -o out.webm")
    yield row("render x264, x265",
              "three.mp4 --encoder libx264 --crf 28 --preset superfast -o a.mp4",
              "text.mp4 --encoder libx265 --crf 32 --preset ultrafast -o b.mp4",
              together=True)  # fmt: skip
    yield row("render vp9, av1", "text.mp4 --encoder libvpx-vp9 --crf 40 --preset 8 -o a.mkv",
              "text.mp4 --encoder libsvtav1 --crf 45 --preset 12 -o b.mp4",
              together=True)  # fmt: skip
    yield row("render allow-silent", "silent.mp4 --allow-silent", "av1.mkv --allow-silent",
              "wide-pixels.mp4 --allow-silent -o out.mkv", together=True)  # fmt: skip
    yield row("render tolerant", "cut.mp4 -o no.mp4", "cut.mp4 --tolerant -o out.mp4",
              "cut.webm -o no.mkv", "cut.webm --tolerant -o out.mkv", together=True)  # fmt: skip
    yield row("render many", Step("text.mp4 text-only.mp4 422.mp4 -o .", wants=3))
    yield row("render switches", f"text.mp4 --encoder h264_nvenc {FAST} -o no-card.mp4",
              f"two-tracks.mp4 --audio-track 1 -o second.mp4 {FAST}",
              f"render text.mp4 -o long-name.mp4 {FAST}", f"text.mp4 -q -o out.mp4 {FAST}",
              f"text.mp4 --debug -o debug.mp4 {FAST}", f"text.mp4 -o out.mp4 --overwrite {FAST}",
              f"silent.mp4 -o out.mp4 --allow-silent --overwrite {FAST}",
              together=True)  # fmt: skip
    yield row("render config", "three.mp4 --config settings.toml -o out.mp4",
              "three.mp4 --config settings.toml --top-k 2 -o two.mp4", together=True)  # fmt: skip
    yield row("render unusual name", f"'{UNUSUAL}' {FAST}")
    yield row("render bad word in a name", f"truncated_interview.mp4 {FAST}")
    for name in ("interlaced.mp4", "hdr.mp4", "colours.mp4", "vfr.mkv", "odd.mp4", "late.ts"):
        yield row(f"render {name}", f"{name} -o out.mp4", f"{name} -o out.mkv {FAST}",
                  together=True)  # fmt: skip
    for name in ("film.mov", "old.avi", "cover.mp4"):
        yield row(f"render {name}", f"{name} {FAST}", f"{name} -o out.mkv {FAST}", together=True)
    yield row("render rich.mkv", f"rich.mkv -o out.mkv {FAST}", f"rich.mkv -o out.mp4 {FAST}",
              together=True)  # fmt: skip
    yield row("render saved scores", f"sounds.mp4 --tags sounds.tags.npz -o out.mp4 {FAST}")
    yield row("render scores of the demo", "sounds.mp4 --tags demo.npz --preview 24.5",
              "sounds.mp4 --tags demo.npz --label-file labels.txt --preview 18",
              together=True)  # fmt: skip


def _soft_rows() -> Iterator[Row]:
    plain = "--soft --config plain.toml"
    yield row("soft", "sounds.mp4 --soft -o out.mkv")
    yield row("soft sounds", "sounds.mp4 --soft -o out.mp4", "sounds.mp4 --soft -o out.mov",
              "sounds.mp4 --soft --tags sounds.tags.npz -o saved.mkv",
              "sounds.mp4 --soft --tags demo.npz -o demo.mp4", together=True)  # fmt: skip
    targets = {
        "mp4": (
            "rabbit.mp4", "text.mp4", "nasa.mp4", "rotated.mp4", "edits.mp4", "hdr.mp4", "old.avi",
            "cover.mp4", "rich.mkv",
        ),
        "webm": ("rabbit.webm", "no-duration.webm", "transparent.webm"),
        "mov": (
            "interlaced.mp4", "colours.mp4", "vfr.mkv", "odd.mp4", "late.ts", "film.mov",
        ),
    }  # fmt: skip
    for kind, names in targets.items():
        for target in (kind, "mkv"):
            steps = [f"{name} {plain} -o out-{name}.{target}" for name in names]
            what = target if target == kind else f"mkv beside {kind}"
            yield row(f"soft {what}", *steps, together=True)
    yield row("soft settings", "sounds.mp4 --soft --theme light --position right --top-k 3 "
              "--scale 1.5 -o out.mkv", "sounds.mp4 --soft --lang zh -o zh.mkv",
              "silent.mp4 --soft --allow-silent -o silent.mkv", together=True)  # fmt: skip


def _alone_rows() -> Iterator[Row]:
    alone = "--overlay-only"
    yield row("alone mov", f"three.mp4 {alone}", f"three.mp4 {alone} -o out.mov --encoder qtrle",
              together=True)  # fmt: skip
    yield row("alone webm, mkv", f"three.mp4 {alone} -o out.webm", f"text.mp4 {alone} -o out.mkv",
              together=True)  # fmt: skip
    yield row("alone pictures", f"text.mp4 {alone} -o frames",
              f"text.mp4 {alone} -o 'named/f-%03d.png'", together=True)  # fmt: skip
    yield row("alone quality", f"text.mp4 {alone} --crf 30 -o out.webm",
              f"text.mp4 {alone} --crf 30 -o out.mov", together=True)  # fmt: skip
    yield row("alone rotated", f"turned.mp4 {alone} -o out.mov")
    yield row("alone vfr, hdr", f"vfr.mkv {alone} -o vfr.mov", f"vfr.mkv {alone} -o vfr.webm",
              f"hdr.mp4 {alone} -o hdr.mov", f"hdr.mp4 {alone} -o hdr.webm",
              together=True)  # fmt: skip


def _still_rows() -> Iterator[Row]:
    """Looks of the panel, as stills: one frame costs little."""
    still = "sounds.mp4 --tags sounds.tags.npz --preview"
    yield row("preview", f"{still} 12.5")
    yield row("preview times", *(f"{still} {t} -o {t}.png" for t in (0, 7.9, 18, 25.04, 39)),
              refused(f"{still} 100"), together=True)  # fmt: skip
    yield row("preview of video", "rotated.mp4 --preview 1 -o a.png",
              "hdr.mp4 --preview 1 -o b.png", "colours.mp4 --preview 1 -o c.png",
              "odd.mp4 --preview 1 -o d.png", together=True)  # fmt: skip
    for name, options in LOOKS.items():
        steps = [f"{still} 18 {option} -o {n}.png" for n, option in enumerate(options)]
        yield row(f"panel {name}", *steps, together=True)


def _tag_rows() -> Iterator[Row]:
    yield row("tag", "tag sounds.mp4", "tag sounds.mp3 -o b.npz", "tag sounds.wav -o c.npz")
    weighed = (
        "tag sounds.mp4", "tag text.mp4 --model mn04 -o mn04.npz", "text.mp4 -o out.mp4",
        "sounds.mp4 --soft -o out.mkv", "captions sounds.mp4", "export sounds.mp4 --format json",
        "export sounds.mp4 --format csv --deny Music", "models", "models verify mn04",
        "models fetch mn04",
    )  # fmt: skip
    yield row("with weights", *(Step(each, weights=True) for each in weighed), together=True)
    yield row("tag as the demo", "tag --wav sounds.wav --output_dir out",
              "tag --wav sounds.mp4 --output-dir out/deeper", together=True)  # fmt: skip
    yield row("tag windows", "tag six.mp4 --sample-duration 1 --hop-duration 0.1",
              "tag six.mp4 --sample_duration 3 --hop_duration 1 -o b.npz",
              "tag six.mp4 --threads 1 --device cpu -o c.npz", together=True)  # fmt: skip
    yield row("tag tracks", "tag two-tracks.mp4 -o 0.npz",
              "tag two-tracks.mp4 --audio-track 1 -o 1.npz",
              refused("tag two-tracks.mp4 --audio_track 2 -o 2.npz"), together=True)  # fmt: skip
    yield row("tag cache", "tag six.mp4 -o a.npz", "cache", "tag six.mp4 -o b.npz",
              "tag six.mp4 --no-cache -o c.npz", "cache clear", "cache show")  # fmt: skip
    yield row("tag others", "tag six.mp4 rabbit.mp4", "tag cut.mp4 -o strict.npz",
              "tag cut.mp4 --tolerant -o out.npz", "tag wpt.mp4 --config settings.toml",
              together=True)  # fmt: skip
    weights = "--weights cnn6.pdparams"
    yield row("tag panns", f"tag six.mp4 --model cnn6 {weights}",
              f"tag six.mp4 --model cnn6 {weights} --hop-duration 0.25 -o b.npz",
              "tag text.mp4 --model cnn10 --weights cnn10.pdparams -o c.npz",
              together=True)  # fmt: skip
    yield row("train", "train clips --model builtin", "tag sounds.wav --model clips.model.npz",
              "six.mp4 --model clips.model.npz --preview 2 -o still.png",
              refused("train clips --model builtin"),
              "train clips --labels clips.csv --model builtin -o own.npz",
              together=True)  # fmt: skip


def _text_rows() -> Iterator[Row]:
    yield row("parse", "parse --tagging_file sounds.tags.npz")
    yield row("parse as the demo", "parse --tagging_file demo.npz --output_dir out",
              "parse --tagging-file demo.npz --label_file labels.txt --output-dir named",
              "parse --tagging_file sounds.tags.npz --top_k 3 --output_dir few",
              "parse --tagging_file sounds.tags.npz --smooth False --output_dir rough",
              "parse --tagging_file sounds.tags.npz --smooth-size 9 --output_dir soft",
              together=True)  # fmt: skip
    for style in STYLES:
        steps = []
        for language in ("en", "zh"):
            made = f"captions busy.tags.npz --style {style} --lang {language} -o {language}"
            steps += [f"{made}.{kind} --format {kind}" for kind in CAPTIONS]
            steps += [f"{made}-{each}.srt --density {each}" for each in DENSITIES]
        yield row(f"captions {style}", *steps, together=True)
    yield row("captions", "captions sounds.mp4")
    yield row("captions of media", "captions sounds.wav --format vtt",
              "captions sounds.mp4 --style bbc --lang zh --format vtt -o zh.vtt",
              together=True)  # fmt: skip
    yield row("captions many", "captions sounds.tags.npz busy.tags.npz -o .",
              Step("tag wpt.mp4 text-only.mp4", wants=3),
              "captions rabbit.mp4 movie.mp4 --event-threshold 0.05 --style plain",
              "captions sounds.mp4 --config settings.toml -o bbc.srt", together=True)  # fmt: skip
    yield row("merge", "captions sounds.mp4 --merge dialogue.srt")
    yield row("merge others", "captions sounds.tags.npz --merge dialogue.vtt",
              "captions sounds.tags.npz --merge dialogue.ass --style bbc -o merged.ass",
              "captions busy.tags.npz --merge latin.srt --style youtube",
              "captions busy.tags.npz --merge dialogue.srt --lang zh -o zh.srt",
              refused("captions sounds.tags.npz --merge dialogue.srt -o zh.srt"),
              together=True)  # fmt: skip
    yield row("check", "captions sounds.mp4", "captions sounds.mp4 --check sounds.srt",
              Step("captions --check broken.srt", wants=6), together=True)  # fmt: skip
    check = "captions --check broken.srt --style"
    yield row("check styles", *(Step(f"{check} {each}", wants=6) for each in STYLES[:4]),
              "captions --check dialogue.srt --style plain",
              Step("captions --check dialogue.vtt --lang zh", wants=6),
              refused("captions --check damaged.npz"), together=True)  # fmt: skip
    for group, kinds in FORMATS.items():
        steps = []
        for kind in kinds:
            steps += [f"export {name}.tags.npz --format {kind}" for name in ("sounds", "busy")]
            steps.append(f"export wpt.mp4 --format {kind}")
        yield row(f"export {group}", *steps, together=True)
    csv = "export sounds.tags.npz --format csv"
    options = (
        "--event-threshold 0.5", "--min-duration 2", "--max-gap 3", "--thresholds thresholds.toml",
        "--allow Cowbell 'Drum kit'", "--deny Cowbell --event_threshold 0.1", "--no-collapse",
        "--label-file labels.txt", "--config settings.toml", "-q",
    )  # fmt: skip
    steps = [f"{csv} {option} -o {n}.csv" for n, option in enumerate(options)]
    yield row("export events", *steps, together=True)
    yield row("export hops, many", "export sounds.tags.npz --format hops --hop-top-k 3",
              "export demo.npz --format hops --label-file labels.txt -o demo.csv",
              "export sounds.tags.npz busy.tags.npz --format json -o .", together=True)  # fmt: skip
    panel = "export sounds.tags.npz --format ass-panel"
    yield row("export panel", f"{panel} --size 1280x720 --theme light -o a.ass",
              f"{panel} --position right --top-k 3 --scale 1.5 -o b.ass",
              "export turned.mp4 --format ass-panel -o c.ass",
              refused("export sounds.wav --format ass-panel"), together=True)  # fmt: skip


def _other_rows() -> Iterator[Row]:
    yield row("help", "", "--help", "--version")
    steps = [f"{command} --help" for command in COMMANDS]
    yield row("help of commands", *steps, together=True)
    yield row("module", Step("--help", entry="module"), Step("text.mp4 -o a.mp4", entry="module"),
              Step("export --format list", entry="module"))  # fmt: skip
    yield row("export list", "export --format list")
    yield row("models", "models", "models list", "models verify builtin", "models fetch builtin",
              together=True)  # fmt: skip
    yield row("cache", "cache", "cache show", "cache clear", together=True)
    yield row("doctor", "doctor")


def _refusal_rows() -> Iterator[Row]:
    """What must be refused, with one line and without a file."""
    cases = {
        "sources": (
            "no-such-file.mp4", "clips", "text-only.mp4", "silent.mp4", "sounds.wav",
            "captions silent.mp4", "tag", "tag text-only.mp4",
        ),
        "targets": (
            "text.mp4 -o text.mp4 --overwrite", "text.mp4 -o rabbit.mp4", "text.mp4 -o no/out.mp4",
            "text.mp4 -o out.xyz", "wpt.webm -o out.mp4", "rabbit.mp4 -o out.webm",
            "text.mp4 --overlay-only -o out.mp4", "text.mp4 wpt.mp4 -o out.mp4",
        ),
        "options": (
            "text.mp4 --model no-such-model", "text.mp4 --encoder no-such-encoder",
            "text.mp4 --theme no-such-theme", "text.mp4 --no-such-flag", "text.mp4 --overw",
            "text.mp4 --top-k 0", "text.mp4 --config unknown-key.toml",
            "text.mp4 --config no-such.toml", "text.mp4 --ffmpeg /no/such/program",
            "export sounds.tags.npz --format no-such-format", "tag text.mp4 --model cnn14",
        ),
        "damaged files": (
            "text.mp4 --tags damaged.npz", "text.mp4 --label-file broken.srt",
            "tag text.mp4 --model cnn6 --weights damaged.npz",
            "captions sounds.tags.npz --merge damaged.npz", "parse --tagging_file damaged.npz",
        ),
    }  # fmt: skip
    for name, commands in cases.items():
        yield row(f"refused {name}", *map(refused, commands), together=True)
    yield row("refused", *map(refused, ("no-such-file.mp4", "text.mp4 --no-such-flag")))


# Inputs


class Inputs:
    """The files that commands are given, made once in a folder."""

    def __init__(self, folder: Path, videos: Path | None, shared: Path | None, side: Side) -> None:
        self._folder, self._videos, self._shared, self._side = folder, videos, shared, side
        self.usual = [*(name for name in ALIASES if self._real(name))]
        if videos is not None:
            known = {*ALIASES.values(), *ALIASES}
            others = (path.name for path in videos.iterdir() if path.is_file())
            self.usual += sorted(name for name in others if name not in known)
        stamp = folder / "made-by"
        mine = _digest([_HERE, *sorted(videos.iterdir() if videos else [])]) + side.digest
        if not stamp.exists() or stamp.read_text() != mine:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            stamp.write_text(mine)

    def named_in(self, step: Step) -> set[str]:
        """Names of the inputs that a command uses."""
        if step.entry == "api":
            return set(re.findall(r'"([^"\s/]+\.\w+)"', API[step.command])) & self._known()
        return set(shlex.split(step.command)) & self._known()

    @functools.cached_property
    def weights(self) -> Path | None:
        """The folder with real weights."""
        folder = self._shared / "weights" if self._shared else None
        return folder if folder and folder.is_dir() else None

    def path(self, name: str) -> Path | None:
        """The input of this name, or ``None`` where it cannot be had."""
        path = self._folder / name
        if not path.exists():
            self._make(name, path)
        return path if path.exists() else None

    @functools.cache  # noqa: B019 (as long-lived as the program)
    def digest(self, name: str) -> str:
        """Hash of an input."""
        path = self.path(name)
        return _digest(sorted(path.rglob("*")) if path.is_dir() else [path]) if path else ""

    @functools.cache  # noqa: B019
    def streams(self, name: str) -> set[str]:
        """Hashes of the streams of an input; empty for what is no media."""
        path = self.path(name)
        try:
            return {each.digest for each in read(path).streams} if path else set()
        except (av.error.FFmpegError, OSError):
            return set()

    def _known(self) -> set[str]:
        return {*ALIASES, *RECIPES, *TEXTS, *self._made(), *self.usual}

    def _real(self, name: str) -> Path | None:
        path = self._videos / ALIASES.get(name, name) if self._videos else None
        return path if path and path.is_file() else None

    def _make(self, name: str, path: Path) -> None:
        if name in RECIPES:
            parts = [self.path(part) for part in re.findall(r"{(.*?)}", RECIPES[name])]
            if all(parts):
                known = {part.name: part for part in parts if part}
                _ffmpeg([_filled(each, known) for each in shlex.split(RECIPES[name])], path)
        elif name in TEXTS:
            path.write_bytes(TEXTS[name].encode("latin-1" if name == "latin.srt" else "utf-8"))
        elif name in self._made():
            self._made()[name](path)
        elif real := self._real(name):
            if seconds := _excerpt_s(real):
                _ffmpeg(["-i", str(real), "-t", str(seconds), "-map", "0", "-c", "copy"], path)
            else:
                shutil.copyfile(real, path)

    def _made(self) -> dict[str, Callable[[Path], None]]:
        """How to make what ffmpeg cannot."""
        checkout = self._side.checkout
        font = checkout / "fonts/Inter-SemiBold.otf"
        chinese = checkout / "tests/drawing/data/NotoSansCJKsc-subset.otf"
        return {
            "sounds.mp4": lambda path: _copy(checkout / "samples/sounds.mp4", path),
            "font.otf": lambda path: _copy(font, path),
            "cjk.otf": lambda path: _copy(chinese, path),
            "cut.mp4": lambda path: self._cut("rabbit.mp4", path),
            "cut.webm": lambda path: self._cut("rabbit.webm", path),
            "truncated_interview.mp4": lambda path: _copy(self.path("rabbit.mp4"), path),
            UNUSUAL: lambda path: _copy(self.path("three.mp4"), path),
            "sounds.tags.npz": self._tagged,
            "demo.npz": self._of_the_demo,
            "busy.tags.npz": self._busy,
            "labels.txt": self._labels,
            "clips": _training_clips,
            "clips.csv": lambda path: _clip_table(path),
            "cnn6.pdparams": lambda path: self._network("cnn6", path),
            "cnn10.pdparams": lambda path: self._network("cnn10", path),
        }

    def _cut(self, name: str, path: Path) -> None:
        """The first two thirds of a file, its index in front."""
        whole = self.path(name)
        if whole is not None:
            with tempfile.TemporaryDirectory() as folder:
                front = Path(folder, name)
                flags = ["-movflags", "+faststart"] if path.suffix == ".mp4" else []
                _ffmpeg(["-i", str(whole), "-map", "0", "-c", "copy", *flags], front)
                data = front.read_bytes()
            path.write_bytes(data[: len(data) * 2 // 3])

    def _tagged(self, path: Path) -> None:
        """Scores that BEFORE saved: what users have on their disks."""
        sample = self.path("sounds.mp4")
        with tempfile.TemporaryDirectory() as cache:
            command = f"tag {shlex.quote(str(sample))} -o {shlex.quote(str(path))} --model builtin"
            ran, _ = self._side.run(Step(command), path.parent, Path(cache), None)
        if ran.status:
            raise SystemExit(f"BEFORE cannot tag the sample: {ran.stderr}")

    def _of_the_demo(self, path: Path) -> None:
        """As PaddleAudio's demo saves scores: two arrays, no names."""
        with np.load(self._needed("sounds.tags.npz")) as arrays:
            np.savez(path, time=arrays["time"], scores=arrays["scores"])

    def _busy(self, path: Path) -> None:
        """Two minutes in which much happens, in BEFORE's layout."""
        rng = np.random.default_rng(7)
        with np.load(self._needed("sounds.tags.npz")) as arrays:
            known = {key: arrays[key] for key in arrays.files}
        scores = rng.uniform(0, 0.04, (400, len(known["labels"]))).astype(np.float32)
        for label in rng.choice(scores.shape[1], 40, replace=False):
            for _ in range(rng.integers(1, 5)):
                start, length = rng.integers(0, 390), rng.integers(2, 80)
                scores[start : start + length, label] = rng.uniform(0.2, 0.95)
        known |= {"scores": scores, "time": np.arange(400) * 0.3 / 120}
        known |= {"duration_s": np.array(120.0), "levels": known["levels"][:0, :0]}
        np.savez(path, **known)

    def _labels(self, path: Path) -> None:
        with np.load(self._needed("sounds.tags.npz")) as arrays:
            names = arrays["labels"].tolist()
        path.write_text("".join(f"{n}: {name.upper()}\n" for n, name in enumerate(names)), "utf-8")

    def _network(self, name: str, path: Path) -> None:
        """Weights that depend on the name of a parameter alone (../shared/README.md)."""
        shapes = self._shared / "golden/panns_state_dict.json" if self._shared else None
        if shapes is not None and shapes.is_file():
            wanted = json.loads(shapes.read_text())[name]
            arrays = {key: _test_weight(key, shape) for key, shape in wanted.items()}
            path.write_bytes(pickle.dumps(arrays, protocol=4))

    def _needed(self, name: str) -> Path:
        path = self.path(name)
        assert path is not None
        return path


def _copy(source: Path | None, path: Path) -> None:
    if source is not None and source.is_file():
        shutil.copyfile(source, path)


def _filled(argument: str, parts: dict[str, Path]) -> str:
    return str(parts[argument[1:-1]]) if argument.startswith("{") else argument


def _ffmpeg(arguments: Sequence[str], path: Path) -> None:
    """Run ffmpeg; the same input gives the same bytes."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    if "-flags" in arguments:
        exact = exact[:2]
    command = [program, "-v", "error", "-nostdin", "-y", *arguments, *exact, str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        path.unlink(missing_ok=True)
        raise SystemExit(f"{path.name} cannot be made: {done.stderr.strip()}")


def _excerpt_s(path: Path) -> int | None:
    """How much of a file is used; ``None`` for all of it, as of all small files."""
    if path.stat().st_size < 500_000:
        return None
    try:
        with av.open(str(path), **LENIENT) as container:
            length_s = (container.duration or 0) / 1e6
            sizes = [stream.width * stream.height for stream in container.streams.video]
    except (av.error.FFmpegError, OSError):
        return None
    if max(sizes, default=0) >= LARGE:
        return LARGE_S if length_s > LARGE_S else None
    return EXCERPT_S if length_s > LONG_S else None


def _training_clips(folder: Path) -> None:
    """Three high tones and three low rumbles."""
    rng = np.random.default_rng(3)
    t = np.arange(int(2.5 * 32000)) / 32000
    for n in range(3):
        _wav(folder / f"whistle/{n}.wav", 0.5 * np.sin(2 * np.pi * (2000 + 200 * n) * t))
        _wav(folder / f"rumble/{n}.wav", np.cumsum(rng.normal(0, 0.01, len(t))) % 0.5)


def _clip_table(path: Path) -> None:
    names = [f"{label}/{n}.wav" for label in ("whistle", "rumble") for n in range(3)]
    path.write_text("file,label\n" + "".join(f"{n},{n.split('/')[0]}\n" for n in names), "utf-8")


def _wav(path: Path, samples: npt.NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(32000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def _test_weight(key: str, shape: Sequence[int]) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "_variance" or (len(shape) == 1 and leaf == "weight"):
        made = rng.uniform(0.5, 1.5, shape)
    elif len(shape) == 1:
        made = rng.normal(0, 0.1, shape)
    elif len(shape) == 4:
        made = rng.normal(0, np.sqrt(2.0 / np.prod(shape[1:])), shape)
    else:
        made = rng.normal(0, np.sqrt(0.1 / shape[0]), shape)
    return made.astype(np.float32)


def _digest(paths: Iterable[Path]) -> str:
    """Hash of names and contents of files."""
    whole = hashlib.sha256()
    for path in paths:
        if path.is_file():
            whole.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


# Running


Listing = dict[str, tuple[int, int]]

RUNNER = """
import json, os, runpy, sys, time, traceback
from pathlib import Path

program, cache, weights = sys.argv[1:]
kept = [os.dup(1), os.dup(2)]
for n, (arguments, needs_weights) in enumerate(json.loads(Path(cache, "plan").read_text())):
    os.environ.pop("TAG_OVERLAY_MODELS", None)
    if needs_weights:
        os.environ["TAG_OVERLAY_MODELS"] = weights
    sys.argv = [program, *arguments]
    for fd, name in ((1, "out"), (2, "err")):
        with open(f"{cache}/{n}.{name}", "wb") as file:
            os.dup2(file.fileno(), fd)
    start, status = time.perf_counter(), 0
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
        status = 1
    seconds = time.perf_counter() - start
    sys.stdout.flush()
    sys.stderr.flush()
    for fd in (1, 2):
        os.dup2(kept[fd - 1], fd)
    files = [path for path in Path().rglob("*") if path.is_file() or path.is_symlink()]
    found = {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in files}
    part = Path(cache, "part")
    part.write_text(json.dumps([status, seconds, found]))
    part.rename(f"{cache}/{n}.done")
"""
"""Runs ``cli.py`` once for each command of a plan; nothing is imported for it beforehand."""


@dataclass(slots=True)
class Ran:
    """What a command did."""

    status: int
    stdout: str
    stderr: str
    seconds: float
    files: list[str] = field(default_factory=list)
    """What it wrote, by name in its folder."""
    touched: list[str] = field(default_factory=list)
    """Inputs that are not what they were."""


class Side:
    """One of the two checkouts."""

    def __init__(self, name: str, checkout: Path, folder: Path) -> None:
        self.name, self.checkout, self.folder = name, checkout.resolve(), folder
        self.packages = folder.parent / "packages"
        if not (self.checkout / "cli.py").is_file():
            raise SystemExit(f"{checkout} is no checkout: there is no cli.py in it")
        parts = [self.checkout / part for part in ("overlay", "assets", "fonts", "samples")]
        files = (p for part in parts for p in sorted(part.rglob("*")) if p.suffix != ".pyc")
        self.digest = _digest([self.checkout / "cli.py", *files])

    def check_import(self) -> None:
        """Make sure that this checkout is what runs, not an installed one."""
        code = "import overlay; print(overlay.__file__)"
        command = [sys.executable, "-c", code]
        with tempfile.TemporaryDirectory() as folder:
            environment = self._environment(Path(folder), None)
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True,
                                  text=True, check=False)  # fmt: skip
        if not Path(done.stdout.strip()).resolve().is_relative_to(self.checkout):
            raise SystemExit(f"{self.checkout}: not what is imported: {done.stdout}{done.stderr}")

    def results(self, row: Row, inputs: Inputs, *, fresh: bool) -> tuple[list[Ran], float, Path]:
        """What the commands of a row do: done now, or read where it was done before.

        Returns:
            What each did, CPU seconds of all, and the folder with what they wrote.
        """
        folder = self.folder / re.sub(r"[^\w.-]+", "-", row.name)
        names = sorted(set().union(*(inputs.named_in(step) for step in row.steps)))
        facts = (
            "records 2", self.digest, asdict(row), RUNNER if row.together else "",
            [API[step.command] for step in row.steps if step.entry == "api"],
            [(name, inputs.digest(name)) for name in names], inputs.weights is not None,
            self.packages.exists(), platform.python_version(),
            imageio_ffmpeg.get_ffmpeg_version(), LIMIT_S,
        )  # fmt: skip
        key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        record = folder / "record.json"
        if not fresh and record.exists():
            kept = json.loads(record.read_text())
            if kept["key"] == key:
                return [Ran(**ran) for ran in kept["ran"]], kept["cpu_s"], folder / "files"
        shutil.rmtree(folder, ignore_errors=True)
        start_s = _cpu_s(resource.RUSAGE_CHILDREN)
        ran = self._run_all(row, inputs, names, folder / "files")
        cpu_s = _cpu_s(resource.RUSAGE_CHILDREN) - start_s
        kept = {"key": key, "cpu_s": cpu_s, "ran": [asdict(each) for each in ran]}
        record.write_text(json.dumps(kept))
        return ran, cpu_s, folder / "files"

    def _run_all(self, row: Row, inputs: Inputs, names: list[str], folder: Path) -> list[Ran]:
        folder.mkdir(parents=True)
        for name in names:
            source = inputs.path(name)
            if source is not None and source.is_dir():
                shutil.copytree(source, folder / name)
            else:
                _copy(source, folder / name)
        known = given = _listed(folder)
        all_ran = []
        with tempfile.TemporaryDirectory() as cache:
            runs = (
                self._together(row.steps, folder, Path(cache), inputs.weights)
                if row.together
                else (self.run(step, folder, Path(cache), inputs.weights) for step in row.steps)
            )
            for ran, now in runs:
                changed = {name for name in now if now[name] != known.get(name)}
                ran.files = sorted(changed - given.keys())
                ran.touched = sorted((changed & given.keys()) | (known.keys() - now.keys()))
                known = now
                all_ran.append(ran)
        for name in given:
            (folder / name).unlink(missing_ok=True)
        return all_ran

    def run(
        self, step: Step, folder: Path, cache: Path, weights: Path | None
    ) -> tuple[Ran, Listing]:
        """Run one command in a folder; also what is in the folder afterwards."""
        environment = self._environment(cache, weights if step.weights else None)
        if step.entry == "api":
            script = cache / f"api_{step.command}.py"
            script.write_text(_dedented(API[step.command]), "utf-8")
            command = [sys.executable, str(script)]
        elif step.entry == "module":
            command = [sys.executable, "-m", "overlay", *shlex.split(step.command)]
        else:
            command = [sys.executable, str(self.checkout / "cli.py"), *shlex.split(step.command)]
        start = time.perf_counter()
        status, out, err = _finished(command, folder, environment)
        ran = Ran(status, out, err, time.perf_counter() - start)
        return self._without_places(ran, folder, cache, weights), _listed(folder)

    def _together(
        self, steps: Sequence[Step], folder: Path, cache: Path, weights: Path | None
    ) -> Iterator[tuple[Ran, Listing]]:
        """Run commands in one process; those that it does not come to have timed out."""
        plan = [(shlex.split(step.command), step.weights) for step in steps]
        (cache / "plan").write_text(json.dumps(plan))
        places = [self.checkout / "cli.py", cache, weights or ""]
        command = [sys.executable, "-c", RUNNER, *map(str, places)]
        _, _, trouble = _finished(command, folder, self._environment(cache, None))
        for n in range(len(steps)):
            done = cache / f"{n}.done"
            status, seconds, listed = (
                json.loads(done.read_text()) if done.exists() else (TIMED_OUT, LIMIT_S, {})
            )
            said = [cache / f"{n}.{name}" for name in ("out", "err")]
            out, err = (f.read_text("utf-8", "replace") if f.exists() else "" for f in said)
            ran = Ran(status, out, err if done.exists() else err + trouble, seconds)
            listing = {name: tuple(facts) for name, facts in listed.items()}
            yield self._without_places(ran, folder, cache, weights), listing

    def _without_places(self, ran: Ran, folder: Path, cache: Path, weights: Path | None) -> Ran:
        """What was said as on every machine: no folders, addresses or process ids."""
        known = {
            str(folder): "<here>", str(cache): "<cache>", str(self.checkout): "<checkout>",
            sys.prefix: "<python>", str(weights or "<weights>"): "<weights>",
            str(self.packages): "<packages>",
        }  # fmt: skip
        for place in sorted(known, key=len, reverse=True):
            ran.stdout = ran.stdout.replace(place, known[place])
            ran.stderr = ran.stderr.replace(place, known[place])
        ran.stdout, ran.stderr = (
            re.sub(r"0x[0-9a-f]{6,}", "0x", re.sub(r"\.\d+\.part", ".PID.part", text))
            for text in (ran.stdout, ran.stderr)
        )
        return ran

    def _environment(self, cache: Path, weights: Path | None) -> dict[str, str]:
        """Nothing from outside but what finds programs; no way to the internet."""
        kept = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
        nowhere = "http://127.0.0.1:9"
        return {
            **{key: os.environ[key] for key in kept if key in os.environ},
            **({"TAG_OVERLAY_MODELS": str(weights)} if weights else {}),
            "PYTHONPATH": f"{self.checkout}{os.pathsep}{self.packages}",
            "XDG_CACHE_HOME": str(cache), "HOME": str(cache),
            "TAG_OVERLAY_OFFLINE": "1", "http_proxy": nowhere, "https_proxy": nowhere,
            "LC_ALL": "C.UTF-8", "COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1",
        }  # fmt: skip


def _cpu_s(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def _finished(
    command: list[str], folder: Path, environment: dict[str, str]
) -> tuple[int, str, str]:
    """Status and output of a command; it is ended, with all it started, after ``LIMIT_S``."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, errors="backslashreplace", start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        return TIMED_OUT, out, f"{err}\nended after {LIMIT_S} s"
    return process.returncode, out, err


def _dedented(script: str) -> str:
    lines = script.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "".join(f"{line[indent:]}\n" for line in lines)


def _listed(folder: Path) -> Listing:
    """All files of a folder, hidden ones too, by name: size and time of the last change."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() or path.is_symlink():
            status = path.lstat()
            found[str(path.relative_to(folder))] = status.st_size, status.st_mtime_ns
    return found


# Comparing


class Kind(Enum):
    """What a difference means."""

    LOST = "lost"
    MENDED = "mended"
    STREAM = "streams, packets or times"
    PICTURE = "pictures"
    PANEL = "the animated panel"
    NEAR = "coded otherwise"
    SCORES = "scores"
    TEXT = "text"
    STATUS = "exit status"
    STDOUT = "printed lines"
    STDERR = "notes and errors"


@dataclass(slots=True)
class Difference:
    """One thing that is not the same."""

    kind: Kind
    text: str
    detail: str = ""
    """More lines, such as a unified diff."""
    reason: str = ""
    """Why it is right that it differs, if somebody said so."""

    @property
    def alarming(self) -> bool:
        """Whether it makes the campaign fail."""
        return not self.reason and self.kind in (Kind.LOST, Kind.STREAM, Kind.PICTURE, Kind.PANEL)


@dataclass(slots=True)
class Stream:
    """What a stream of a media file holds."""

    facts: dict[str, str]
    packets: list[tuple[Any, ...]]
    """Pts, dts, duration, flags, side data and content of each; content as a hash but for text."""

    @property
    def kind(self) -> str:
        """``video``, ``audio``, ``subtitle``, ``attachment`` or ``data``."""
        return self.facts["type"]

    @property
    def digest(self) -> str:
        """Hash of the contents of all packets."""
        return hashlib.sha256(repr([packet[-1] for packet in self.packets]).encode()).hexdigest()

    @property
    def is_own(self) -> bool:
        """Whether the program made this text track."""
        title = self.facts.get("tag title", self.facts.get("tag handler_name", ""))
        return self.kind == "subtitle" and title in OWN_TRACKS

    @property
    def is_animated(self) -> bool:
        """Whether it is the panel as a text track."""
        return self.is_own and OWN_TRACKS[1] in self.facts.values()


@dataclass(slots=True)
class Content:
    """A media file, read with no code of the project."""

    facts: dict[str, str]
    streams: list[Stream]


def read(path: Path) -> Content:
    """Facts of the container and its streams, and all packets."""
    with av.open(f"file:{path}", **LENIENT) as container:
        facts = {
            "format": container.format.name, "start": str(container.start_time),
            "duration": str(container.duration), **_tags(container.metadata),
        }  # fmt: skip
        for n, each in enumerate(container.chapters()):
            start, end = (each[side] * each["time_base"] for side in ("start", "end"))
            facts[f"chapter {n}"] = f"{start} {end} {each['metadata']}"
        streams = [Stream(_facts(stream), []) for stream in container.streams]
        wanted = [s for s in container.streams if s.type in ("video", "audio", "subtitle", "data")]
        for packet in container.demux(wanted) if wanted else ():
            if packet.size or packet.dts is not None:
                streams[packet.stream_index].packets.append(_packet(packet))
    for number, stream in enumerate(streams):
        if stream.kind == "video":
            stream.facts |= _first_picture(path, number)
    return Content(facts, streams)


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in metadata.items() if key.lower() not in _CHANGING_TAGS}
    return {f"tag {key}": value for key, value in kept.items()}


def _facts(stream: Any) -> dict[str, str]:
    facts = {"type": stream.type, "disposition": str(stream.disposition), **_tags(stream.metadata)}
    for name in ("language", "time_base", "start_time", "duration", "average_rate", "profile"):
        facts[name] = str(getattr(stream, name, None))
    if stream.type == "attachment":
        return facts | {"mimetype": str(stream.mimetype), "data": _hash(stream.data)}
    coding = getattr(stream, "codec_context", None)
    for name in _CODING if coding is not None else ():
        value = getattr(coding, name, None)
        if value is not None:
            facts[name] = str(getattr(value, "name", value))
    extra = getattr(coding, "extradata", None)
    facts["extradata"] = _hash(extra) if extra else "none"
    return facts


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _packet(packet: Any) -> tuple[Any, ...]:
    data = bytes(packet)
    side = sorted((s.data_type, _hash(bytes(s))) for s in packet.iter_sidedata())
    flags = (packet.is_keyframe, packet.is_corrupt, packet.is_discard)
    content = data if packet.stream.type == "subtitle" else _hash(data)
    return packet.pts, packet.dts, packet.duration, flags, side, content


def _first_picture(path: Path, number: int) -> dict[str, str]:
    """What only a decoded picture tells."""
    frame = next(_decoded(path, number, []), None)
    if frame is None:
        return {"first picture": "none"}
    return {
        "rotation": str(frame.rotation), "interlaced": str(frame.interlaced_frame),
        "format": frame.format.name, "shown": f"{frame.width}x{frame.height}",
        "side data": _side_data(path, number),
    }  # fmt: skip


def _side_data(path: Path, number: int) -> str:
    """What goes with the first picture, by ffmpeg: PyAV's may crash when they are freed."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "info", "-nostdin", "-noautorotate", "-i",
        f"file:{path}", "-map", f"0:{number}", "-frames:v", "1", "-vf", "showinfo",
        "-f", "null", "-",
    ]  # fmt: skip
    printed = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    lines = sorted(re.findall(r"showinfo.*? side data - (.*)", printed.stderr))
    return "; ".join(line for line in lines if not any(c in line for c in _CHANGING_SIDE_DATA))


def _decoded(path: Path, number: int, errors: list[str]) -> Iterator[Any]:
    try:
        with av.open(f"file:{path}", **LENIENT) as container:
            stream = container.streams[number]
            if stream.codec_context is None:
                return
            stream.codec_context.thread_type = "AUTO"
            yield from container.decode(stream)
    except av.error.FFmpegError as error:
        errors.append(type(error).__name__)


def compare_media(before: Path, after: Path, sources: set[str], *, soft: bool) -> list[Difference]:
    """Compare two media files.

    Args:
        before: One.
        after: The other.
        sources: Hashes of the streams that went in: what is among them was copied.
        soft: Whether every stream of the source has to be copied.
    """
    if before.read_bytes() == after.read_bytes():
        return []
    try:
        old, new = read(before), read(after)
    except (av.error.FFmpegError, OSError) as error:
        return [Difference(Kind.STREAM, f"cannot be read: {type(error).__name__}")]
    found = _unequal("container", old.facts, new.facts)
    kinds = [[stream.kind for stream in each.streams] for each in (old, new)]
    if kinds[0] != kinds[1]:
        text = f"streams {' '.join(kinds[0])} → {' '.join(kinds[1])}"
        return [*found, Difference(Kind.STREAM, text)]
    for number, (one, two) in enumerate(zip(old.streams, new.streams, strict=True)):
        where = f"stream {number} ({one.kind})"
        cover = "attached_pic" in one.facts["disposition"]
        drawn = one.kind == "video" and not (soft or cover or one.digest in sources)
        left_out = {"extradata"} if drawn or one.is_own else set()
        found += _unequal(where, one.facts, two.facts, left_out)
        if one.packets == two.packets:
            continue
        if drawn:
            found += _compare_pictures(before, after, number, where)
        elif one.is_own:
            kind = Kind.PANEL if one.is_animated else Kind.TEXT
            lines = [[_readable(packet) for packet in each.packets] for each in (one, two)]
            found.append(Difference(kind, f"{where}: its text", _diff(*lines)))
        else:
            found.append(Difference(Kind.STREAM, f"{where}: {_packets_said(one, two)}"))
    return found


def _unequal(
    where: str, old: dict[str, str], new: dict[str, str], left_out: Iterable[str] = ()
) -> list[Difference]:
    names = [name for name in {**old, **new} if name not in left_out]
    changed = [name for name in names if old.get(name) != new.get(name)]
    said = [f"{where}: {name} {old.get(name, '(none)')} → {new.get(name, '(none)')}"
            for name in changed]  # fmt: skip
    return [Difference(Kind.STREAM, text) for text in said]


def _packets_said(old: Stream, new: Stream) -> str:
    if len(old.packets) != len(new.packets):
        return f"{len(old.packets)} → {len(new.packets)} packets"
    names = ("pts", "dts", "duration", "flags", "side data", "bytes")
    pairs = list(zip(old.packets, new.packets, strict=True))
    counts = [sum(one[n] != two[n] for one, two in pairs) for n in range(len(names))]
    first = next(n for n, (one, two) in enumerate(pairs) if one != two)
    shown = ", ".join(f"{c} {name}" for c, name in zip(counts, names, strict=True) if c)
    times = f"{pairs[first][0][:3]} → {pairs[first][1][:3]}"
    return f"of {len(pairs)} packets differ {shown}; the first is {first}, {times}"


def _readable(packet: tuple[Any, ...]) -> str:
    return f"{packet[0]} {packet[2]} {packet[-1].decode(errors='backslashreplace')}"


def _compare_pictures(before: Path, after: Path, number: int, where: str) -> list[Difference]:
    """Times and pixels of all decoded pictures of a stream."""
    errors: tuple[list[str], list[str]] = ([], [])
    pairs = itertools.zip_longest(
        _decoded(before, number, errors[0]), _decoded(after, number, errors[1])
    )
    times: tuple[list[Fraction | None], list[Fraction | None]] = ([], [])
    measured: list[npt.NDArray[np.float64]] = []
    for pair in pairs:
        for list_, frame in zip(times, pair, strict=True):
            if frame is not None:
                list_.append(None if frame.pts is None else frame.pts * frame.time_base)
        if pair[0] is not None and pair[1] is not None and not _same_pixels(*pair):
            measured.append(_error_by_part(*pair))
    found = []
    if errors[0] != errors[1]:
        found.append(Difference(Kind.STREAM, f"{where}: decoding: {errors[0]} → {errors[1]}"))
    if len(times[0]) != len(times[1]):
        text = f"{where}: {len(times[0])} → {len(times[1])} pictures"
        found.append(Difference(Kind.STREAM, text))
    elif times[0] != times[1]:
        unequal = [n for n in range(len(times[0])) if times[0][n] != times[1][n]]
        n = unequal[0]
        text = f"{where}: PTS of {len(unequal)} of {len(times[0])} pictures; picture {n} at "
        found.append(Difference(Kind.STREAM, f"{text}{times[0][n]} → {times[1][n]} s"))
    return [*found, *_pixels_said(measured, len(times[0]), where)]


def _pixels_said(
    measured: list[npt.NDArray[np.float64]], n_pictures: int, where: str
) -> list[Difference]:
    if not measured:
        return []
    whole = [_decibels(each.mean()) for each in measured]
    parts = np.stack(measured)
    worst = _decibels(parts.max())
    changed = (_decibels(parts) < SAME_DB).any(axis=0)
    said = (
        f"{where}: {len(measured)} of {n_pictures} pictures differ, PSNR at least "
        f"{min(whole):.1f}, mean {np.mean(whole):.1f} dB, in the worst part {worst:.1f} dB"
    )
    if not changed.any():
        return [Difference(Kind.NEAR, said)]
    map_ = "\n".join("".join("#" if part else "." for part in line) for line in changed)
    share = changed.mean()
    said += f", in {changed.sum()} of {changed.size} parts"
    if share > LOST_SHARE:
        return [Difference(Kind.STREAM, f"{said}: more than the panel", map_)]
    return [Difference(Kind.PICTURE, said, map_)]


def _same_pixels(old: Any, new: Any) -> bool:
    if (old.format.name, old.width, old.height) != (new.format.name, new.width, new.height):
        return False
    return all(bytes(a) == bytes(b) for a, b in zip(old.planes, new.planes, strict=True))


def _error_by_part(old: Any, new: Any) -> npt.NDArray[np.float64]:
    """Mean squared error in 8 by 8 parts of the picture, 0 to 65025; all of it if sizes differ.

    Colour counts as much as it is opaque.
    """
    if (old.width, old.height) != (new.width, new.height):
        return np.full((N_PARTS, N_PARTS), 255.0**2)
    one, two = (_premultiplied(frame.to_ndarray(format="rgba")) for frame in (old, new))
    squares = ((one - two) ** 2).mean(axis=-1)
    rows, columns = (np.arange(N_PARTS) * size // N_PARTS for size in squares.shape)
    sums = np.add.reduceat(np.add.reduceat(squares, rows, axis=0), columns, axis=1)
    ones = np.ones_like(squares)
    return sums / np.add.reduceat(np.add.reduceat(ones, rows, axis=0), columns, axis=1)


def _premultiplied(rgba: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    pixels = rgba.astype(np.float32)
    if rgba[..., 3].min() < 255:
        pixels[..., :3] *= pixels[..., 3:] / 255
    return pixels


def _decibels(error: Any) -> Any:
    return 10 * np.log10(255.0**2 / np.maximum(error, 1e-10))


def compare_arrays(before: Path, after: Path) -> list[Difference]:
    """Compare two npz files: names, types, shapes, values."""
    if before.read_bytes() == after.read_bytes():
        return []
    old, new = (_arrays(path) for path in (before, after))
    found = []
    for name in {**old, **new}:
        if name not in new:
            kind = Kind.LOST if name in ("time", "scores") else Kind.SCORES
            found.append(Difference(kind, f"{name} is not there any more"))
        elif name not in old:
            found.append(Difference(Kind.SCORES, f"{name} is new"))
        elif text := _unlike(old[name], new[name]):
            found.append(Difference(Kind.SCORES, f"{name} {text}"))
    return found


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _unlike(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> str:
    if old.shape != new.shape or old.dtype.kind != new.dtype.kind:
        return f"{old.dtype} {old.shape} → {new.dtype} {new.shape}"
    if old.dtype.kind != "f":
        return "" if np.array_equal(old, new) else f"{old.ravel()[:3]} → {new.ravel()[:3]}"
    worst = float(np.abs(old.astype(float) - new.astype(float)).max(initial=0))
    return f"differs by up to {worst:.2g}" if not worst <= SCORE_TOLERANCE else ""


def compare_texts(before: Path, after: Path) -> list[Difference]:
    """Compare two other files to the byte, but for the day that ELAN files bear."""
    old, new = before.read_bytes(), after.read_bytes()
    if before.suffix == ".eaf":
        old, new = (re.sub(rb' DATE="[^"]*"', b' DATE=""', data) for data in (old, new))
    if old == new:
        return []
    lines = [data.decode("utf-8", "backslashreplace").splitlines() for data in (old, new)]
    diff = _diff(*lines) or f"{len(old)} → {len(new)} bytes; line ends or marks"
    count = sum(line[:1] in ("-", "+") for line in diff.splitlines()[2:])
    return [Difference(Kind.TEXT, f"{count} lines", diff)]


def _diff(old: list[str], new: list[str]) -> str:
    return "\n".join(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))


def compare_file(
    name: str, before: Path, after: Path, sources: set[str], *, soft: bool
) -> list[Difference]:
    """Compare two files of one name by what they are."""
    one, two = before / name, after / name
    if Path(name).suffix.lower() in MEDIA:
        found = compare_media(one, two, sources, soft=soft)
    elif name.endswith(".npz"):
        found = compare_arrays(one, two)
    else:
        found = compare_texts(one, two)
    for each in found:
        each.text = f"{name}: {each.text}"
    return found


def compare_step(
    step: Step, old: Ran, new: Ran, folders: tuple[Path, Path], sources: set[str]
) -> list[Difference]:
    """All that is not the same of one command on both sides."""
    found = []
    worked = step.worked(old), step.worked(new)
    wanted = "a refusal" if step.wants is None else f"status {step.wants}"
    if worked[0] and not worked[1]:
        said = new.stderr.strip().splitlines()[-1:] or ["nothing said"]
        text = f"{wanted} → status {new.status}: {said[0]}"
        return [Difference(Kind.LOST, text, new.stderr)]
    if not worked[0] and worked[1]:
        return [Difference(Kind.MENDED, f"status {old.status} → {wanted}", old.stderr)]
    if old.status != new.status:
        found.append(Difference(Kind.STATUS, f"status {old.status} → {new.status}"))
    for name in new.touched:
        if name not in old.touched:
            found.append(Difference(Kind.LOST, f"the input {name} is not what it was"))
    for name in old.files:
        if name not in new.files:
            found.append(Difference(Kind.LOST, f"{name} is not written any more"))
        else:
            soft = "--soft" in step.command
            found += compare_file(name, *folders, sources, soft=soft)
    for name in set(new.files) - set(old.files):
        kind = Kind.LOST if step.wants is None else Kind.TEXT
        found.append(Difference(kind, f"{name} is written, too"))
    if lost := sorted(_options(old.stdout) - _options(new.stdout)) if _asks_help(step) else []:
        found.append(Difference(Kind.LOST, f"without {', '.join(lost)}"))
    for kind, one, two in (
        (Kind.STDOUT, old.stdout, new.stdout), (Kind.STDERR, old.stderr, new.stderr),
    ):  # fmt: skip
        if one != two:
            diff = _diff(one.splitlines(), two.splitlines())
            found.append(Difference(kind, kind.value, diff))
    return found


def _asks_help(step: Step) -> bool:
    return step.command in ("", "-h", "--format list") or step.command.endswith(("--help", "list"))


def _options(help_text: str) -> set[str]:
    """Flags, commands and choices that a help text offers, and the first words of its lines."""
    flags = re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", help_text)
    choices = [each for found in re.findall(r"{([^}]+)}", help_text) for each in found.split(",")]
    entries = re.findall(r"^    ([a-z]\w*) ", help_text, re.MULTILINE)
    return {*flags, *(each.strip() for each in choices), *entries}


# The table


@dataclass(slots=True)
class Result:
    """What a row came to."""

    number: int
    row: Row
    found: list[tuple[int, Difference]]
    """With the number of the step, from 0."""
    cpu_s: tuple[float, float]
    """Of all commands, before and after."""
    failing: list[tuple[int, int]]
    """Steps, from 0, that do not end as they should on either side, and their status before."""

    @property
    def verdict(self) -> str:
        """One of the four kinds of rows; a difference that nobody has explained gets a ``!``."""
        kinds = {each.kind for _, each in self.found}
        if any(each.kind is Kind.LOST and not each.reason for _, each in self.found):
            return "before worked, after fails"
        if any(each.alarming for _, each in self.found):
            return "differs !"
        if Kind.MENDED in kinds:
            return "before failed, after works"
        return "differs" if kinds else "identical"

    @property
    def failed(self) -> bool:
        """Whether the campaign fails with it."""
        return any(each.alarming for _, each in self.found)

    @property
    def how(self) -> str:
        """What differs, in a line; of BEFORE's commands that failed, the status."""
        several = len(self.row.steps) > 1
        said = [
            f"{f'[{n + 1}] ' if several else ''}{each.text}"
            f"{f' (explained: {each.reason})' if each.reason else ''}"
            for n, each in sorted(self.found, key=lambda pair: not pair[1].alarming)
        ]
        failing = (f"[{n + 1}] {status}" if several else f"{status}" for n, status in self.failing)
        if self.failing:
            said.append(f"on both sides {', '.join(failing)}")
        return "; ".join(said)


def compare_row(
    number: int, row: Row, sides: tuple[Side, Side], inputs: Inputs, explain: Explain
) -> Result | None:
    """Run a row on both sides and compare; ``None`` where an input cannot be had."""
    names = set().union(*(inputs.named_in(step) for step in row.steps))
    needs_weights = any(step.weights for step in row.steps)
    if any(inputs.path(name) is None for name in names) or (needs_weights and not inputs.weights):
        return None
    old, old_s, before = sides[0].results(row, inputs, fresh=False)
    new, new_s, after = sides[1].results(row, inputs, fresh=True)
    sources = set().union(*(inputs.streams(name) for name in names))
    found = []
    for n, (step, one, two) in enumerate(zip(row.steps, old, new, strict=True)):
        found += [(n, each) for each in compare_step(step, one, two, (before, after), sources)]
    for _, each in found:
        each.reason = explain(row.name, each)
    failing = [
        (n, one.status)
        for n, (step, one, two) in enumerate(zip(row.steps, old, new, strict=True))
        if not (step.worked(one) or step.worked(two))
    ]
    return Result(number, row, found, (old_s, new_s), failing)


Explain = Callable[[str, Difference], str]


def explanations(path: Path | None, *, drawing: bool) -> Explain:
    """What tells why a difference is right; an empty text if nobody did."""
    listed = tomllib.loads(path.read_text("utf-8"))["explained"] if path else []

    def explain(row: str, difference: Difference) -> str:
        for each in listed:
            if fnmatch(row, each["row"]) and fnmatch(difference.text, each["difference"]):
                return str(each["reason"])
        drawn = difference.kind in (Kind.PICTURE, Kind.PANEL)
        return "drawing may differ" if drawing and drawn else ""

    return explain


def chosen(rows: Sequence[Row], only: str | None) -> list[tuple[int, Row]]:
    """The rows to run, with their numbers."""
    numbered = list(enumerate(rows, start=1))
    if only is None:
        return numbered
    numbers: set[int] = set()
    words = []
    for part in only.split(","):
        if re.fullmatch(r"\d+(-\d+)?", part):
            first, _, last = part.partition("-")
            numbers.update(range(int(first), int(last or first) + 1))
        else:
            words.append(part)
    return [(n, row) for n, row in numbered if n in numbers or any(w in row.name for w in words)]


def line_of(result: Result, width: int = 110) -> str:
    """A line of the table."""
    how = result.how.replace("\n", " ")
    how = how if len(how) <= width else f"{how[: width - 1]}…"
    seconds = f"{result.cpu_s[0]:5.1f} {result.cpu_s[1]:5.1f}"
    return (
        f"{result.number:3} {result.row.name:25.25} {result.verdict:26} {seconds}  {how}".rstrip()
    )


def report_of(results: Sequence[Result], skipped: Sequence[str]) -> str:
    """All rows as Markdown, and below them each difference with its lines."""
    lines = ["| # | row | result | how |", "|---|---|---|---|"]
    for each in results:
        how = each.how.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {each.number} | {each.row.name} | {each.verdict} | {how[:400]} |")
    lines += [f"| | {name} | not run: an input is not here | |" for name in skipped]
    for each in results:
        for n, difference in each.found:
            lines += ["", f"## {each.number} {each.row.name}: {difference.text}", "",
                      f"`{each.row.steps[n].command}` ({difference.kind.value})"]  # fmt: skip
            if difference.detail:
                lines += ["", "```diff", difference.detail.rstrip("\n"), "```"]
    return "\n".join(lines) + "\n"


def print_summary(results: Sequence[Result], skipped: Sequence[str], *, details: bool) -> None:
    """Counts, and the lines of differences where no report is kept."""
    for each in results if details else ():
        for n, difference in each.found:
            if difference.detail:
                print(f"\n{each.number} {each.row.steps[n].command}: {difference.text}")
                shown = difference.detail.splitlines()
                print("\n".join(shown[:40]))
                if len(shown) > 40:
                    print(f"… {len(shown) - 40} more lines; --keep FOLDER has them all")
    print()
    n_steps = sum(len(each.row.steps) for each in results)
    n_failing = sum(len(each.failing) for each in results)
    print(f"{len(results)} rows of {n_steps} command lines, of which {n_failing} do not work on "
          f"either side; {len(skipped)} rows not run")  # fmt: skip
    for verdict in ("identical", "differs", "differs !", "before failed, after works",
                    "before worked, after fails"):  # fmt: skip
        print(f"  {sum(each.verdict == verdict for each in results):4} {verdict}")
    totals = [sum(each.cpu_s[side] for each in results) for side in (0, 1)]
    print(f"  commands took {totals[0]:.0f} s of CPU before, {totals[1]:.0f} s after")


def main() -> int:
    """Compare; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path, metavar="BEFORE")
    parser.add_argument("after", type=Path, metavar="AFTER")
    parser.add_argument("--files", type=Path, metavar="DIR", help="videos (../shared/videos)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep results of BEFORE here")
    parser.add_argument("--only", metavar="N", help="rows: 12, 3-9, part of a name; with commas")
    parser.add_argument("--drawing-may-differ", action="store_true")
    parser.add_argument("--explained", type=Path, metavar="TOML", help="differences that are right")
    args = parser.parse_args()
    start = time.perf_counter()
    places = [os.environ.get("TAG_OVERLAY_SHARED"), _HERE.parents[3] / "shared",
              args.before.resolve().parent / "shared"]  # fmt: skip
    shared = next((Path(p).resolve() for p in places if p and Path(p, "README.md").exists()), None)
    videos = args.files or (shared / "videos" if shared else None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (args.keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        name = args.after.resolve().name
        before = Side("before", args.before, folder / "before")
        sides = before, Side("after", args.after, folder / f"after-{name}")
        for side in sides:
            side.check_import()
        inputs = Inputs(folder / "inputs", videos, shared, sides[0])
        explain = explanations(args.explained, drawing=args.drawing_may_differ)
        results, skipped = [], []
        for number, row in chosen(all_rows(inputs.usual), args.only):
            result = compare_row(number, row, sides, inputs, explain)
            if result is None:
                skipped.append(row.name)
                print(f"{number:3} {row.name:25.25} not run: an input is not here")
                continue
            results.append(result)
            print(line_of(result), flush=True)
        if args.keep:
            (folder / f"report-{name}.md").write_text(report_of(results, skipped), "utf-8")
        print_summary(results, skipped, details=not args.keep)
    own_s = _cpu_s(resource.RUSAGE_SELF)
    print(f"  all took {time.perf_counter() - start:.0f} s, {own_s:.0f} s of CPU for comparing")
    return int(any(each.failed for each in results))


if __name__ == "__main__":
    sys.exit(main())
