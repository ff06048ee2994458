"""The statistics by which ON and OFF counts are fitted, declared once.

A statistic is a class that is made as `~tevcurve.kernels.onoff_profile.WstatLikelihood` is, of (the bin of each cell,
n_on, n_off, alpha, signal, number of bins), and is a likelihood of amplitudes as `tevcurve.kernels.one_amplitude`
describes it, with one amplitude, the source's: `evaluate`, `take`, `start`, `lower_bound`, `background` and
`effective_counts`. A package adds one with an entry point of the group `tevcurve.statistics`, a process with
`STATISTICS.register`.
"""

from typing import Any

from tevcurve.declarations import Declarations

STATISTICS: Declarations[Any] = Declarations(
    "statistic", "tevcurve.statistics", {"wstat": "tevcurve.kernels.onoff_profile:WstatLikelihood"}
)
