"""The tables of the safety argument, and the monitor that judges a tick by them.

    limits              every clinical number with its unit, source and mark, and how limits combine
    drugs               the drugs, and the sign of the electrode that each goes in from
    contraindications   who must not be treated, and the gate before every session
    hazards             what can hurt a patient, and how it would come about
    controls            what stands against them besides the invariants, and who has to provide it
    invariants          what always holds, each with a predicate that can be executed
    samples, monitor    the tick that is judged, and the judge
    refusal, words      how a user's mistake is answered, and how numbers are written for people

Links point upwards only. An invariant names the hazards that it guards; a test or a contract names the invariant that
it shows. A hazard names neither, so that no row claims evidence for itself. Imports go from here to
``iontocore.ccore`` at most, never to the session, the plans or the ports.
"""
