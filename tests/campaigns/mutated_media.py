"""Damaged media files in twelve containers, through every command that reads them."""

import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pysubs2
from av.stream import Discard
from campaigns.material import CONTAINERS, clip, draw, scores, warm_up
from campaigns.mutating import mutated
from campaigns.trying import Case

from overlay.media.probe import LENIENT

_TAGS = ("--tags", "../scores.npz", "--theme", "minimal")
_COMMANDS = (
    (5, ("render", "--preset", "ultrafast", "-o", "out.mkv", *_TAGS)),
    (3, ("render", "--tolerant", "--preset", "ultrafast", "-o", "out.mkv", *_TAGS)),
    (1, ("render", "--preset", "ultrafast", "--model", "builtin", "--no-cache", "-o", "out.mkv")),
    (2, ("tag", "--model", "builtin", "--no-cache", "-o", "out.npz")),
    (1, ("tag", "--tolerant", "--model", "builtin", "--no-cache", "-o", "out.npz")),
    (1, ("captions", "--model", "builtin", "--no-cache", "-o", "out.srt")),
    (1, ("export", "--format", "json", "--model", "builtin", "--no-cache", "-o", "out.json")),
    (2, ("render", "--soft", "-o", "out.mkv", *_TAGS)),
    (2, ("render", "--overlay-only", "-o", "out.mov", *_TAGS)),
    (2, ("render", "--preview", "1.2", "-o", "out.png", *_TAGS)),
)


def prepare(folder: Path):
    warm_up()
    scores(folder / "scores.npz")
    return {each: clip(folder, each).read_bytes() for each in CONTAINERS}


def case(number, chance, folder: Path, material) -> Case:
    container = chance.choice(list(material))
    data, how = mutated(chance, material[container])
    source = folder / f"in.{container}"
    source.write_bytes(data)
    command = draw(chance, *_COMMANDS)
    target = command[command.index("-o") + 1]
    argv = (command[0], source.name, *command[1:], "-q")

    def check(outcome):
        return _wrong(source, folder / target, command)

    return Case(f"{container}: {how}", argv, folder, (target,), check)


def _wrong(source: Path, target: Path, command) -> list[str]:
    """What is wrong with a result, against what another reader of the source finds in it."""
    if not target.exists():
        return ["no target"]
    if target.suffix == ".srt":
        if not target.stat().st_size:
            return []  # nothing heard that is worth a caption
        cues = pysubs2.load(str(target), encoding="utf-8")
        return [f"a cue at {cue.start} ms" for cue in cues if cue.start > 4000]
    if target.suffix == ".json":
        return [] if json.loads(target.read_text()) else ["an empty result"]
    if target.suffix == ".png":
        with av.open(str(target)) as picture:
            return [] if picture.streams.video[0].width else ["no picture"]
    if target.suffix == ".npz":
        return wrong_scores(source, target)
    if "--soft" in command:
        return _wrong_copy(source, target)
    alone = "--overlay-only" in command
    return wrong_picture(source, target, tolerant="--tolerant" in command, alone=alone)


def read(path: Path, kind: str, *, from_start: bool = True):
    """Times of the frames, errors, packets, and samples of a file's stream of a kind."""
    times, errors, packets, samples = [], 0, [], 0
    with av.open(str(path), **LENIENT) as container:
        streams = [s for s in container.streams if s.type == kind and s.codec_context]
        if not streams:
            return [], 0, [], 0.0
        stream = streams[0]
        for other in container.streams:  # as who reads this one alone: no error of another ends it
            other.discard = Discard.default if other is stream else Discard.all
        start = Fraction(container.start_time or 0, 1_000_000) * from_start
        demuxed = container.demux(stream)
        while True:
            try:
                packet = next(demuxed, None)
            except av.FFmpegError:  # a demuxer that gives up
                packet, errors = None, errors + 1
            if packet is None:
                break
            if packet.size:
                packets.append(bytes(packet))
            try:
                for frame in packet.decode():
                    samples += getattr(frame, "samples", 0)
                    if frame.pts is not None:
                        times.append(frame.pts * frame.time_base - start)
            except av.FFmpegError:
                errors += 1
        rate = getattr(stream.codec_context, "sample_rate", 0) or 0
    return times, errors, packets, samples / rate if rate else 0.0


def wrong_picture(source: Path, target: Path, *, tolerant: bool, alone: bool) -> list[str]:
    times, errors, *_ = read(source, "video")
    made, _, _, _ = read(target, "video", from_start=False)
    found = []
    if errors and not tolerant:
        found.append(f"{errors} damaged packets and no word of it")
    if tolerant and any(a >= b for a, b in pairwise(times)):
        pass  # frames whose times are over are left out
    elif len(times) == 1 < len(made):
        pass  # a still, which lasts as long as its sound
    elif len(times) != len(made) and not errors:
        found.append(f"{len(made)} frames of {len(times)}")
    elif times and not errors and not tolerant and len(set(times)) == len(times):
        begin = times[0] - made[0]
        jumps = source.suffix in (".ts", ".mpg") and abs(begin) > 1  # mended, and not as by PyAV
        if not alone and not jumps:  # an editing program puts it under the picture
            begin = Fraction(0)
        off = max(abs(float(a - b - begin)) for a, b in zip(times, made, strict=True))
        if off > 0.011:
            found.append(
                f"a frame is {off:.3f} s off (the first {float(times[0] - made[0]):.3f} s)"
            )
    if target.suffix == ".mkv":
        found += _wrong_sound(source, target)
    return found


def _wrong_sound(source: Path, target: Path) -> list[str]:
    _, errors, before, _ = read(source, "audio")
    after = read(target, "audio")[2]
    if before != after and not errors:
        return [f"sound: {len(after)} packets, not the {len(before)} of the source"]
    return []


def _wrong_copy(source: Path, target: Path) -> list[str]:
    before, errors, packets, _ = read(source, "video")
    after, _, copied, _ = read(target, "video")
    found = [] if len(packets) == len(copied) else [f"{len(copied)} packets of {len(packets)}"]
    if not errors and len(before) != len(after):
        found.append(f"{len(after)} frames of {len(before)}")
    return found + _wrong_sound(source, target)


def wrong_scores(source: Path, target: Path) -> list[str]:
    with np.load(target, allow_pickle=False) as track:
        values, length_s = track["scores"], float(track["duration_s"])
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        return ["scores that are none"]
    times, errors, _, heard_s = read(source, "audio")
    end_s = float(max(times, default=0))  # sound that begins late has silence before it
    if not errors and not heard_s - 0.25 < length_s < max(heard_s, end_s) + 0.25:
        return [f"{length_s:.2f} s scored of {heard_s:.2f} s of sound"]
    return []
