"""The public stores of six instruments that `bench/telescopes.py` makes light curves of, with the settings of each.

Nothing but plain values stands here, so that the script of the peer reads it in an interpreter without tevcurve.
"""

from dataclasses import dataclass

CRAB = (83.6333, 22.0145)
# Edges of the bins of true energy, as the references beside the data have them: 60 from 0.03 to 60 TeV.
TRUE_TEV = (0.03, 60.0, 60)


@dataclass(frozen=True)
class Store:
    """One store of data, and how its light curves are made by either package.

    name: of its row. folder: below the data folder; files: glob pattern there of a store without an index, else None.
    radius: of the ON region in deg, "file" for a fixed cut that the files give, or "table" for RAD_MAX_2D.
    band: (low, high, bins) of the reco axis in TeV. kinds: which methods its responses allow. obs_ids: the runs, or
    None for all. truth: (amplitude at 1 TeV, index) of simulations, or None. target: the name of the target.
    """

    name: str
    folder: str
    radius: float | str
    band: tuple
    kinds: tuple = ("1d",)
    files: str | None = None
    obs_ids: tuple | None = None
    truth: tuple | None = None
    safe: bool = False
    index: float = 2.6
    position: tuple = CRAB


CUBES = ("1d", "3d")
STORES = (
    Store("H.E.S.S. DR1", "hess-dl3-dr1", 0.11, (0.7, 10.0, 10), CUBES, obs_ids=(23523, 23526, 23559, 23592)),
    Store("MAGIC, RAD_MAX table", "magic/rad_max/data", "table", (0.3, 10.0, 10)),
    Store("MAGIC, fixed cut", "others/magic_fixed_cut", "file", (0.3, 10.0, 10), obs_ids=(5029748,)),
    Store("FACT", "others/fact", "file", (0.8, 10.0, 10)),
    Store("LST-like, RAD_MAX table", "others/lst_like/point", "table", (0.3, 10.0, 10)),
    Store("LST-like, fixed cut", "others/lst_like/fixed", "file", (0.3, 10.0, 10)),
    Store("LST-like, full enclosure", "others/lst_like/full", 0.11, (0.3, 10.0, 10), CUBES),
    Store(
        "CTAO, as gammapy writes",
        "others/ctao_gammapy_written",
        0.11,
        (0.1, 10.0, 10),
        CUBES,
        files="obs_*.fits.gz",
        truth=(3.5e-11, 2.6),
    ),
    Store(
        "CTAO, first data challenge",
        "others/ctao_1dc_dialect/index/gps",
        0.11,
        (0.1, 10.0, 10),
        CUBES,
        truth=(3.5e-11, 2.6),
    ),
)
