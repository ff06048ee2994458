"""Which keys of a configuration a catalogue has."""

# Keys that a catalogue has: its sources have a target, a position, a spectrum and neighbours each, and all are fitted
# in one way.
CATALOGUE_KEYS = (
    "data_root",
    "irfs",
    "runs",
    "time_bins",
    "energy_edges",
    "spectrum",
    "upper_limit",
    "sigma_ul",
    "sigma",
    "negative",
    "norm_values",
    "background_error",
    "safe_energy",
    "e_reco",
    "e_true",
    "responses",
    "offset_max",
    "exclusion",
    "output",
    "overwrite",
    "scheduler",
    "n_jobs",
    "strict",
)
