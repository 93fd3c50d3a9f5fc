"""How often a label is right at a score, learnt from verdicts; and the score to ask for.

For each label a logistic curve over the logit of the score, which never falls:

    p(score) = sigmoid(a + exp(c) * logit(score)),   a ~ N(a0, sa^2), c ~ N(c0, sc^2)

a = c = 0 says that a score is what it claims to be: the share of times that it is right. That is
what is believed before the first verdict (sa, sc = ``_AT_FIRST``). All verdicts together give what
is believed of each label before its own (a0, c0; ``_OF_A_LABEL``), so that three verdicts move a
curve a little and thirty decide. The posterior is summed over a grid of a and c: there is nothing
that could fail to converge.

What a threshold t gives is the mean of p over the events that reach it:

    precision(t) = sum of w(s) p(s) / sum of w(s) over s >= t

where w counts the label's judged events at score s, and ``_OTHERS`` events that are spread as those
of all labels are. The threshold is the lowest t whose precision is the wanted one.

Source:
    Platt, "Probabilistic outputs for support vector machines", 1999; the identity as prior is our
    own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from overlay.errors import ExportError
from overlay.verdicts.file import Verdicts
from overlay.verdicts.state import fold

Floats = npt.NDArray[np.float64]

_AT_FIRST, _OF_A_LABEL = (1.5, 0.5), (1.0, 0.4)
"""Standard deviations of a and c."""
_REACH = 4.0
"""Standard deviations to each side that the grid covers."""
_N_GRID = (41, 17)
_OTHERS = 10.0
_STEP = 0.001
"""Scores are told apart to this; the page rounds them so."""
_EDGE = 0.005
"""Scores nearer to 0 or 1 count as this near: their logits have no end."""
_TAIL = 0.05
"""Part of the posterior on each side of an interval: it holds 90 %."""
POINTS: Floats = np.round(np.arange(0.02, 0.99, 0.02), 2)
"""Scores at which ``Curve.right`` is told."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An event that was said to be right or wrong."""

    label: str
    score: float
    is_right: bool


@dataclass(frozen=True, eq=False)
class Curve:
    """What was learnt of a label."""

    label: str
    """Empty for all labels together."""
    scores: Floats
    """Of the judged events, ``[n]``, rising."""
    is_right: npt.NDArray[np.bool_]
    """``[n]``."""
    right: Floats
    """Share of times that it is right at each of ``POINTS``: likely, low, high, ``[3, n_points]``.
    Low and high hold 90 % of what is possible."""
    threshold: float
    """Score to ask for; 1 where no score is expected to give the wanted precision."""
    interval: tuple[float, float]
    """Holds 90 % of the thresholds that are possible."""
    precision: float
    """Expected of the events that reach the threshold."""
    sureness: float
    """How likely it is that these are as precise as was wanted."""
    kept: float
    """Part of the judged right events that reach it; 1 where none is right."""

    @property
    def n(self) -> int:
        """Verdicts behind it."""
        return len(self.scores)

    @property
    def n_right(self) -> int:
        """How many of them say "right"."""
        return int(self.is_right.sum())

    @property
    def is_reached(self) -> bool:
        """Whether any score gives the wanted precision."""
        return self.threshold < 1


def judgements(files: Iterable[Verdicts]) -> list[Judgement]:
    """The last word on each event that a tagger found and a person was sure about.

    Args:
        files: Each of another sound.

    Raises:
        ExportError: They are on the events of several models, whose scores cannot be compared.
    """
    found: dict[str, list[Judgement]] = {}
    for each in files:
        own = _judgements_of(each)
        if own:
            found.setdefault(each.media.model, []).extend(own)
    if len(found) > 1:
        names = " and ".join(sorted(map(repr, found)))
        raise ExportError(f"verdicts on events of {names:.200}: give those of one model")
    return [each for own in found.values() for each in own]


def _judgements_of(verdicts: Verdicts) -> list[Judgement]:
    return [
        Judgement(said.label, said.score, said.verdict == "right")
        for said in fold(verdicts.entries).values()
        if said.verdict in ("right", "wrong") and said.score is not None
    ]


def learn(found: Sequence[Judgement], precision: float) -> tuple[Curve, list[Curve]]:
    """The curve of all labels together, and one for each label, by name.

    Args:
        found: At least one.
        precision: Wanted share of right ones among the events that are shown, in (0, 1).

    Raises:
        ExportError: There are no judgements.
    """
    if not found:
        raise ExportError("nothing is said to be right or wrong in these verdicts")
    by_label: dict[str, list[Judgement]] = {}
    for each in found:
        by_label.setdefault(each.label, []).append(each)
    everything = _Counts.of(found)
    first = _Posterior.of(everything, (0.0, 0.0), _AT_FIRST)
    together = _curve("", found, first, everything, precision)
    curves = []
    for label, own in sorted(by_label.items()):
        counts = _Counts.of(own)
        posterior = _Posterior.of(counts, first.mean, _OF_A_LABEL)
        curves.append(_curve(label, own, posterior, counts.among(everything), precision))
    return together, curves


