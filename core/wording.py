"""How times are written for people, the same in the picture, on the terminal and in the text of a journal."""


def minutes(t_ms: int) -> str:
    """A time in whole minutes and seconds, as on a clock: "12:05"."""
    return f"{t_ms // 60_000}:{t_ms // 1000 % 60:02d}"


def duration(t_ms: int) -> str:
    """How long something took: in minutes and seconds, or to the hundredth of a second when below ten seconds."""
    return f"{t_ms / 1000:.2f} s" if t_ms < 10_000 else minutes(t_ms)


def to_the_ms(t_ms: int) -> str:
    """A time in minutes, seconds and thousandths: "12:05.050"."""
    return f"{minutes(t_ms)}.{t_ms % 1000:03d}"
