"""How the background of a light curve is fitted."""

from dataclasses import dataclass

from tevcurve.errors import InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.options import STATISTIC


@dataclass(frozen=True)
class BackgroundRule:
    """What a fit of rows takes as known of the background, beyond its counts.

    Attributes
    ----------
    off_shape : None, a free background in every energy bin of ON/OFF spectra; or "run" or "night": one norm in each
        row and run, on the shape of the OFF spectrum of the run or the night
    error : float, standard deviation of a Gaussian prior around 1: of each norm of the background (3D), or of a
        factor on alpha in each row and run (1D); None for no such uncertainty
    statistic : str, by which the counts of energy bins with a free background are fitted (1D), a name of
        `tevcurve.statistics.STATISTICS`
    """

    off_shape: str | None = None
    error: float | None = None
    statistic: str = STATISTIC

    @classmethod
    def of(cls, options: FitOptions) -> "BackgroundRule":
        """That of the options of rows. options: `FitOptions` of the rows."""
        off_shape = options.shape_from if options.background == "shape" else None
        return cls(off_shape, options.background_error, options.statistic)

    def check_beside(self, interval: str) -> None:
        """Raises `InputError` for what is not for ON and OFF counts in which other sources are, too.

        interval: where errors and limits come from, "likelihood", "feldman-cousins" or "auto".
        """
        given = {"statistic": (self.statistic, STATISTIC), "interval": (interval, "likelihood")}
        for name, (value, wanted) in given.items():
            if value != wanted:
                raise InputError(
                    f"{name} is {value!r}, which does not know of the other sources in models; wanted is {wanted!r}, "
                    "or a light curve without them."
                )

    def check_cubes(self, fitted: bool) -> None:
        """Raises `InputError` for what is not for cubes; fitted: bool, whether their background norms are fitted."""
        if self.off_shape is not None:
            raise InputError(
                "background='shape' is for ON and OFF counts; cubes have the shape of their model."
            )
        if self.statistic != STATISTIC:
            raise InputError(
                f"statistic is {self.statistic!r}, which is for ON and OFF counts; cubes have their own."
            )
        if self.error is not None and not fitted:
            raise InputError(
                "background_error is of background norms that are fitted, and reoptimize is False; wanted is True."
            )
