"""The drugs that iontophoresis carries, and the sign of the electrode that each goes in from (SI-23)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from iontocore.safety.limits import IonSign, Mark
from iontocore.safety.words import KEBAB


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug that iontophoresis carries. ValueError for a sign that is neither +1 nor -1, or an empty text.

    name: in kebab-case, as plans give it. ion: what is carried. ion_sign: and so the sign of the active electrode.
    source, mark: of the sign.
    """

    name: str
    ion: str
    ion_sign: IonSign
    source: str
    mark: Mark

    def __post_init__(self) -> None:
        if not KEBAB.fullmatch(self.name):
            raise ValueError(f"drug name {self.name!r} is not in kebab-case")
        if type(self.ion_sign) is not int or self.ion_sign not in (-1, 1):
            raise ValueError(f"{self.name}: ion sign {self.ion_sign!r} is neither +1 nor -1")
        if not self.ion.strip() or not self.source.strip() or not isinstance(self.mark, Mark):
            raise ValueError(f"{self.name} lacks its ion, its source or its mark")


_CHEMISTRY: Final = "general knowledge of its ion in solution"

_DRUGS: Final[tuple[Drug, ...]] = (
    Drug(
        "dexamethasone-phosphate",
        "dexamethasone phosphate",
        -1,
        "Anderson et al., ETSU 13955: cathode, 4 mg/mL",
        Mark.READ,
    ),
    Drug("lidocaine", "lidocainium", 1, _CHEMISTRY, Mark.ASSUMPTION),
    Drug("glycopyrrolate", "glycopyrronium", 1, _CHEMISTRY, Mark.ASSUMPTION),
    Drug("hyaluronidase", "hyaluronidase, a protein, in acid solution", 1, _CHEMISTRY, Mark.ASSUMPTION),
    Drug("acetate", "acetate", -1, _CHEMISTRY, Mark.ASSUMPTION),
    Drug("salicylate", "salicylate", -1, _CHEMISTRY, Mark.ASSUMPTION),
    Drug("iodide", "iodide", -1, _CHEMISTRY, Mark.ASSUMPTION),
    Drug("calcium", "calcium", 1, "i-Tech manual", Mark.READ),
    Drug("magnesium", "magnesium", 1, "i-Tech manual", Mark.READ),
)

DRUGS: Final[Mapping[str, Drug]] = MappingProxyType({drug.name: drug for drug in _DRUGS})
"""The drugs by name; read-only. A drug that is not here has no known sign, and no plan can name it."""
