"""The house: the layout, the direction of imports, what is installed, and the declarations that cffi is given."""

import ast
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from iontocore.ccore._ionto import ffi, lib
from iontocore.ccore.build_ffi import HEADERS, UnfilteredHeaderError, declarations

ROOT = Path(__file__).resolve().parent.parent

# The folders in the direction of imports, with the names under which they are imported.
LAYERS = {
    "ccore": "iontocore.ccore",
    "safety": "iontocore.safety",
    "core": "iontocore",
    "verification": "iontocore.verification",
}
ORDER = list(LAYERS.values())
AT_THE_TOP = {*LAYERS, "tests", "docs", "setup.py", "pyproject.toml", "Makefile", "README.md", "LICENSE"}
AT_THE_TOP |= {"CHANGELOG.md", "CONTRIBUTING.md"}
MADE = {"build", "dist", "__pycache__", "iontocore.egg-info"}
RUN_TIME = {"cffi", "_cffi_backend", "transitions"}
EXTRA_CLI = {"matplotlib", "numpy", "rich"}
EXTRA_VERIFICATION = EXTRA_CLI | {"hypothesis", "jsonschema", "libcst", "mutmut", "pycparser", "pytest"}
EXTRA_VERIFICATION |= {"cyclonedx", "packageurl", "packaging"}
EXTRA_VERIFICATION |= {"jinja2", "markupsafe", "weasyprint"}


# ---- the direction of imports ---------------------------------------------------------------------------------------


def modules(tree: Path = ROOT) -> Iterator[tuple[str, Path]]:
    """Every module of the package: its import name and its file. A folder without __init__.py has no modules."""
    for folder, package in LAYERS.items():
        for path in sorted((tree / folder).rglob("*.py")):
            inside = path.relative_to(tree / folder)
            linked = any((tree / folder / parent).is_symlink() for parent in inside.parents)
            if linked or not (path.parent / "__init__.py").is_file():
                continue
            parts = [part for part in inside.with_suffix("").parts if part != "__init__"]
            yield ".".join([package, *parts]), path


def imports_of(source: str, module: str, is_package: bool) -> set[str]:
    """The full names of what a module imports, relative imports resolved, and of what it imports from a package."""
    found = set()
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{name}.{alias.name}" for alias in node.names}
    return found


def layer_of(name: str) -> str | None:
    """The layer that a full name belongs to; None for what is not of this package."""
    deepest = sorted(ORDER, key=len, reverse=True)
    return next((package for package in deepest if name == package or name.startswith(f"{package}.")), None)


def imports_against_the_direction(source: str, module: str, is_package: bool = False) -> set[str]:
    own = layer_of(module)
    assert own is not None
    wrong = set()
    for name in imports_of(source, module, is_package):
        layer = layer_of(name)
        if layer is not None and ORDER.index(layer) > ORDER.index(own):
            wrong.add(name)
    return wrong


def test_imports_lead_from_ccore_through_safety_and_core_to_verification_and_never_back() -> None:
    seen = {layer_of(name) for name, _ in modules()}
    assert seen == set(ORDER)
    wrong = {
        name: found
        for name, path in modules()
        if (found := imports_against_the_direction(path.read_text("utf-8"), name, path.name == "__init__.py"))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("iontocore.ccore.binding", "import iontocore.safety.limits"),
        ("iontocore.ccore.binding", "from ..safety import limits"),
        ("iontocore.ccore.binding", "from .. import plans"),
        ("iontocore.safety.monitor", "from iontocore import plans"),
        ("iontocore.safety.monitor", "from iontocore.plans import Plan"),
        ("iontocore.safety.monitor", "def late():\n    import iontocore.session"),
        ("iontocore.session", "from iontocore import verification"),
        ("iontocore.session", "from .verification import report"),
    ],
)
def test_an_import_against_the_direction_is_found_however_it_is_written(module: str, line: str) -> None:
    assert imports_against_the_direction(line, module)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("iontocore.safety.monitor", "from iontocore import ccore"),
        ("iontocore.safety.monitor", "from ..ccore.binding import Sense"),
        ("iontocore.session", "from .safety.limits import Bound\nfrom .ccore import binding\nfrom . import plans"),
        ("iontocore.verification.report", "import iontocore.session"),
        ("iontocore.ccore.binding", "import json\nfrom ._ionto import ffi"),
    ],
)
def test_an_import_along_the_direction_is_allowed(module: str, line: str) -> None:
    assert imports_against_the_direction(line, module) == set()


