"""All options, frozen and complete: defaults, then a TOML file, then flags, resolved once.

The TOML file has one table for each class here (``[tagging]``, ``[panel]``, ``[video]``,
``[events]``, ``[captions]``), with the field names as keys; a key or a table that is not known is
an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from overlay.datatypes import Excerpt
from overlay.errors import SettingsError
from overlay.files import path_error, read_toml

POSITIONS = (
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom",
    "bottom-right",
)  # fmt: skip
VIEWS = ("list", "chips", "ticker", "timeline")
STRIPS = ("loudness", "spectrogram")
FITS = ("pad", "crop")
_RATIO = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})")
SMOOTHINGS = ("centered", "trailing", "none")
DEVICES = ("auto", "cpu", "gpu")
FRONT_ENDS = ("own", "paddleaudio")
WINDOWS = ("auto", "together", "context", "isolated")
LANGUAGES = ("en", "zh")
"""English and Simplified Chinese."""
CAPTION_STYLES = ("netflix", "dcmp", "bbc", "youtube", "plain")
AUDIO_CODECS = ("copy", "aac", "opus")
DENSITIES = ("low", "medium", "high")


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "phone": {"view": "chips", "position": "bottom", "scale": 1.15, "top_k": 2, "threshold": 0.25,
              "coarser": 3, "speed": "fast"},
    "stage": {"view": "list", "theme": "high-contrast", "position": "bottom-left", "scale": 1.5,
              "top_k": 3, "threshold": 0.3, "coarser": -1, "speed": "medium"},
    "review": {"view": "list+timeline", "position": "bottom-left", "scale": 0.85, "top_k": 8,
               "threshold": 0.1, "coarser": 6, "speed": "ultrafast"},
    "social": {"view": "chips", "theme": "high-contrast", "position": "bottom", "scale": 1.25,
               "top_k": 2, "threshold": 0.35, "coarser": 2, "speed": "medium"},
}  # fmt: skip
"""Options that go together, by what a video is for; what is said beside them wins."""


@dataclass(frozen=True, slots=True)
class TaggingSettings:
    """How sound becomes scores."""

    model: str = "auto"
    """Name of a tagger; ``auto`` takes fine or mn04, or the built-in one if they are not to be had;
    a file of ``tag-overlay train``."""
    weights: str | None = None
    """Weights file to use instead of the published ones."""
    front_end: str = "own"
    """Whose log-mel the PANNs get: the project's, or PaddleAudio's (slower, and equal)."""
    device: str = "auto"
    threads: int = 0
    """CPU threads of the network, of each decoder and of each encoder; 0 takes what the cores
    allow."""
    sample_duration: float = 2.0
    """Seconds of sound in a window."""
    hop_duration: float = 0.3
    """Seconds between the starts of two windows."""
    windows: str = "auto"
    """``isolated``: a score is of one window, as in PaddleAudio's example; ``context``: what is
    around it counts, too; ``together``: and what the built-in tagger hears, with a model of the
    same classes and features (mn04); ``auto``: what the model is better at."""
    audio_track: int = 0
    """Which of the file's audio streams to listen to, from 0."""
    video_track: int | None = None
    """Which of the file's pictures to draw on, from 0, and whose program to listen to; ffmpeg's
    choice if ``None``."""
    from_s: float | None = None
    """Second of the file at which the part begins that is used; then all times count from it."""
    to_s: float | None = None
    """Second of the file at which that part ends."""
    cache: bool = True
    """Take scores that were made before, and remember new ones."""

    def __post_init__(self) -> None:
        """Check ranges."""
        _check_choice("front_end", self.front_end, FRONT_ENDS)
        _check_choice("device", self.device, DEVICES)
        _check_choice("windows", self.windows, WINDOWS)
        _check_range("threads", self.threads, 0, 1024)
        _check_range("sample_duration", self.sample_duration, 0.1, 60)
        _check_range("hop_duration", self.hop_duration, 0.01, 60)
        _check_range("audio_track", self.audio_track, 0, 1000)
        if self.video_track is not None:
            _check_range("video_track", self.video_track, 0, 1000)
        self.excerpt  # noqa: B018  refuses what is no part

    @property
    def excerpt(self) -> Excerpt | None:
        """The part of the file that is used; ``None``: all of it."""
        if self.from_s is None and self.to_s is None:
            return None
        try:
            return Excerpt(self.from_s or 0.0, self.to_s)
        except ValueError as error:
            raise SettingsError(f"{error}; --to must lie behind --from") from error


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """How scores become a picture."""

    view: str = "list"
    """Names of ``VIEWS`` joined by ``+``, or ``none``."""
    strip: str = "loudness"
    """What the timeline shows below its lanes: ``loudness`` or ``spectrogram``."""
    span: float = 60.0
    """Seconds that the timeline shows of a longer video at once."""
    theme: str = "dark"
    """Name of a theme that ships, or path of a TOML file."""
    position: str = "bottom-left"
    top_k: int = 5
    threshold: float | None = None
    """Score that a tag must reach; ``None`` takes ``event_threshold``, or 0.05 with ``raw``."""
    collapse: bool = True
    """Of "Animal", "Cat" and "Meow" at one time show the most specific."""
    smoothing: str = "centered"
    smooth_size: int | None = None
    """Hops averaged for one score; ``None`` takes 3, or 5 with ``raw``."""
    raw: bool = False
    """Show the plain smoothed scores: the best ``top_k`` of each hop, nothing else decided."""
    font: str | None = None
    """Font file to use instead of the one that ships."""
    scale: float = 1.0
    """Size of the panel against the theme's own."""
    label_file: str | None = None
    """Names to show, one a line, instead of the tagger's own."""
    language: str = "en"
    """Language of AudioSet's labels: ``en`` or ``zh``."""

    @property
    def views(self) -> tuple[str, ...]:
        """The views that are asked for."""
        return () if self.view == "none" else tuple(self.view.split("+"))

    def __post_init__(self) -> None:
        """Check ranges."""
        for name in self.views:
            _check_choice("view", name, (*VIEWS, "none"))
        if "none" in self.views or len(set(self.views)) != len(self.views):
            raise SettingsError(
                f"view {self.view!r}: name each view once, such as chips+timeline, or none alone"
            )
        _check_choice("strip", self.strip, STRIPS)
        _check_range("span", self.span, 5, 3600)
        _check_choice("language", self.language, LANGUAGES)
        _check_choice("position", self.position, POSITIONS)
        _check_choice("smoothing", self.smoothing, SMOOTHINGS)
        _check_range("top_k", self.top_k, 1, 20)
        if self.threshold is not None:
            _check_range("threshold", self.threshold, 0, 1)
        if self.smooth_size is not None:
            _check_range("smooth_size", self.smooth_size, 1, 1000)
        _check_range("scale", self.scale, 0.3, 3)


