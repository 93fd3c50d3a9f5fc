"""A batch from the sources to the report."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from overlay.batching.markers import key_of, make_state_folders
from overlay.batching.on_ray import Cluster, connected
from overlay.batching.pool import Event, Item, Limits, Pool
from overlay.batching.product_kinds import check_kinds, facts_of
from overlay.batching.setbacks import Setbacks, ended_early
from overlay.batching.settings_check import check_settings
from overlay.batching.sources import Found, find_sources, in_shard, root_of
from overlay.batching.task import BUSY, DONE, FAILED, SKIPPED, Outcome, Task, keys_of, standing_of
from overlay.errors import BatchStopped, OutputError, OverlayError, UsageError
from overlay.files import make_folder, status
from overlay.machine_share import n_cores
from overlay.media.probe import claimed_length_s
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings, override
from overlay.tagging.registry import load_tagger
from overlay.tagging.weights.auto_choice import exact


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How a batch is run; what it makes is in ``Settings``.

    Attributes:
        kinds: What is made of every source.
        jobs: Worker processes; 0 takes as many as there are cores.
        shard: Number and how many, such as (3, 20): which part of the sources is ours.
        skip_existing: Leave targets that are there, whoever made them.
        retry_failed: Try again what failed before.
        content_keys: Know a source by its content instead of its size and last change.
        limits: What one source may take.
        ray: Address of a Ray cluster, ``auto`` or ``local``; empty where this machine does it.
    """

    kinds: tuple[str, ...]
    jobs: int = 0
    shard: tuple[int, int] = (1, 1)
    skip_existing: bool = False
    retry_failed: bool = False
    content_keys: bool = False
    limits: Limits = field(default_factory=Limits)
    ray: str = ""

    @property
    def n_workers(self) -> int:
        """Worker processes."""
        return self.jobs or n_cores()

    @property
    def n_threads(self) -> int:
        """A worker's share of the cores; on a cluster, where each takes one, that is one."""
        return 1 if self.ray else max(1, n_cores() // self.n_workers)


@dataclass(slots=True)
class Report:
    """What became of a batch.

    Attributes:
        counts: Products by state.
        failures: Those that failed, in the order in which they did; the first thousand.
        seconds: Wall time that products took, added up.
        length_s: Seconds of sources of which something was made.
    """

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    length_s: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.counts[outcome.state] += 1
        self.seconds += outcome.seconds
        self.length_s += outcome.length_s or 0.0 if outcome.state == DONE else 0.0
        if outcome.state == FAILED and len(self.failures) < 1000:
            self.failures.append(outcome)

    @property
    def exit_code(self) -> int:
        """0 if all worked, 7 if some failed, 3 if none worked."""
        if not self.counts[FAILED]:
            return 0
        return 7 if self.counts[DONE] + self.counts[SKIPPED] + self.counts[BUSY] else 3


@dataclass(slots=True)
class Outlook:
    """What there is to do, before any of it is done.

    Attributes:
        n_new: Products to make.
        n_done: Products that are there.
        n_failed: Products that failed before and are not tried again.
        n_sources: Sources of which something is to be made.
        n_bytes: Their bytes.
    """

    n_new: int = 0
    n_done: int = 0
    n_failed: int = 0
    n_sources: int = 0
    n_bytes: int = 0
    _sample_bytes: int = 0
    _sample_s: float = 0.0

    @property
    def seconds(self) -> float | None:
        """About the length of all sources that there is something to do for."""
        if not self._sample_bytes:
            return None
        return self._sample_s * self.n_bytes / self._sample_bytes

    @property
    def is_empty(self) -> bool:
        """Whether there is no source at all."""
        return not self.n_new + self.n_done + self.n_failed

    def report(self) -> Report:
        """What a run comes to that finds nothing to do."""
        return Report(Counter({SKIPPED: self.n_done, FAILED: self.n_failed}))

    def add(self, task: Task, standings: Iterable[Outcome | None]) -> None:
        """Count the products of a source."""
        states = [standing and standing.state for standing in standings]
        self.n_done += states.count(SKIPPED)
        self.n_failed += states.count(FAILED)
        new = states.count(None)
        self.n_new += new
        if new:
            self.n_sources += 1
            self.n_bytes += task.found.size
            if self.n_sources.bit_count() == 1:  # the 1st, 2nd, 4th, 8th …: a few of any number
                self._sample(task.found)

    def _sample(self, found: Found) -> None:
        try:
            length_s = claimed_length_s(found.path)
        except OverlayError:
            return
        if length_s:
            self._sample_s += length_s
            self._sample_bytes += found.size


class Batch:
    """Sources and what is to be made of them.

    Args:
        find: Finds the sources anew at each call, so that nothing is held.
        out: Where products, markers and claims go.
        settings: All options of the products.
        batch: How it is run.
        reporter: Told which model is used.

    Raises:
        OutputError: The folder that we are in is gone.
        UsageError: A kind of product is not known.
        TaggerError: The model cannot be loaded.
        OverlayError: With these settings no source could be made into anything.
    """

    def __init__(
        self,
        find: Callable[[], Iterable[Found]],
        out: Path,
        settings: Settings,
        batch: BatchSettings,
        *,
        reporter: Reporter = SILENT,
    ) -> None:
        self._find, self._batch, self._reporter = find, batch, reporter
        kinds = check_kinds(batch.kinds)
        tagger = load_tagger(settings.tagging, reporter=reporter)
        check_settings(kinds, settings, tagger.labels)
        facts = [
            (kind, key_of(facts_of(kind, settings, (tagger.name, tagger.model_hash))))
            for kind in kinds
        ]
        nothing = Found(Path(), "", 0, 0, "")
        self._task = Task(
            nothing, _absolute(out), kinds, _for_workers(settings, batch.n_threads),
            tuple(facts), batch.content_keys, batch.skip_existing, batch.retry_failed,
        )  # fmt: skip

    @property
    def n_workers(self) -> int:
        """Worker processes."""
        return self._batch.n_workers

    def outlook(self, sources: Iterable[Found] | None = None) -> Outlook:
        """Look at every source and its markers, and do nothing.

        Args:
            sources: Those that ``find`` finds if ``None``.
        """
        outlook = Outlook()
        for found in self._find() if sources is None else sources:
            if self._is_ours(found):
                task = replace(self._task, found=found)
                outlook.add(task, self._standings(task))
        return outlook

    def _is_ours(self, found: Found) -> bool:
        return in_shard(found.place, *self._batch.shard)

    def _standings(self, task: Task) -> list[Outcome | None]:
        try:
            return [standing_of(task, kind, key) for kind, key in keys_of(task).items()]
        except OSError:
            return [None] * len(task.kinds)

    def run(
        self,
        told: Callable[[Event], None] = lambda event: None,
        sources: Iterable[Found | None] | None = None,
        *,
        hurry: threading.Event | None = None,
    ) -> Report:
        """Do what is not done yet.

        Args:
            told: Called with everything that happens, from this thread; if it raises, the work
                stops, and nothing partial stays.
            sources: As they come, possibly without end, ``None`` where there is none for the
                moment; those that ``find`` finds if this is ``None``.
            hurry: Once it is set, workers that are to end get no time to unwind.

        Raises:
            OutputError: The output cannot hold what is to be remembered.
            UsageError: There is something to do, and no cluster of that address.
            BatchStopped: What fails is no source's fault; what was under way is unwound.
        """
        make_folder(self._task.out)  # from now on it is known, and left out where sources are
        setbacks = Setbacks(self._task.out, self.n_workers, self._check)
        items = self._items(self._find() if sources is None else sources, setbacks.begun)
        try:
            with (
                closing(_Place(self._task.out)) as place,
                closing(self._workers(hurry).run(items)) as events,
            ):
                return self._told(events, told, setbacks, place)
        except BatchStopped:
            setbacks.forget()
            raise

    def _told(
        self,
        events: Iterable[Event],
        told: Callable[[Event], None],
        setbacks: Setbacks,
        place: _Place,
    ) -> Report:
        report = Report()
        for event in events:
            if event.outcome is not None:
                report.add(event.outcome)
            told(event)
            place.check()
            became = event.outcome or event.setback
            if became is not None and event.worker >= 0:
                setbacks.add(became, is_last=event.outcome is not None)
        return report

    def _check(self) -> None:
        """Ask once more what was asked before the work: the model, ffmpeg, what settings name."""
        settings = self._task.settings
        check_settings(self._task.kinds, settings, load_tagger(settings.tagging).labels)

    def _workers(self, hurry: threading.Event | None) -> Pool | Cluster:
        how = self._batch
        if not how.ray:
            return Pool(how.n_workers, how.limits, hurry)
        return Cluster(partial(connected, how.ray, how.jobs), how.limits)

    def _items(
        self,
        sources: Iterable[Found | None],
        begun: Callable[[Task], object] = lambda task: None,
    ) -> Iterator[Item]:
        """Tasks with something to do, and what is known of the others."""
        for found in sources:
            if found is None:
                yield None
            elif self._is_ours(found):
                here = replace(found, path=found.path.absolute())  # workers may be elsewhere
                yield from self._left(replace(self._task, found=here), begun)

    def _left(self, task: Task, begun: Callable[[Task], object]) -> Iterator[Item]:
        standings = self._standings(task)
        for outcome in filter(None, standings):
            yield Event(-1, task, outcome=outcome)
        left = tuple(
            kind for kind, standing in zip(task.kinds, standings, strict=True) if not standing
        )
        if left:
            make_state_folders(task.out)
            task = replace(task, kinds=left)
            begun(task)
            yield task


class _Place:
    """The output as it is at the beginning: another folder of its name is another one.

    It is held open, so that no other folder gets its number.
    """

    def __init__(self, out: Path) -> None:
        self._out, self._known = out, status(out)
        self._held: int | None = None
        with suppress(OSError):  # not every system opens folders
            self._held = os.open(out, os.O_RDONLY)

    def close(self) -> None:
        if self._held is not None:
            os.close(self._held)

    def check(self) -> None:
        """Make sure that it is the same still.

        Raises:
            BatchStopped: It was removed, or its disk is gone.
        """
        there = status(self._out)
        if not (there and self._known and os.path.samestat(there, self._known)):
            raise ended_early(f"{self._out} is gone, or another folder than at the beginning")


def _absolute(out: Path) -> Path:
    try:
        return out.absolute()
    except OSError as error:
        raise OutputError("the folder that we are in is gone", path=out) from error


def _for_workers(settings: Settings, n_threads: int) -> Settings:
    """The settings with the model that was chosen, and each worker's share of the cores."""
    tagging = settings.tagging
    threads = tagging.threads or n_threads
    return replace(settings, tagging=replace(tagging, model=exact(tagging), threads=threads))


def checked_shard(text: str) -> tuple[int, int]:
    """Number and how many of ``3/20``.

    Raises:
        UsageError: It is something else.
    """
    number, _, n_shards = text.partition("/")
    if number.isdecimal() and n_shards.isdecimal() and 1 <= int(number) <= int(n_shards) <= 10**6:
        return int(number), int(n_shards)
    raise UsageError(f"--shard {text}: not a number of how many, such as 3/20")


def batch(
    sources: Iterable[str | Path],
    out: str | Path,
    products: Sequence[str] = ("render",),
    settings: Settings | None = None,
    *,
    jobs: int = 0,
    reporter: Reporter = SILENT,
    on_result: Callable[[Outcome], None] = lambda outcome: None,
    **options: Any,
) -> Report:
    """Make products of many sources by several workers, and nothing that is done already.

    Args:
        sources: Files and folders (those below them, too), as they come: a generator without end
            is taken from when a worker is free, and ends when it ends. What lies below the current
            folder lies so below ``out``, everything else by its whole path.
        out: Where products go, and the markers of what is done.
        products: What to make, as behind ``tag-overlay batch --do``.
        settings: Options of the products; the defaults if ``None``.
        jobs: Worker processes; 0 takes as many as there are cores.
        reporter: Told notes; as progress, ``batch`` and how many products are finished.
        on_result: Called with every outcome as it comes; if it raises, the work stops, and nothing
            partial stays.
        options: Single fields of ``settings`` to change, such as ``theme="light"``.

    Raises:
        UsageError: A product is not known.
        TaggerError: The model cannot be loaded.
    """
    folder, base = Path(out), Path.cwd()

    def found() -> Iterator[Found]:
        for source in sources:
            root = root_of(source, base)
            for each in find_sources([root], folder, recursive=True, reporter=reporter):
                # of a single file nobody knows yet whether another differs in its extension alone
                yield replace(each, stem=root.path.name) if each.path == root.path else each

    n_done = 0

    def told(event: Event) -> None:
        nonlocal n_done
        if event.note is not None:
            reporter.note(f"{event.task.found.place}: {event.note}")
        if event.outcome is not None:
            n_done += 1
            reporter.progress("batch", n_done, None)
            on_result(event.outcome)

    settings = override(settings or Settings(), **options)
    how = BatchSettings(tuple(products), jobs)
    return Batch(found, folder, settings, how, reporter=reporter).run(told)
