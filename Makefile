# iontocore, from a clone to a treatment: `make run`. To every test: `make test`. `make help` lists the rest.
# Needs python3 (3.11 or newer; PYTHON=python3.12 takes another), gcc and make, and sets up the rest in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
C_FILES := $(wildcard ccore/include/*.h ccore/src/*.[ch] ccore/sim/*.[ch]) ccore/build_ffi.py
EXTENSION := ccore/_ionto.abi3.so

# What every target that runs Python stands on: the installed package with an extension that is not older than its sources.
# A treatment needs little of it; tests and evidence need tools by the dozen.
READY_TO_RUN := $(VENV)/runs $(EXTENSION)
READY := $(VENV)/installed $(EXTENSION)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test verify bench lint types tools pytest goals prove cover rules mutants lines model python-mutants checklists browser sbom fuzz sanitize campaign characteristics embedded build clean distclean

help: ## this list
	@echo 'iontocore: the control core of an iontophoresis device'
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: $(READY_TO_RUN) ## a whole treatment of the palms on the simulated body; journal, record and picture in build/run
	rm -rf build/run
	mkdir -p build/run
	$(BIN)/iontocore run palms --journal build/run/treatment.journal --out build/run

test: lint types goals cover pytest ## everything that must hold: lint, types, proof, coverage and all tests; installs the Debian packages that they need, where allowed

verify: tools $(READY) ## all evidence gathered into one report in build/report; ARGS=--quick takes from records what takes long
	$(BIN)/iontocore verify --out build/report $(ARGS)

bench: $(READY) ## measure the speed, each figure beside what it is compared with
	$(BIN)/python tests/bench.py

lint: $(READY) ## ruff: style and common mistakes
	$(BIN)/ruff check .

types: $(READY) ## mypy, strict, over everything
	$(BIN)/mypy

tools: ## install the Debian packages that tests and evidence need, where allowed; says what is missing
	$(PYTHON) tests/provision.py test

pytest: tools $(READY) ## the tests alone; ARGS='-k journal' picks some
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

goals: tools $(READY) ## the proof as `make test` does it: every goal, without the search for contradictions in the contracts
	$(BIN)/python -m iontocore.verification.prove --no-smoke

prove: tools $(READY) ## prove the C core with Frama-C, smoke tests and all, and compare with the ledger in ccore/proofs
	$(BIN)/python -m iontocore.verification.prove $(ARGS)

cover: tools $(READY) ## branches and MC/DC of the C core by its Python tests
	$(BIN)/python -m iontocore.verification.cover

rules: tools $(READY) ## MISRA C:2012 and clang-tidy, against the register of deviations
	$(BIN)/python -m iontocore.verification.rules

mutants: tools $(READY) ## show that the evidence has teeth: seeded edits of the C core proved again, and operator mutants run against the tests
	$(BIN)/python -m iontocore.verification.proof_mutants
	$(BIN)/python -m iontocore.verification.operator_mutants

lines: tools $(READY) ## take every line out of guard and regulator, one at a time, and prove again: a clause has to notice each
	$(BIN)/python -m iontocore.verification.line_removal $(ARGS)

model: tools $(READY) ## Spin: every state of table, core, session and a hostile world; properties of safety and liveness, and the seeded errors
	$(BIN)/python -m iontocore.verification.model --seeds

python-mutants: $(READY) ## the same of the Python that safety rests on, with mutmut
	$(BIN)/python -m iontocore.verification.python_mutants $(ARGS)

checklists: $(READY) ## the clauses of IEC 62304 and IEC 60601 with their answers, and whether what they name is there
	$(BIN)/python -m iontocore.verification.checklists

browser: $(READY) ## the auditor's browser of hazards, invariants, clauses, tests and source lines, build/browser (StrictDoc, ReqIF)
	$(BIN)/python -m iontocore.verification.browser

sbom: $(READY) ## the bill of materials, build/sbom.cdx.json (CycloneDX 1.6)
	$(BIN)/python -m iontocore.verification.sbom

fuzz: tools $(READY) ## ten million inputs through the C core under ASan and UBSan, with an oracle at every tick
	$(BIN)/python -m iontocore.verification.fuzz

sanitize: tools $(READY) ## all tests but those of this command and of the fuzzer, under ASan and UBSan
	$(BIN)/python -m iontocore.verification.sanitize $(ARGS)

characteristics: $(READY) ## what the output gives at each load: voltage, current, accuracy, waveforms; pictures in build/characteristics
	$(BIN)/python -m iontocore.verification.characteristics

campaign: $(READY) ## every single fault in every state of the simulated device; fails when an outcome is hazardous or an invariant broken
	$(BIN)/python -m iontocore.verification.campaign $(ARGS)

embedded: ## the C library alone, for this machine; `make -C ccore help` lists more
	$(MAKE) -C ccore

build: $(READY) ## the wheel and the source distribution, in dist
	rm -rf build/lib build/bdist.* dist
	$(BIN)/python -m build --no-isolation

clean: ## remove what was built and recorded; keeps .venv
	$(MAKE) -C ccore clean
	rm -rf build dist *.egg-info $(EXTENSION) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find ccore safety core verification tests -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## remove .venv and the links of the editable install, too
	rm -rf $(VENV) .editable core/ccore core/safety core/verification

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "iontocore needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ": name another with PYTHON=")'
	@$(PYTHON) tests/provision.py build
	$(PYTHON) -m venv $(VENV)

$(VENV)/runs: pyproject.toml setup.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[cli]' 'setuptools>=80'
	@touch -c $(EXTENSION) && touch $@

$(VENV)/installed: $(VENV)/runs
	$(BIN)/python -m pip install --quiet --editable '.[cli,test,verification]'
	@touch -c $(EXTENSION) && touch $@

# setuptools looks at the time of the files, not at pip's: this builds only when one of them is newer.
$(EXTENSION): $(C_FILES) | $(VENV)/runs
	$(BIN)/python setup.py --quiet build_ext --inplace
	@touch -c $@