def test_what_is_imported_is_of_the_package_the_standard_library_or_a_declared_dependency() -> None:
    known = sys.stdlib_module_names | RUN_TIME | {"iontocore", ""}
    foreign = {}
    for name, path in modules():
        extra = EXTRA_VERIFICATION if name.startswith("iontocore.verification") else EXTRA_CLI
        if unknown := {n.split(".")[0] for n in imports_of(path.read_text("utf-8"), name, False)} - known - extra:
            foreign[name] = unknown
    assert foreign == {}


def test_one_file_knows_cffi_at_run_time() -> None:
    knows = {
        name
        for name, path in modules()
        if not name.startswith("iontocore.verification.")  # builds the core in other ways; nothing runs on it
        for imported in imports_of(path.read_text("utf-8"), name, path.name == "__init__.py")
        if imported.split(".")[0] in ("cffi", "_cffi_backend") or imported.startswith("iontocore.ccore._ionto")
    }
    assert knows == {"iontocore.ccore.binding", "iontocore.ccore.build_ffi"}


def test_the_package_is_imported_without_what_the_command_line_needs() -> None:
    program = f"""
import sys
import iontocore, iontocore.ccore.binding, iontocore.session
print(sorted(set(sys.modules) & {EXTRA_CLI!r}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ---- the layout -----------------------------------------------------------------------------------------------------


def test_nothing_stands_at_the_top_but_the_four_folders_tests_docs_and_the_files_of_a_project() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - MADE == AT_THE_TOP


def test_make_help_lists_every_target_that_is_meant_for_people() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    declared = next(line for line in makefile.splitlines() if line.startswith(".PHONY:")).split()[1:]
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")]
    assert sorted(listed) == sorted(declared)


# ---- what is installed ----------------------------------------------------------------------------------------------


class Built(NamedTuple):
    """Archives built from a copy of the sources, and what is in them."""

    tree: Path
    sdist: dict[str, bytes]
    wheel: dict[str, bytes]
    wheel_of_sdist: dict[str, bytes]
    wheel_name: str


def build(what: str, source: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{what}", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.iterdir()
    return made


def files_of_wheel(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def build_archives(folder: Path) -> None:
    """Build them in a folder from a copy of the sources, which may be changing meanwhile."""
    made = shutil.ignore_patterns(*MADE, ".*", "*.so", "*.o", "*.a", "*.d")
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=made, symlinks=True)
    for path in [*tree.rglob("*")]:
        if path.is_symlink():
            path.unlink()
    with tarfile.open(build("sdist", tree, folder / "sdist")) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    build("wheel", tree, folder / "wheel")
    build("wheel", unpacked, folder / "wheel-of-sdist")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The archives, built by the first worker that needs them; the others wait for it."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder, finished = common / "archives", common / "archives-are-finished"
    with (common / "archives-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            shutil.rmtree(folder, ignore_errors=True)
            build_archives(folder)
            finished.touch()
    (sdist_path,) = (folder / "sdist").iterdir()
    (wheel_path,) = (folder / "wheel").iterdir()
    (wheel_of_sdist_path,) = (folder / "wheel-of-sdist").iterdir()
    assert wheel_of_sdist_path.name == wheel_path.name
    with tarfile.open(sdist_path) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        sdist = {m.name.partition("/")[2]: file.read() for m in members if (file := archive.extractfile(m))}
    wheels = files_of_wheel(wheel_path), files_of_wheel(wheel_of_sdist_path)
    return Built(folder / "tree", sdist, *wheels, wheel_path.name)


def test_one_wheel_is_for_every_python_from_3_11_on(built: Built) -> None:
    assert "-cp311-abi3-" in built.wheel_name


def test_nothing_named_core_or_safety_reaches_site_packages(built: Built) -> None:
    tops = {name.split("/")[0] for name in built.wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"iontocore"}


def test_the_wheel_has_every_module_and_not_the_builder(built: Built) -> None:
    expected = {
        name.replace(".", "/") + ("/__init__.py" if path.name == "__init__.py" else ".py")
        for name, path in modules(built.tree)
    }
    expected.remove("iontocore/ccore/build_ffi.py")
    assert {name for name in built.wheel if name.endswith(".py")} == expected


def test_the_wheel_has_the_data_that_the_modules_read(built: Built) -> None:
    data = {"iontocore/py.typed", "iontocore/ccore/_ionto.pyi", "iontocore/ccore/_ionto.abi3.so"}
    data |= {f"iontocore/{path.relative_to(built.tree / 'core')}" for path in (built.tree / "core").rglob("*.toml")}
    data |= {f"iontocore/ccore/include/{path.name}" for path in (built.tree / "ccore" / "include").glob("*.h")}
    data |= {f"iontocore/verification/{path.name}" for path in (built.tree / "verification").glob("*.schema.json")}
    templates = {path.name for path in (built.tree / "verification" / "templates").iterdir()}
    data |= {f"iontocore/verification/templates/{name}" for name in templates}
    assert {"report.html.j2", "report.css"} <= templates
    assert {"iontocore/presets/palms.toml", "iontocore/ccore/include/ionto.h"} <= data
    assert "iontocore/verification/evidence.schema.json" in data
    assert {name for name in built.wheel if not name.endswith(".py") and ".dist-info/" not in name} == data


def test_the_wheel_has_no_c_sources(built: Built) -> None:
    assert [name for name in built.wheel if name.endswith((".c", ".o", ".a")) or "/sim/" in name] == []


def test_the_source_distribution_has_every_source_and_nothing_that_is_made(built: Built) -> None:
    sources = {str(path.relative_to(built.tree)) for path in built.tree.rglob("*") if path.is_file()}
    sources = {name for name in sources if not name.startswith(("build/", "iontocore.egg-info/"))}
    made = {name for name in built.sdist if name.startswith("iontocore.egg-info/")} | {"PKG-INFO", "setup.cfg"}
    assert set(built.sdist) - made == sources


def test_the_source_distribution_builds_to_the_same_wheel(built: Built) -> None:
    # The extension and its hash carry the folder in which they were compiled.
    differs = {name for name in built.wheel if built.wheel[name] != built.wheel_of_sdist.get(name)}
    assert set(built.wheel_of_sdist) == set(built.wheel)
    assert {name for name in differs if not name.endswith((".abi3.so", "/RECORD"))} == set()


# ---- the declarations that cffi is given ----------------------------------------------------------------------------


def structs() -> list[str]:
    return [f"struct {name}" for name in ffi.list_types()[1]]


def test_every_record_has_the_size_that_the_compiler_gave_it() -> None:
    names = structs()
    assert {"struct ionto_config", "struct ionto_sense", "struct ionto_drive", "struct ionto_core"} <= set(names)
    for name in names:
        assert ffi.sizeof(name) > 0  # cffi compares with the compiler at the first use, and raises


def test_every_function_and_constant_of_the_headers_is_reached_from_python() -> None:
    text = "\n".join(declarations(header.read_text("utf-8"), header.name) for header in HEADERS)
    constants = [line.split()[1] for line in text.splitlines() if line.startswith("#define ")]
    assert "IONTO_CEILING_NA" in constants
    for name in constants:
        assert isinstance(getattr(lib, name), int)
    functions = re.findall(r"\b(ionto_\w+)\s*\(", text)
    assert "ionto_step" in functions
    for name in functions:
        assert callable(getattr(lib, name))


def header(body: str) -> str:
    return f"#ifndef X_H\n#define X_H\n{body}\n#endif\n"


def test_comments_contracts_includes_and_the_cplusplus_part_are_dropped_and_lines_stay_where_they_are() -> None:
    text = header(
        "#include <stdint.h>\n"
        '#ifdef __cplusplus\nextern "C" {\n#endif\n'
        "/*@ requires x > 0;\n  @ assigns *p; */\n"
        "struct s { int32_t a[4]; };  // one\n"
        "#define LIMIT 30000000 /* nA */\n"
        "#define LARGE (1 + LIMIT)\n"
        "enum e { E_A = -1, E_B = 0x10, };\n"
        "int32_t f(const struct s *p, int32_t x[]);\n"
        "#ifdef __cplusplus\n}\n#endif"
    )
    filtered = declarations(text, "x.h").split("\n")
    assert [line.strip() for line in filtered if line.strip()] == [
        "struct s { int32_t a[4]; };",
        "#define LIMIT 30000000",
        "#define LARGE ...",
        "enum e { E_A = -1, E_B = 0x10, };",
        "int32_t f(const struct s *p, int32_t x[]);",
    ]
    given = text.split("\n")
    for number, line in enumerate(filtered):
        assert line.split()[:2] == given[number].split()[:2] or not line.strip()


REFUSED = {
    "conditional by expression": "#if defined(FAST)\nint f(void);\n#endif",
    "conditional by name": "#ifdef FAST\nint f(void);\n#endif",
    "macro with an argument": "#define SQUARE(x) ((x) * (x))",
    "macro without a value": "#define IONTO_API",
    "line that goes on": "#define LONG 1 + \\\n 2",
    "pragma": "#pragma pack(1)",
    "constant taken back": "#undef LIMIT",
    "export macro": "IONTO_API int f(void);",
    "attribute of a compiler": "int f(void) __attribute__((pure));",
    "inline function": "static inline int f(void) { return 1; }",
    "function with a body": "int f(void) { return 1; }",
    "word of storage": "extern int x;",
    "word of the compiler": "_Bool f(void);",
    "bit field": "struct s { unsigned a : 3; };",
    "dimension by macro": "struct s { int a[N]; };",
    "dimension computed": "struct s { int a[2 * 2]; };",
    "shift": "enum e { E_A = 1 << 3 };",
    "enum value not written": "enum e { E_A };",
    "enum value by name": "enum e { E_A = 1, E_B = E_A };",
    "initialiser": "int x = 5;",
    "variable arguments": "int f(const char *format, ...);",
    "character for a dimension": "char c['a'];",
    "static assertion": '_Static_assert(1, "x");',
}


@pytest.mark.parametrize("construct", REFUSED.values(), ids=REFUSED.keys())
def test_the_filter_refuses_what_it_does_not_know_and_names_the_line(construct: str) -> None:
    with pytest.raises(UnfilteredHeaderError, match=r"^x\.h:4: "):
        declarations(header(f"struct first {{ int a; }};\n{construct}"), "x.h")


@pytest.mark.parametrize("text", ["", "int f(void);\n", "#pragma once\n", "#ifndef A\n#define B\nint x;\n#endif\n"])
def test_the_filter_refuses_a_header_without_an_include_guard(text: str) -> None:
    with pytest.raises(UnfilteredHeaderError, match="#ifndef"):
        declarations(text, "x.h")


def test_the_filter_refuses_a_header_that_goes_on_after_its_guard() -> None:
    with pytest.raises(UnfilteredHeaderError, match="#ifndef"):
        declarations(header("int f(void);") + "int g(void);\n", "x.h")
