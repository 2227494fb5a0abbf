# SPDX-License-Identifier: MIT
"""Where the project's files are, in the source tree and where packaging/install has put them: the only module that knows."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = not (ROOT / "linker.ld").exists()
if INSTALLED:
    # ROOT is PREFIX/share/landfall.
    PREFIX = ROOT.parents[1]
    IMAGES, PROGRAMS = PREFIX / "lib/landfall", PREFIX / "bin"
    MACHINES, SCHEMA = ROOT / "machines", ROOT / "schema/records.json"
    LOG = Path("landfall.log")  # of the last run shown on a terminal
else:
    IMAGES = PROGRAMS = ROOT / "build"
    MACHINES, SCHEMA = ROOT / "tests/machines", ROOT / "tests/schema/records.json"
    LOG = ROOT / "build/landfall.log"
KERNEL = IMAGES / "landfall.elf"
MACHINE_TOOL = PROGRAMS / "landfall-machine"
HOST_TOOL = IMAGES / "landfall-host"
PREDICT = PROGRAMS / "landfall-predict"


def version():
    """As lib/version.h has it."""
    text = (ROOT / ("version.h" if INSTALLED else "lib/version.h")).read_text()
    return text.split('LANDFALL_VERSION "')[1].split('"')[0]
