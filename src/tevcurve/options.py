"""The options of a light curve, each stated once: name, default, words, allowed values, and for which method it is.

The configuration, the options of the command line, the comments in files and the refusal of what a method has no use
for are made from this table. `tevcurve.light_curve` and `LightCurveEstimator` keep signatures and docstrings of their
own for who reads them; a test compares these with the table. Nothing slow is imported here, as the help of a command
needs it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tevcurve.errors import InputError
from tevcurve.spectra import SPECTRA

if TYPE_CHECKING:
    from tevcurve.declarations import Declarations

METHODS, STATISTIC = ("3d", "1d"), "wstat"
CURVE, LEVELS, BACKGROUND, SPACE, RUNNING = (
    "The light curve",
    "Errors, limits and scans",
    "Background and energies",
    "Maps (3d) and regions (1d)",
    "Where and how the job runs",
)


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes
    ----------
    name : str
    default : what holds where nothing is said, as a text of a configuration has it
    words : str, what it is, in a clause that ends without a full stop; "{choices}" stands for these
    section : str, the heading below which it stands in files and in the help of commands
    kind : str, how it is read from a text; one of the names of `tevcurve.config.values.KINDS`
    choices : the values that are allowed, a tuple, or the table of what is declared; () where `kind` says that
    method : "3d" or "1d", the method that uses it; None for both
    partner : (name, value) of the option without which it does nothing, or None; a value of None stands for any
    nothing : value that asks for nothing and is never refused, or None
    unsaid : whether None stands for the default in signatures and configurations, because another option decides
        whether the default is of use
    or_else : str, what else than the default may hold where nothing is said
    of_rows : whether it says how rows are fitted, and is a field of `FitOptions`
    of_runs : whether it says how runs are reduced, and may be another one for each instrument
    """

    name: str
    default: Any
    words: str
    section: str
    kind: str = "text"
    choices: "tuple[Any, ...] | Declarations[Any]" = ()
    method: str | None = None
    partner: tuple[str, Any] | None = None
    nothing: Any = None
    unsaid: bool = False
    or_else: str = ""
    of_rows: bool = False
    of_runs: bool = False

    @property
    def given_default(self) -> Any:
        """What stands in a signature or a configuration that says nothing of it."""
        return None if self.unsaid else self.default

    @property
    def description(self) -> str:
        """What it is in one line, with its method or partner and, where None stands for it, its default."""
        where = "" if self.method is None else f"{self.method}: "
        if self.partner is not None:
            name, value = self.partner
            partner = name if value is None else f"{name}: {value}"
            where = f"{self.method}, for {partner}: " if self.method else f"for {partner}: "
        # Looking through what is installed takes longer than all the rest of a help.
        choices = self.choices if isinstance(self.choices, tuple) else self.choices.at_hand
        text = where + self.words.format(choices=", ".join(map(str, choices)))
        if self.unsaid:
            default = f"{self.default:g}" if isinstance(self.default, float) else self.default
            text += f"; null: {default}{self.or_else}"
        return text[0].upper() + text[1:]

    def is_given(self, given: dict[str, Any]) -> bool:
        """Whether it asks for something. given: dict of name to value, None for what was not given."""
        value = given.get(self.name)
        return value is not None and (self.nothing is None or value != self.nothing)


