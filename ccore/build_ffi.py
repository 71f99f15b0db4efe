"""Builds the extension `iontocore.ccore._ionto`: the C core and its simulated body, reached from Python by cffi.

The declarations that cffi is given are filtered from the headers themselves, so that there is one source for them:
cffi checks sizes and the types of functions, but neither signedness nor the values of enums. The filter knows the
little C that the headers are written in and refuses the rest, with the line, in place of guessing.
"""

import os
import re
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent
HEADERS = (HERE / "include" / "ionto.h", HERE / "sim" / "ionto_sim.h", HERE / "sim" / "ionto_trial.h")

_INTEGER = r"-?(?:0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)[uUlL]*"
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_GUARDED = re.compile(r"\s*#ifndef[ ]+(\w+)[ ]*\n\s*#define[ ]+\1[ ]*\n(.*)\n#endif\s*", re.DOTALL)
_CPLUSPLUS = re.compile(r'^#ifdef[ ]+__cplusplus\s+(?:extern[ ]+"C"[ ]*\{|\})\s+#endif[ ]*$', re.MULTILINE)
_INCLUDE = re.compile(r'#include[ ]+(?:<\w+\.h>|"\w+\.h")\s*')
_DEFINE = re.compile(r"#define[ ]+([A-Za-z]\w*)[ ]+([^\s\\][^\\]*?)\s*")
_ENUM = re.compile(r"\benum\s+\w+\s*\{([^{}]*)\}")
_ENUMERATOR = re.compile(rf"\s*[A-Za-z]\w*\s*=\s*{_INTEGER}\s*")
_DIMENSION = re.compile(rf"\[[ ]*(?:{_INTEGER})?[ ]*\]")
_BODY = re.compile(r"\)\s*\{")
_WORD_OR_SIGN = re.compile(r"\w+|\S")
_SIGNS = "{}();,*"
_STORAGE = {"static", "inline", "extern", "register", "auto", "volatile", "restrict", "asm", "typeof"}


class UnfilteredHeaderError(ValueError):
    """A header says what the filter does not know; the message has the file, the line, and what is allowed."""


def declarations(header: str, name: str) -> str:
    """The cdef of a header: its constants, types and functions, each on the line on which the header has it.

    Comments (and the contracts in them), includes, the include guard and the `__cplusplus` part are dropped. A
    constant keeps its value when that is an integer literal; otherwise it becomes `...` and the C compiler is asked.
    `name` is for messages.

    Raises UnfilteredHeaderError for whatever else: other conditionals, macros with arguments, pragmas, function
    bodies, words of storage or of one compiler, export macros, bit fields, initialisers, variable arguments, and for
    values of enums and dimensions of arrays that are not written as integer literals.
    """
    whole = _GUARDED.fullmatch(_COMMENT.sub(_newlines, header))
    if whole is None:
        raise UnfilteredHeaderError(f"{name}: the filter allows what stands between #ifndef G, #define G and #endif")
    first = whole.string.count("\n", 0, whole.start(2))
    kept, types = [""] * first, [""] * first
    for number, line in enumerate(_CPLUSPLUS.sub(_newlines, whole[2]).split("\n"), first + 1):
        if not line.lstrip().startswith("#"):
            kept.append(line)
            types.append(line)
            continue
        constant = _DEFINE.fullmatch(line)
        if constant is None and _INCLUDE.fullmatch(line) is None:
            raise _refused(name, number, line, "no directives but includes and constants with a value")
        value = "..." if constant is None or re.fullmatch(_INTEGER, constant[2]) is None else constant[2]
        kept.append("" if constant is None else f"#define {constant[1]} {value}")
        types.append("")
    _refuse_what_is_not_plain("\n".join(types), name)
    return "\n".join(kept)


def _refuse_what_is_not_plain(types: str, name: str) -> None:
    """Refuse in the declarations of types and functions what cffi would misread or not check."""

    def line(offset: int) -> int:
        return types.count("\n", 0, offset) + 1

    for enum in _ENUM.finditer(types):
        for value in enum[1].split(","):
            if value.strip() and _ENUMERATOR.fullmatch(value) is None:
                raise _refused(name, line(enum.start(1)), value, "enums with an integer literal for each name")
    types = _ENUM.sub(_newlines, types)
    types = _DIMENSION.sub(lambda dimension: " " * len(dimension[0]), types)
    body = _BODY.search(types)
    if body is not None:
        raise _refused(name, line(body.start()), body[0], "functions without a body")
    for found in _WORD_OR_SIGN.finditer(types):
        word = found[0]
        if word in _STORAGE or word.startswith("_") or word.isupper():
            raise _refused(name, line(found.start()), word, "no storage words, words of one compiler, or macros here")
        if not word.isidentifier() and word not in _SIGNS:
            raise _refused(name, line(found.start()), word, "plain declarations, and integer literals as dimensions")


def _newlines(match: re.Match[str]) -> str:
    """What keeps the lines where they are when a match is dropped."""
    return " " + "\n" * match[0].count("\n")


def _refused(name: str, line: int, given: str, allowed: str) -> UnfilteredHeaderError:
    return UnfilteredHeaderError(f"{name}:{line}: {given.strip()!r}: the filter allows {allowed}")


def builder() -> FFI:
    """What setup.py (cffi_modules) asks for: the extension, with its sources relative to the working folder.

    Warnings are errors where CI is "true": the generated module repeats every type, so that a header and a cdef that
    differ do not compile.
    """
    ffi = FFI()
    for header in HEADERS:
        ffi.cdef(declarations(header.read_text(encoding="utf-8"), header.name))
    folders = [HERE / "include", HERE / "src", HERE / "sim"]
    ffi.set_source(
        "iontocore.ccore._ionto",
        "".join(f'#include "{header.name}"\n' for header in HEADERS),
        sources=[str(source) for folder in folders for source in sorted(folder.glob("*.c"))],
        depends=[str(header) for folder in folders for header in sorted(folder.glob("*.h"))],
        include_dirs=[str(HERE / "include"), str(HERE / "sim")],
        libraries=["m"],
        # The same bits everywhere: no fused multiply-add in the simulated body. Hidden: calls between the core's
        # files are plain calls, as they are in firmware.
        extra_compile_args=["-O2", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra"]
        + (["-Werror"] if os.environ.get("CI") == "true" else []),
    )
    return ffi
