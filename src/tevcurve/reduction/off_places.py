"""Where the OFF circles of a run lie: on the ring around its pointing that the ON circle is on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Protocol

import numpy as np

from tevcurve.errors import DataError, InputError
from tevcurve.kernels.sphere import angular_separation, directional_offset, position_angle

GRID_STEP_DEG = 0.01
# Wobble positions of a run of which nobody says how many: these, or fewer where they would overlap.
WOBBLES = 3, 1
_TOUCH = 1 + 1e-9


def exact_angular_size(radius: float, offset: float) -> float:
    """Angle in radian under which a circle is seen from the pointing.

    Two equal circles on the ring whose centres are this angle apart do not overlap.

    Parameters
    ----------
    radius, offset : of the circle and of its centre, in radian, radius < offset
    """
    return float(2 * np.arcsin(np.sin(radius) / np.sin(offset)))


def grid_angular_size(radius: float, offset: float, angle: float) -> float:
    """Angle in radian that the centres of 0.01 deg pixels in a circle span, seen from the pointing.

    The pixels are those of a tangential (TAN) projection around the pointing, 4*offset + 0.3 deg wide. It is a few
    per cent smaller than the exact size; kept for comparison with gammapy 2.1, whose OFF regions it reproduces.

    Parameters
    ----------
    radius, offset, angle : of the circle, of its centre, and the position angle of its centre, in radian
    """
    step = np.radians(GRID_STEP_DEG)
    odd = round((4 * offset + np.radians(0.3)) / step) % 2 == 1
    center = np.tan(offset) * np.array([np.sin(angle), np.cos(angle)])
    # Pixels farther out than this cannot lie in the circle, stretched by the projection.
    reach = 1.1 * (np.tan(offset + radius) - np.tan(offset)) + step
    axes = []
    for value in center:
        index = np.arange(np.floor((value - reach) / step), np.ceil((value + reach) / step) + 1)
        axes.append((index + (0.0 if odd else 0.5)) * step)
    x, y = np.meshgrid(*axes)
    from_center = (np.arctan2(x, y) - angle + np.pi) % (2 * np.pi)
    separation = angular_separation(
        np.pi, np.pi / 2 - offset, from_center, np.pi / 2 - np.arctan(np.hypot(x, y))
    )
    return float(np.ptp(from_center[separation < radius]))


ANGULAR_SIZES: dict[str, Callable[[float, float, float], float]] = {
    "exact": lambda radius, offset, angle: exact_angular_size(radius, offset),
    "grid": grid_angular_size,
}


class Exclusion(Protocol):
    """What `as_exclusions` gives, as far as circles are concerned."""

    def touches(self, lon: float, lat: float, radius: float) -> bool:
        """Whether a circle has anything of it.

        Parameters
        ----------
        lon, lat : of the circle's centre, ICRS, radian
        radius : of the circle, radian
        """


class OffRule(Protocol):
    """How OFF circles are laid on the ring.

    angular_size: str, a name of `ANGULAR_SIZES`, by which it is told whether circles overlap.
    """

    @property
    def angular_size(self) -> str: ...

    def angles(self, size: float, is_free: Callable[[float], bool]) -> tuple[list[float], int]:
        """(angles of the OFF circles, radian, from that of the ON circle; number of places on an exclusion).

        Parameters
        ----------
        size : float, radian, angle under which a circle is seen from the pointing
        is_free : function of such an angle, whether the circle there is on no exclusion
        """


@dataclass(frozen=True)
class Reflected:
    """As many circles as there is room for, one beside the other.

    Attributes
    ----------
    angular_size : str, "exact" or "grid"
    gap : float, radian, free on both sides of the ON region besides the size of a region
    step : float, radian, to the next place that is tried after one on an exclusion
    most : int, at most so many OFF regions are taken
    """

    angular_size: str = "exact"
    gap: float = 0.1
    step: float = 0.1
    most: int = 10000

    def angles(self, size: float, is_free: Callable[[float], bool]) -> tuple[list[float], int]:
        """As in `OffRule`.

        Parameters
        ----------
        size, is_free : as there
        """
        last = 2 * np.pi - size - self.gap
        angles: list[float] = []
        angle, excluded = size + self.gap, 0
        while angle <= last and len(angles) < self.most:
            if is_free(angle):
                angles.append(angle)
                angle += size
            else:
                angle += self.step
                excluded += 1
        return angles, excluded


@dataclass(frozen=True)
class Wobble:
    """n circles at equal angles, the ON circle among them: at multiples of 360 / (n + 1) deg from it.

    Attributes
    ----------
    n_off : int, number of positions, fewer where circles would overlap; None for 3, or 1 where 3 overlap
    angular_size : str, "exact" or "grid"
    """

    n_off: int | None = None
    angular_size: str = "exact"

    def angles(self, size: float, is_free: Callable[[float], bool]) -> tuple[list[float], int]:
        """As in `OffRule`; what lies on an exclusion is left out, the others stay where they are.

        Parameters
        ----------
        size, is_free : as there
        """
        numbers = WOBBLES if self.n_off is None else range(self.n_off, 0, -1)
        # One circle opposite to ON always has room.
        number = next((n for n in numbers if size <= 2 * np.pi / (n + 1) * _TOUCH), 1)
        places = 2 * np.pi / (number + 1) * np.arange(1, number + 1)
        angles = [angle for angle in places if is_free(angle)]
        return angles, number - len(angles)


def off_centers(
    pointing: tuple[float, float],
    on: tuple[float, float],
    radius: float,
    exclusions: Sequence[Exclusion] = (),
    rule: OffRule = Reflected(),
) -> tuple[np.ndarray, np.ndarray]:
    """Directions (lon, lat) in radian of the centres of the OFF circles of one run, float arrays (n,).

    Parameters
    ----------
    pointing, on : (lon, lat) in radian, the pointing and the centre of the ON circle
    radius : float, radian, of all circles
    exclusions : list as from `as_exclusions`
    rule : `OffRule`

    Raises `DataError` where there is no room for any.
    """
    offset = float(angular_separation(*pointing, *on))
    offset_deg, radius_deg = np.degrees([offset, radius])
    if offset <= radius:
        raise DataError(
            f"the pointing is {offset_deg:.3f} deg from the centre of the ON region, "
            f"within its radius of {radius_deg:.3f} deg."
        )
    on_angle = float(position_angle(*pointing, *on))
    size = ANGULAR_SIZES[rule.angular_size](radius, offset, on_angle)

    def is_free(angle: float) -> bool:
        if not exclusions:
            return True
        lon, lat = map(float, directional_offset(*pointing, on_angle + angle, offset))
        return not any(each.touches(lon, lat, radius) for each in exclusions)

    angles, excluded = rule.angles(size, is_free)
    if not angles:
        why = f"all {excluded} places tried are on an exclusion" if excluded else "the ring has no room"
        raise DataError(f"{why} (offset {offset_deg:.3f} deg, radius {radius_deg:.3f} deg).")
    return directional_offset(*pointing, on_angle + np.array(angles), offset)


def check_angular_size(name: str) -> None:
    """Raises `InputError` for what is no name of `ANGULAR_SIZES`. name: str."""
    if name not in ANGULAR_SIZES:
        raise InputError(f"angular_size is {name!r}; 'exact' or 'grid' is wanted.")


def check_n_off(number: int | None) -> None:
    """Raises `InputError` for what is no number of OFF regions. number: int, or None for the default."""
    if number is not None and (isinstance(number, bool) or not isinstance(number, Integral) or number < 1):
        raise InputError(f"n_off is {number!r}; a number of OFF regions, at least 1, is wanted.")