OPTIONS = (
    Option(
        "time_bins",
        "run",
        "run, night, a width such as '2 min', 'counts 50', 'significance 5', 'blocks 0.05', 'sliding 10min 2min', "
        "'phase 10 period=3.906d epoch=53000 scale=tdb', 'edges FILE' or 'intervals FILE'",
        CURVE,
        "time bins",
    ),
    Option(
        "energy_edges",
        ["1 TeV", "10 TeV"],
        "energy bands, as 1-10 TeV, >1 TeV (up to where the responses end), edges as [0.7 TeV, 2 TeV, 20 TeV], or "
        "geomspace(0.5 TeV, 20 TeV, 5)",
        CURVE,
        "bands",
    ),
    Option(
        "method",
        "3d",
        "3d (counts cube and background response) or 1d (ON and OFF regions)",
        CURVE,
        choices=METHODS,
    ),
    Option(
        "spectrum",
        {"model": "PowerLaw", "index": 2.5},
        "reference and shape: {choices}, with its parameters; several of these joined by + and *",
        CURVE,
        "spectrum",
        SPECTRA,
    ),
    Option(
        "models",
        None,
        "sky models, a YAML file as gammapy has it or its components: that of the target's name is the source, the "
        "others shine beside it",
        CURVE,
        "models",
    ),
    Option(
        "neighbours",
        None,
        "whether the fluxes of the other models are {choices} for all rows; null: free in 3d, fixed in 1d",
        CURVE,
        choices=("free", "fixed", "once"),
        partner=("models", None),
    ),
    Option(
        "free",
        [],
        "parameters of the shape that are fitted in each row with the flux, as [index]",
        CURVE,
        "names",
        of_rows=True,
    ),
    Option(
        "free_ts",
        25.0,
        "TS with the fixed shape that a row must have for that",
        CURVE,
        "positive",
        partner=("free", None),
        unsaid=True,
        of_rows=True,
    ),
    Option(
        "upper_limit",
        0.95,
        "confidence level of the limits, 0.95 or 95%; or null and `sigma_ul`",
        LEVELS,
        "level",
    ),
    Option(
        "sigma_ul",
        None,
        "the limits in standard deviations, in place of `upper_limit`",
        LEVELS,
        "positive",
        of_rows=True,
    ),
    Option("sigma", 1.0, "standard deviations of the errors", LEVELS, "positive", of_rows=True),
    Option(
        "sigma_sensitivity",
        None,
        "standard deviations, such as 5, that a source of the flux `flux_sensitivity` would have in half of all cases; "
        "null: no such column",
        LEVELS,
        "positive",
        of_rows=True,
    ),
    Option(
        "negative",
        False,
        "whether fluxes may go below zero, as tests of variability want",
        LEVELS,
        "flag",
        of_rows=True,
    ),
    Option(
        "interval",
        "likelihood",
        "likelihood, feldman-cousins (errors and limits that cover at few counts), or auto: likelihood where as good",
        LEVELS,
        choices=("likelihood", "feldman-cousins", "auto"),
        of_rows=True,
    ),
    Option(
        "norm_values",
        "geomspace(0.2, 5, 11)",
        "norms of the likelihood scan, a list or as here; null for no scan",
        LEVELS,
        "norms",
        of_rows=True,
    ),
    Option(
        "background",
        "free",
        "free counts in each energy bin, or one norm on the shape of the OFF spectrum",
        BACKGROUND,
        choices=("free", "shape"),
        method="1d",
        nothing="free",
        of_rows=True,
    ),
    Option(
        "shape_from",
        "run",
        "whose OFF spectrum that is: run or night",
        BACKGROUND,
        choices=("run", "night"),
        method="1d",
        partner=("background", "shape"),
        unsaid=True,
        of_rows=True,
    ),
    Option(
        "background_error",
        None,
        "relative systematic uncertainty of the background, such as 0.05, anew in each row: it vanishes as rows get "
        "finer, as one by run or by night in systematics does not",
        BACKGROUND,
        "positive",
        of_rows=True,
    ),
    Option(
        "statistic",
        STATISTIC,
        "what ON and OFF counts are fitted by",
        BACKGROUND,
        "statistic",
        method="1d",
        unsaid=True,
        of_rows=True,
    ),
    Option(
        "safe_energy",
        "file",
        "file (thresholds in the files), common (the highest of these for all), a fraction of the largest effective "
        "area, or null",
        BACKGROUND,
        "safe energy",
        of_runs=True,
    ),
    Option(
        "e_reco",
        None,
        "edges of the bins of reconstructed energy; null: 10 per decade",
        BACKGROUND,
        "energies",
    ),
    Option("e_true", None, "edges of the bins of true energy; null: 16 per decade", BACKGROUND, "energies"),
    Option(
        "responses",
        "weighted",
        "weighted with the flux inside each bin of true energy, or centre, as other codes have it",
        BACKGROUND,
        choices=("weighted", "centre"),
        of_runs=True,
    ),
    Option(
        "offset_max",
        "2 deg",
        "largest offset of a pixel from the pointing",
        SPACE,
        "angle",
        method="3d",
        unsaid=True,
        of_runs=True,
    ),
    Option(
        "width",
        "2 deg",
        "width of the map around the target",
        SPACE,
        "angle",
        method="3d",
        unsaid=True,
        of_runs=True,
    ),
    Option("binsz", "0.04 deg", "its pixels", SPACE, "angle", method="3d", unsaid=True, of_runs=True),
    Option(
        "unbinned",
        False,
        "takes each event at its own energy and position",
        SPACE,
        "flag",
        method="3d",
        nothing=False,
        of_runs=True,
    ),
    Option(
        "stacked",
        False,
        "whether the runs of one time bin are added up; else they are fitted jointly",
        SPACE,
        "flag",
    ),
    Option(
        "on_radius",
        "0.11 deg",
        "radius of the ON region and of each OFF region",
        SPACE,
        "angle",
        method="1d",
        unsaid=True,
        or_else=", or that of a run's RAD_MAX",
        of_runs=True,
    ),
    Option(
        "off_regions",
        None,
        "reflected (OFF regions side by side around the pointing) or wobble (at equal angles); null: wobble where a "
        "run has a table of RAD_MAX, else reflected",
        SPACE,
        choices=("reflected", "wobble"),
        method="1d",
        of_runs=True,
    ),
    Option(
        "n_off",
        None,
        "number of OFF regions, fewer where so many would overlap; null: 3, or 1 where 3 overlap",
        SPACE,
        "whole number",
        method="1d",
        partner=("off_regions", "wobble"),
        of_runs=True,
    ),
    Option(
        "angular_size",
        "exact",
        "exact, so that no two OFF regions overlap, or grid (on pixels of 0.01 deg) as other codes have it",
        SPACE,
        choices=("exact", "grid"),
        method="1d",
        nothing="exact",
        of_runs=True,
    ),
    Option(
        "exclusion",
        None,
        "1d: where no OFF region may lie; 3d: what is outside the fit: ['circle(83.63, 22.01, 0.3)'] in degrees, DS9 "
        "or FITS files",
        SPACE,
        "exclusion",
    ),
    Option("n_jobs", 1, "processes that read and reduce", RUNNING, "whole number"),
    Option(
        "cache",
        "cache",
        "folder where reduced runs are kept, so that a further call makes only what is missing or changed; cache: in "
        "the user's cache; null: they are not kept",
        RUNNING,
        "optional path",
    ),
    Option("strict", False, "whether the first run that cannot be used stops the job", RUNNING, "flag"),
)
# Options that some light curves have no use for.
CONDITIONAL = tuple(option for option in OPTIONS if option.method is not None or option.partner is not None)


