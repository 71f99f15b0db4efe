"""IEC 60601-2-10: the clauses about the output of stimulators, as a benchmark.

Iontophoresis is not named in it. It is the nearest standard that speaks of a current through skin.
"""

from typing import Final

from iontocore.safety.limits import Mark
from iontocore.verification.checklist import Answer, Checklist, Row

_PARTLY, _MANUFACTURER = Answer.PARTLY, Answer.MANUFACTURER
_ASSUMED, _EXCERPT = Mark.ASSUMPTION, Mark.EXCERPT

IEC_60601_2_10: Final = Checklist(
    "IEC 60601-2-10:2012",
    "Nerve and muscle stimulators, as a benchmark: iontophoresis is not named there. Clauses about the output.",
    (
        Row(
            "201.7.9.2",
            "Instructions: waveform with its direct current, electrodes and their areas, precautions for direct "
            "current, implants, output above 10 mA or 10 V, densities above 2 mA/cm2, and where not to place "
            "electrodes.",
            _MANUFACTURER,
            "Contraindications with sources; density limits of at most 1 mA/cm2 (drugs, anode), so that 2 mA/cm2 are "
            "not reached on the area that a plan states.",
            ("safety/contraindications.py", "safety/limits.py"),
            "The instructions.",
            _EXCERPT,
        ),
        Row(
            "201.12.1.101",
            "The output can be set from minimum to maximum, continuously or in small steps.",
            _PARTLY,
            "Targets in µA, reached by a ramp of at most 2 mA/s that resolves 1 µA/s.",
            ("ccore/include/ionto.h", "core/plans.py"),
            "The control of the device, and the converter's resolution.",
            _EXCERPT,
        ),
        Row(
            "201.12.1.102",
            "Output parameters, direct current included, are within 20 % of what is shown, over the range of loads.",
            _PARTLY,
            "Measured and driven current differ by at most `mismatch_na` (1 mA and less) or the output is cut, save "
            "at a saturated voltage, which is reported. Measured over the load on the simulated electronics.",
            ("safety/invariants.py", "docs/embedding.md", "make characteristics"),
            "The measurement on the device; 1 mA is more than 20 % of a small current, and a smaller value is to be "
            "configured.",
            _ASSUMED,
        ),
        Row(
            "201.12.4.101",
            "A supply that fluctuates does not change the output much.",
            _MANUFACTURER,
            "A current that leaves its tolerance by it is cut (SI-12).",
            ("safety/invariants.py",),
            "The output stage.",
            _ASSUMED,
        ),
        Row(
            "201.12.4.102",
            "The output is energised only from its minimum, after an interruption of the supply too.",
            _PARTLY,
            "From zero, by one step of the ramp at most, after a stop that was seen, with contact, and never by a "
            "start (SI-05).",
            ("make prove", "tests/test_start_edges.py", "safety/invariants.py"),
            "An output stage that gives nothing while the processor starts.",
            _EXCERPT,
        ),
        Row(
            "201.12.4.103",
            "An indicator shows that the output is energised, where it can exceed 10 mA or 10 V.",
            _MANUFACTURER,
            "Phase, driven current and the state of the switch are in every report.",
            ("ccore/include/ionto.h",),
            "The indicator.",
            _EXCERPT,
        ),
        Row(
            "201.12.4.104",
            "The output is limited: for direct current, to 80 mA into 500 ohm.",
            _PARTLY,
            "The compiled ceiling is 30 mA, and no configuration goes beyond it (SI-02).",
            ("ccore/include/ionto.h", "make prove", "make characteristics"),
            "The measurement on the device, under single fault too.",
            _ASSUMED,
        ),
    ),
)
