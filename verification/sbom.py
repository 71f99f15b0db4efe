"""The bill of materials, in the form of CycloneDX 1.6: ``sbom.cdx.json``.

What a treatment rests on is *required*, what the command line draws with is *optional*, and what builds or makes
evidence is *excluded*, as CycloneDX calls what does not ship. The C core is a component by itself, with the hash of
each file, and depends on nothing: its list of dependencies is there, and is empty.

The same text on the same machine gives the same bytes: there is no time in it, and its serial number is made from its
contents.

    python -m iontocore.verification.sbom [--out FOLDER]    writes FOLDER/sbom.cdx.json; build/ unless told
"""

import json
import sys
import tomllib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.dependency import Dependency as Needs
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from iontocore.verification.command import Parser, answered
from iontocore.verification.soup import Dependency, Form, Found, Item, Used, closure, found
from iontocore.verification.soup_items import SOUP
from iontocore.verification.tools import ROOT, SOURCES

NAME: Final = "sbom.cdx.json"

_PROJECT: Final = "iontocore"
_CORE: Final = "iontocore-c-core"
_LICENSE: Final = "Apache-2.0"
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, f"{_PROJECT}.{NAME}")
_SCOPE: Final = {
    Used.RUN_TIME: ComponentScope.REQUIRED,
    Used.BUILD: ComponentScope.EXCLUDED,
    Used.COMMAND_LINE: ComponentScope.OPTIONAL,
    Used.EVIDENCE: ComponentScope.EXCLUDED,
}
_TYPE: Final = {
    Form.DISTRIBUTION: ComponentType.LIBRARY,
    Form.COMMAND: ComponentType.APPLICATION,
    Form.PLATFORM: ComponentType.PLATFORM,
}
_LICENSES: Final = LicenseFactory()


def bill(root: Path = ROOT, items: Iterable[Item] = SOUP) -> str:
    """The text of ``sbom.cdx.json`` for the project at `root` on this machine."""
    told = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = str(told["version"])
    here = found(items)
    rows: dict[str, Found] = {
        canonicalize_name(one.item.name): one for one in here if one.item.form is Form.DISTRIBUTION
    }
    others = tuple(_item(one) for one in here if one.item.form is not Form.DISTRIBUTION)
    reached = _reached(told["dependencies"], told["optional-dependencies"])
    distributions = {name: _distribution(one, rows.get(name), used) for name, (one, used) in reached.items()}
    project = Component(
        name=_PROJECT,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=_PROJECT,
        licenses=[_LICENSES.make_from_string(_LICENSE)],
        description="The control core of an iontophoresis device: the supervisor in Python, and the core in C.",
    )
    core = _core(root, version)
    direct = [
        core,
        *(distributions[_name(text)] for text in told["dependencies"]),
        *(one for one in others if one.type is ComponentType.PLATFORM),
    ]
    bom = Bom(
        components=[core, *others, *distributions.values()],
        metadata=BomMetaData(component=project),
        dependencies=[
            _needs(project, direct),
            _needs(core, ()),
            *(
                _needs(distributions[name], [distributions[need] for need in one.needs if need in reached])
                for name, (one, _) in reached.items()
            ),
        ],
    )
    return _canonical(JsonV1Dot6(bom).output_as_string())


def write(folder: Path) -> Path:
    """Write the bill of materials into a folder, which is made when it is not there. Gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(bill(), encoding="utf-8")
    return path


def _reached(needed: Sequence[str], extras: Mapping[str, Sequence[str]]) -> dict[str, tuple[Dependency, Used]]:
    """Every distribution that this project asks for, and all that they need; each with the first use of it."""
    asked = (
        (Used.RUN_TIME, needed),
        (Used.COMMAND_LINE, extras["cli"]),
        (Used.EVIDENCE, [text for name, extra in extras.items() if name != "cli" for text in extra]),
    )
    reached: dict[str, tuple[Dependency, Used]] = {}
    for used, texts in asked:
        for one in closure(map(_name, texts)):
            reached.setdefault(one.name, (one, used))
    return dict(sorted(reached.items()))


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _needs(one: Component, others: Iterable[Component]) -> Needs:
    return Needs(one.bom_ref, [Needs(other.bom_ref) for other in others])


def _core(root: Path, version: str) -> Component:
    files = [
        Component(
            name=path.as_posix(),
            type=ComponentType.FILE,
            bom_ref=f"{_CORE}/{path.name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256((root / path).read_bytes()).hexdigest())],
        )
        for path in SOURCES
    ]
    return Component(
        name=_CORE,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=_CORE,
        scope=ComponentScope.REQUIRED,
        licenses=[_LICENSES.make_from_string(_LICENSE)],
        description="The regulator, the guard and what joins them, in C99. It depends on nothing: no library, not "
        "even that of C, no heap, no operating system.",
        components=files,
    )


def _item(one: Found) -> Component:
    return Component(
        name=one.item.name,
        version=one.version or None,
        type=_TYPE[one.item.form],
        bom_ref=f"{one.item.form}:{one.item.name}",
        scope=_SCOPE[one.item.used],
        supplier=OrganizationalEntity(name=one.item.maker),
        licenses=[_LICENSES.make_from_string(one.item.license)],
        description=one.item.purpose,
        properties=_properties(one.item),
    )


def _distribution(one: Dependency, row: Found | None, used: Used) -> Component:
    license = row.item.license if row else one.license
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{Form.DISTRIBUTION}:{one.name}",
        scope=_SCOPE[row.item.used if row else used],
        supplier=OrganizationalEntity(name=row.item.maker) if row else None,
        licenses=[_LICENSES.make_from_string(license)] if license else None,
        description=row.item.purpose if row else "is needed by others of this list",
        purl=PackageURL("pypi", name=one.name, version=one.version),
        properties=_properties(row.item) if row else [Property(name=f"{_PROJECT}:used", value=used)],
    )


def _properties(item: Item) -> list[Property]:
    told = {"used": item.used, "needs": item.needs, "fails": item.fails, "answer": item.answer}
    return [Property(name=f"{_PROJECT}:{name}", value=str(value)) for name, value in told.items()]


def _canonical(text: str) -> str:
    """The same without a time, keys in order, and a serial number that is made from all the rest."""
    told = json.loads(text)
    told["metadata"].pop("timestamp", None)
    told.pop("serialNumber", None)
    for one in told["dependencies"]:
        one.setdefault("dependsOn", [])  # it depends on nothing; left out, it could be unknown
    rest = json.dumps(told, sort_keys=True, ensure_ascii=False)
    told["serialNumber"] = uuid.uuid5(_NAMESPACE, rest).urn
    return json.dumps(told, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return answered(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = Parser("sbom", "Writes the bill of materials of this project, as CycloneDX 1.6.")
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=ROOT / "build", help="where to; build/")
    path = write(parser.parse_args(arguments).out)
    components = json.loads(path.read_text(encoding="utf-8"))["components"]
    for used in Used:
        of_it = [one for one in components if {"name": f"{_PROJECT}:used", "value": used} in one.get("properties", ())]
        names = [f"{one['name']} {one.get('version', '(not here)')}" for one in of_it]
        print(f"{used}: {', '.join(names)}")
    print(f"the C core: no dependency\n{path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
