"""Damaged media of more kinds, through the products that ``mutated_media`` does not make."""

import os
from functools import cache
from pathlib import Path

import av
from campaigns import mutated_media
from campaigns.material import draw, make, scores, warm_up
from campaigns.mutating import mutated
from campaigns.trying import Case
from PIL import Image

from overlay.media.probe import LENIENT

_FILM = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2")
_SOUND = ("-f", "lavfi", "-i", "sine=440:d=2:r=44100")
_X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10")
_SMALL = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
_WIDE = ("-s", "720x576", "-r", "25", "-pix_fmt", "yuv420p", "-t", "0.4", "-ar", "48000", "-ac",
         "2")  # fmt: skip
PICTURES = {
    "avc.flv": (*_X264, "-c:a", "aac"),
    "parts.mp4": (*_SMALL, "-movflags", "frag_keyframe+empty_moov"),
    "dash.mp4": (*_SMALL, "-movflags", "dash", "-frag_duration", "500000"),
    "mobile.3gp": ("-s", "176x144", "-c:v", "h263", "-c:a", "aac"),
    "rich.mkv": (*_X264, "-c:a", "aac", "{texts}", "{extras}"),
    "rich.mp4": (*_X264, "-c:a", "aac", "{texts}"),
    "rich.mov": (*_X264, "-c:a", "alac", "{texts}"),
    "text.webm": ("-c:v", "libvpx", "-c:a", "libvorbis", "{texts}"),
    "disc.m2ts": (*_X264, "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    "disc.vob": ("-c:v", "mpeg2video", "-r", "25", "-c:a", "ac3", "-f", "vob"),
    "fields.ts": ("-c:v", "mpeg2video", "-r", "25", "-flags", "+ilme+ildct", "-c:a", "mp2"),
    "tape.dv": _WIDE,
    "fields.mxf": ("-s", "720x576", "-r", "25", "-c:v", "mpeg2video", "-flags", "+ilme+ildct",
                   "-t", "1", "-c:a", "pcm_s16le", "-ar", "48000"),
    "old.asf": ("-c:v", "msmpeg4", "-c:a", "wmav1"),
    "old.rm": ("-s", "160x112", "-c:v", "rv10", "-c:a", "ac3"),
    "old.swf": ("-c:v", "flv1", "-c:a", "libmp3lame"),
    "old.avi": ("-c:v", "cinepak", "-c:a", "pcm_u8"),
    "exact.avi": ("-c:v", "huffyuv", "-pix_fmt", "yuv422p", "-c:a", "pcm_s16le"),
    "edit.mov": ("-c:v", "prores_ks", "-c:a", "pcm_s24be"),
    "photos.mov": ("-c:v", "mjpeg", "-c:a", "pcm_s16be"),
    "hevc.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
                 "-c:a", "aac"),
    "wide.ogg": ("-c:v", "libtheora", "-c:a", "flac"),
    "tv.wtv": ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"),
    "mute.gif": ("-an",), "mute.y4m": ("-an", "-pix_fmt", "yuv420p"), "mute.mkv": (*_X264, "-an"),
    "turned.mp4": (*_SMALL, "-metadata:s:v", "rotate=90"),
}  # fmt: skip
SOUNDS = {
    "a.wav": (), "a.w64": (), "a.caf": (), "a.au": (), "a.aiff": (), "a.voc": (), "a.flac": (),
    "a.mp3": ("-metadata", "title=x"), "a.m4a": (), "a.opus": (), "a.ogg": (), "a.wv": (),
    "a.mka": ("-c:a", "pcm_f32le"), "a.ac3": (), "a.mp2": (), "a.tta": (), "a.wma": (),
    "a.aac": (), "a.adx": (), "a.ra": ("-c:a", "ac3", "-f", "rm"), "a.mlp": ("-strict", "-2"),
    "a.dts": ("-strict", "-2"), "a.oga": ("-c:a", "flac"), "a.weba": ("-f", "webm"),
}  # fmt: skip
"""Sound alone; formats and codecs that their names call for."""

