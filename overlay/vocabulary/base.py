"""What a vocabulary is: a value that a track carries by its id."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from overlay.errors import LabelError
from overlay.vocabulary.wording import Wording, check_language

FAMILIES = ("human", "animal", "music", "things", "nature", "ambiguous", "environment")
"""Short names of AudioSet's seven top families."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Classes in the order of a tagger's columns.

    Attributes:
        id: ``audioset``, ``audioset-strong``, or ``own:<hash of the names>``.
        names: Display names, ``[n_classes]``; a label file may have renamed them.
        mids: AudioSet's machine ids, such as ``/m/09x0r``; empty where there is none.
        families: One of ``FAMILIES`` each; empty where there is none.
        parents: Direct parents of each class, the nearest that are classes themselves.
        wordings: How captions word each class; ``None`` where nobody has said.
        say_nothing: Classes that tell a viewer nothing, such as silence or a kind of room.
        under_others: Classes that tell nothing beside any other, such as noise.
        published: The names before a label file renamed them; empty where none did.
        ancestors: For each class the classes that it is a kind of, however many steps up.
        descendants: For each class that has kinds of its own, all of them, by class.
    """

    id: str
    names: tuple[str, ...]
    mids: tuple[str, ...]
    families: tuple[str, ...]
    parents: tuple[tuple[int, ...], ...]
    wordings: tuple[Wording | None, ...]
    say_nothing: frozenset[int] = frozenset()
    under_others: frozenset[int] = frozenset()
    published: tuple[str, ...] = ()
    ancestors: tuple[frozenset[int], ...] = field(init=False)
    descendants: Mapping[int, tuple[int, ...]] = field(init=False)
    _places: Mapping[str, tuple[int, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the lengths; derive what is above and below each class."""
        columns = (self.mids, self.families, self.parents, self.wordings)
        if any(len(column) != len(self.names) for column in columns):
            raise ValueError(f"{[len(c) for c in columns]} rows do not fit {len(self.names)} names")
        ancestors = ancestors_of(self.parents)
        object.__setattr__(self, "ancestors", ancestors)
        object.__setattr__(self, "descendants", _below(ancestors))
        object.__setattr__(self, "_places", self._places_by_name())

    def _places_by_name(self) -> dict[str, tuple[int, ...]]:
        """Classes of each name in small letters; shown names go before published ones."""
        chinese = ["" if wording is None else wording.zh for wording in self.wordings]
        places: dict[str, tuple[int, ...]] = {}
        for names in (self.names, self.published, chinese):
            own: dict[str, list[int]] = {}
            for index, name in enumerate(names):
                own.setdefault(name.casefold(), []).append(index)
            places = {name: tuple(found) for name, found in own.items() if name} | places
        return places

    def __len__(self) -> int:
        """Number of classes."""
        return len(self.names)

    def index_of(self, label: str) -> int:
        """Class of a name in any case; the first of several of one name.

        Raises:
            LabelError: No class has this name.
        """
        return self.indices_of(label)[0]

    def indices_of(self, label: str) -> tuple[int, ...]:
        """All classes of a name in any case: as shown, as published, or in Chinese.

        Raises:
            LabelError: No class has this name.
        """
        found = self._places.get(label.casefold())
        if found is None:
            raise LabelError(f"{label!r} is no label of this model")
        return found

    def breadcrumb(self, index: int) -> tuple[str, ...]:
        """The way to a class from the most general one, both included; first parents count.

        >>> from overlay.vocabulary.audioset import audioset
        >>> audioset().breadcrumb(audioset().index_of("meow"))
        ('Animal', 'Domestic animals, pets', 'Cat', 'Meow')
        """
        way = [index]
        while self.parents[way[-1]]:
            way.append(self.parents[way[-1]][0])
        return tuple(self.names[i] for i in reversed(way))

    def renamed(self, names: Sequence[str]) -> Vocabulary:
        """The same classes under other names.

        Raises:
            LabelError: There are more or fewer names than classes.
        """
        names = tuple(names)
        if len(names) != len(self.names):
            raise LabelError(f"{len(names)} names do not fit {len(self.names)} classes")
        if names == self.names:
            return self
        return replace(self, names=names, published=self.published or self.names)

    def extended(self, names: Sequence[str]) -> Vocabulary:
        """The same classes, and behind them some that a person named: kinds of nothing."""
        if not names:
            return self
        more = tuple(names)
        nothing = ("",) * len(more)
        return replace(
            self, names=self.names + more, mids=self.mids + nothing,
            families=self.families + nothing, parents=self.parents + ((),) * len(more),
            wordings=self.wordings + (None,) * len(more),
            published=self.published and self.published + more,
        )  # fmt: skip

    def in_language(self, language: str) -> tuple[str, ...]:
        """Names for a panel; those that a user chose, or that have no translation, stay.

        Raises:
            SettingsError: There are no labels in this language.
        """
        check_language(language)
        if language == "en" or self.published:
            return self.names
        pairs = zip(self.names, self.wordings, strict=True)
        return tuple(name if wording is None else wording.zh for name, wording in pairs)

    def going_on(self, language: str) -> tuple[str, ...]:
        """What captions say of each class while it goes on; names that nobody has worded stay.

        Raises:
            SettingsError: There are no words in this language.
        """
        check_language(language)
        if self.published:
            return self.names
        pairs = zip(self.names, self.wordings, strict=True)
        return tuple(
            name if wording is None else str(getattr(wording, f"{language}_sustained"))
            for name, wording in pairs
        )

    @cached_property
    def kinds(self) -> tuple[tuple[str, ...], ...]:
        """Of each class its name and the names of what it is a kind of, the nearest first."""
        return tuple(self.breadcrumb(index)[::-1] for index in range(len(self)))

    @property
    def mid_by_name(self) -> dict[str, str]:
        """Machine id of each name that has one."""
        return {name: mid for name, mid in zip(self.names, self.mids, strict=True) if mid}


def ancestors_of(parents: Sequence[Iterable[int]]) -> tuple[frozenset[int], ...]:
    """For each class the classes that it is a kind of, however many steps up.

    Raises:
        ValueError: A class is its own ancestor.
    """
    above: list[frozenset[int]] = []
    for index, direct in enumerate(parents):
        seen: set[int] = set()
        queue = deque(direct)
        while queue:
            parent = queue.popleft()
            if parent not in seen:
                seen.add(parent)
                queue.extend(parents[parent])
        if index in seen:
            raise ValueError(f"class {index} is its own ancestor")
        above.append(frozenset(seen))
    return tuple(above)


def _below(ancestors: Sequence[Iterable[int]]) -> dict[int, tuple[int, ...]]:
    below: dict[int, list[int]] = {}
    for index, above in enumerate(ancestors):
        for ancestor in above:
            below.setdefault(ancestor, []).append(index)
    return {index: tuple(kinds) for index, kinds in sorted(below.items())}