def option_of(name: str) -> Option:
    """The option of a name. name: one of the table."""
    return next(option for option in OPTIONS if option.name == name)


def check_choice(name: str, value: Any) -> None:
    """None; raises `InputError` where an option has none of its values.

    Parameters
    ----------
    name : of an option that has choices
    value : what was given
    """
    known = option_of(name).choices
    if value not in known:
        raise InputError(f"{name} is {value!r}; wanted is {' or '.join(map(repr, known))}.")


def settled(given: dict[str, Any], method: str | None = None) -> dict[str, Any]:
    """Dict of the options in `given`, with their defaults in place of None where None stands for these.

    Parameters
    ----------
    given : dict of name to value, None for what was not given; of some of `OPTIONS`, and those they go with
    method : "3d", "1d", or None where that is not known yet

    Raises `InputError` for options that the method, or the other options, have no use for.
    """
    check_method(given, method)
    for option in CONDITIONAL:
        if option.partner is not None and option.is_given(given):
            _check_partner(option, given)
    defaults = {option.name: option.default for option in CONDITIONAL}
    return {name: defaults.get(name) if value is None else value for name, value in given.items()}


def used(given: dict[str, Any], method: str) -> dict[str, Any]:
    """Dict of the conditional options that a light curve of a method uses, with their defaults in place of None.

    Parameters
    ----------
    given : dict of name to value, None for what was not given
    method : "3d" or "1d"
    """
    values = settled(given, method)
    own = [option for option in CONDITIONAL if option.method in (None, method) and _is_used(option, values)]
    return {option.name: values[option.name] for option in own}


def check_method(given: dict[str, Any], method: str | None) -> None:
    """Raises `InputError` for options that another method than this one uses.

    Parameters
    ----------
    given : dict of name to value, None for what was not given
    method : "3d", "1d", or None for one that is not known
    """
    vain = [option for option in CONDITIONAL if option.is_given(given)]
    vain = [option for option in vain if method is not None and option.method not in (None, method)]
    if vain:
        names = ", ".join(f"{option.name} ({given[option.name]!s})" for option in vain)
        other, one = vain[0].method, len(vain) == 1
        raise InputError(
            f"method='{method}' has no use for {names}; wanted is method='{other}', or a call without "
            f"{'it' if one else 'them'}."
        )


def _is_used(option: Option, given: dict[str, Any]) -> bool:
    """Whether the option that one goes with is there."""
    if option.partner is None or option.partner[0] not in given:
        return True
    name, wanted = option.partner
    return bool(given[name]) if wanted is None else given[name] == wanted


def _check_partner(option: Option, given: dict[str, Any]) -> None:
    if option.partner is None or _is_used(option, given):
        return
    name, wanted = option.partner
    partner = name if wanted is None else f"{name}={wanted!r}"
    raise InputError(
        f"{option.name} is {given[option.name]!r}, which goes with {partner} only; wanted are both or neither."
    )