_TAGS = ("--tags", "../scores.npz")
_FAST = ("--speed", "ultrafast", *_TAGS)
_NEW = ("--model", "builtin", "--no-cache")
OF_PICTURES = (
    (3, ("render", "--view", "chips+timeline", *_FAST, "-o", "out.mkv")),
    (1, ("render", "--view", "ticker", "--preset", "phone", *_TAGS, "-o", "out.mp4")),
    (2, ("render", "--frame", "9:16", "--fit", "crop", *_FAST, "-o", "out.mkv")),
    (1, ("render", "--frame", "1:1", *_FAST, "-o", "out.mp4")),
    (2, ("render", "--deinterlace", *_FAST, "-o", "out.mkv")),
    (2, ("render", "--from", "0.5", "--to", "1.5", *_NEW, "--speed", "ultrafast", "-o", "out.mkv")),
    (2, ("render", "--from", "0.25", "--soft", *_NEW, "-o", "out.mkv")),
    (1, ("render", "--chapters", *_FAST, "-o", "out.mkv")),
    (1, ("render", "--chapters", "--soft", *_TAGS, "-o", "out.mp4")),
    (1, ("render", "--audio", "aac", *_FAST, "-o", "out.mp4")),
    (1, ("render", "--audio", "opus", *_FAST, "-o", "out.mp4")),
    (2, ("render", "--gif", *_TAGS, "-o", "out.gif")),
    (1, ("render", *_TAGS, "-o", "out.webp")),
    (2, ("render", "--contact-sheet", "out.png", *_TAGS)),
    (1, ("render", "--preview", "0.7", "--view", "timeline", *_TAGS, "-o", "out.png")),
    (1, ("render", "--overlay-only", "--view", "chips", *_TAGS, "-o", "frames")),
    (1, ("render", "--overlay-only", *_TAGS, "-o", "out.webm")),
    (2, ("review", *_TAGS, "--proxy", "never", "-o", "out.html")),
    (1, ("review", *_TAGS, "--proxy", "always", "-o", "out.html")),
)  # fmt: skip
OF_SOUNDS = (
    (3, ("tag", *_NEW, "-o", "out.npz")), (2, ("captions", *_NEW, "-o", "out.vtt")),
    (2, ("export", "--format", "csv", "--frames", *_NEW, "-o", "out.csv")),
    (1, ("export", "--format", "chapters", *_NEW, "-o", "out.txt")),
    (2, ("review", *_NEW, "-o", "out.html")), (1, ("tag", "--from", "0.5", *_NEW, "-o", "out.npz")),
    (1, ("render", *_TAGS, "-o", "out.mkv")),
)  # fmt: skip
_CHAPTERS = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=900\ntitle=one\n" \
            "[CHAPTER]\nTIMEBASE=1/1000\nSTART=900\nEND=2000\ntitle=two\n"  # fmt: skip
_SRT = "1\n00:00:00,100 --> 00:00:00,900\nOne\n\n2\n00:00:01,000 --> 00:00:01,900\nTwo\n\n"


def prepare(folder: Path):
    warm_up()
    scores(folder / "scores.npz")
    (folder / "chapters.txt").write_text(_CHAPTERS)
    (folder / "text.srt").write_text(_SRT)
    (folder / "text.vtt").write_text("WEBVTT\n\n" + _SRT.replace(",", "."))
    return folder


@cache
def _clip(name: str, folder: Path) -> bytes:
    """Made when a case asks for it first, by each worker for itself."""
    if name in SOUNDS:
        arguments = (*_SOUND, *SOUNDS[name])
    else:
        arguments = _written_out(name, PICTURES[name], folder)
    path = make(folder / f"{os.getpid()}.{name}", *arguments)
    return path.read_bytes()


def _written_out(name: str, arguments, folder: Path):
    """With the texts, chapters and attachments that a rich file has."""
    inputs = _FILM if "-an" in arguments else (*_FILM, *_SOUND)
    if "{texts}" not in arguments:
        return (*inputs, *arguments)
    kind = {"mkv": "srt", "webm": "webvtt"}.get(name.rpartition(".")[2], "mov_text")
    text = folder / ("text.vtt" if kind == "webvtt" else "text.srt")
    mapped = ("-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3")
    font = Path(__file__).parents[2] / "fonts" / "OFL.txt"
    extras = ("-attach", str(font), "-metadata:s:t", "mimetype=text/plain")
    codecs = [each for each in arguments if each[0] != "{"]
    return (*inputs, "-i", str(text), "-i", str(folder / "chapters.txt"), *mapped, *codecs,
            "-c:s", kind, *(extras if "{extras}" in arguments else ()))  # fmt: skip


def case(number, chance, folder: Path, material) -> Case:
    name = chance.choice([*PICTURES, *SOUNDS])
    data, how = mutated(chance, _clip(name, material))
    source = folder / f"in.{name}"
    source.write_bytes(data)
    command = draw(chance, *(OF_PICTURES if name in PICTURES else OF_SOUNDS))
    more = ("--tolerant",) if chance.random() < 0.3 else ()
    if "mute" in name and command[0] == "render":
        more = (*more, "--allow-silent")
    target = command[command.index("-o") + 1] if "-o" in command else "out.png"
    argv = (command[0], source.name, *command[1:], *more, "-q")
    beside = ("out.mp4",) if target.endswith(".html") else ()

    def check(outcome):
        return _wrong(source, folder / target, (*command, *more))

    return Case(f"{name}: {how}", argv, folder, (target, *beside), check, new_if_whole=beside)


def _wrong(source: Path, target: Path, command) -> list[str]:
    if not target.exists():
        return ["no target"]
    if target.suffix == ".html":
        return [] if b"</html>" in target.read_bytes()[-200:] else ["half a page"]
    if target.is_dir():
        return [] if any(target.iterdir()) else ["an empty folder"]
    if target.suffix in (".csv", ".vtt", ".txt"):
        target.read_text(encoding="utf-8")
        return []
    if target.suffix == ".npz":
        return [] if "--from" in command else mutated_media.wrong_scores(source, target)
    if target.suffix == ".mkv" and "--from" not in command and "--soft" not in command:
        tolerant = "--tolerant" in command
        return mutated_media.wrong_picture(source, target, tolerant=tolerant, alone=False)
    if target.suffix in (".gif", ".webp"):
        with Image.open(target) as picture:
            picture.seek(picture.n_frames - 1)
            return [] if picture.tobytes() else ["no frame in it"]
    with av.open(str(target), **LENIENT) as made:
        n_frames = sum(1 for _ in made.decode(made.streams.video[0]))
    return [] if n_frames else ["no frame in it"]
