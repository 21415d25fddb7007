# make demo and make test need Python 3.10 or newer, git, and a package index; nothing else.
# Each works in a virtual environment of its own, made once, and again when pyproject.toml or
# constraints.txt change. Where the index serves torch with CUDA (several GB) and the CPU is
# enough, set PIP_EXTRA_INDEX_URL to PyTorch's CPU index.

PYTHON ?= python3
ARGS ?=

# OpenCV's usual wheel needs libGL and glib of the system; without them, the one without windows.
define have_opencv
$(1)/bin/python -c "import cv2" 2>/dev/null || { \
  echo "This system lacks libGL or glib: OpenCV without windows is installed instead."; \
  $(1)/bin/python -m pip uninstall --quiet --yes opencv-python && \
  $(1)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
    opencv-python-headless && \
  $(1)/bin/python -c "import cv2"; }
endef

DEMO := .venv-demo
TEST := .venv-test
PEERS := .venv-peers
AUDIT := .venv-audit
RELEASE := .venv-release

.PHONY: help demo test torture gpu peers audit check docs release-check format clean

help:
	@echo "make demo    track an object in a real clip (ARGS='--parameters default' for the paper's)"
	@echo "make test    run the tests on all cores (ARGS='-k patch' for some)"
	@echo "make torture slow tests of faults and many generated cases"
	@echo "make gpu     tests on a CUDA device, and the speed of every parameter file on it"
	@echo "make peers   an environment with all of OpenCV's trackers and dlib's; lists them"
	@echo "make audit   known vulnerabilities of the pinned versions; needs PyPI's JSON interface"
	@echo "make check   lint, format, types and layers"
	@echo "make docs    build the documentation as a site, in site/"
	@echo "make release-check  build sdist and wheel in dist/, and try the wheel in an empty environment"
	@echo "make format  format the code"
	@echo "make clean   remove environments, caches and builds"
	@echo "PYTHON=python3.12 chooses the interpreter."

demo: $(DEMO)/.stamp
	$(DEMO)/bin/crt demo $(ARGS)

# One process per core; a file's tests share one. A later option wins: ARGS="-n 0 --pdb".
test: $(TEST)/.stamp
	$(TEST)/bin/python -m pytest -n logical --maxprocesses 8 --dist loadfile $(ARGS)

torture: $(TEST)/.stamp
	$(TEST)/bin/python -m pytest -m torture $(ARGS)

# conv-13's weights are not packaged.
gpu: $(TEST)/.stamp
	$(TEST)/bin/python -m pytest -m gpu -rs $(ARGS)
	@if $(TEST)/bin/python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then \
	  $(TEST)/bin/crt bench --frames 30 --json gpu.json \
	    $(basename $(notdir $(filter-out %/vgg_conv13.py,$(wildcard parameters/*.py)))); \
	else echo "No speed was measured: torch sees no CUDA device."; fi

peers: $(PEERS)/.contrib
	$(PEERS)/bin/crt trackers

# contrib OpenCV in place of plain OpenCV, never beside it: both bring cv2 (docs/peers.md).
$(PEERS)/.contrib: $(PEERS)/.stamp
	$(PEERS)/bin/python -m pip uninstall --quiet --yes opencv-python opencv-python-headless
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  -c constraints.txt opencv-contrib-python
	@touch $@

# --strict: what the service does not know counts as a failure, where it is skipped otherwise.
audit:
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check "pip-audit>=2.7"
	$(AUDIT)/bin/pip-audit -r constraints.txt --no-deps --disable-pip --strict

check: $(TEST)/.stamp
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy
	$(TEST)/bin/lint-imports

# --strict: a warning, as of a link that leads nowhere, is an error. Without a network.
docs: $(TEST)/.stamp
	NO_MKDOCS_2_WARNING=1 $(TEST)/bin/mkdocs build --strict
	@echo "site/index.html; with its search: $(PYTHON) -m http.server --directory site"

# What is in dist/ afterwards can be published (.github/workflows/publish.yml).
release-check: $(TEST)/.stamp
	rm -rf dist $(RELEASE)
	$(TEST)/bin/python -m build --no-isolation --outdir dist .
	$(TEST)/bin/twine check --strict dist/*
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check "pip>=23.1"
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt dist/*.whl
	$(RELEASE)/bin/python -m pip check
	@$(call have_opencv,$(RELEASE))
	cd $(RELEASE) && bin/python ../tests/helpers/try_install.py
	rm -rf $(RELEASE)

format: $(TEST)/.stamp
	$(TEST)/bin/ruff check --fix .
	$(TEST)/bin/ruff format .

$(DEMO)/.stamp: EXTRAS := demo
$(TEST)/.stamp: EXTRAS := dev,docs,engine,demo,cluster,vot,peers,report
$(PEERS)/.stamp: EXTRAS := video,peers,cluster

$(DEMO)/.stamp $(TEST)/.stamp $(PEERS)/.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v < (3, 10) and "CRT needs Python 3.10 or newer, and $(PYTHON) is %d.%d; choose another: make PYTHON=python3.12" % v)'
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check "pip>=23.1"
	$(@D)/bin/python -m pip install --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	@$(call have_opencv,$(@D))
	@touch $@

clean:
	rm -rf $(DEMO) $(TEST) $(PEERS) $(AUDIT) $(RELEASE) build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
