"""How often a label is right at a score, learnt from verdicts; and the score to ask for.

For each label a logistic curve over the logit of the score, which never falls:

    p(score) = sigmoid(a + exp(c) * logit(score)),   a ~ N(a0, sa^2), c ~ N(c0, sc^2)

a = c = 0 says that a score is what it claims to be: the share of times that it is right. That is
what is believed before the first verdict (sa, sc = ``_AT_FIRST``). All verdicts together give what
is believed of each label before its own (a0, c0; ``_OF_A_LABEL``), so that three verdicts move a
curve a little and thirty decide. The posterior is summed over a grid of a and c: there is nothing
that could fail to converge.

What a threshold t gives is counted, since no curve fits every tagger at its top, where thresholds
lie: of the n events that reach t, r are right. A share of few events says little, so what is
believed counts as some more of them:

    of all labels    (r + A e(t)) / (n + A),        A = ``_CURVE_COUNTS``
    of a label       (r + B f(t)) / (n + B),        B = ``_OTHERS_COUNT``

where e(t) is the mean of p over the events that reach t, and f(t) the same share of all *other*
labels, whose logit is moved as far as the label's curve lies from that of all. Each of these is the
mean of a beta distribution, which says how sure it is. The threshold is the lowest t whose share is
the wanted one; lower bounds of it would ask for scores that hardly any event has until hundreds are
judged (``tests/benchmarks/learning.py``).

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
from overlay.verdicts.state import fold
from overlay.verdicts.verdict_file import Verdicts

Floats = npt.NDArray[np.float64]

_AT_FIRST, _OF_A_LABEL = (1.0, 0.5), (1.0, 0.4)
"""Standard deviations of a and c."""
_REACH = 4.0
"""Standard deviations to each side that the grid covers."""
_N_GRID = (41, 17)
_CURVE_COUNTS, _OTHERS_COUNT = 10.0, 5.0
"""Events that what is believed of a threshold counts as."""
_STEP = 0.001
"""Scores are told apart to this; the page rounds them so."""
_EDGE = 0.005
"""Scores nearer to 0 or 1 count as this near: their logits have no end."""
_TAIL = 0.05
"""Part of the posterior on each side of an interval: it holds 90 %."""
_THRESHOLDS: Floats = np.round(np.arange(0.005, 0.999, 0.005), 3)
_SHARES: Floats = 1 / (1 + np.exp(-np.arange(-12, 12, 0.03)))
"""Where beta distributions are summed: even in the logit, in which they have no end."""
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
    everything = _Judged.of(found)
    least = np.searchsorted(_THRESHOLDS, everything.scores[0] + _STEP / 2) - 1
    thresholds = _THRESHOLDS[max(int(least), 0) :]  # nothing is known below
    first = _Posterior.of(everything, (0.0, 0.0), _AT_FIRST)
    believed = _expected(first, everything.scores, thresholds)
    known = everything.reaching(thresholds) + _CURVE_COUNTS * _both(believed)
    together = _curve("", everything, first, thresholds, known, precision)
    curves = []
    for label in sorted({each.label for each in found}):
        own = _Judged.of([each for each in found if each.label == label])
        posterior = _Posterior.of(own, first.mean, _OF_A_LABEL)
        counts = own.reaching(thresholds)
        apart = _logit(_expected(posterior, everything.scores, thresholds)) - _logit(believed)
        others = (known - counts)[0] / (known - counts).sum(axis=0)
        counts += _OTHERS_COUNT * _both(_sigmoid(_logit(others) + apart))
        curves.append(_curve(label, own, posterior, thresholds, counts, precision))
    return together, curves


@dataclass(frozen=True, eq=False)
class _Judged:
    """The judged events of a label, or of all."""

    scores: Floats
    """``[n]``, rising."""
    is_right: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, found: Sequence[Judgement]) -> _Judged:
        scores = np.array([each.score for each in found])
        order = np.argsort(scores, kind="stable")
        return cls(scores[order], np.array([each.is_right for each in found])[order])

    def reaching(self, thresholds: Floats) -> Floats:
        """How many right and wrong events reach each threshold, ``[2, n_thresholds]``."""
        first = _first_above(self.scores, thresholds)
        n_right = self.is_right.sum() - np.concatenate(([0], np.cumsum(self.is_right)))[first]
        return np.stack((n_right, len(self.scores) - first - n_right)).astype(np.float64)


def _first_above(scores: Floats, thresholds: Floats) -> npt.NDArray[np.intp]:
    return np.searchsorted(scores, thresholds - _STEP / 2)


def _both(share: Floats) -> Floats:
    """Right and wrong parts, ``[2, n]``."""
    return np.stack((share, 1 - share))


@dataclass(frozen=True, eq=False)
class _Posterior:
    """What is possible, and how likely it is: curves in ``[n_a * n_c]``."""

    a: Floats
    slope: Floats
    weight: Floats

    @classmethod
    def of(
        cls, judged: _Judged, centre: tuple[float, float], spread: tuple[float, float]
    ) -> _Posterior:
        sides = [np.linspace(-_REACH, _REACH, n) for n in _N_GRID]
        u, v = (each.ravel() for each in np.meshgrid(*sides, indexing="ij"))
        a, slope = centre[0] + spread[0] * u, np.exp(centre[1] + spread[1] * v)
        z = a[:, None] + slope[:, None] * _logit(judged.scores)
        # log sigmoid(z) = -log(1 + exp(-z)); of a wrong one the same with -z
        fits = -np.logaddexp(0, np.where(judged.is_right, -z, z)).sum(axis=1)
        likely = fits - (np.square(u) + np.square(v)) / 2
        weight = np.exp(likely - likely.max())
        return cls(a, slope, weight / weight.sum())

    @property
    def mean(self) -> tuple[float, float]:
        """Of a and c."""
        return float(self.weight @ self.a), float(self.weight @ np.log(self.slope))

    def right(self, scores: Floats) -> Floats:
        """Share of right ones at each score, for each curve: ``[n_curves, n_scores]``."""
        return _sigmoid(self.a[:, None] + self.slope[:, None] * _logit(scores))

    def mean_right(self, scores: Floats) -> Floats:
        """What is believed at each score, ``[n_scores]``."""
        return self.weight @ self.right(scores)

    def quantiles(self, values: Floats, shares: Sequence[float]) -> list[float]:
        """Values of which these shares of the curves, by weight, have at most as much."""
        order = np.argsort(values)
        sums = np.cumsum(self.weight[order])
        places = np.minimum(np.searchsorted(sums, shares), len(sums) - 1)
        found: list[float] = values[order[places]].tolist()
        return found


def _expected(posterior: _Posterior, scores: Floats, thresholds: Floats) -> Floats:
    """Mean share of right ones among the events that reach each threshold; at it, if none does."""
    first = _first_above(scores, thresholds)
    sums = np.concatenate(([0], np.cumsum(posterior.mean_right(scores)[::-1])))[::-1]
    n_above = len(scores) - first
    alone = posterior.mean_right(thresholds)
    return np.where(n_above > 0, sums[first] / np.maximum(n_above, 1), alone)


def _curve(
    label: str,
    judged: _Judged,
    posterior: _Posterior,
    thresholds: Floats,
    known: Floats,
    precision: float,
) -> Curve:
    """What was learnt, from right and wrong events at each threshold, ``[2, n_thresholds]``."""
    share = known[0] / known.sum(axis=0)
    sureness = _beta_above(known, precision)
    threshold = _lowest(share >= precision, thresholds)
    place = min(int(np.searchsorted(thresholds, threshold)), len(thresholds) - 1)
    columns = posterior.right(POINTS).T
    band = [posterior.quantiles(column, (_TAIL, 1 - _TAIL)) for column in columns]
    reaches = judged.scores[judged.is_right] > threshold - _STEP / 2
    return Curve(
        label, judged.scores, judged.is_right,
        np.stack((posterior.mean_right(POINTS), *np.array(band).T)), threshold,
        (_lowest(sureness >= _TAIL, thresholds), _lowest(sureness >= 1 - _TAIL, thresholds)),
        float(share[place]), float(sureness[place]),
        float(reaches.mean()) if len(reaches) else 1.0,
    )  # fmt: skip


def _beta_above(known: Floats, precision: float) -> Floats:
    """How likely shares are above a precision, for counts of right and wrong, ``[2, n]``."""
    density = np.exp(
        np.log(_SHARES)[:, None] * known[0]
        + np.log1p(-_SHARES)[:, None] * known[1]
        - (known * np.log(known / known.sum(axis=0))).sum(axis=0)
    )
    above: Floats = density[precision <= _SHARES].sum(axis=0) / density.sum(axis=0)
    return above


def _lowest(is_enough: npt.NDArray[np.bool_], thresholds: Floats) -> float:
    """The first threshold that is enough; 1 if none is."""
    return float(thresholds[is_enough.argmax()]) if is_enough.any() else 1.0


def _sigmoid(z: Floats) -> Floats:
    made: Floats = 1 / (1 + np.exp(-z))
    return made


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
