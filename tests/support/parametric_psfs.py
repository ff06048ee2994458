"""Tables of PSF_3GAUSS and PSF_KING in memory, from parameters of our choice."""

import numpy as np

from tevcurve.data.response_hdus import response_table
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.files import FitsFile
from tevcurve.irf import EnergyDependentMultiGaussPSF, PSFKing

EDGES = np.geomspace(0.1, 10.0, 5)  # TeV
NODES = np.sqrt(EDGES[1:] * EDGES[:-1])
OFFSETS = np.array([0.0, 1.0, 2.0, 3.0])  # deg, edges
AXES = [("ENERG", EDGES[:-1], EDGES[1:], "TeV"), ("THETA", OFFSETS[:-1], OFFSETS[1:], "deg")]
SHAPE = (4, 3)


def widths(first, step):
    """Widths (4, 3) in deg that shrink with energy and grow with offset."""
    return first * 0.8 ** np.arange(4)[:, None] * (1 + step * np.arange(3))


def three_gaussians(**changes):
    """Columns of PSF_3GAUSS, dict of float arrays (4, 3) in the units of files."""
    ampl_2 = 0.2 + 0.05 * np.arange(4)[:, None] + np.zeros(SHAPE)
    columns = {
        "SIGMA_1": widths(0.06, 0.1),
        "SIGMA_2": widths(0.15, 0.2),
        "SIGMA_3": widths(0.4, 0.1),
        "SCALE": np.ones(SHAPE),
        "AMPL_2": ampl_2,
        "AMPL_3": np.full(SHAPE, 0.02),
    }
    return columns | changes


def king(**changes):
    """Columns of PSF_KING, dict of float arrays (4, 3) in the units of files."""
    return {"GAMMA": 1.8 + 0.1 * np.arange(3) + np.zeros(SHAPE), "SIGMA": widths(0.05, 0.15)} | changes


def hdu_of(cls, columns, keywords=None):
    """The table HDU of a class and its columns."""
    content = primary_bytes() + response_table(cls.layout, AXES, columns, keywords)
    return FitsFile(content, "here").table(cls.layout.hdu)


def made(cls, columns):
    """A response of a class and its columns."""
    return cls.from_hdu(hdu_of(cls, columns), "here")


def gauss_psf(**changes):
    """`EnergyDependentMultiGaussPSF` of `three_gaussians`."""
    return made(EnergyDependentMultiGaussPSF, three_gaussians(**changes))


def king_psf(**changes):
    """`PSFKing` of `king`."""
    return made(PSFKing, king(**changes))
