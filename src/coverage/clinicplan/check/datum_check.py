"""Tell which datum a layer of points is in, by how close its points come to roads.

Villages and clinics stand beside roads. Undoing the right shift brings them there; undoing a wrong one leaves them
300 to 700 m (GCJ-02) or about 1.2 km (BD-09) away. Decoys, each candidate moved 300 m to the four sides, must lose
too: a layer that fits no datum gets no answer. This module reports; it never converts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clinicplan.datum import converter, to_wgs84

if TYPE_CHECKING:
    import pandas as pd
    import shapely

Float64 = NDArray[np.float64]
Candidate = Literal["wgs84", "gcj02", "bd09"]

CANDIDATES: Final[tuple[Candidate, ...]] = ("wgs84", "gcj02", "bd09")
"""Data that can be told apart; CGCS2000 differs from WGS84 by decimetres and counts as it."""
CLOSENESS_M: Final = 60.0
"""Scale of the score exp(-distance / scale): points of a village stand some ten metres from a road."""
FEWEST_PLACES: Final = 15
LEAST_CONFIDENCE: Final = 0.95
LEAST_SCORE: Final = 0.05
"""Below this no candidate brings the points near roads: they may be of another place, or the roads are missing."""
BOOTSTRAP_ROUNDS: Final = 400
MOST_PLACES: Final = 1_500
"""More places than this are sampled: the answer does not change, the search does."""
STRAY_SCORE: Final = 0.02
"""Added to every score in the mixture, so that a place far from every road speaks for no datum."""
LEAST_MIXED_SHARE: Final = 0.05
LEAST_MIXED_SCORE: Final = 0.2
"""A layer farther from roads than this says nothing about its parts."""
MIXTURE_ROUNDS: Final = 30
MIXTURE_DRAWS: Final = 150
"""Resampled layers behind the lower end of the mixture's shares."""
DECOY_TOLERANCE: Final = 0.95
"""A decoy may come this near: along a straight valley road a place moved by 300 m is on the road still."""
DECOY_M: Final = 300.0
"""How far decoys stand from their candidate: beyond the scatter of village points, within the shifts sought."""


@dataclass(frozen=True)
class DatumGuess:
    """Which datum brings a layer's points closest to roads.

    Parameters
    ----------
    best
        The candidate with the highest mean score; `wgs84` stands for CGCS2000 too.
    declared
        The datum that the region file names, or empty.
    scores
        Mean of exp(-distance / 60 m) of each candidate, 0-1.
    median_distance_m
        Median metres to the nearest road under each candidate.
    confidence
        Share of 400 seeded bootstrap samples in which `best` wins over the other candidates, 0-1.
    beats_decoys
        Whether no decoy scores clearly more than `best`; if one does, the layer fits no datum.
    n_places
        Distinct places compared; points at equal coordinates are one.
    stray
        The datum that a part of the layer may be in beside `best`.
    stray_share, stray_share_low
        Estimated share of places in that other datum and the lower end (5 %) of its bootstrap, 0-1.
    """

    best: Candidate
    declared: str
    scores: Mapping[str, float]
    median_distance_m: Mapping[str, float]
    confidence: float
    beats_decoys: bool
    n_places: int
    stray: Candidate
    stray_share: float
    stray_share_low: float

    @property
    def looks_mixed(self) -> bool:
        """Whether a part of the layer is in another datum than the rest, as when pins from a phone join a survey."""
        enough = self.n_places >= FEWEST_PLACES and self.scores[self.best] >= LEAST_MIXED_SCORE
        return enough and self.stray_share_low > LEAST_MIXED_SHARE

    @property
    def is_confident(self) -> bool:
        """Whether there are places enough, near enough to roads, and the bootstrap agrees; else it cannot be told."""
        enough = self.n_places >= FEWEST_PLACES and self.scores[self.best] >= LEAST_SCORE
        return enough and self.beats_decoys and self.confidence >= LEAST_CONFIDENCE

    @property
    def answer(self) -> str:
        """The best datum, or empty where it cannot be told."""
        return self.best if self.is_confident else ""

    @property
    def contradicts_declared(self) -> bool:
        """Whether it can be told that the layer is in another datum than the declared one."""
        declared = "wgs84" if self.declared == "cgcs2000" else self.declared
        return bool(declared) and self.is_confident and self.best != declared

    def to_frame(self) -> pd.DataFrame:
        """Return one row a candidate: `datum, score, median_distance_m, declared, best`."""
        import pandas as pd

        declared = "wgs84" if self.declared == "cgcs2000" else self.declared
        return pd.DataFrame(
            {
                "datum": CANDIDATES,
                "score": [round(self.scores[name], 3) for name in CANDIDATES],
                "median_distance_m": [round(self.median_distance_m[name], 1) for name in CANDIDATES],
                "declared": [name == declared for name in CANDIDATES],
                "best": [name == self.answer for name in CANDIDATES],
            }
        )


