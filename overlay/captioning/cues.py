"""From events to cues: when each caption stands, never two at one time.

Each sound gets a cue at its onset. Where another caption stands, that one ends if it has stood for
long enough, else the two share a cue or the lesser gives way. A sound that outlasts its cue is
mentioned again, as going on, after a while or after captions of other sounds.

Times are whole hundredths of a second: the finest step that every caption format can write.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import count

from overlay.captioning.density import DENSITIES, EVERYTHING, Density, worth_showing
from overlay.captioning.label_cues import stretches_of
from overlay.captioning.phrasing import Mention, mentions_of
from overlay.captioning.redundancy import without_echoes
from overlay.captioning.styles import CaptionStyle, hundredths_from, style_named
from overlay.datatypes import Cue, TagEvent
from overlay.settings import CaptionSettings
from overlay.vocabulary import Vocabulary

Span = tuple[int, int]

_TOGETHER_CS = 50
"""A sound that begins up to this long after another may stand in the other's cue: ours."""
_GOING_ON_CS = 300
"""How long a cue stands that says that a sound goes on, and the least rest of the sound: ours."""


@dataclass(frozen=True, slots=True)
class Captioned:
    """What became of some sounds."""

    cues: list[Cue]
    """By time, in whole hundredths of a second; they keep the rules of the style."""
    left_out: list[Mention]
    """Worth a caption, but there was no room, by onset."""


def cues_of(
    events: Iterable[TagEvent],
    settings: CaptionSettings,
    *,
    frame_rate: Fraction | None = None,
    dialogue: Sequence[Cue] = (),
    vocabulary: Vocabulary | None = None,
) -> list[Cue]:
    """The cues of ``captioned``."""
    return captioned(
        events, settings, frame_rate=frame_rate, dialogue=dialogue, vocabulary=vocabulary
    ).cues


def captioned(
    events: Iterable[TagEvent],
    settings: CaptionSettings,
    *,
    frame_rate: Fraction | None = None,
    dialogue: Sequence[Cue] = (),
    vocabulary: Vocabulary | None = None,
) -> Captioned:
    """The captions of some events.

    Args:
        events: What is heard.
        settings: Style, density and language.
        frame_rate: Frames a second of the video; some rules are in frames.
        dialogue: Subtitles that are there: no caption comes while one stands, nor nearer to it than
            the style allows.
        vocabulary: Of the events' classes (``Detection.vocabulary``); ``None``: labels that are
            AudioSet's are worded as such, others are said as they are.
    """
    style = style_named(settings.style, settings.language)
    density = _density(settings.density, style)
    mentions = mentions_of(events, style, settings.language, vocabulary)
    if style.selective:
        mentions = without_echoes(mentions)
    mentions = worth_showing(mentions, density)
    gap = style.gap_cs(frame_rate)
    taken = _merged((int(100 * cue.start_s), hundredths_from(cue.end_s)) for cue in dialogue)
    if style.max_s is None:
        return Captioned(stretches_of(mentions, style, taken), _within(mentions, taken))
    board = _Board(style, gap, style.late_cs(frame_rate), taken)
    board.place(mentions)
    board.place_again(density)
    board.chain()
    return Captioned(board.cues(), sorted(board.left_out, key=lambda each: each.onset_s))


def _within(mentions: Iterable[Mention], taken: list[Span]) -> list[Mention]:
    """Those that are heard only while dialogue stands."""

    def is_within(mention: Mention) -> bool:
        before = bisect_left(taken, (round(100 * mention.onset_s) + 1,)) - 1
        return before >= 0 and taken[before][1] >= 100 * mention.offset_s

    return [mention for mention in mentions if is_within(mention)]


def _density(name: str | None, style: CaptionStyle) -> Density:
    if name is None:
        return DENSITIES["medium"] if style.selective else EVERYTHING
    return DENSITIES[name]


@dataclass(slots=True)
class _Placed:
    """A cue in the making."""

    start: int
    end: int
    lines: tuple[str, ...]
    mentions: list[Mention]


