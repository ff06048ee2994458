"""The job as an object and as a file: where the data are, what is wanted of them, and where the result goes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tevcurve.config import sky, spectra
from tevcurve.config import values as kinds
from tevcurve.config.mistakes import ConfigError, mistakes_of
from tevcurve.errors import InputError

# Keys that say where and how a job runs; the light curve does not depend on them.
HOW = ("output", "overwrite", "plot", "report", "n_jobs", "scheduler", "store", "strict")

# Of how values are read; files of before it had a version have none.
VERSION = 1
MAX_INLINE = 50_000  # characters of time bins from a file
# Keys that are no keywords of `tevcurve.light_curve` by their own names.
NOT_OPTIONS = (
    "version",
    "data",
    "target",
    "position",
    "runs",
    "output",
    "overwrite",
    "plot",
    "report",
    "scheduler",
)


class Config(BaseModel):
    """All of a job: each key is an argument of `tevcurve.light_curve`, or says what that is given.

    Values may be texts ("0.7 TeV", "2 min") or Python's objects (Quantity, SkyCoord, SpectralModel); plain values and
    texts are kept, so that the same comes back from `to_yaml`. Raises `ConfigError` for what cannot be used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)

    version: Literal[1] = Field(
        VERSION, description="Of this form of file, in which plain numbers for times are MJD in TT"
    )
    data: kinds.PathText = Field(
        description="Folder of the data store, or a FITS file with both index tables; may have $VARIABLES"
    )
    target: kinds.Name = Field(
        description="Target as the observation index calls it, or what to call the source at `position`"
    )
    position: kinds.MaybePosition = Field(
        None,
        description="Of the source, as '83.633 deg, 22.014 deg' (ICRS); null: as the event files have it",
    )
    runs: kinds.Runs = Field(None, description="OBS_IDs, as [23523, 23526]; null: all of the target")

    time_bins: kinds.TimeBinsText = Field(
        "run",
        description=(
            "run, night, a width such as '2 min', 'counts 50', 'significance 5', 'blocks 0.05', "
            "'sliding 10min 2min', 'phase 10 period=3.906d epoch=53000 scale=tdb', 'edges FILE' or 'intervals FILE'"
        ),
    )
    energy_edges: kinds.Energies = Field(
        ["1 TeV", "10 TeV"],
        description="Edges of the energy bands, as [0.7 TeV, 2 TeV, 20 TeV] or geomspace(0.5 TeV, 20 TeV, 5)",
    )
    method: Annotated[Literal["3d", "1d"], kinds.Lower] = Field(
        "3d", description="3d (counts cube and background response) or 1d (ON and OFF regions)"
    )
    spectrum: kinds.Spectrum = Field(
        default_factory=lambda: dict(spectra.DEFAULT),
        description=f"Reference and shape: {', '.join(spectra.MODELS)}, with its parameters",
    )
    free: kinds.Names = Field(
        [], description="Parameters of the shape that are fitted in each row with the flux, as [index]"
    )
    free_ts: kinds.MaybePositive = Field(
        None, description="For free: TS with the fixed shape that a row must have for that; null: 25"
    )

    upper_limit: kinds.Level = Field(
        0.95, description="Confidence level of the limits; or null and `sigma_ul`"
    )
    sigma_ul: kinds.MaybePositive = Field(
        None, description="The limits in standard deviations, in place of `upper_limit`"
    )
    sigma: kinds.Positive = Field(1.0, description="Standard deviations of the errors")
    negative: bool = Field(
        False, description="Whether fluxes may go below zero, as tests of variability want"
    )
    interval: Annotated[Literal["likelihood", "feldman-cousins"], kinds.Lower] = Field(
        "likelihood",
        description="likelihood, or feldman-cousins for errors and limits that cover at few counts",
    )
    norm_values: kinds.Norms = Field(
        "geomspace(0.2, 5, 11)",
        description="Norms of the likelihood scan, a list or as here; null for no scan",
    )

    background: Annotated[Literal["free", "shape"], kinds.Lower] = Field(
        "free", description="1d: free counts in each energy bin, or one norm on the shape of the OFF spectrum"
    )
    shape_from: Annotated[Literal["run", "night"] | None, kinds.Lower, kinds.NoneWords] = Field(
        None, description="1d, for background: shape, whose OFF spectrum that is: run or night; null: run"
    )
    background_error: kinds.MaybePositive = Field(
        None, description="Relative systematic uncertainty of the background, such as 0.05"
    )
    safe_energy: kinds.SafeEnergy = Field(
        "file",
        description="file (thresholds in the files), common (the highest of these for all), a fraction of the largest "
        "effective area, or null",
    )
    e_reco: kinds.MaybeEnergies = Field(
        None, description="Edges of the bins of reconstructed energy; null: 10 per decade"
    )
    e_true: kinds.MaybeEnergies = Field(
        None, description="Edges of the bins of true energy; null: 16 per decade"
    )
    responses: Annotated[Literal["weighted", "centre"], kinds.Lower] = Field(
        "weighted",
        description="weighted with the flux inside each bin of true energy, or centre, as other codes have it",
    )

    offset_max: kinds.MaybeAngle = Field(
        None, description="3d: largest offset of a pixel from the pointing; null: 2 deg"
    )
    width: kinds.MaybeAngle = Field(None, description="3d: width of the map around the target; null: 2 deg")
    binsz: kinds.MaybeAngle = Field(None, description="3d: its pixels; null: 0.04 deg")
    unbinned: bool = Field(False, description="3d: takes each event at its own energy and position")
    stacked: bool = Field(
        False, description="Whether the runs of one time bin are added up; else they are fitted jointly"
    )
    on_radius: kinds.MaybeAngle = Field(
        None,
        description="1d: radius of the ON region and of each OFF region; null: 0.11 deg, or that of a run's RAD_MAX",
    )
    exclusion: kinds.Exclusion = Field(
        None,
        description=(
            "1d: where no OFF region may lie; 3d: what is outside the fit: ['circle(83.63, 22.01, 0.3)'] in degrees, "
            "DS9 or FITS files"
        ),
    )

    output: kinds.MaybePath = Field(None, description="Folder for the result; null: it is only printed")
    overwrite: bool = Field(False, description="Whether a result that is there is replaced")
    plot: kinds.MaybePath = Field(None, description="File to draw the light curve into, .png, .pdf or .svg")
    report: kinds.MaybePath = Field(None, description="File for a page about it, .html")
    n_jobs: int = Field(1, ge=1, description="Processes that read and reduce")
    scheduler: kinds.MaybeName = Field(
        None,
        description="Address of a Dask scheduler on whose workers the runs are reduced, as tcp://host:8786",
    )
    store: kinds.MaybePath = Field(
        "cache",
        description=(
            "Folder where reduced runs are kept, so that a further call makes only what is missing or changed; "
            "cache: in the user's cache; null: they are not kept"
        ),
    )
    strict: bool = Field(False, description="Whether the first run that cannot be used stops the job")

    def __init__(self, **values):
        # Said by the one that is given, the limit is not said by the other one's default, too.
        if kinds.none_of_words(values.get("sigma_ul")) is not None:
            values = {"upper_limit": None} | values
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(mistakes_of(error, list(type(self).model_fields))) from None

    @model_validator(mode="after")
    def _one_limit(self):
        if (self.sigma_ul is None) == (self.upper_limit is None):
            raise ValueError(
                f"upper_limit is {self.upper_limit} and sigma_ul is {self.sigma_ul}; wanted is one of them"
            )
        return self

    @model_validator(mode="after")
    def _nothing_in_vain(self):
        # Not before it is needed: light curves take longer to import than the help of a command to print.
        from tevcurve.lightcurve.method_options import settled

        try:
            settled(dict(self), self.method)
        except InputError as error:
            raise ValueError(str(error).rstrip(".")) from error
        return self

    @classmethod
    def read(cls, path, changes=None):
        """The `Config` in a YAML file; see `read_config`."""
        from tevcurve.config.reading import read_config

        return read_config(path, changes)

    def to_yaml(self):
        """The YAML text, with a comment on each value, that `Config.read` takes."""
        from tevcurve.config.yaml_text import commented_yaml

        return commented_yaml(self)

    def changed(self, **changes):
        """The `Config` with some values changed; a key inside the spectrum is spectrum__index."""
        from tevcurve.config.changes import with_changes

        return type(self)(
            **with_changes(self.values(), {key.replace("__", "."): v for key, v in changes.items()})
        )

    def values(self):
        """Dict of all values, plain: texts, numbers, lists, the spectrum as a dict."""
        return self.model_dump()

    def resolved(self):
        """The `Config` as it is kept with a result: without where and how the job runs, times and regions from files
        in place of the files' names, the scale of plain times, and every option of its method with its value.
        """
        from tevcurve.lightcurve.bins.text import explicit_text
        from tevcurve.lightcurve.method_options import used

        values = {key: value for key, value in self.values().items() if key not in HOW}
        bins = explicit_text(self.time_bins)
        values["time_bins"] = bins if len(bins) < MAX_INLINE else self.time_bins
        values["exclusion"] = sky.without_files(self.exclusion)
        # A run may have a radius of its own, which one that is given must be.
        values |= used(values, self.method) | ({"on_radius": None} if self.on_radius is None else {})
        return type(self)(**values)

    def to_result(self):
        """(dict, YAML text) of `resolved`, with only the values on which the light curve depends."""
        from tevcurve.config.yaml_text import commented_yaml

        resolved = self.resolved()
        values = {key: value for key, value in resolved.values().items() if key not in HOW}
        return values, commented_yaml(resolved, without=HOW)

    def options(self, position=None):
        """Keywords of `tevcurve.light_curve` apart from the observations and the target, as objects; reads no data.

        position: `SkyCoord` of the source, for phases at the barycentre; default: the one that is given here.
        """
        from tevcurve.lightcurve.bins.text import binning_from_text

        if position is None and self.position is not None:
            position = sky.as_position(self.position)
        made = {
            "time_bins": binning_from_text(self.time_bins, position=position),
            "energy_edges": kinds.energies_of(self.energy_edges),
            "spectrum": spectra.spectral_model(self.spectrum),
            "free": tuple(self.free),
            "norm_values": kinds.norms_of(self.norm_values),
            "exclusion": sky.as_exclusion(self.exclusion),
            "e_reco": kinds.energies_of(self.e_reco),
            "e_true": kinds.energies_of(self.e_true),
            "store": kinds.store_folder(self.store),
        }
        others = [name for name in type(self).model_fields if name not in made and name not in NOT_OPTIONS]
        return made | {name: getattr(self, name) for name in others}

    def arguments(self):
        """Keywords of `tevcurve.light_curve` that make the light curve: `light_curve(**config.arguments())`.

        Opens the data store. Raises `MissingError` for a target or for runs that it has not.
        """
        from tevcurve.config.observations import chosen

        found = chosen(self)
        return found | self.options(found["target"])
