"""Gathers evidence that the core is safe: proofs, mutants, coverage, rules, fuzzing. Nothing imports this package.

Each module is one kind of evidence and a command (``python -m iontocore.verification.prove``). What it finds is
compared with what is committed in ``ccore/proofs``: a difference is a failure, never an update in silence.
"""
