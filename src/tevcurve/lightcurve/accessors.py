"""What a `LightCurve` offers from rooms above its own: the name of each method, and where its function is."""

METHODS = {
    "plot": "tevcurve.lightcurve.plot:plot",
    "plot_panels": "tevcurve.lightcurve.plots.panels:plot_panels",
    "events": "tevcurve.lightcurve.event_table:event_table",
    "leave_one_out": "tevcurve.lightcurve.variability.leave_one_out:leave_one_out",
    "of_band": "tevcurve.lightcurve.selection:of_band",
    "of_instrument": "tevcurve.lightcurve.selection:of_instrument",
    "covariance": "tevcurve.lightcurve.covariance:covariance",
    "sed": "tevcurve.lightcurve.sed.making:sed",
    "variability": "tevcurve.lightcurve.variability.summary:summarize",
    "write": "tevcurve.lightcurve.io:write_light_curve",
    "to_text": "tevcurve.lightcurve.io:text_of_light_curve",
    "to_gadf_table": "tevcurve.lightcurve.interop.gadf_table:to_gadf_table",
    "to_binned_time_series": "tevcurve.lightcurve.interop.time_series:to_binned_time_series",
    "to_lightkurve": "tevcurve.lightcurve.interop.time_series:to_lightkurve",
    "to_stingray": "tevcurve.lightcurve.interop.stingray_curve:to_stingray",
    "to_event_list": "tevcurve.lightcurve.interop.event_list:to_event_list",
    "to_pandas": "tevcurve.lightcurve.interop.pandas_frame:to_pandas",
}
# What a light curve has: `light_curve.timing`, made of it when it is asked for.
PROPERTIES = {"timing": "tevcurve.lightcurve.variability.timing:Timing"}
# Functions that make a light curve: `LightCurve.read(path)`.
MAKERS = {
    "read": "tevcurve.lightcurve.io:read_light_curve",
    "from_table": "tevcurve.lightcurve.interop.named_columns:from_table",
    "from_gadf_table": "tevcurve.lightcurve.interop.gadf_table:from_gadf_table",
    "from_binned_time_series": "tevcurve.lightcurve.interop.time_series:from_binned_time_series",
    "from_pandas": "tevcurve.lightcurve.interop.pandas_frame:from_pandas",
}