@dataclass(frozen=True, eq=False)
class _Counts:
    """How many events there are at each score."""

    scores: Floats
    """``[n]``, rising, each once."""
    right: Floats
    wrong: Floats

    @classmethod
    def of(cls, found: Sequence[Judgement]) -> _Counts:
        places = np.round(np.array([each.score for each in found]) / _STEP)
        scores, back = np.unique(places, return_inverse=True)
        right = np.array([each.is_right for each in found], np.float64)
        counts = [
            np.bincount(back, weights=kind, minlength=len(scores)) for kind in (right, 1 - right)
        ]
        return cls(scores * _STEP, counts[0].astype(np.float64), counts[1].astype(np.float64))

    @property
    def all(self) -> Floats:
        return self.right + self.wrong

    def among(self, others: _Counts) -> _Counts:
        """These, and ``_OTHERS`` more that are spread as others are; as right ones."""
        spread = others.all * (_OTHERS / others.all.sum())
        spread[np.searchsorted(others.scores, self.scores)] += self.all
        return _Counts(others.scores, spread, np.zeros_like(spread))


@dataclass(frozen=True, eq=False)
class _Posterior:
    """What is possible, and how likely it is: curves in ``[n_a * n_c]``."""

    a: Floats
    slope: Floats
    weight: Floats

    @classmethod
    def of(
        cls, counts: _Counts, centre: tuple[float, float], spread: tuple[float, float]
    ) -> _Posterior:
        sides = [np.linspace(-_REACH, _REACH, n) for n in _N_GRID]
        u, v = (each.ravel() for each in np.meshgrid(*sides, indexing="ij"))
        a, slope = centre[0] + spread[0] * u, np.exp(centre[1] + spread[1] * v)
        z = a[:, None] + slope[:, None] * _logit(counts.scores)
        # log sigmoid(z) = -log(1 + exp(-z))
        fits = -(np.logaddexp(0, -z) @ counts.right) - np.logaddexp(0, z) @ counts.wrong
        likely = fits - (np.square(u) + np.square(v)) / 2
        weight = np.exp(likely - likely.max())
        return cls(a, slope, weight / weight.sum())

    @property
    def mean(self) -> tuple[float, float]:
        """Of a and c."""
        return float(self.weight @ self.a), float(self.weight @ np.log(self.slope))

    def right(self, scores: Floats) -> Floats:
        """Share of right ones at each score, for each curve: ``[n_curves, n_scores]``."""
        return 1 / (1 + np.exp(-(self.a[:, None] + self.slope[:, None] * _logit(scores))))

    def quantiles(self, values: Floats, shares: Sequence[float]) -> list[float]:
        """Values of which these shares of the curves, by weight, have at most as much."""
        order = np.argsort(values)
        sums = np.cumsum(self.weight[order])
        places = np.minimum(np.searchsorted(sums, shares), len(sums) - 1)
        found: list[float] = values[order[places]].tolist()
        return found


def _curve(
    label: str,
    found: Sequence[Judgement],
    posterior: _Posterior,
    spread: _Counts,
    precision: float,
) -> Curve:
    candidates = np.concatenate((spread.scores, POINTS[spread.scores[-1] < POINTS]))
    counts = np.concatenate((spread.all, np.zeros(len(candidates) - len(spread.scores))))
    right = posterior.right(candidates)
    gives = _precisions(right, counts)
    expected = _precisions((posterior.weight @ right)[None], counts)
    threshold = float(_lowest(expected, candidates, precision)[0])
    low, high = posterior.quantiles(_lowest(gives, candidates, precision), (_TAIL, 1 - _TAIL))
    place = min(int(np.searchsorted(candidates, threshold)), len(candidates) - 1)
    ordered = sorted(found, key=lambda each: each.score)
    scores = np.array([each.score for each in ordered])
    is_right = np.array([each.is_right for each in ordered])
    shares = posterior.right(POINTS)
    band = [posterior.quantiles(column, (_TAIL, 1 - _TAIL)) for column in shares.T]
    return Curve(
        label, scores, is_right,
        np.concatenate(((posterior.weight @ shares)[None], np.array(band).T)),
        threshold, (low, high), float(expected[0, place]),
        float(posterior.weight @ (gives[:, place] >= precision)),
        float((scores[is_right] >= threshold - _STEP / 2).mean()) if is_right.any() else 1.0,
    )  # fmt: skip


def _precisions(right: Floats, counts: Floats) -> Floats:
    """What each score as a threshold gives, ``[n_curves, n]``; alone, where no event is above."""
    above = np.cumsum((right * counts)[:, ::-1], axis=1)[:, ::-1]
    n_above = np.cumsum(counts[::-1])[::-1]
    return np.where(n_above > 0, above / np.maximum(n_above, 1e-9), right)


def _lowest(gives: Floats, candidates: Floats, precision: float) -> Floats:
    """The lowest candidate that gives enough, for each curve; 1 where none does."""
    enough = gives >= precision
    return np.where(enough.any(axis=1), candidates[enough.argmax(axis=1)], 1.0)


def _logit(scores: Floats) -> Floats:
    inside = np.clip(scores, _EDGE, 1 - _EDGE)
    made: Floats = np.log(inside / (1 - inside))
    return made


def thresholds_of(curves: Iterable[Curve]) -> Mapping[str, float]:
    """What a file of thresholds holds: half a step lower, since scores are rounded in verdicts."""
    return {
        curve.label: round(max(curve.threshold - _STEP / 2, 0.0), 4) if curve.is_reached else 1.0
        for curve in curves
    }