@dataclass(frozen=True, slots=True)
class EventSettings:
    """How scores become events."""

    event_threshold: float | None = None
    """Score that an event must reach; ``None`` takes 0.22, or 0.15 where the scores of a model are
    its own, since nobody measured how often they are right."""
    hysteresis: float = 0.35
    """An event lasts while the score stays above this part of its threshold."""
    min_duration_s: float = 0.2
    max_gap_s: float = 0.3
    """Shorter gaps between events of a label are closed."""
    stay_s: float = 0.8
    """A tag that comes stays on for at least this long."""
    show_all: bool = False
    """Show also what tells a viewer nothing: silence, kinds of rooms, noise under clearer tags."""
    collapse: bool = True
    """Of "Animal", "Cat" and "Meow" at one time keep the most specific."""
    margin: float = 0.4
    """A general label stays beside a specific one if it scores higher by more than this."""
    thresholds_file: str | None = None
    """TOML file with a threshold for single labels: ``"Dog" = 0.4``."""
    verdicts: tuple[str, ...] = ()
    """Files, or folders of them, of what reviewers said of the events: wrong ones go, corrections
    take their place. One file is meant for the medium; of several each medium gets its own."""
    allow: tuple[str, ...] = ()
    """Labels to look for; all if empty."""
    deny: tuple[str, ...] = ()
    frames: bool = False
    """Number events by frames, too, in the formats that hold that."""
    hop_top_k: int = 10
    """Tags a hop in the formats that list hops instead of events."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.event_threshold is not None:
            _check_range("event_threshold", self.event_threshold, 0, 1)
        for name in ("hysteresis", "margin"):
            _check_range(name, getattr(self, name), 0, 1)
        for name in ("min_duration_s", "max_gap_s", "stay_s"):
            _check_range(name, getattr(self, name), 0, 3600)
        _check_range("hop_top_k", self.hop_top_k, 1, 10000)


@dataclass(frozen=True, slots=True)
class CaptionSettings:
    """How events become captions."""

    style: str = "netflix"
    """Whose rules: ``netflix``, ``dcmp``, ``bbc``, ``youtube``; ``plain`` for the bare labels."""
    density: str | None = None
    """How much is captioned: ``low``, ``medium`` or ``high``; ``None`` is ``medium``, or in the
    style ``plain`` everything."""
    language: str = "en"
    """Language of the captions: ``en`` or ``zh``."""

    def __post_init__(self) -> None:
        """Check ranges."""
        _check_choice("style", self.style, CAPTION_STYLES)
        _check_choice("language", self.language, LANGUAGES)
        if self.density is not None:
            _check_choice("density", self.density, DENSITIES)


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How the picture and what goes with it is written."""

    encoder: str = "auto"
    crf: int | None = None
    """Constant quality, by the encoder's own scale; ``None`` takes the encoder's usual value, and
    adds ``coarser``."""
    coarser: int = 0
    preset: str | None = None
    """Speed, by x264's names or the encoder's own; ``resolve`` and ``override`` take the names of
    ``PRESETS`` here, too, and then ``speed`` for this."""
    frame: str | None = None
    """Another shape of the picture, width to height as it is shown: ``9:16``, ``1:1``."""
    fit: str = "pad"
    """How it gets that shape: ``pad`` with black, or ``crop``."""
    tolerant: bool = False
    """Render what can be decoded of a damaged file."""
    deinterlace: bool = False
    """Make whole pictures of the fields of interlaced video."""
    allow_silent: bool = False
    """Copy the picture of a file without audio instead of refusing it."""
    soft: bool = False
    """Add captions as a subtitle track and copy everything else, instead of drawing."""
    overlay_only: bool = False
    """Write the panel alone, with transparency, for an editing program."""
    chapters: bool = False
    """Write chapters of what is heard into the video, instead of its own."""
    audio: str = "copy"
    """``copy`` keeps every audio packet; ``aac`` or ``opus`` encode the tracks that are another."""
    gif: bool = False
    """Write a moving picture without sound instead; a target's name in .gif or .webp does, too."""
    max_mb: float = 8.0
    """Megabytes (10^6 bytes) that a moving picture may have."""
    overwrite: bool = False
    ffmpeg: str | None = None
    """ffmpeg program to use instead of the one that comes with imageio-ffmpeg."""

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.crf is not None:
            _check_range("crf", self.crf, 0, 63)
        _check_range("coarser", self.coarser, -10, 20)
        _check_choice("audio", self.audio, AUDIO_CODECS)
        _check_range("max_mb", self.max_mb, 0.05, 1000)
        chosen = [name for name in ("soft", "overlay_only", "gif") if getattr(self, name)]
        if len(chosen) > 1:
            raise SettingsError(f"{' and '.join(chosen)} exclude each other; choose one")
        _check_choice("fit", self.fit, FITS)
        if self.ratio is not None and (self.soft or self.overlay_only):
            raise SettingsError(f"frame is for a rendered video; {chosen[0]} keeps the source's")

    @property
    def ratio(self) -> Fraction | None:
        """Width over height of ``frame``.

        Raises:
            SettingsError: It is no shape from 1:4 to 4:1.
        """
        if self.frame is None:
            return None
        parts = _RATIO.fullmatch(self.frame)
        ratio = Fraction(int(parts[1]), int(parts[2])) if parts else Fraction(0)
        if not Fraction(1, 4) <= ratio <= 4:
            raise SettingsError(f"frame {self.frame!r} is no shape such as 9:16, from 1:4 to 4:1")
        return ratio


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen."""

    tagging: TaggingSettings = field(default_factory=TaggingSettings)
    panel: PanelSettings = field(default_factory=PanelSettings)
    video: VideoSettings = field(default_factory=VideoSettings)
    events: EventSettings = field(default_factory=EventSettings)
    captions: CaptionSettings = field(default_factory=CaptionSettings)


def resolve(flags: Mapping[str, Any], config: str | Path | None = None) -> Settings:
    """Defaults, overridden by the TOML file, overridden by flags.

    Args:
        flags: Values by field name; ``None`` means "not given", other names are passed over.
        config: TOML file.

    Raises:
        SettingsError: The file cannot be read, has an unknown key, or a value is out of range.
    """
    settings = Settings() if config is None else _from_file(Path(config))
    names = (*_field_names(), "speed")
    return override(settings, **{n: flags[n] for n in names if flags.get(n) is not None})


def settings_from_tables(tables: Mapping[str, Mapping[str, Any]]) -> Settings:
    """What ``dataclasses.asdict`` made of settings, also after a way through JSON.

    Raises:
        SettingsError: A value is out of range.
    """
    settings = Settings()
    made = {}
    for name, values in tables.items():
        plain = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        made[name] = replace(getattr(settings, name), **plain)
    return replace(settings, **made)


def override(settings: Settings, **options: Any) -> Settings:
    """The same settings with some fields changed, whichever table they are in.

    Args:
        settings: To start from.
        options: Values by field name; ``preset`` may name one of ``PRESETS``, over which the others
            win.

    Raises:
        SettingsError: A name is no field, or a value is out of range.
    """
    options = _with_preset(options)
    unknown = options.keys() - _field_names()
    if unknown:
        raise SettingsError(f"unknown option {min(unknown)!r}; known: {', '.join(_field_names())}")
    tables = {}
    for table in fields(Settings):
        current = getattr(settings, table.name)
        own = {
            f.name: _as_kind_of(getattr(current, f.name), options[f.name])
            for f in fields(current)
            if f.name in options
        }
        tables[table.name] = replace(current, **own)
    return Settings(**tables)


def _as_kind_of(before: Any, value: Any) -> Any:
    """A single text is a list of one, and any list a tuple, where that is what there is."""
    if not isinstance(before, tuple):
        return value
    return (str(value),) if isinstance(value, str | Path) else tuple(map(str, value))


def _with_preset(options: dict[str, Any]) -> dict[str, Any]:
    """Options in which no preset is named any more, nor ``speed``, which is the field's name."""
    named = options.get("preset")
    made = {**PRESETS.get(named or "", {"speed": named}), **options}
    made.pop("preset", None)
    speed = made.pop("speed")
    return made if options.keys().isdisjoint(("preset", "speed")) else {**made, "preset": speed}


