"""What a search for periods found at each frequency."""

from typing import TYPE_CHECKING, Any

from tevcurve.figures.style import COLOURS, unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_periods(search: Any, ax: "Axes | None" = None) -> "Axes":
    """Matplotlib axes: the statistic over frequency, with the highest, and its aliases where these are known.

    Parameters
    ----------
    search : `PeriodSearch`
    ax : optional
    """
    if ax is None:
        from matplotlib import pyplot as plt

        _, ax = plt.subplots(figsize=(7.2, 3.0), layout="constrained")
    ax.plot(search.frequencies.value, search.power, color=COLOURS[0], lw=0.8, label=search.name)
    window = getattr(search, "window", None)
    if window is not None:
        told = "a sinusoid at the highest alone"
        ax.plot(search.frequencies.value, search.value * window, color=COLOURS[5], lw=0.8, label=told)
    place = search.frequency.value
    ax.plot(place, search.value, COLOURS[1], marker="v", ls="", label=f"period {search.period:.5g}")
    aliases = getattr(search, "aliases", None)
    if aliases is not None and len(aliases):
        ax.plot(
            aliases["frequency"].value,
            aliases["power"],
            COLOURS[2],
            marker="|",
            ms=10,
            ls="",
            label="aliases",
        )
    ax.set(xlabel=f"frequency ({unit_text(search.frequencies.unit)})", ylabel="statistic", ylim=(0, None))
    ax.legend(fontsize="small")
    return ax
