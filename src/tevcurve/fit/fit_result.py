"""What a fit found: the parameters with their errors, and how they are correlated."""

from dataclasses import dataclass, field
from html import escape

import numpy as np
from astropy.table import Table

from tevcurve.errors import MissingError
from tevcurve.figures.style import current_axes
from tevcurve.near_names import meant
from tevcurve.rounding import cells


@dataclass(frozen=True)
class FittedParameter:
    """A parameter at the minimum, all numbers in `unit`.

    Attributes
    ----------
    name : its name in the fit
    value : float, at the minimum
    error : one standard deviation from the curvature of the statistic; NaN where there is none, as at a bound
    unit : str
    errn, errp : distances down and up to where the statistic, minimised over the other parameters, has risen by 1;
        NaN where they were not asked for or not found. Down to a bound where it rises by less.
    """

    name: str
    value: float
    error: float
    unit: str
    errn: float = np.nan
    errp: float = np.nan

    def __str__(self):
        value, error, errn, errp = cells(self.value, self.error, self.errn, self.errp)
        asymmetric = f" (-{errn or 'nan'} +{errp or 'nan'})" if errn or errp else ""
        return f"{self.name} = {value}{f' +- {error}' if error else ''}{asymmetric} {self.unit}".rstrip()


@dataclass(frozen=True, eq=False)
class FitResult:
    """The minimum of a fit.

    `result["crab.index"]` is one of the parameters.

    Attributes
    ----------
    success : bool, whether a minimum with a covariance was found; only then were the models changed
    message : what there is to say about it, a sentence
    stat : the statistic at the minimum
    n_calls : how often it was evaluated
    parameters : tuple of `FittedParameter`
    covariance : float array (n, n) in the order and the units of the parameters; NaN for those at a bound, and where
        it could not be computed
    """

    success: bool
    message: str
    stat: float
    n_calls: int
    parameters: tuple[FittedParameter, ...]
    covariance: np.ndarray = field(repr=False)

    def __getitem__(self, name):
        found = [each for each in self.parameters if each.name == name]
        if not found:
            wanted = meant(name, self.names, f"there are {', '.join(self.names)}.")
            raise MissingError(f"There is no parameter {name!r} in the fit; {wanted}")
        return found[0]

    @property
    def names(self):
        """The parameters' names in the fit, list of str."""
        return [each.name for each in self.parameters]

    @property
    def correlation(self):
        """The correlation matrix, float array (n, n) of numbers from -1 to 1; NaN where the covariance is."""
        error = np.sqrt(np.diag(self.covariance))
        matrix = self.covariance / np.outer(error, error)
        np.fill_diagonal(matrix, np.where(np.isnan(error), np.nan, 1.0))
        return matrix

    @property
    def table(self):
        """A Table with a row per parameter: name, value, error, errn, errp, unit."""
        names = ["name", "value", "error", "errn", "errp", "unit"]
        rows = [tuple(getattr(each, name) for name in names) for each in self.parameters]
        return Table(rows=rows, names=names, dtype=[str, float, float, float, float, str])

    def plot_correlation(self, ax=None):
        """The axes with the correlation matrix in colours and numbers.

        ax: matplotlib axes; default: the present ones.
        """
        ax = current_axes() if ax is None else ax
        matrix, places = self.correlation, range(len(self.parameters))
        image = ax.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
        ax.set_xticks(places, self.names, rotation=45, ha="right", rotation_mode="anchor")
        ax.set_yticks(places, self.names)
        for row, column in zip(*np.nonzero(np.isfinite(matrix)), strict=True):
            number = matrix[row, column]
            colour = "white" if abs(number) > 0.6 else "black"
            ax.text(column, row, f"{number:.2f}", ha="center", va="center", color=colour)
        ax.figure.colorbar(image, ax=ax, label="Correlation")
        return ax

    def __str__(self):
        lines = [f"  {parameter}" for parameter in self.parameters]
        head = f"{self.message} Statistic {self.stat:.3f} after {self.n_calls} evaluations."
        return "\n".join([head, *lines])

    def _repr_html_(self):
        heads = "".join(f"<th>{name}</th>" for name in ("name", "value", "error", "errn", "errp", "unit"))
        rows = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in _row(each))}</tr>" for each in self.parameters)
        text = f"{self.message} Statistic {self.stat:.3f} after {self.n_calls} evaluations."
        return f"<p>{escape(text)}</p><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


@dataclass(frozen=True, eq=False)
class StatProfile:
    """The statistic over one parameter's values (n,) in `unit`, minimised over the others or with them held.

    Attributes
    ----------
    name : name of the parameter in the fit
    unit : str, of the values
    values : float array (n,), of the parameter
    stat : float array (n,), the statistic at each
    """

    name: str
    unit: str
    values: np.ndarray
    stat: np.ndarray

    def plot(self, ax=None, **style):
        """The axes with the rise of the statistic above its lowest value here; the keywords are the line's.

        Parameters
        ----------
        ax : matplotlib axes; default: the present ones
        style : keywords of the line, as for `plot` of matplotlib
        """
        ax = current_axes() if ax is None else ax
        ax.plot(self.values, self.stat - np.nanmin(self.stat), **style)
        ax.set_xlabel(f"{self.name} [{self.unit}]" if self.unit else self.name)
        ax.set_ylabel("Rise of the statistic")
        return ax


def _row(parameter):
    """The texts of one parameter's row in a notebook."""
    texts = cells(parameter.value, parameter.error, parameter.errn, parameter.errp)
    return [escape(text) for text in (parameter.name, *texts, parameter.unit)]
