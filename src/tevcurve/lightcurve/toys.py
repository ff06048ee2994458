"""Light curves that chance could have given: counts drawn from what the rows of a light curve expect."""

from dataclasses import dataclass

import numpy as np

from tevcurve.fit.protocols import Drawable
from tevcurve.lightcurve.origin_rows import rows_behind


@dataclass(frozen=True, eq=False)
class Toys:
    """Drawn light curves, all in one profile.

    profile: see `tevcurve.fit.minimize`; row r of light curve t is its bin t * n_rows + r.
    n: number of light curves. rows: int array (n_rows,), numbers of the rows in the table of the light curve.
    """

    profile: object
    n: int
    rows: np.ndarray

    @property
    def n_rows(self):
        """Rows of each light curve."""
        return len(self.rows)


def draw_toys(light_curve, norms, n, random_state=0):
    """The `Toys` of a light curve of `tevcurve.light_curve`, for norms that are the truth.

    The background is that of each run in its energy bins (1D) or over its cube (3D), as fits the data best with these
    norms; what is uncertain of it by `background_error` is drawn, too. See `toy_maker` to draw repeatedly.

    Parameters
    ----------
    light_curve : `LightCurve`
    norms : float, or array (n_rows,) or (n, n_rows) of the rows that expect some signal (`Toys.rows`)
    n : int, number of light curves
    random_state : int seed or numpy Generator
    """
    maker = toy_maker(light_curve)
    return Toys(maker.draw(norms, n, np.random.default_rng(random_state)), n, maker.rows)


def toy_maker(light_curve, rows=None):
    """What draws toys of a light curve, or of some of its rows.

    An `OnOffToys` or `CubeToys`, whose method `draw` gives the profile of n light curves.

    Parameters
    ----------
    light_curve : `LightCurve`
    rows : int array, sorted, of the rows that are drawn; default: all with signal

    Raises `InputError` for a light curve that knows no runs, and for rows that cannot be drawn.
    """
    joint = rows_behind(light_curve, Drawable, use="A simulated light curve")
    return joint.toys(joint.fitted if rows is None else np.asarray(rows))
