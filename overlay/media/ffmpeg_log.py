"""What ffmpeg printed while it ran, and what that says of source and target.

A verdict comes from counts, and from lines whose level and component say that a demuxer, a decoder
or the output speaks. Lines that print names, titles and other metadata have the level ``info`` or
``verbose`` and are never looked at.
"""

from __future__ import annotations

import errno
import os
import re
from collections import deque
from dataclasses import dataclass, field
from threading import Event

_LINE = re.compile(
    r"^(?P<components>(?:\[[^\]\n]* @ 0x[0-9a-f]+\] )*)\[(?P<level>[a-z]+)\] (?P<text>.*)$", re.S
)
_COMPONENT = re.compile(r"\[([^\]\n]*) @ 0x[0-9a-f]+\]")
_STREAM_COUNTS = re.compile(
    r"\s*Input stream #0:\d+ \((?P<kind>video|audio)\): \d+ packets read .*?"
    r"(?P<decoded>\d+) (?:frames|samples) decoded.*?; (?P<errors>\d+) decode errors"
)
_READ = re.compile(r"\s*Input stream #0:(\d+) \(audio\): (\d+) packets read")
_MUXED = re.compile(r"\s*Output stream #0:\d+ \(audio\): .*?(\d+) packets muxed")
_SHAPE = re.compile(r"w:(\d+) h:(\d+) fmt:\w+ .*?sar:(\d+)/(\d+) -> ")
_REBUILT = re.compile(r"Reconfiguring filter graph .*, (\d+)x(\d+)\b")
_ENCODED = re.compile(r"\s*Output stream #0:0 \(video\): (\d+) frames encoded")
_LOST = re.compile(
    r"partial file|ended prematurely|corrupt|Decoding error|Invalid NAL|error while decoding|"
    r"^Truncat|truncated|Error during demuxing|^concealing|CRC (?:error|mismatch)|^error count|"
    r"exceeds containing master element",
    re.IGNORECASE,
)
"""What demuxers and decoders say when packets, frames or samples are lost."""
_BESIDE = re.compile(
    r"(?:truncat\w+ (?:likely oversized )?|invalid |corrupt(?:ed)? |overread )?"
    r"(?:SEI|VUI|PPS|SPS|ICC|EXIF|XMP|ID3|APP\d+|COM)\b",
    re.IGNORECASE,
)
"""How lines begin that are about what goes beside the pictures, which come out without it; what
they cannot do without shows as errors of the decoder."""
_GUESS = "Estimating duration from bitrate"
_CORRUPT = "corrupt decoded frame"
"""Said as a warning of a frame that its decoder has marked so: parts of it are made up."""
_STREAM = re.compile(r"\bstream (?:= )?(\d+)")
_NO_ROOM = {os.strerror(number): number for number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)}
_BACKWARDS = re.compile(r"Non-monotonic DTS; previous: (-?\d+), current: (-?\d+)")
_ENCODED_PICTURE = re.compile(r"vost#\d+:\d+/(?!copy$)")
_MADE_OF_PACKETS = re.compile(r"[av]ost#0:\d+/(?:copy|pcm_f32le)$")
_OUTPUT = re.compile(r"(?:out|vost|aost|sost|ost)#|enc:")
_WRITES = re.compile(rf"{_OUTPUT.pattern}|(?:file|mp4|mov|ipod|matroska|webm|nut|image2)$")
_HEADER = "Output #0, "
_MOST_SHAPES = 5
_LOUD = {"warning", "error", "fatal", "panic"}


