"""Figures into files."""

from tevcurve.figures import save_figure


def write_figure(path, draw, size=(9, 5), about="", **axes):
    """`Path` of the file into which draw(ax) has drawn. size: inches. about: for its metadata. axes: keywords of the
    axes."""
    import matplotlib

    # No window is opened.
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=size, layout="constrained", subplot_kw=axes)
    try:
        draw(ax=ax)
        return save_figure(figure, path, about=about)
    finally:
        plt.close(figure)
