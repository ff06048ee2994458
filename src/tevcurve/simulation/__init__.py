"""From models to observations: events drawn through the instrument's responses, with a known truth."""

from tevcurve.simulation.light_shapes import Constant, Flare, LightShape, Periodic, RedNoise, TableShape
from tevcurve.simulation.observation import SimulatedObservation, simulate_observation
from tevcurve.simulation.responses import ResponseSet
from tevcurve.simulation.sources import SimulatedSource

__all__ = [
    "Constant",
    "Flare",
    "LightShape",
    "Periodic",
    "RedNoise",
    "ResponseSet",
    "SimulatedObservation",
    "SimulatedSource",
    "TableShape",
    "simulate_observation",
]
