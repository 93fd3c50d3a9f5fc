"""A file of every muxer that ffmpeg has, cut at several places: is that said?

    python tests/campaigns/cut_files.py [NAME…]

Each is heard, and drawn on where it has a picture. A cut is said by a note or by an error of one
line; of a whole file nothing may be said. Prints a table; exit status 1 if something was wrong.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from inspecting import picture_times  # noqa: E402
from making import listener, made  # noqa: E402

from overlay.errors import OverlayError  # noqa: E402
from overlay.media.audio import stream_sound  # noqa: E402
from overlay.media.process import ffmpeg_program  # noqa: E402
from overlay.media.source import open_source  # noqa: E402
from overlay.products.burned import Burned  # noqa: E402
from overlay.settings import VideoSettings  # noqa: E402

_PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=176x144:r=25:d=2")
_SOUND = ("-f", "lavfi", "-i", "sine=700:d=2:r=48000")
_PHONE = ("-ar", "8000", "-ac", "1")
_ASKS = {
    "amr": ("-c:a", "libopencore_amrnb", *_PHONE), "amv": ("-s", "160x120", "-ar", "22050", "-ac",
    "1", "-block_size", "882"), "apm": ("-c:a", "adpcm_ima_apm"), "alp": ("-ar", "22050"),
    "argo_asf": ("-c:a", "adpcm_argo"), "argo_cvg": ("-c:a", "adpcm_psx", "-ar", "22050", "-ac",
    "1"), "aea": ("-c:a", "atrac1"), "aptx": ("-ac", "2"), "aptx_hd": ("-ac", "2"),
    "dv": ("-s", "720x576", "-pix_fmt", "yuv420p", "-ac", "2"), "daud": ("-ar", "96000", "-ac",
    "6"), "film_cpk": ("-c:a", "pcm_s16be_planar"), "g722": ("-ar", "16000", "-ac", "1"),
    "g723_1": _PHONE, "g726": _PHONE, "g726le": _PHONE, "gsm": _PHONE, "ilbc": _PHONE,
    "codec2": _PHONE, "gxf": ("-s", "720x576"), "kvag": ("-c:a", "adpcm_ima_ssi"), "mxf_d10": (
    "-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-s", "720x608", "-g", "0", "-bf", "0", "-b:v",
    "50000k", "-minrate", "50000k", "-maxrate", "50000k", "-bufsize", "2000000",
    "-rc_init_occupancy", "2000000", "-intra_vlc", "1", "-non_linear_quant", "1", "-qmin", "1",
    "-qmax", "8", "-r", "25", "-c:a", "pcm_s16le", "-ac", "2"), "mxf_opatom": ("-c:v", "dnxhd",
    "-s", "1280x720", "-b:v", "90M", "-pix_fmt", "yuv422p", "-an"), "dnxhd": ("-s", "1280x720",
    "-b:v", "90M", "-pix_fmt", "yuv422p"), "psp": ("-s", "320x240"), "rm": ("-c:v", "rv20", "-c:a",
    "real_144", *_PHONE), "roq": ("-s", "256x256", "-r", "30", "-ar", "22050"), "rso": ("-c:a",
    "pcm_u8", *_PHONE), "sbc": ("-ac", "2"), "smjpeg": ("-c:a", "pcm_s16le"), "spdif": ("-c:a",
    "ac3"), "spx": ("-c:a", "libspeex"), "swf": ("-ar", "44100"), "avm2": ("-ar", "44100"),
    "wsaud": ("-ar", "22050", "-ac", "1"), "mlp": ("-ac", "2"), "vidc": ("-ar", "22050"),
    "oma": ("-c:a", "atrac3"), "latm": ("-c:a", "aac"), "lc3": (), "iamf": ("-c:a", "libopus"),
    "asf_stream": (), "voc": (), "mmf": ("-ar", "8000", "-ac", "1"), "h261": (), "evc": (),
    "webp": (), "avif": ("-c:v", "libaom-av1", "-cpu-used", "8"), "vvc": ("-preset", "faster"),
    "segment": ("-c", "copy"),
}  # fmt: skip
"""What muxers ask for beside their own choice."""
_NO_FILE = re.compile(
    r"crc|hash|md5|null|tee|fifo|rtp|rtsp|rtmp|sap|whip|hls|hds|dash|segment|chunk|smoothstreaming|"
    r"fbdev|oss|pulse|video4linux2|xv|image2|ico|ffmetadata|chromaprint|mkvtimestamp_v2|data|"
    r"ass|srt|webvtt|ttml|lrc|jacosub|microdvd|scc|sup|mcc|rcwt|.*ssegment"
)
"""Muxers of checksums, texts, networks, devices, and of many files."""
_NO_LENGTH = "neither a length nor frames that can be told apart"
CANNOT_BE_KNOWN = {
    "alp": _NO_LENGTH, "aptx": _NO_LENGTH, "dfpwm": _NO_LENGTH, "g722": _NO_LENGTH, "ircam":
    _NO_LENGTH, "h261": "pictures have no length, and a decoder conceals the last", "hevc":
    "pictures have no length, and a decoder conceals the last",
}  # fmt: skip
"""Muxers of whose files nothing can say that they are cut, and why."""
_ODD_HERE = {"rm": "ffmpeg writes the sound's times wrong"}
"""Muxers whose whole files are said to be damaged, and why that is right."""
_SETTINGS = VideoSettings(preset="ultrafast", audio="opus")
CUTS = ("60 %", "97.3 %", "the end - 7")


@dataclass
class Row:
    """What is said of the files of a muxer."""

    muxer: str
    kind: str = ""
    said: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def muxers() -> list[str]:
    """Names of those that write one file of sound or pictures."""
    printed = subprocess.run(
        [ffmpeg_program(), "-hide_banner", "-muxers"], capture_output=True, text=True, check=True
    ).stdout
    names = re.findall(r"^ +E[d ]* (\S+)", printed, re.MULTILINE)
    return [name for name in names if not _NO_FILE.fullmatch(name)]


def whole_file(muxer: str, folder: Path) -> Path | None:
    """Two seconds; ``None`` where this ffmpeg makes or reads none."""
    path = folder / f"whole.{muxer}"
    for inputs in ((*_PICTURE, *_SOUND), _SOUND, _PICTURE):
        command = [ffmpeg_program(), "-v", "error", "-nostdin", "-y", *inputs,
                   *_ASKS.get(muxer, ()), "-strict", "-2", "-f", muxer, str(path)]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        except subprocess.TimeoutExpired:
            continue
        if done.returncode == 0 and path.stat().st_size:
            return path
    return None


def places(size: int) -> Iterator[tuple[str, int]]:
    """Where a file is cut."""
    yield from zip(CUTS, (size * 3 // 5 + 13, size * 973 // 1000, size - 7), strict=True)


def _heard(path: Path) -> tuple[int, str]:
    """Samples that are heard, and what is said."""
    n_samples = 0
    try:
        source = open_source(path)
        for block in stream_sound(source.info, 16000):
            n_samples += len(block.samples)
    except OverlayError as error:
        return n_samples, str(error)
    return n_samples, "; ".join(source.notes)


def _seen(path: Path, folder: Path) -> tuple[int, str]:
    """Frames that are drawn on, and what is said."""
    reporter, _, notes = listener()
    out = folder / "out.mkv"
    out.unlink(missing_ok=True)
    try:
        source = open_source(path)
        made(Burned(), source, out, _SETTINGS, reporter=reporter)
    except OverlayError as error:
        return 0, str(error)
    return len(picture_times(out)), "; ".join((*source.notes, *notes))


def tried(muxer: str, folder: Path) -> Row | None:
    """What is said of a muxer's whole file and of cut ones; ``None`` if there is no file."""
    path = whole_file(muxer, folder)
    if path is None:
        return None
    try:
        info = open_source(path).info
    except OverlayError:
        return None
    sounds = "+".join(each.codec for each in info.audio if not each.problem)
    row = Row(muxer, f"{info.video.codec if info.video else '-'}, {sounds or '-'}")
    ways: dict[str, Callable[[Path], tuple[int, str]]] = {}
    if sounds:
        ways["heard"] = _heard
    if info.video:
        ways["seen"] = partial(_seen, folder=folder)
    if not ways:
        return None
    cut = folder / f"cut.{muxer}"
    for name, way in ways.items():
        n_whole, said_whole = way(path)
        if re.search("cut|damaged", said_whole) and muxer not in _ODD_HERE:
            row.wrong.append(f"{name} whole: {said_whole}")
        for place, at in places(path.stat().st_size):
            cut.write_bytes(path.read_bytes()[:at])
            n, said = way(cut)
            row.said[f"{name} {place}"] = outcome = _verdict(n, said, n_whole, said_whole)
            if outcome.startswith("silent") and muxer not in CANNOT_BE_KNOWN:
                row.wrong.append(f"{name} {place}: {outcome}")
    return row


