"""A file of every muxer and encoder that ffmpeg has, and files of others, through every product.

    python tests/campaigns/field.py [--only TEXT] [--markdown] [FILE OR FOLDER…]

Each is rendered, copied with soft captions, captioned and previewed; frames, times, sound packets,
fields, colour and side data are compared with the source's. What is refused must be refused in one
line. Prints a table; exit status 1 if something was wrong.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import av  # noqa: E402
import numpy as np  # noqa: E402
from inspecting import audio_packets, field_orders, pictures, side_data  # noqa: E402
from making import FAST, made  # noqa: E402

import overlay  # noqa: E402
from overlay.errors import OverlayError  # noqa: E402
from overlay.media.probe import LENIENT  # noqa: E402
from overlay.media.process import ffmpeg_program  # noqa: E402
from overlay.media.source import open_source  # noqa: E402
from overlay.products.burned import Burned  # noqa: E402
from overlay.products.soft_tracks import Soft  # noqa: E402
from overlay.products.still import Still  # noqa: E402

_S = 1.2
_PICTURE = ("-f", "lavfi", "-i", f"testsrc2=s=176x144:r=25:d={_S}")
_SOUND = ("-f", "lavfi", "-i", f"sine=700:d={_S}:r=48000")
_MUXERS_WITH_BOTH = {
    "3g2": (), "3gp": (), "amv": ("-s", "160x120", "-r", "25", "-ar", "22050", "-ac", "1",
    "-block_size", "882"), "asf": (), "asf_stream": (), "avi": (), "dvd": (), "f4v": (),
    "film_cpk": ("-c:a", "pcm_s16be_planar"), "flv": (), "gxf": ("-s", "720x576"), "ismv": (),
    "ipod": (), "matroska": (), "mov": (), "mp4": (), "mpeg": (), "mpegts": (), "mxf": (),
    "mxf_d10": ("-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-s", "720x608", "-g", "0", "-bf",
    "0", "-b:v", "50000k", "-minrate", "50000k", "-maxrate", "50000k", "-bufsize", "2000000",
    "-rc_init_occupancy", "2000000", "-intra_vlc", "1", "-non_linear_quant", "1", "-qmin", "1",
    "-qmax", "8", "-r", "25", "-c:a", "pcm_s16le", "-ac", "2"),
    "nut": (), "ogg": (), "ogv": (), "psp": ("-s", "320x240"), "rm": ("-c:v", "rv20", "-c:a",
    "real_144", "-ar", "8000", "-ac", "1"), "roq": ("-s", "256x256", "-r", "30", "-ar", "22050"),
    "smjpeg": ("-c:a", "pcm_s16le"), "svcd": (), "swf": ("-ar", "44100"), "vcd": (), "vob": (),
    "webm": (), "wtv": (), "dv": ("-s", "720x576", "-pix_fmt", "yuv420p", "-ac", "2"),
}  # fmt: skip
"""Muxers of ffmpeg that hold picture and sound, with what each asks for."""
_VIDEO_ASKS = {
    "amv": ("-s", "160x120"), "asv1": (), "asv2": (), "h261": (), "h263": (), "dnxhd": ("-s",
    "1280x720", "-b:v", "90M", "-pix_fmt", "yuv422p"), "dvvideo": ("-s", "720x576"), "libopenh264":
    (), "roqvideo": ("-s", "256x256", "-r", "30"), "vc2": ("-pix_fmt", "yuv420p"), "flashsv": (),
    "cfhd": ("-pix_fmt", "yuv422p10"), "avui": ("-s", "720x576"), "bitpacked": ("-pix_fmt",
    "yuv422p10"), "libvvenc": ("-preset", "faster"), "libaom-av1": ("-cpu-used", "8"), "hap": (),
    "librav1e": ("-speed", "10"), "libsvtav1": ("-preset", "12"), "speedhq": ("-pix_fmt",
    "yuv422p"), "liboapv": ("-pix_fmt", "yuv422p10"), "xbm": (), "prores_aw": (), "prores_ks": (),
}  # fmt: skip
_AUDIO_ASKS = {
    "real_144": ("-ar", "8000", "-ac", "1"), "g722": ("-ar", "16000", "-ac", "1"), "g723_1":
    ("-ar", "8000", "-ac", "1"), "g726": ("-ar", "8000", "-ac", "1"), "g726le": ("-ar", "8000",
    "-ac", "1"), "libopencore_amrnb": ("-ar", "8000", "-ac", "1"), "nellymoser": ("-ar", "44100",
    "-ac", "1"), "comfortnoise": ("-ar", "8000", "-ac", "1"), "s302m": ("-ac", "2"), "mlp": (),
    "adpcm_swf": ("-ar", "44100"), "adpcm_ima_amv": ("-ar", "22050", "-ac", "1"), "roq_dpcm":
    ("-ar", "22050"), "pcm_dvd": ("-ac", "2"), "pcm_bluray": ("-ac", "2"), "aptx": ("-ac", "2"),
    "aptx_hd": ("-ac", "2"), "truehd": ("-ac", "2"), "dfpwm": (), "pcm_vidc": ("-ar", "22050"),
}  # fmt: skip
_HOSTS = ("mkv", "mov", "nut", "avi", "ts", "flv", "mp4", "mxf", "asf", "vob", "swf", "rm")
"""Containers in which an encoder's stream is tried, the first that takes it."""
_FASHIONS = {
    "5.1 and 96 kHz, flac.mkv": ("-ac", "6", "-ar", "96000", "-c:a", "flac"),
    "7.1, eac3.mp4": ("-ac", "6", "-c:a", "eac3"),
    "24000-1001, hevc 4:2:2 10 bit.mkv": ("-r", "24000/1001", "-c:v", "libx265", "-x265-params",
        "log-level=none", "-pix_fmt", "yuv422p10le"),
    "120 a second, vp9 4:4:4.webm": ("-r", "120", "-c:v", "libvpx-vp9", "-pix_fmt", "yuv444p",
        "-cpu-used", "8", "-c:a", "libopus"),
    "12 a second, full range bt2020, av1.mkv": ("-r", "12", "-c:v", "libsvtav1", "-preset", "12",
        "-color_range", "pc", "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc",
        "arib-std-b67", "-pix_fmt", "yuv420p10le"),
    "bottom field first, dv.avi": ("-s", "720x480", "-r", "30000/1001", "-pix_fmt", "yuv411p",
        "-c:v", "dvvideo", "-c:a", "pcm_s16le", "-ac", "2"),
    "top field first, h264.ts": ("-vf", "tinterlace=interleave_top", "-flags", "+ilme+ildct",
        "-x264-params", "tff=1", "-c:v", "libx264", "-c:a", "mp2"),
    "gray, ffv1.mkv": ("-pix_fmt", "gray", "-c:v", "ffv1"),
    "16 bit gray, png.mov": ("-pix_fmt", "gray16be", "-c:v", "png"),
    "palette, gif codec.mkv": ("-pix_fmt", "pal8", "-c:v", "msrle"),
    "wide pixels turned, h264.mov": ("-vf", "setsar=4/3", "-c:v", "libx264"),
    "odd size, vp8.webm": ("-s", "321x181", "-c:v", "libvpx", "-c:a", "libvorbis"),
    "mono 8 kHz u8, cinepak.avi": ("-c:v", "cinepak", "-ar", "8000", "-c:a", "pcm_u8"),
    "late sound, h264.mkv": ("-itsoffset", "0.4", *_SOUND, "-map", "0:v", "-map", "2:a", "-c:v",
        "libx264", "-c:a", "aac"),
}  # fmt: skip
_STAY = re.compile(
    r"timecode|PanScan|Unregistered|encoding parameters|Motion|Closed|GOP|ICC|EXIF", re.IGNORECASE
)
"""Side data of the old coding, that name its program, or that Matroska does not hold."""


