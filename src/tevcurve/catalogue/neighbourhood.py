"""Which sources of a catalogue are near each other."""

from collections.abc import Collection, Sequence

import numpy as np
from scipy.spatial import cKDTree

from tevcurve.errors import InputError
from tevcurve.files.columns import listed

NEAR = "near"
REACH_DEG = 0.5


def neighbours_of(
    texts: Sequence[str], names: Sequence[str], lonlats: np.ndarray, places: Sequence[str]
) -> list[tuple[str, ...]]:
    """Names of the neighbours of each source, as texts say, a list of tuples.

    Parameters
    ----------
    texts : of each source: names of others, with ";" between them, "near" for all within 0.5 deg, or ""
    names : of the sources
    lonlats : float array (n, 2), ICRS, radian
    places : what names each row in errors

    Raises `InputError` for a name that no source has, and for that of the source itself.
    """
    known, near = set(names), None
    made = []
    for number, (text, place) in enumerate(zip(texts, places, strict=True)):
        if text.lower() == NEAR:
            near = _near(lonlats) if near is None else near
            made.append(tuple(names[other] for other in near[number]))
            continue
        wanted = tuple(dict.fromkeys(each.strip() for each in text.split(";") if each.strip()))
        unknown = [each for each in wanted if each not in known]
        if unknown:
            raise InputError(
                f"{place}: its neighbour {unknown[0]!r} is no source of the catalogue, which has {listed(names)}."
            )
        if names[number] in wanted:
            raise InputError(f"{place}: it is its own neighbour; wanted are others.")
        made.append(wanted)
    return made


def _near(lonlats: np.ndarray) -> list[list[int]]:
    """Numbers of the sources within the reach of each, in order."""
    tree, reach = _tree(lonlats)
    return [sorted(set(own) - {number}) for number, own in enumerate(tree.query_ball_tree(tree, reach))]


def _tree(lonlats: np.ndarray) -> tuple[cKDTree, float]:
    """(tree of unit vectors, the chord of the reach)."""
    lon, lat = np.transpose(lonlats)
    vectors = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return cKDTree(vectors), 2 * np.sin(np.deg2rad(REACH_DEG) / 2)


def others_near(lonlats: np.ndarray, neighbours: Sequence[Collection[int]]) -> np.ndarray:
    """How many others within 0.5 deg of each source are not fitted with it, int array (n,).

    Parameters
    ----------
    lonlats : float array (n, 2), ICRS, radian
    neighbours : of each source the numbers of those that are fitted with it
    """
    tree, reach = _tree(lonlats)
    numbers = tree.query_ball_tree(tree, reach)
    return np.array(
        [
            len(set(own) - {one} - set(fitted))
            for one, (own, fitted) in enumerate(zip(numbers, neighbours, strict=True))
        ]
    )
