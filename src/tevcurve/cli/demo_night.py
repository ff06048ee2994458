"""The night of `tevcurve demo`, printed and drawn beside its truth."""

import shlex

import tevcurve.demo as night
from tevcurve.cli.console import plain
from tevcurve.cli.figures import write_figure
from tevcurve.lightcurve.notebook_view import caption


def print_demo(folder, plot, cut=None):
    """None; the light curve of the night of `tevcurve.demo` beside its truth.

    Parameters
    ----------
    folder : of its store, Path or None
    plot : Path of the figure
    cut : "fixed" or "table" for point-like responses, or None
    """
    store = night.demo(folder, progress=True, cut=cut)
    curve = night.demo_light_curve(store, cut=cut)
    write_figure(plot, lambda ax: night.plot_demo(curve, ax), about=caption(curve))
    print(night.summary(curve))
    print(plain(f"Figure in {plot}\nData store in {store}; try:"))
    path, method = shlex.quote(str(store)), "" if cut is None else " --method 1d"
    for words in (f"info {path}", f"light-curve {path}{method} --time-bins 2min --energy 0.5TeV,10TeV"):
        print(plain(f"  tevcurve {words}"))
