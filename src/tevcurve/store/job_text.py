"""The settings of a light curve to JSON text and back, to the last digit; nothing in it is ever evaluated."""

import json
import operator
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import Angle, EarthLocation, Latitude, Longitude, SkyCoord
from astropy.time import Time

from tevcurve import models
from tevcurve.bins import BINNINGS, Binning
from tevcurve.bins.ephemeris import Ephemeris
from tevcurve.data import ObservationFilter
from tevcurve.errors import DataError, InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.lightcurve.plan import Plan
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap
from tevcurve.models.units import internal_factor
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.onoff_terms import OnOffSetting
from tevcurve.reduction.regions import SkyCircle
from tevcurve.reduction.safe_energy import CommonSafeEnergy
from tevcurve.reduction.settings import SettingRule
from tevcurve.store.plain import DeclaredKind, RecordKind, Vocabulary
from tevcurve.store.spectrum_kind import SpectrumKind
from tevcurve.systematics import BackgroundNorms, CrossCalibration, Scales, Systematic, Systematics

FORMAT = 8
# A job of before says the same: only what parts of one run have in common is another thing since 7.
READ = (6, 7, FORMAT)
FRAMES = ("icrs", "galactic", "fk5")
JOINS = {"or": operator.or_, "and": operator.and_, "xor": operator.xor}
REGIONS = (
    "AsymmetricAnnulus",
    "CircleAnnulus",
    "Circle",
    "EllipseAnnulus",
    "Ellipse",
    "Line",
    "Point",
    "Polygon",
    "RectangleAnnulus",
    "Rectangle",
)
TYPES = ("float64", "float32", "int64", "int32", "int16", "uint8")


def job_to_text(settings: Mapping[str, Any]) -> str:
    """The JSON text of a dict of settings: spectrum, time bins, options and the like, by their names.

    Raises `InputError` for what cannot be written, such as a spectrum or a binning of the user's own class.
    """
    return json.dumps({"format": FORMAT, **plain_settings(settings)}, indent=1, allow_nan=False) + "\n"


def plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A dict of settings in the types of JSON. Raises as `job_to_text`. settings: by name."""
    vocabulary = _vocabulary("regions" in sys.modules)
    return {name: vocabulary.to_plain(value, _add_array, name) for name, value in settings.items()}


def settings_of_plain(tree: Mapping[str, Any], with_regions: bool = False) -> dict[str, Any]:
    """The dict of settings of what `plain_settings` gave.

    Parameters
    ----------
    tree : as it gave it
    with_regions : whether sky regions may be among them
    """
    vocabulary = _vocabulary(with_regions)
    return {name: vocabulary.from_plain(value, _get_array) for name, value in tree.items()}


def job_from_text(text: str, where: str) -> dict[str, Any]:
    """The dict of settings of a text.

    Parameters
    ----------
    text : as `job_to_text` makes it
    where : names it in errors

    Raises `DataError` for what is none.
    """
    try:
        tree = json.loads(text)
        if not isinstance(tree, dict) or tree.get("format") not in READ:
            raise DataError(f"it is not of the format {FORMAT}")
        del tree["format"]
        return settings_of_plain(tree, "SkyRegion" in text)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        words = " ".join(str(error).split())
        raise DataError(f"{where} cannot be read as the settings of a light curve: {words}") from error


def _add_array(array: np.ndarray) -> dict[str, Any]:
    if array.dtype.kind == "b":
        packed = np.packbits(array.ravel()).tobytes().hex()
        return {"type": "bool", "shape": list(array.shape), "bits": packed}
    if array.dtype.name not in TYPES:
        raise InputError(f"An array of {array.dtype} cannot be written to the settings of a light curve.")
    values = array.ravel().tolist()
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        # JSON has no word for these; a text is what float() reads.
        values = [value if np.isfinite(value) else str(value) for value in values]
    return {"type": array.dtype.name, "shape": list(array.shape), "values": values}


def _get_array(words: dict[str, Any]) -> np.ndarray:
    shape = tuple(int(length) for length in words["shape"])
    if words["type"] == "bool":
        bits = np.frombuffer(bytes.fromhex(words["bits"]), dtype=np.uint8)
        size = int(np.prod(shape))
        if not 0 <= size <= 8 * len(bits):
            raise DataError("an array has not the number of values that is announced")
        return np.unpackbits(bits)[:size].astype(bool).reshape(shape)
    if words["type"] not in TYPES:
        raise DataError(f"there is an array of {words['type']}")
    return np.array([float(v) if isinstance(v, str) else v for v in words["values"]], words["type"]).reshape(
        shape
    )


def _time_parts(time: Time) -> dict[str, Any]:
    if time.location is not None:
        raise InputError("A Time with a location cannot be written to the settings of a light curve.")
    return {
        "jd1": _of_array(time.jd1),
        "jd2": _of_array(time.jd2),
        "scale": time.scale,
        "format": time.format,
    }


def _time_of(parts: dict[str, Any]) -> Time:
    time = Time(parts["jd1"], parts["jd2"], format="jd", scale=parts["scale"])
    if parts["format"] in Time.FORMATS:
        time.format = parts["format"]
    return time


def _of_array(values: Any) -> Any:
    values = np.asarray(values)
    return values if values.ndim else values.item()


def _quantity_kind(cls: type) -> RecordKind:
    """`RecordKind` of quantities: values and unit."""

    def parts(quantity: u.Quantity) -> dict[str, Any]:
        return {"value": _of_array(quantity.value), "unit": _unit_text(quantity.unit)}

    return RecordKind(cls.__name__, cls, parts, lambda parts: cls(parts["value"], parts["unit"]))


def _unit_text(unit: u.UnitBase) -> str:
    text = unit.to_string()
    if u.Unit(text) != unit:
        raise InputError(f"The unit {text!r} cannot be written to the settings of a light curve.")
    return text


def _position_parts(position: SkyCoord) -> dict[str, Any]:
    if position.frame.name not in FRAMES or position.obstime is not None:
        raise InputError(
            f"A position in the frame {position.frame.name} cannot be written to the settings of a light curve; "
            f"wanted is one of {', '.join(FRAMES)}."
        )
    lon, lat = position.spherical.lon, position.spherical.lat
    parts = {"frame": position.frame.name, "lon": Longitude(lon), "lat": Latitude(lat)}
    return parts | ({"equinox": position.equinox.jyear} if position.frame.name == "fk5" else {})


def _position_of(parts: dict[str, Any]) -> SkyCoord:
    if parts["frame"] not in FRAMES:
        raise DataError(f"there is a position in the frame {parts['frame']!r}")
    equinox = {"equinox": Time(parts["equinox"], format="jyear", scale="tt")} if "equinox" in parts else {}
    return SkyCoord(parts["lon"], parts["lat"], frame=parts["frame"], **equinox)


def _spatial_kind(cls: type[models.SpatialModel]) -> RecordKind:
    """`RecordKind` of a spatial model: its name, its frame, and its parameters as they are."""

    def parts(model: models.SpatialModel) -> dict[str, Any]:
        return {"name": model.name, "frame": model.frame, "parameters": list(model.parameters)}

    def make(parts: dict[str, Any]) -> models.SpatialModel:
        given = list(parts["parameters"])
        values = {parameter.name: parameter.quantity for parameter in given}
        model = cls(**values, name=parts["name"], frame=parts["frame"])
        model._set_parameters(given)
        return model

    return RecordKind(cls.__name__, cls, parts, make)


def _template_parts(model: models.TemplateSpatialModel) -> dict[str, Any]:
    """What a template is made of: the map itself, so that no file is needed."""
    return {
        "name": model.name,
        "brightness": model.map,
        "is_normalised": model.normalize,
        "filename": model.filename,
        "parameters": list(model.parameters),
    }


def _template_of(parts: dict[str, Any]) -> models.TemplateSpatialModel:
    return models.TemplateSpatialModel.of_brightness(
        parts["brightness"], parts["is_normalised"], parts["filename"], parts["parameters"], parts["name"]
    )


def _sky_parts(model: models.SkyModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in ("spatial_model", "spectral_model", "name")}


def _parameter_parts(parameter: models.Parameter) -> dict[str, Any]:
    text = _unit_text(parameter.unit)
    if internal_factor(u.Unit(text)) != parameter.factor:
        raise InputError(f"The unit {text!r} of the parameter {parameter.name} cannot be written exactly.")
    numbers = {name: getattr(parameter, name) for name in ("value", "error", "min", "max", "frozen")}
    return {"name": parameter.name, "unit": text, **numbers}


def _parameter_of(parts: dict[str, Any]) -> models.Parameter:
    return models.Parameter(parts.pop("name"), parts.pop("value"), **parts)


def _map_parts(sky_map: WcsNDMap) -> dict[str, Any]:
    return {"geom": sky_map.geom, "data": sky_map.data}


def _map_of(parts: dict[str, Any]) -> WcsNDMap:
    return WcsNDMap(parts["geom"], parts["data"])


def _ephemeris_parts(ephemeris: Ephemeris) -> dict[str, Any]:
    names = ("epoch", "period", "frequency", "derivatives")
    return {name: getattr(ephemeris, name) for name in names}


def _location_parts(location: EarthLocation) -> dict[str, Any]:
    return {"xyz": np.array([axis.to_value(u.m) for axis in location.geocentric])}


def _location_of(parts: dict[str, Any]) -> EarthLocation:
    return EarthLocation.from_geocentric(*parts["xyz"], unit="m")


def _region_kinds() -> Iterator[RecordKind]:
    """Kinds of the sky regions of the package regions, by the names of their numbers."""
    import regions

    for name in REGIONS:
        cls = getattr(regions, f"{name}SkyRegion")
        yield RecordKind(
            cls.__name__, cls, lambda region: {key: getattr(region, key) for key in region._params}
        )
    yield RecordKind("CompoundSkyRegion", regions.CompoundSkyRegion, _join_parts, _join_of)


def _join_parts(region: Any) -> dict[str, Any]:
    names = [name for name, join in JOINS.items() if join is region.operator]
    if not names:
        raise InputError("A compound region can be written where its parts are joined by |, & or ^ only.")
    return {"region1": region.region1, "region2": region.region2, "join": names[0]}


def _join_of(parts: dict[str, Any]) -> Any:
    return JOINS[parts["join"]](parts["region1"], parts["region2"])


@lru_cache(maxsize=2)
def _vocabulary(with_regions: bool) -> Vocabulary:
    """The kinds of records that the settings of a light curve are made of.

    with_regions: whether sky regions are among them; their package takes longer to import than all the rest.
    """
    plain = {
        "plan": Plan,
        "3d": CubeSetting,
        "1d": OnOffSetting,
        "setting rule": SettingRule,
        "energy axes": EnergyAxes,
        "fit options": FitOptions,
        "field": models.Field,
        "geometry": WcsGeom,
        "map axis": MapAxis,
        "circle": SkyCircle,
        "observation filter": ObservationFilter,
        "common safe energy": CommonSafeEnergy,
        "systematics": Systematics,
        "systematic": Systematic,
        "cross-calibration": CrossCalibration,
        "scales": Scales,
        "background norms": BackgroundNorms,
    }
    named: list[Any] = [getattr(models, name) for name in models.__all__]
    classes: list[Any] = [each for each in named if isinstance(each, type)]
    shapes = [cls for cls in classes if issubclass(cls, models.SpatialModel) and cls.default_parameters]
    shapes.remove(models.TemplateSpatialModel)
    kinds = [
        *(RecordKind(name, cls) for name, cls in plain.items()),
        *map(_spatial_kind, shapes),
        RecordKind("TemplateSpatialModel", models.TemplateSpatialModel, _template_parts, _template_of),
        RecordKind("SkyModel", models.SkyModel, _sky_parts),
        *map(_quantity_kind, (u.Quantity, Angle, Longitude, Latitude)),
        RecordKind("parameter", models.Parameter, _parameter_parts, _parameter_of),
        RecordKind("ephemeris", Ephemeris, _ephemeris_parts),
        RecordKind("time", Time, _time_parts, _time_of),
        RecordKind("position", SkyCoord, _position_parts, _position_of),
        RecordKind("map", WcsNDMap, _map_parts, _map_of),
        RecordKind("place", EarthLocation, _location_parts, _location_of),
        *(_region_kinds() if with_regions else ()),
    ]
    declared = (DeclaredKind("binning", Binning, BINNINGS), SpectrumKind())
    return Vocabulary("the settings of a light curve", tuple(kinds), declared)
