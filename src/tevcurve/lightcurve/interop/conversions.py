"""What `LightCurve` has of other packages; each is imported when it is asked for."""


class Conversions:
    """Light curves as objects of other packages, and the other way round.

    The functions in `tevcurve.lightcurve.interop` say what becomes of each column.
    """

    def to_gadf_table(self):
        """astropy Table in the layout of GADF and gammapy: `FluxPoints.from_table(table, format="lightcurve")`."""
        from tevcurve.lightcurve.interop.gadf_table import to_gadf_table

        return to_gadf_table(self)

    @staticmethod
    def from_gadf_table(table, spectrum=None):
        """The light curve in a table of that layout, such as `flux_points.to_table(format="lightcurve")`.

        spectrum: `SpectralModel`, the reference model of a table that has none.
        """
        from tevcurve.lightcurve.interop.gadf_table import from_gadf_table

        return from_gadf_table(table, spectrum)

    def to_binned_time_series(self, band=None):
        """`astropy.timeseries.BinnedTimeSeries` of a band; band: int, needed where there are several."""
        from tevcurve.lightcurve.interop.time_series import to_binned_time_series

        return to_binned_time_series(self, band)

    @staticmethod
    def from_binned_time_series(series):
        """The light curve in an `astropy.timeseries.BinnedTimeSeries`."""
        from tevcurve.lightcurve.interop.time_series import from_binned_time_series

        return from_binned_time_series(series)

    def to_lightkurve(self, band=None, quantity="flux"):
        """`lightkurve.LightCurve` of a band; band: int, needed where there are several. quantity: a flux or "norm"."""
        from tevcurve.lightcurve.interop.time_series import to_lightkurve

        return to_lightkurve(self, band, quantity)

    def to_stingray(self, band=None, quantity="flux"):
        """`stingray.Lightcurve` of a band with good time intervals; quantity: a flux, "norm" or "counts"."""
        from tevcurve.lightcurve.interop.stingray_curve import to_stingray

        return to_stingray(self, band, quantity)

    def to_pandas(self):
        """`pandas.DataFrame` of all rows, its index the middle of the bins in UTC."""
        from tevcurve.lightcurve.interop.pandas_frame import to_pandas

        return to_pandas(self)

    @staticmethod
    def from_pandas(frame, timesys=None):
        """The light curve in a `pandas.DataFrame` with `time_min` and `time_max`; timesys: its time scale."""
        from tevcurve.lightcurve.interop.pandas_frame import from_pandas

        return from_pandas(frame, timesys)
