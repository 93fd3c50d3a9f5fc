"""What many tests are made of: sounds, tracks that need no model, products."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from overlay.datatypes import SoundBlock
from overlay.media.source import Source, open_source
from overlay.reporting import SILENT, Reporter
from overlay.settings import PanelSettings, Settings, VideoSettings
from overlay.track import TagTrack

FAST = VideoSettings(preset="ultrafast")
PANEL = PanelSettings(smoothing="none")


def two_tags(scores=None, window_s=2.0, **facts) -> TagTrack:
    """Speech and a dog for a minute: the dog falls, unless ``scores`` says otherwise."""
    if scores is None:
        falling = np.linspace(0.8, 0.1, 200, dtype=np.float32)
        scores = np.stack([np.full(200, 0.6, np.float32), falling], axis=1)
    length_s = window_s + 0.3 * len(scores)
    return TagTrack(scores, ("Speech", "Dog"), window_s, 0.3, length_s, **facts)


def made(product, source, out, video=FAST, *, track=None, reporter: Reporter = SILENT):
    """Plan and write a product, as the façade does."""
    settings = Settings(video=video, panel=PANEL)
    target = None if out is None else Path(out)
    opened = source if isinstance(source, Source) else open_source(source, mended=video.tolerant)
    plan = product.plan(opened, settings, target, reporter)
    return plan.write(two_tags() if track is None else track, reporter)


def listener():
    """A reporter, and what it was told: steps with their seconds, and notes."""
    steps, notes = [], []

    def progress(step, done, total):
        steps.append((step, done, total))

    return Reporter(progress, notes.append), steps, notes


def from_zero(blocks: Iterable[np.ndarray], rate: int) -> Iterator[SoundBlock]:
    """Blocks of samples that begin at second 0 and follow each other without a gap."""
    n_samples = 0
    for samples in blocks:
        yield SoundBlock(n_samples / rate, samples)
        n_samples += len(samples)


def with_box(data: bytes, box: bytes) -> bytes:
    """An MP4 of one H.264 stream with one more box in the entry that says how it is coded."""
    at = data.index(b"avcC") - 4
    grown = bytearray(data[:at] + box + data[at:])
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        start = grown.rindex(parent, 0, at) - 4
        size = struct.unpack_from(">I", grown, start)[0]
        struct.pack_into(">I", grown, start, size + len(box))
    return bytes(grown)


def without_key_list(data: bytes) -> bytes:
    """MP4 whose list of keyframes is left out: all are keyframes then (ISO 14496-12, 8.6.2)."""
    return data.replace(b"stss", b"free")


def all_keys(data: bytes) -> bytes:
    """AVI whose index marks every chunk as a keyframe."""
    changed, at = bytearray(data), data.index(b"idx1")
    for place in range(at + 12, at + 8 + int.from_bytes(data[at + 4 : at + 8], "little"), 16):
        changed[place] |= 0x10
    return bytes(changed)
