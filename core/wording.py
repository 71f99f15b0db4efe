"""How times and foreign texts are written for people, the same in the picture and on the terminal."""


def minutes(t_ms: int) -> str:
    """A time in whole minutes and seconds, as on a clock: "12:05"."""
    return f"{t_ms // 60_000}:{t_ms // 1000 % 60:02d}"


def duration(t_ms: int) -> str:
    """How long something took: in minutes and seconds, or to the hundredth of a second when below ten seconds."""
    return f"{t_ms / 1000:.2f} s" if t_ms < 10_000 else minutes(t_ms)


def printable(text: str) -> str:
    """The text without what could steer a terminal or spoil a file: each such character becomes a visible mark."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
