"""One source and what is to be made of it: done in a worker, or here."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from overlay import pipeline
from overlay.batching.blame import lies_outside, to_blame
from overlay.batching.claims import LEASE_S, Claims
from overlay.batching.markers import Marker, is_done, key_of, marker_path, read_marker, write_marker
from overlay.batching.product_kinds import product_of, settings_for
from overlay.batching.sources import Found
from overlay.batching.thumbnails import keep_picture
from overlay.errors import MediaError, OutputError, OverlayError
from overlay.files import is_file, is_there, look_anew, make_folder, takes_nothing
from overlay.files import reason as why
from overlay.media.source import Source
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings, settings_from_tables
from overlay.tagging.registry import Loader, load_tagger
from overlay.track import TagTrack

DONE, FAILED, SKIPPED, BUSY = "done", "failed", "skipped", "busy"
OF_NO_STATE = ""
"""Key of what failed for reasons that lie neither in the source nor in the settings: it is tried
again by the next run."""
_N_HEARD = 3


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker gets.

    Attributes:
        found: The source.
        out: Where products go.
        kinds: What to make.
        settings: All options.
        facts: What each kind of product depends on beside the source, as a short name of it.
        content_keys: Whether a source is known by its content instead of size and last change.
        skip_existing: Leave targets that are there, whoever made them.
        retry_failed: Try again what failed before.
        again: This is the second try, when nothing else is left to do: after a crash, or because
            another was at it.
        lease_s: Seconds after which a claim that nobody renews is nobody's.
        scores: File of scores that were made for this task before.
    """

    found: Found
    out: Path
    kinds: tuple[str, ...]
    settings: Settings
    facts: tuple[tuple[str, str], ...]
    content_keys: bool = False
    skip_existing: bool = False
    retry_failed: bool = False
    again: bool = False
    lease_s: float = LEASE_S
    scores: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        plain = asdict(self)
        plain["found"]["path"], plain["out"] = str(self.found.path), str(self.out)
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Task:
        """What ``to_json`` gave."""
        found = Found(**{**plain["found"], "path": Path(plain["found"]["path"])})
        known = {
            "found": found, "out": Path(plain["out"]), "kinds": tuple(plain["kinds"]),
            "settings": settings_from_tables(plain["settings"]),
            "facts": tuple((kind, name) for kind, name in plain["facts"]),
        }  # fmt: skip
        return cls(**{**plain, **known})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one product of one source.

    Attributes:
        place: The source's place.
        kind: Of product.
        state: ``done``, ``failed``, ``skipped`` (was done before) or ``busy`` (another is at it).
        target: Path of the product below the output.
        reason: Why it failed, one line.
        seconds: Wall time that it took.
        length_s: Length of the source, if known.
        heard: The strongest labels.
        may_pass: Whether a second try could help: nothing refused it, something broke, or another
            is at it.
        blame: What every other source would fail for as well, one line: the output takes nothing
            more, there is no ffmpeg, no worker can be started. Else empty.
    """

    place: str
    kind: str
    state: str
    target: str = ""
    reason: str = ""
    seconds: float = 0.0
    length_s: float | None = None
    heard: tuple[str, ...] = ()
    may_pass: bool = False
    blame: str = ""


def keys_of(task: Task) -> dict[str, str]:
    """Key of each product of a task."""
    found = task.found
    identity: Any = [found.size, found.mtime_ns]
    if task.content_keys:
        with found.path.open("rb") as file:
            identity = hashlib.file_digest(file, "sha256").hexdigest()
    facts = dict(task.facts)
    return {kind: key_of([identity, facts[kind]]) for kind in task.kinds}


def standing_of(task: Task, kind: str, key: str) -> Outcome | None:
    """What is known of a product without doing anything; ``None`` if it has to be made."""
    marker = read_marker(task.out, task.found.place, kind)
    if is_done(task.out, marker, key) or (
        task.skip_existing and is_done(task.out, marker, _of_what_was_left(key))
    ):
        assert marker is not None
        return _outcome(marker, SKIPPED)
    same = marker is not None and marker.key == key and marker.state == FAILED
    if same and not task.retry_failed and not task.again:
        assert marker is not None
        return _outcome(marker, FAILED)
    return None


def _of_what_was_left(key: str) -> str:
    """Key of a target that was there, and of which nobody knows what it was made with."""
    return key_of([key, "left as it was"])


def _standing_anew(task: Task, kind: str, key: str) -> Outcome | None:
    """The same as the storage knows it: another, maybe elsewhere, may just have finished it."""
    out, place = task.out, task.found.place
    look_anew(marker_path(out, place, kind), out)
    marker = read_marker(out, place, kind)
    if marker is not None:
        look_anew(out / marker.target, out)
    return standing_of(task, kind, key)


def _outcome(marker: Marker, state: str) -> Outcome:
    return Outcome(
        marker.place, marker.kind, state, marker.target, marker.reason, 0.0, marker.length_s,
        marker.heard,
    )  # fmt: skip


def do_task(
    task: Task,
    reporter: Reporter = SILENT,
    told_length: Callable[[float], object] = lambda seconds: None,
    load: Loader = load_tagger,
) -> Iterator[Outcome]:
    """Make the products of a source that are not there yet, and their markers.

    Every exception of one product becomes an outcome; what stops the process does not.

    Args:
        task: The source and what to make.
        reporter: Told how far each product is.
        told_length: Told the seconds of the source before something long begins.
        load: Loads what hears the sound.
    """
    try:
        now = task.found.now()
        # scores that were made before are of what the source was then
        task = replace(task, found=now, scores=task.scores if now == task.found else None)
        keys = keys_of(task)
    except OSError as error:
        yield from given_up(
            task, f"cannot be read: {why(error)}", outside=True, blame=_of_its_disk(task, error)
        )
        return
    work = _Work(task, reporter, told_length, load)
    claims = Claims(task.out, task.lease_s)
    for kind, key in keys.items():
        standing = standing_of(task, kind, key)
        if standing is not None:
            yield standing
            continue
        try:
            with claims.claimed(task.found.place, kind, patient=task.again) as mine:
                if not mine:
                    standing = Outcome(task.found.place, kind, BUSY, may_pass=not task.again)
                else:
                    standing = _standing_anew(task, kind, key) or work.outcome(kind, key)
        except OutputError as error:  # there is no room for a claim
            blame = to_blame(error)
            standing = _failed(task, kind, str(error), may_pass=bool(blame), blame=blame)
        yield standing


class _Work:
    """The products of one source, one after the other; the sound is scored once.

    Args:
        task: The source and the settings.
        reporter: Told how far each product is.
        told_length: Told the seconds of the source.
        load: Loads what hears the sound.
    """

    def __init__(
        self,
        task: Task,
        reporter: Reporter,
        told_length: Callable[[float], object],
        load: Loader,
    ) -> None:
        self._task, self._reporter, self._told_length = task, reporter, told_length
        self._load = load
        self._track: TagTrack | str | None = task.scores if is_file(task.scores or "") else None
        self._opened: Path | Source = task.found.path
        self._has_picture = self._has_begun = False

    def outcome(self, kind: str, key: str) -> Outcome:
        """Make a product and remember what became of it."""
        started, self._has_begun = time.monotonic(), False
        try:
            target, length_s, is_left = self._make(kind)
            self._check_source()
        except Exception as error:  # one bad clip never stops a run
            is_known, has_changed = isinstance(error, OverlayError), self._has_changed
            reason = str(error) if is_known else f"{type(error).__name__}: {error}"
            reason = reason.removeprefix(f"{self._task.found.path}: ")
            # what the plan refuses it refuses again; what broke later may have had bad luck
            blame = to_blame(error)
            may_pass = self._has_begun or not is_known or has_changed or bool(blame)
            if has_changed or lies_outside(error, self._task.found.path):
                key = OF_NO_STATE
            outcome = _failed(self._task, kind, reason, may_pass=may_pass, blame=blame)
        else:
            heard = _strongest(self._track, self._task.settings)
            relative = target.relative_to(self._task.out.absolute()).as_posix()
            seconds = round(time.monotonic() - started, 3)
            outcome = Outcome(
                self._task.found.place, kind, DONE, relative, "", seconds, length_s, heard
            )
            if is_left:
                return self._left(outcome, key)
        remember(self._task, outcome, key)
        return outcome

    def _left(self, outcome: Outcome, key: str) -> Outcome:
        """Remember a target that was there already, unless more is known of it."""
        known = read_marker(self._task.out, outcome.place, outcome.kind)
        if known is None or not is_done(self._task.out, known, known.key):
            remember(self._task, outcome, _of_what_was_left(key))
        return replace(outcome, state=SKIPPED)

    @property
    def _has_changed(self) -> bool:
        try:
            return self._task.found.now() != self._task.found
        except OSError:
            return True

    def _check_source(self) -> None:
        """Make sure that what was made is of the source that the key is of.

        Raises:
            MediaError: It is of others, or of a mixture.
        """
        if self._has_changed:
            raise MediaError("changed while it was worked on", path=self._task.found.path)

    def _make(self, kind: str) -> tuple[Path, float | None, bool]:
        """The target, the length of the source, and whether the target was there already."""
        task = self._task
        job = self._planned(kind, task.out.absolute() / task.found.folder)
        length_s = job.source.duration_s
        if length_s is not None:
            self._told_length(length_s)
        if task.skip_existing and is_there(job.target):
            return job.target, length_s, True
        self._has_begun = True
        made = job.run(self._reporter)
        self._track = made.track or self._track
        if not self._has_picture:
            keep_picture(task.out, task.found.place, job.source)
            self._has_picture = True
        return made.path, length_s, False

    def _planned(self, kind: str, folder: Path) -> pipeline.Job:
        found = self._task.found
        make_folder(folder)
        job = self._plan(kind, folder)
        if found.stem == found.path.stem:
            return job
        ending = job.target.name.removeprefix(found.path.stem)
        return self._plan(kind, folder / f"{found.stem}{ending}")

    def _plan(self, kind: str, target: Path) -> pipeline.Job:
        settings = settings_for(kind, self._task.settings)
        job = pipeline.plan(
            self._opened, product_of(kind), target, settings, track=self._track,
            reporter=self._reporter, load=self._load,
        )  # fmt: skip
        if not job.source.named:  # it is no file of scores
            self._opened = job.source  # probed once for all products
        return job


def given_up(task: Task, reason: str, *, outside: bool = False, blame: str = "") -> list[Outcome]:
    """Outcomes of a task that whoever was at it did not live to end; and their markers.

    What was finished all the same, but not told any more, stays so.

    Args:
        task: The task.
        reason: Why, one line.
        outside: Whether that lies neither in the source nor in the settings.
        blame: What any other source would have come to the same end for, one line.
    """
    outcomes = []
    try:
        keys = keys_of(task)
    except OSError:  # of what cannot be read there is no content to know it by
        keys = keys_of(replace(task, content_keys=False))
    for kind, key in keys.items():
        outcome = standing_of(task, kind, key)
        if outcome is None:
            outcome = _failed(task, kind, reason, blame=blame)
            remember(task, outcome, OF_NO_STATE if outside else key)
        outcomes.append(outcome)
    return outcomes


def _failed(
    task: Task, kind: str, reason: str, *, may_pass: bool = False, blame: str = ""
) -> Outcome:
    line = " ".join(reason.split())[:1000]
    return Outcome(task.found.place, kind, FAILED, reason=line, may_pass=may_pass, blame=blame)


def _of_its_disk(task: Task, error: OSError) -> str:
    return f"{task.found.path.parent}: {why(error)}" if takes_nothing(error) else ""


def _strongest(track: TagTrack | str | None, settings: Settings) -> tuple[str, ...]:
    if not isinstance(track, TagTrack):
        return ()
    return tuple(event.label for event in pipeline.top_events(track, _N_HEARD, settings))


def remember(task: Task, outcome: Outcome, key: str) -> None:
    """Write the marker of an outcome; that it cannot be written only means "again".

    Args:
        task: The task.
        outcome: Of one of its kinds.
        key: The product's key.
    """
    try:
        target = task.out / outcome.target
        size = target.stat().st_size if outcome.target and target.is_file() else 0
        write_marker(
            task.out,
            Marker(
                outcome.place, outcome.kind, key, outcome.state, outcome.target, size,
                outcome.reason, outcome.seconds, outcome.length_s, outcome.heard,
                2 if task.again else 1, str(task.found.path),
            ),
        )  # fmt: skip
    except (OSError, OutputError):
        return
