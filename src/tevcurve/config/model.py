"""The job as an object and as a file: where the data are, what is wanted of them, and where the result goes."""

from copy import deepcopy
from typing import Any, ClassVar

from tevcurve.asked_systematics import as_asked, split_background
from tevcurve.config import not_known, sky, sky_models, spectra
from tevcurve.config import values as kinds
from tevcurve.config.changes import with_changes
from tevcurve.config.instruments import KINDS, check_options, resolved_instruments
from tevcurve.config.keys import ALL, HOW, KEYS, MAX_INLINE
from tevcurve.config.mistakes import ConfigError, checked_values
from tevcurve.errors import InputError
from tevcurve.on_demand import Elsewhere, MakerElsewhere
from tevcurve.options import OPTIONS, settled, used
from tevcurve.problems import noted_remarks
from tevcurve.renamed import with_present_names
from tevcurve.run_options import OF_CHOICE
from tevcurve.systematics import CrossCalibration

_KINDS = {key.name: kinds.kind_of(key, KINDS) for key in KEYS}
_DEFAULTS = {key.name: key.given_default for key in KEYS if key.given_default is not ...}


class Config:
    """All of a job: each key is an argument of `tevcurve.light_curve`, or says what that is given.

    The keys are those of `tevcurve.config.keys`, and attributes, which do not change. Values may be texts ("0.7 TeV",
    "2 min") or Python's objects (Quantity, SkyCoord, SpectralModel); plain values and texts are kept, so that the same
    comes back from `to_yaml`. Raises `ConfigError` for what cannot be used.

    values: of the keys, by their names.
    """

    # What says which data it is of; the other keys have types by their kinds.
    data: str | list[str] | None
    instruments: dict[str, dict[str, Any]] | None
    data_root: str | None
    irfs: str | list[str] | None
    target: str
    position: str | None
    runs: list[int | str] | None

    def __init__(self, **values):
        values = with_present_names(values)
        if kinds.none_of_words(values.get("positions")) is not None:
            # These say what the targets are.
            values = {"target": ALL} | values
        if isinstance(values.get("cross_calibration"), CrossCalibration):
            values = {"reference": values["cross_calibration"].reference} | values
        # Said by the one that is given, the limit is not said by the other one's default, too.
        if kinds.none_of_words(values.get("sigma_ul")) is not None:
            values = {"upper_limit": None} | values
        vars(self).update(checked_values(values, _KINDS, _DEFAULTS))
        try:
            self._check_together()
        except InputError as error:
            raise ConfigError([((), f"{str(error).rstrip('.')}.")]) from error

    def __setattr__(self, name: str, value: Any) -> None:
        raise InputError(f"A configuration is frozen; wanted is config.changed({name}=...), another one.")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, Config) else NotImplemented

    __hash__ = None

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"
        )

    def _check_together(self):
        """Raises `InputError` for values that do not go together."""
        if (self.sigma_ul is None) == (self.upper_limit is None):
            raise InputError(
                f"upper_limit is {self.upper_limit} and sigma_ul is {self.sigma_ul}; wanted is one of them."
            )
        if self.data is None and self.instruments is None:
            raise InputError("data is missing.")
        of_one = [key for key in ("data", "data_root", "irfs", "runs") if getattr(self, key) is not None]
        if self.instruments is not None and of_one:
            value = getattr(self, of_one[0])
            raise InputError(
                f"{of_one[0]} is {value!r}, and instruments are given, each with its own; wanted is one of them."
            )
        # Names are those of instruments, and nothing is given in vain.
        split_background(self.systematics_of().effects, self.background_error)
        if self.instruments is None:
            settled(dict(vars(self)), self.method)
        else:
            check_options(dict(vars(self)), self.instruments)

    read: ClassVar = MakerElsewhere("tevcurve.config.reading:read_config")
    with_data: ClassVar = Elsewhere("tevcurve.config.settled:with_data")
    to_yaml: ClassVar = Elsewhere("tevcurve.config.yaml_text:commented_yaml")

    def changed(self, **changes):
        """The `Config` with some values changed; a key inside the spectrum is spectrum__index.

        changes: the new values, by their keys.
        """
        return type(self)(
            **with_changes(self.values(), {key.replace("__", "."): v for key, v in changes.items()})
        )

    def values(self):
        """Dict of all values, plain: texts, numbers, lists, the spectrum as a dict."""
        return deepcopy(vars(self))

    def resolved(self):
        """The `Config` as it is kept with a result: without where and how the job runs, times, regions and spectra from
        files in place of the files' names, the scale of plain times, and every option of its method with its value.
        """
        from tevcurve.bins.text import explicit_text

        values = {key: value for key, value in self.values().items() if key not in HOW}
        bins = explicit_text(self.time_bins)
        values["time_bins"] = bins if len(bins) < MAX_INLINE else self.time_bins
        values["exclusion"] = sky.without_files(self.exclusion)
        values["models"] = sky_models.without_file(self.models)
        spectrum = sky_models.spectrum_of_target(self.spectrum, self._models(), self.target)
        values["spectrum"] = spectra.without_files(spectrum)
        if self.instruments is not None:
            return type(self)(**values | resolved_instruments(values, self.instruments))
        # A run may have a radius of its own, which one that is given must be.
        values |= used(values, self.method) | ({"on_radius": None} if self.on_radius is None else {})
        return type(self)(**values)

    def systematics_of(self):
        """The `Systematics` that are asked for, nothing settled. Raises `InputError` for names of no instrument."""
        calibration = not_known.calibration_of(self.cross_calibration, self.reference)
        return as_asked(self.instruments or {}, calibration, self.systematics)

    def _models(self):
        """List of the `SkyModel`s, or None; what is left out of their file is not told again."""
        with noted_remarks(aloud=False):
            return sky_models.as_models(self.models)

    def to_result(self):
        """(dict, YAML text) of `resolved`, with only the values on which the light curve depends."""
        resolved = self.resolved()
        values = {key: value for key, value in resolved.values().items() if key not in HOW}
        return values, resolved.to_yaml(without=HOW)

    def options(self, position=None):
        """Keywords of `tevcurve.light_curve` apart from the observations and the target, as objects; reads no data.

        position: `SkyCoord` of the source, for phases at the barycentre; default: the one that is given here.
        """
        from tevcurve.bins.text import binning_from_text

        if position is None and self.position is not None:
            position = sky.as_position(self.position)
        models = sky_models.as_models(self.models)
        asked = self.systematics_of()
        chosen = {name: value for name in OF_CHOICE if (value := getattr(self, name)) is not None}
        made = {
            "choose": chosen or None,
            "cross_calibration": asked.calibration,
            "systematics": asked.effects or None,
            "time_bins": binning_from_text(self.time_bins, position=position),
            "energy_edges": kinds.energies_of(self.energy_edges),
            "spectrum": sky_models.spectrum_beside(self.spectrum, models, self.target),
            "models": models,
            "free": tuple(self.free),
            "norm_values": kinds.norms_of(self.norm_values),
            "exclusion": sky.as_exclusion(self.exclusion),
            "e_reco": kinds.energies_of(self.e_reco),
            "e_true": kinds.energies_of(self.e_true),
            "cache": kinds.cache_folder(self.cache),
        }
        return made | {each.name: getattr(self, each.name) for each in OPTIONS if each.name not in made}

    def arguments(self):
        """Keywords of `tevcurve.light_curve` that make the light curve: `light_curve(**config.arguments())`.

        Opens the data store. Raises `MissingError` for a target or for runs that it has not.
        """
        return self.with_data()[1]
