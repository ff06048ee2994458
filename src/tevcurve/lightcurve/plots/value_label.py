"""What stands beside an axis of values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ValueLabel:
    """The parts of the label of an axis of values.

    Attributes
    ----------
    name : of the quantity
    energies : its energy band, or the two of a ratio; "" for none or several
    unit : in brackets, or ""
    of_band : whether the energies are those of the one band that is drawn
    """

    name: str
    energies: str = ""
    unit: str = ""
    of_band: bool = False

    @property
    def words(self) -> str:
        """The name, with the energies in parentheses."""
        return f"{self.name} ({self.energies})" if self.energies else self.name

    def without_band(self) -> "ValueLabel":
        """The label where the band that is drawn is told elsewhere."""
        return ValueLabel(self.name, unit=self.unit) if self.of_band else self

    def text(self, apart: str = " ") -> str:
        """All of it. apart: what is between the words and the unit."""
        return apart.join(filter(None, (self.words, self.unit)))