def identify_datum(
    lon: ArrayLike,
    lat: ArrayLike,
    roads: NDArray[np.object_] | shapely.STRtree,
    crs: str,
    *,
    declared: str = "",
    seed: int = 0,
) -> DatumGuess:
    """Guess which datum points are in from their closeness to roads; report, never convert.

    Each candidate shift is undone in turn and every point scores exp(-d / 60 m), d its distance to the nearest road.
    The best mean wins, and a seeded bootstrap over places says how surely. Fails where the roads near the points are
    missing (no confidence) and where the roads themselves are shifted (then the points look shifted the other way).

    Parameters
    ----------
    lon, lat
        Shape (points): degrees as the file has them, before any conversion; NaN where missing.
    roads
        Shapely lines (or points along roads) in `crs`, of WGS84 or CGCS2000; or a tree of them, for several layers.
    crs
        Projected system of the roads, metres.
    declared
        What the region file says, to be compared.
    seed
        Of the bootstrap.

    Returns
    -------
    guess
        The scores, and whether they suffice for an answer.

    Raises
    ------
    ValueError
        If there is no road at all, or not one point with coordinates.

    References
    ----------
    .. [1] Measured in field/inputs-outputs.md 1.4: right for 15 places and more, never confidently wrong.

    Examples
    --------
    >>> import shapely
    >>> from pyproj import Transformer
    >>> from clinicplan.datum import wgs84_to_gcj02
    >>> lon, lat = 120.9 + np.arange(20) * 0.001, np.full(20, 29.5)
    >>> x, y = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True).transform(lon, lat)
    >>> road = np.array([shapely.linestrings(np.c_[x, y])])
    >>> identify_datum(*wgs84_to_gcj02(lon, lat), road, "EPSG:4549", declared="wgs84").answer
    'gcj02'
    """
    import shapely

    places = _distinct_places(lon, lat, seed)
    tree = roads if isinstance(roads, shapely.STRtree) else shapely.STRtree(roads)
    if not len(places) or not len(tree):
        raise ValueError("a datum can be told only from at least one point with coordinates and one road")
    distance_m = _distances(places, tree, crs)
    score = np.exp(-distance_m / CLOSENESS_M)
    known = len(CANDIDATES)
    mean = score.mean(axis=0)
    best = int(mean[:known].argmax())
    draws = _draws(len(score), seed)
    shares, low = _mixture(score, draws[:MIXTURE_DRAWS])
    # The largest lower end; where all are nil, the largest share.
    stray = max((k for k in range(known) if k != best), key=lambda k: (low[k], shares[k]))
    return DatumGuess(
        best=CANDIDATES[best],
        declared=declared,
        scores=dict(zip(CANDIDATES, mean.tolist(), strict=False)),
        median_distance_m=dict(zip(CANDIDATES, np.median(distance_m, axis=0).tolist(), strict=False)),
        confidence=float((np.einsum("bi,ik->bk", draws, score[:, :known]).argmax(axis=1) == best).mean()),
        beats_decoys=bool(mean[best] >= DECOY_TOLERANCE * mean[known:].max()),
        n_places=len(places),
        stray=CANDIDATES[stray],
        stray_share=float(shares[stray]),
        stray_share_low=float(low[stray]),
    )


def _distinct_places(lon: ArrayLike, lat: ArrayLike, seed: int) -> Float64:
    """Return distinct places, shape (places, 2); copied coordinates would count one place many times."""
    points = np.c_[np.asarray(lon, dtype=np.float64).ravel(), np.asarray(lat, dtype=np.float64).ravel()]
    places: Float64 = np.unique(points[np.isfinite(points).all(axis=1)], axis=0)
    if len(places) > MOST_PLACES:
        places = places[np.sort(np.random.default_rng(seed).choice(len(places), MOST_PLACES, replace=False))]
    return places


def _distances(places: Float64, roads: shapely.STRtree, crs: str) -> Float64:
    """Return metres to the nearest road, shape (places, candidates + decoys): first each candidate, then its decoys."""
    import shapely

    project = converter("EPSG:4326", crs).transform
    # Askew, so that roads drawn along the axes do not lead from a place to its decoy.
    angles = np.radians([25.0, 115.0, 205.0, 295.0])
    moves = np.vstack([(0.0, 0.0), DECOY_M * np.c_[np.cos(angles), np.sin(angles)]])
    candidates = [np.c_[project(*to_wgs84(places[:, 0], places[:, 1], candidate))] for candidate in CANDIDATES]
    columns = [candidate + move for move in moves for candidate in candidates]
    points = np.asarray(shapely.points(np.concatenate(columns)))
    distance_m = shapely.distance(points, roads.geometries[roads.nearest(points)])
    return np.where(np.isfinite(distance_m), distance_m, np.inf).reshape(len(columns), -1).T


def _draws(n_places: int, seed: int) -> Float64:
    """Return how often each place stands in each resampled layer, shape (rounds, places)."""
    equal = np.full(n_places, 1 / n_places)
    return np.random.default_rng(seed).multinomial(n_places, equal, size=BOOTSTRAP_ROUNDS).astype(np.float64)


def _mixture(score: Float64, draws: Float64) -> tuple[Float64, Float64]:
    """Estimate which share of the places fits each column, and the lower end of its bootstrap, shape (columns) each.

    Expectation and maximisation on w: place i is in datum k with probability p_ik = w_k s_ik / sum_j w_j s_ij, and
    w_k is the mean of p_ik. Columns that are the same to the bit share their places evenly.
    """
    likelihood = score + STRAY_SCORE
    samples = np.vstack([np.ones(len(score)), draws])
    share = np.full((len(samples), score.shape[1]), 1 / score.shape[1])
    for _ in range(MIXTURE_ROUNDS):
        # einsum, not @: the matrices are small, and a threaded product waits longer than it works.
        evidence = np.einsum("bk,ik->bi", share, likelihood)
        share *= np.einsum("bi,ik->bk", samples / evidence, likelihood) / len(score)
    return share[0], np.quantile(share[1:], 0.05, axis=0)