@dataclass
class Row:
    """What came of a file."""

    name: str
    codecs: str = ""
    good: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def made_files(folder: Path, only: str) -> Iterator[tuple[str, Path | None]]:
    """Files of every muxer and encoder whose name has a text in it; ``None`` where this ffmpeg
    makes none."""
    for name, make in _recipes(folder):
        if only in name:
            yield name, make()


def _recipes(folder: Path) -> Iterator[tuple[str, Callable[[], Path | None]]]:
    for muxer, asks in _MUXERS_WITH_BOTH.items():
        yield f"muxer {muxer}", partial(_file, folder / f"{muxer}.bin", "-f", muxer, *asks)
    words = {"V": "video", "A": "audio"}
    for kind, all_asks in (("V", _VIDEO_ASKS), ("A", _AUDIO_ASKS)):
        for encoder in _encoders(kind):
            asks = all_asks.get(encoder, ())
            yield f"{words[kind]} encoder {encoder}", partial(_hosted, folder, kind, encoder, asks)
    for name, asks in _FASHIONS.items():
        path = folder / name.rpartition(", ")[2].replace(" ", "-")
        yield f"odd: {name}", partial(_file, path, *asks)


def _encoders(kind: str) -> list[str]:
    printed = subprocess.run(
        [ffmpeg_program(), "-hide_banner", "-encoders"], capture_output=True, text=True, check=True
    ).stdout
    names = re.findall(rf"^ {kind}\S{{5}} (\S+)", printed, re.MULTILINE)
    hardware = re.compile(r"_(nvenc|qsv|amf|vaapi|v4l2m2m|vulkan)$|^(=|anull|vnull|wrapped)")
    return [name for name in names if not hardware.search(name)]