def _verdict(n: int, said: str, n_whole: int, said_whole: str) -> str:
    if set(said.split("; ")) - set(said_whole.split("; ")):
        return "said"
    return f"silent, {n} of {n_whole}" if n < n_whole else "nothing lost"


def main() -> int:
    """Try all; exit status 1 if something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("muxers", nargs="*", metavar="NAME")
    args = parser.parse_args()
    rows, none = [], []
    with tempfile.TemporaryDirectory(prefix="cut-") as place:
        for muxer in args.muxers or muxers():
            row = tried(muxer, Path(place))
            if row is None:
                none.append(muxer)
                continue
            rows.append(row)
            print(f"{row.muxer:14} {row.kind:28} {_told(row)}", flush=True)
    n_wrong = sum(bool(row.wrong) for row in rows)
    print(f"\n{len(rows)} muxers, {n_wrong} wrong; not made or not read here: {', '.join(none)}")
    return 1 if n_wrong else 0


def _told(row: Row) -> str:
    if row.wrong:
        return f"WRONG: {'; '.join(row.wrong)}"
    if row.muxer in CANNOT_BE_KNOWN:
        return f"cannot be known: {CANNOT_BE_KNOWN[row.muxer]}"
    places_lost = [place for place, outcome in row.said.items() if outcome == "said"]
    return (
        "said"
        if len(places_lost) == len(row.said)
        else f"said where something is lost ({len(places_lost)} of {len(row.said)})"
    )


if __name__ == "__main__":
    raise SystemExit(main())