@dataclass
class FfmpegLog:
    """What ffmpeg printed, boiled down."""

    lines: deque[str] = field(default_factory=lambda: deque(maxlen=60))
    """The last lines that were no mere chatter."""
    damage: list[str] = field(default_factory=list)
    """The first lines that say that the input is damaged, without ffmpeg's prefixes."""
    complaint: str = ""
    """The first error line without ffmpeg's prefixes; empty if there is none."""
    decode_errors: int = 0
    frames_decoded: int | None = None
    """Of the video; ``None`` where ffmpeg does not say."""
    frames_encoded: int | None = None
    sound_read: dict[int, int] = field(default_factory=dict)
    """Packets of each sound of the source, by its index."""
    sound_muxed: list[int] = field(default_factory=list)
    """Packets of each sound of the result, in its order."""
    shapes: dict[str, None] = field(default_factory=dict)
    """Sizes that the source's frames have on a screen, in the order in which they come."""
    rebuilt: dict[tuple[int, int], None] = field(default_factory=dict)
    """Width and height of frames for which ffmpeg built all filters anew."""
    guesses_length: bool = False
    """Whether the source's length is no claim of its own, but worked out from its bit rate."""
    times_lost: bool = False
    """Whether encoded frames came whose times lie before those that were written."""
    ticks_back: int = 0
    """How far the time of a copied packet, or of decoded sound, lay before that of the one written
    before it, at most, in the output's ticks."""
    has_header: bool = False
    """Whether a header was written."""
    begun: Event = field(default_factory=Event)
    """Set as soon as a header was written, or nothing more is said."""
    no_room: OSError | None = None
    """Why the output could not be written to its end, if the disk had no room for it."""

    @property
    def damaged(self) -> bool:
        """Whether packets, frames or samples of the source were lost."""
        return bool(self.damage or self.decode_errors)

    def damage_of(self, index: int) -> list[str]:
        """The lines of damage but those that say that another stream is meant."""
        numbers = ((line, _STREAM.search(line)) for line in self.damage)
        return [line for line, said in numbers if said is None or int(said[1]) == index]

    @property
    def tail(self) -> str:
        """The last lines, for a report."""
        return "\n".join(self.lines)

    def add(self, line: str) -> None:
        """Take one line of ``-loglevel level+verbose`` output."""
        match = _LINE.match(line)
        if match is None:
            return  # the rest of a name with a line break
        level, text = match["level"], match["text"]
        components = _COMPONENT.findall(match["components"])
        if level == "verbose":
            self._count(components, text)
        elif level in _LOUD:
            self.lines.append(line)
            self._judge(components, level, text)
        elif level == "info" and not text.startswith(" "):
            self.lines.append(line)
            if text.startswith(_HEADER):
                self.has_header = True
                self.begun.set()
            if (size := _REBUILT.match(text)) and len(self.rebuilt) < _MOST_SHAPES:
                self.rebuilt[int(size[1]), int(size[2])] = None

    def _count(self, components: list[str], text: str) -> None:
        if components and components[0].startswith("Parsed_scale_0"):
            self._see_shape(text)
        if not components or not components[0].startswith(("in#0", "out#0")):
            return
        if (read := _READ.match(text)) and components[0].startswith("in"):
            self.sound_read[int(read[1])] = int(read[2])
        if (muxed := _MUXED.match(text)) and components[0].startswith("out"):
            self.sound_muxed.append(int(muxed[1]))
        if match := _STREAM_COUNTS.match(text):
            self.decode_errors += int(match["errors"])
            if match["kind"] == "video":
                self.frames_decoded = int(match["decoded"])
        elif match := _ENCODED.match(text):
            self.frames_encoded = int(match[1])

    def _see_shape(self, text: str) -> None:
        """The first filter says what it gets, whenever that changes."""
        if (match := _SHAPE.match(text)) and len(self.shapes) < _MOST_SHAPES:
            width, height, across, down = map(int, match.groups())
            self.shapes[f"{round(width * (across / down if across and down else 1))}x{height}"] = (
                None
            )

    def _judge(self, components: list[str], level: str, text: str) -> None:
        if level != "warning" and not self.complaint:
            self.complaint = text
        if not components or any(map(_WRITES.match, components)):
            self._judge_room(level, text)
        if components and (back := _BACKWARDS.match(text)):
            self._see_back(components[0], int(back[1]) - int(back[2]))
        if not components or any(map(_OUTPUT.match, components)):
            return
        self.guesses_length |= text.startswith(_GUESS)
        is_verdict = level != "warning" or not _hint(components) or text == _CORRUPT
        is_verdict &= not _BESIDE.match(text)
        if is_verdict and _LOST.search(text) and len(self.damage) < 20:
            self.damage.append(text)

    def _see_back(self, component: str, n_ticks: int) -> None:
        if _ENCODED_PICTURE.match(component):
            self.times_lost |= n_ticks > 0
        elif _MADE_OF_PACKETS.match(component):
            self.ticks_back = max(self.ticks_back, n_ticks)

    def _judge_room(self, level: str, text: str) -> None:
        number = _NO_ROOM.get(text.rpartition(": ")[2])
        if number is not None and level != "warning" and self.no_room is None:
            self.no_room = OSError(number, os.strerror(number))


def _hint(components: list[str]) -> bool:
    """Whether a decoder warns, which then decodes all the same: only demuxers lose by warning."""
    container = components[-1].startswith("in#") or "," in components[-1]
    return not (container or components[-1] in _DEMUXERS)


_DEMUXERS = {"mpegts", "mpeg", "avi", "flv", "ogg", "wav", "asf", "mxf", "nut", "mp3", "flac"}
