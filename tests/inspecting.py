"""Looking at media files as a stranger would, with PyAV and ffmpeg, not the project's own code."""

import contextlib
import hashlib
import re
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
import numpy.typing as npt

from overlay.media.process import ffmpeg_program


def picture_times(path: Path, index: int | None = None) -> list[Fraction]:
    """Presentation time of each decoded picture, exact, from the file's second 0."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0] if index is None else container.streams[index]
        start = Fraction(container.start_time or 0, 1_000_000)
        return [frame.pts * frame.time_base - start for frame in container.decode(stream)]


def pictures(path: Path, index: int | None = None, pix_fmt: str | None = None) -> list[npt.NDArray]:
    """Decoded pictures, as the decoder delivers them or converted to ``pix_fmt``."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0] if index is None else container.streams[index]
        return [frame.to_ndarray(format=pix_fmt) for frame in container.decode(stream)]


def field_orders(path: Path) -> set[str]:
    """How the decoded pictures of a file are made up, as one of ffmpeg's filters sees them."""
    found = set()
    for kind in ("TOPFIRST", "BOTTOMFIRST", "PROGRESSIVE"):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            graph = av.filter.Graph()
            select = graph.add("select", f"eq(interlace_type,{kind})")
            chain = [graph.add_buffer(template=stream), select, graph.add("buffersink")]
            graph.link_nodes(*chain).configure()
            for frame in container.decode(stream):
                chain[0].push(frame)
            chain[0].push(None)
            with contextlib.suppress(av.error.EOFError, av.error.BlockingIOError):
                graph.pull()
                found.add(kind)
    return found


def audio_packets(path: Path) -> list[tuple[int, str]]:
    """Number of packets and hash of their bytes, a stream."""
    streams: dict[int, list[bytes]] = {}
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return []
        for packet in container.demux(container.streams.audio):
            if packet.size:
                streams.setdefault(packet.stream.index, []).append(bytes(packet))
    return [(len(p), hashlib.sha256(b"".join(p)).hexdigest()) for p in streams.values()]


def audio_times(path: Path) -> list[float]:
    """First timestamp of each audio stream in seconds, from the file's second 0."""
    first: dict[int, float] = {}
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return []
        start = (container.start_time or 0) / 1e6
        for packet in container.demux(container.streams.audio):
            if packet.size:
                first.setdefault(packet.stream.index, float(packet.pts * packet.time_base) - start)
    return list(first.values())


def facts(path: Path) -> dict[str, object]:
    """Container-level facts."""
    with av.open(str(path)) as container:
        return {
            "chapters": [(c["start"], c["end"], c["metadata"]) for c in container.chapters()],
            "metadata": dict(container.metadata),
            "audio": [s.codec_context.name for s in container.streams.audio],
            "subtitles": [s.codec_context.name for s in container.streams.subtitles],
            "languages": [s.metadata.get("language") for s in container.streams.audio],
        }


def side_data(path: Path) -> str:
    """What goes with the first picture, a line each, as ffmpeg describes it.

    PyAV 18.1 crashes when pictures are freed whose side data were looked at.
    """
    command = [
        ffmpeg_program(), "-v", "info", "-nostdin", "-noautorotate", "-i", str(path),
        "-frames:v", "1", "-vf", "showinfo", "-f", "null", "-",
    ]  # fmt: skip
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return "\n".join(re.findall(r"showinfo.*? side data - (.*)", printed))


def peak(blocks: list[npt.NDArray[np.float32]]) -> float:
    """Largest magnitude of all samples."""
    return float(max(np.abs(block).max() for block in blocks))