class _Board:
    """Time, with what stands where.

    Args:
        style: The rules.
        gap: Hundredths of a second between two cues.
        late: Hundredths of a second that a cue may come after its sound.
        taken: Where dialogue stands.
    """

    def __init__(self, style: CaptionStyle, gap: int, late: int, taken: list[Span]) -> None:
        self._style, self._gap, self._late, self._taken = style, gap, late, taken
        self._longest = round(100 * (style.max_s or 0))
        self._closed = hundredths_from(style.closed_s)
        self._placed: list[_Placed] = []
        self._spans: list[Span] = []
        self.left_out: list[Mention] = []
        """What found no room."""

    def place(self, mentions: Sequence[Mention]) -> None:
        """A cue for each, as far as there is room."""
        number = count()
        waiting = [(round(100 * m.onset_s), next(number), m) for m in mentions]
        heapify(waiting)
        while waiting:
            ready, _, mention = heappop(waiting)
            later = self._place_one(mention, ready)
            if later is not None:
                heappush(waiting, (later[0], next(number), later[1]))

    def _place_one(self, mention: Mention, ready: int) -> tuple[int, Mention] | None:
        """Put it on the board from ``ready`` on; what has to wait comes back with its new time."""
        start = self._free_from(ready, self._need(mention.lines), self._taken)
        if not self._in_time(mention, start):
            self.left_out.append(mention)
            return None
        previous = self._placed[-1] if self._placed else None
        if previous is None or start >= previous.end + self._gap:
            self._put(mention, start)
            return None
        if self._together(previous, mention, start):
            return None
        enough = previous.start + self._need(previous.lines) + self._gap
        if start >= enough:
            previous.end = start - self._gap
            self._put(mention, start)
            return None
        if len(previous.mentions) > 1 or mention.importance <= previous.mentions[0].importance:
            return enough, mention
        self._placed.pop()
        self._put(mention, start)
        return enough, previous.mentions[0]

    def _in_time(self, mention: Mention, start: int) -> bool:
        """Whether a cue may begin there: with the sound, or while it is heard for long enough."""
        if start <= round(100 * mention.onset_s) + self._late:
            return True
        return start + self._need(mention.lines) <= 100 * mention.offset_s

    def _put(self, mention: Mention, start: int) -> None:
        end = self._end(mention.offset_s, start, self._need(mention.lines))
        self._placed.append(_Placed(start, end, mention.lines, [mention]))

    def _end(self, offset_s: float, start: int, need: int) -> int:
        """With the sound, but not too early, too late, or in the dialogue."""
        end = min(max(round(100 * offset_s), start + need), start + self._longest)
        ahead = bisect_left(self._taken, (start + 1,))
        if ahead < len(self._taken):
            end = min(end, self._taken[ahead][0] - self._gap)
        return end

    def _together(self, previous: _Placed, mention: Mention, start: int) -> bool:
        """Add a line to a cue that has just begun, if that is allowed; whether it was."""
        if mention.lines == previous.lines:
            return True
        lines, mentions = (*previous.lines, *mention.lines), [*previous.mentions, mention]
        need = self._need(lines)
        end = self._end(min(m.offset_s for m in mentions), previous.start, need)
        if (
            start - previous.start > _TOGETHER_CS
            or len(lines) > self._style.max_lines
            or end - previous.start < need
        ):
            return False
        previous.end, previous.lines, previous.mentions = end, lines, mentions
        return True

    def place_again(self, density: Density) -> None:
        """Cues that say that a sound still goes on, where there is room."""
        self._spans = sorted([*self._taken, *((p.start, p.end) for p in self._placed)])
        for placed in list(self._placed):
            for mention in placed.mentions:
                self._repeat(mention, placed.end, density)

    def _repeat(self, mention: Mention, shown_until: int, density: Density) -> None:
        need = max(self._need(mention.going_on), _GOING_ON_CS)
        while True:
            ready = self._due(shown_until, density)
            if ready is None or ready + need > 100 * mention.offset_s:
                return
            start = self._free_from(ready, need, self._spans)
            if start + need > 100 * mention.offset_s:
                return
            again = _Placed(start, start + need, mention.going_on, [mention])
            insort(self._placed, again, key=lambda placed: placed.start)
            insort(self._spans, (again.start, again.end))
            shown_until = again.end

    def _due(self, shown_until: int, density: Density) -> int | None:
        """When a sound last captioned until then is captioned again; ``None``: never."""
        times = []
        if density.again_s is not None:
            times.append(shown_until + round(100 * density.again_s))
        if density.after_others_s is not None:
            soonest = shown_until + round(100 * density.after_others_s)
            first = max(
                bisect_left(self._placed, shown_until, key=lambda placed: placed.start),
                bisect_left(self._placed, soonest, key=lambda placed: placed.end),
            )
            times += [placed.end + self._gap for placed in self._placed[first : first + 1]]
        return min(times, default=None)

    def chain(self) -> None:
        """Close gaps that are too short; widen those where a cue would stand too long."""
        for n, placed in enumerate(self._placed):
            ahead = bisect_left(self._taken, (placed.end,))
            starts = [begin for begin, _ in self._taken[ahead : ahead + 1]]
            starts += [following.start for following in self._placed[n + 1 : n + 2]]
            if not starts or min(starts) - placed.end >= self._closed:
                continue
            chained = min(starts) - self._gap
            too_long = chained - placed.start > self._longest
            placed.end = min(starts) - self._closed if too_long else chained

    def cues(self) -> list[Cue]:
        """All of the board's own cues by time."""
        return [Cue(p.start / 100, p.end / 100, p.lines) for p in self._placed]

    def _need(self, lines: tuple[str, ...]) -> int:
        return hundredths_from(self._style.reading_s(lines))

    def _free_from(self, ready: int, need: int, spans: Sequence[Span]) -> int:
        """The first time from ``ready`` on with room for ``need`` and the gaps around it.

        A cue stands as near to what is before it as the style says, or far from it.
        """
        for begin, end in spans[max(0, bisect_left(spans, (ready,)) - 1) :]:
            if begin >= ready + need + self._gap:
                break
            ready = max(ready, end + self._gap)
            if ready - end > self._gap:  # neither near nor far enough
                ready = max(ready, end + self._closed)
        return ready


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans by time, those that touch as one."""
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((begin, end))
    return merged