def _hosted(folder: Path, kind: str, encoder: str, asks: tuple[str, ...]) -> Path | None:
    until = time.monotonic() + 30
    for host in _HOSTS:
        path = folder / f"{encoder}.{host}"
        other = () if kind == "A" else ("-c:a", "pcm_s16le" if host in ("mov", "avi") else "aac")
        picture = ("-c:v", "mpeg4") if kind == "A" else ()
        if time.monotonic() > until:
            return None  # this encoder takes for ever
        if made_file := _file(path, *picture, f"-c:{kind.lower()}", encoder, *other, *asks):
            return made_file
    return None


def _file(path: Path, *options: str) -> Path | None:
    command = [
        ffmpeg_program(), "-v", "error", "-nostdin", "-y", *_PICTURE, *_SOUND, *options, "-strict",
        "-2", str(path),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode or not path.stat().st_size:
        return None
    return path if _is_readable(path) else None


def _is_readable(path: Path) -> bool:
    try:
        with av.open(str(path), **LENIENT) as container:
            return bool(container.streams.video and container.streams.audio)
    except av.FFmpegError:
        return False


def others_files(places: list[Path]) -> Iterator[tuple[str, Path]]:
    """Files that somebody else wrote."""
    for place in places:
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from ((each.name, each) for each in files if each.is_file() and _is_readable(each))


def tried(name: str, source: Path, folder: Path) -> Row:
    """Everything that can be made of a source, and what is wrong with it."""
    row = Row(name)
    try:
        opened = open_source(source)
        video, audio = opened.info.video, opened.info.audio
        sounds = "+".join(a.codec for a in audio)
        row.codecs = f"{opened.info.container.split(',')[0]}: {video and video.codec}, {sounds}"
    except OverlayError as error:
        row.refused.append(f"probe: {error}")
        return row
    for product, make in {
        "render": lambda: _rendered(source, folder, Burned()),
        "soft": lambda: _rendered(source, folder, Soft()),
        "captions": lambda: _captions(source, folder),
        "preview": lambda: _preview(source, folder),
    }.items():
        try:
            wrong = make()
        except OverlayError as error:
            one_line = "\n" not in str(error)
            said = str(error).removeprefix(f"{source}: ")
            (row.refused if one_line else row.wrong).append(f"{product}: {said}")
        except Exception as error:
            row.wrong.append(f"{product}: {type(error).__name__}: {error}")
        else:
            row.wrong += [f"{product}: {each}" for each in wrong]
            row.good += [] if wrong else [product]
    return row


def _rendered(source: Path, folder: Path, product: object) -> list[str]:
    out = folder / "out.mkv"
    out.unlink(missing_ok=True)
    made(product, source, out, FAST)
    soft = isinstance(product, Soft)
    return [*_wrong_picture(source, out), *_wrong_sound(source, out),
            *(() if soft else _wrong_looks(source, out))]  # fmt: skip


def _decoded(path: Path, index: int | None) -> tuple[list[float], int]:
    """Times of the decoded pictures from the file's second 0, and how many packets were bad."""
    times, bad = [], 0
    with av.open(str(path), **LENIENT) as container:
        stream = container.streams.video[0] if index is None else container.streams[index]
        start = (container.start_time or 0) / 1e6
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
                frames = packet.decode() if packet is not None else []
            except av.FFmpegError:
                bad += 1
                continue
            times += [float(f.pts * f.time_base) - start for f in frames if f.pts is not None]
            if packet is None:
                break
    return times, bad


def _wrong_picture(source: Path, out: Path) -> list[str]:
    info, video = open_source(source).info, open_source(source).picture()
    (before, bad), (after, _) = _decoded(source, video.index), _decoded(out, _chosen(source, out))
    guessed = info.container == "avi" and video.codec == "h264"  # PyAV guesses their times
    if bad or sorted(before) != before or guessed:
        return [] if after == sorted(after) else ["frames out of order"]
    if len(after) == len(before) + 1 and info.container.startswith("mov"):
        after.pop()  # one that an edit list hides, and a copy into another container does not
    if len(before) != len(after):
        return [f"{len(after)} frames of {len(before)}"]
    off = max((abs(a - b) for a, b in zip(before, after, strict=True)), default=0.0)
    return [f"a frame is {off:.3f} s off"] if off > 0.0035 else []


def _chosen(source: Path, out: Path) -> int | None:
    """The picture of a result that was chosen of the source's, where all of them are copied."""
    index = open_source(source).picture().index
    with av.open(str(source), **LENIENT) as before, av.open(str(out)) as after:
        same = before.streams.video[0].index != index and len(after.streams.video) > 1
        moving = [s.index for s in before.streams.video if not s.disposition.value & 0x400]
        return after.streams.video[moving.index(index)].index if same else None


def _wrong_sound(source: Path, out: Path) -> list[str]:
    before, after = audio_packets(source), audio_packets(out)
    if open_source(source).info.container in ("mpegts", "wtv"):  # they frame AAC in another way
        before, after = [n for n, _ in before], [n for n, _ in after]
    return [] if before == after else [f"sound {after} instead of {before}"]


def _wrong_looks(source: Path, out: Path) -> list[str]:
    """Fields, shape, colour and side data of a picture that was encoded anew."""
    before, after = open_source(source).picture(), open_source(out).picture()
    found = []
    if before.fields and field_orders(source) != field_orders(out):
        found.append(f"fields {field_orders(out)} instead of {field_orders(source)}")
    for name in ("space", "primaries", "transfer"):
        old, new = getattr(before.color, name), getattr(after.color, name)
        if old not in (None, new) and "rgb" not in before.pix_fmt:
            found.append(f"{name} {new} instead of {old}")
    if abs(before.sample_aspect / after.sample_aspect - 1) > 0.01:
        found.append(f"pixels {after.sample_aspect} instead of {before.sample_aspect}")
    lost = {line for line in side_data(source).splitlines() if not _STAY.search(line)}
    lost -= set(side_data(out).splitlines()) if lost else set()
    return found + [f"lost: {line}" for line in sorted(lost) if before.rotation == 0]


def _captions(source: Path, folder: Path) -> list[str]:
    track = overlay.tag(source, model="builtin", device="cpu", cache=False)
    saved = track.save(folder / "scores.npz")
    saved = saved if saved.exists() else folder / "scores.npz"
    cues = overlay.captions(saved, style="plain")
    saved.unlink()
    claimed = open_source(source).info.duration_s
    late = [cue for cue in cues if claimed and cue.end_s > claimed + 1]
    return [f"a cue ends at {late[-1].end_s:.1f} s of {claimed:.1f} s"] if late else []


def _preview(source: Path, folder: Path) -> list[str]:
    """The frame on the screen in the middle; outside of the panel it is the source's."""
    picture = open_source(source).picture()
    if picture.rotation:
        return []  # what is compared here is not turned
    index = picture.index
    times, bad = _decoded(source, index)
    at_s = (times[len(times) // 2] + times[len(times) // 2 + 1]) / 2 if len(times) > 3 else 0.0
    out = folder / "out.png"
    out.unlink(missing_ok=True)
    made(Still(at_s), source, out)
    if bad or sorted(times) != times or len(times) < 4 or len(times) > 400:
        return []
    shown = pictures(out, pix_fmt="gray")[0].astype(int)
    frames = pictures(source, index, pix_fmt="gray")
    if frames[0].shape != shown.shape:
        return []
    rows = slice(0, shown.shape[0] // 2)
    off = [np.abs(frame[rows].astype(int) - shown[rows]).mean() for frame in frames]
    wanted = max(n for n, time in enumerate(times) if time <= at_s)
    return [] if off[wanted] <= min(off) + 0.3 else [f"frame {np.argmin(off)}, not {wanted}"]


def main() -> int:
    """Try all; exit status 1 if something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--only", default="", help="names with this text in them")
    parser.add_argument("--markdown", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="field-") as place:
        folder = Path(place)
        named = others_files(args.places) if args.places else made_files(folder, args.only)
        rows, unmade = [], []
        for name, source in named:
            if source is None:
                unmade.append(name)
                continue
            rows.append(tried(name, source, folder))
            _print(rows[-1], markdown=args.markdown)
    n_whole = sum(len(row.good) == 4 for row in rows)
    n_wrong = sum(bool(row.wrong) for row in rows)
    print(f"\n{len(rows)} files: {n_whole} whole in all four products, "
          f"{sum(bool(row.refused) for row in rows)} with a refusal, {n_wrong} wrong; "
          f"not made here: {', '.join(unmade) or 'none'}")  # fmt: skip
    return 1 if n_wrong else 0


def _print(row: Row, *, markdown: bool) -> None:
    outcome = "; ".join(
        [*(["good: " + ", ".join(row.good)] if row.good else []),
         *(f"refused {each}" for each in row.refused), *(f"WRONG {each}" for each in row.wrong)]
    )  # fmt: skip
    if len(row.good) == 4:
        outcome = "whole"
    line = f"| {row.name} | {row.codecs} | {outcome} |" if markdown else (
        f"{row.name:32} {row.codecs:36} {outcome}")  # fmt: skip
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