def _field_names() -> tuple[str, ...]:
    tables = (TaggingSettings, PanelSettings, VideoSettings, EventSettings, CaptionSettings)
    return tuple(dict.fromkeys(f.name for table in tables for f in fields(table)))


def _from_file(path: Path) -> Settings:
    content = read_toml(path, "the settings", path_error(SettingsError, path))
    content, settings = _preset_of(content)
    known = {f.name for f in fields(Settings)}
    tables = {}
    for name, values in content.items():
        if name not in known or not isinstance(values, dict):
            raise SettingsError(f"{path}: unknown table or key {name!r}; known: {sorted(known)}")
        tables[name] = _table_with(getattr(settings, name), values, f"{path}: [{name}]")
    return replace(settings, **tables)


def _preset_of(content: dict[str, Any]) -> tuple[dict[str, Any], Settings]:
    """A file's tables without the preset that ``[video]`` may name, and the settings of that."""
    video = content.get("video")
    name = video.get("preset") if isinstance(video, dict) else None
    if not (isinstance(video, dict) and isinstance(name, str) and name in PRESETS):
        return content, Settings()
    rest = {key: value for key, value in video.items() if key != "preset"}
    return {**content, "video": rest}, override(Settings(), preset=name)


def _table_with(table: Any, values: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(type(table))
    values = dict(values)
    for key, value in values.items():
        if key not in hints:
            raise SettingsError(f"{where} {key}: unknown key; known: {', '.join(hints)}")
        if get_origin(hints[key]) is tuple:
            values[key] = _texts(value, f"{where} {key}")
            continue
        kinds = get_args(hints[key]) if isinstance(hints[key], UnionType) else (hints[key],)
        allowed = (*kinds, int) if float in kinds else kinds
        if type(value) not in allowed:
            raise SettingsError(f"{where} {key}: {value!r} is not a {kinds[0].__name__}")
    try:
        return replace(table, **values)
    except SettingsError as error:
        raise SettingsError(f"{where} {error}") from error


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{where}: {value!r} is not a list of texts")
    return tuple(value)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingsError(f"{name} {value!r} is not one of {', '.join(choices)}")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{name} {value} is not between {low} and {high}")
