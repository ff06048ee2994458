"""What a detector of changes is told beforehand."""

from dataclasses import dataclass

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.change_detector import Nodes

# dN/dE of the Crab Nebula, 2.83e-11 cm-2 s-1 TeV-1 at 1 TeV and an index of 2.62 (Aharonian et al. 2004, ApJ 614, 897).
CRAB_AMPLITUDE, CRAB_INDEX = 2.83e-11, 2.62
# Fluxes after a change, in Crab.
LOWEST, HIGHEST, N_CHANGED = 0.02, 30.0, 14
# Nodes of the quiet flux and of the norm of the background, out to so many of their errors. A bright source tells its
# flux within a night to much less than its prior. Those beyond the outermost nodes, and those in the middle between
# two, then have far more alarms than wanted: the 1 in 400 beyond 3 errors a third of all at 1 per 1000 h.
N_QUIET, QUIET_REACH = 17, 4.0
N_NORM, NORM_REACH = 9, 2.0
# No quiet flux is taken for more than so many times the highest flux after a change.
MOST_QUIET = 2.0
# So many counts of the source are wanted of what becomes the quiet flux after an alarm.
LEAST_COUNTS = 25.0


@dataclass(frozen=True)
class DetectorSettings:
    """Settings of a detector.

    Attributes
    ----------
    baseline : float, quiet flux, in units of the reference flux in the band; 0 for a place without a source
    baseline_error : float, its error over itself
    crab : float, flux of the Crab Nebula in the band, in the same units
    background_error : float, of the norm of each run's background
    seconds_per_alarm : float, s of good time in which one alarm is wanted while nothing changes
    night_s : float, s of good time in a night that thresholds are calibrated for
    head_start_s : float, s: the change may have come so long before the first event of a night
    tick_s : float, s of good time after which to look although no event came
    n_simulated : int, stretches that a threshold is found from
    gap_s : float, s without good time after which a new night begins

    Raises `InputError` for values that cannot be.
    """

    baseline: float
    baseline_error: float
    crab: float
    background_error: float = 0.1
    seconds_per_alarm: float = 3.6e6
    night_s: float = 1680.0
    head_start_s: float = 600.0
    tick_s: float = 20.0
    n_simulated: int = 1500
    gap_s: float = 6 * 3600.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.baseline) and self.baseline >= 0):
            raise InputError(f"The quiet flux is {self.baseline:.4g} of the reference; wanted is 0 or more.")
        for name, value in (
            ("quiet flux", self.baseline_error),
            ("background", self.background_error),
        ):
            if not 0 < value < 0.5:
                raise InputError(
                    f"The error of the {name} is {value:.4g} of it; wanted is one above 0, as it is never known "
                    "exactly, and below 0.5."
                )
        if not self.seconds_per_alarm > self.night_s:
            raise InputError(
                f"One alarm is wanted per {self.seconds_per_alarm / 3600:.4g} h; wanted is more than a night of "
                f"{self.night_s / 3600:.4g} h."
            )

    @property
    def far_hz(self) -> float:
        """False alarms per s of good time."""
        return 1 / self.seconds_per_alarm

    @property
    def changed(self) -> np.ndarray:
        """Fluxes after a change, float array, in units of the reference flux."""
        return self.crab * np.geomspace(LOWEST, HIGHEST, N_CHANGED)

    def nodes(self, quiet: float | None = None, error: float | None = None) -> Nodes:
        """The `Nodes`, before an alarm or after one.

        Parameters
        ----------
        quiet : float, the flux that is the quiet one now; default: the baseline
        error : float, its error, in the same units
        """
        if quiet is None or error is None:
            quiet, error = self.baseline, self.baseline * self.baseline_error
        place, chance = _normal(N_QUIET, QUIET_REACH)
        fluxes = quiet + error * place
        # A flux that is not far above zero may be anything down to it.
        fluxes = np.maximum(fluxes, 0.0 if quiet == 0 else 0.05 * (quiet + error))
        # A few events at once make a fit of any height, of which nothing would be left by the next look.
        fluxes = np.minimum(fluxes, MOST_QUIET * float(self.changed.max()))
        if error == 0:
            fluxes, chance = fluxes[:1], np.ones(1)
        place, norm_chance = _normal(N_NORM, NORM_REACH)
        return Nodes(self.changed, fluxes, chance, 1 + self.background_error * place, norm_chance)


def crab_flux(low_tev: float, high_tev: float) -> float:
    """Flux of the Crab Nebula between two energies, cm-2 s-1.

    Parameters
    ----------
    low_tev, high_tev : float, TeV
    """
    slope = 1 - CRAB_INDEX
    return CRAB_AMPLITUDE * (low_tev**slope - high_tev**slope) / (CRAB_INDEX - 1)


def _normal(n: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Places of n nodes in standard deviations, and their chances."""
    place = np.linspace(-reach, reach, n)
    chance = np.exp(-0.5 * place**2)
    return place, chance / chance.sum()
