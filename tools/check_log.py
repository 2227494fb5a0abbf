# SPDX-License-Identifier: MIT
"""tools/check-log for other programs to import; its name has a hyphen."""
import importlib.machinery
import importlib.util
from pathlib import Path

_loader = importlib.machinery.SourceFileLoader("check_log_program", str(Path(__file__).resolve().parent / "check-log"))
_program = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_log_program", _loader))
_loader.exec_module(_program)

judge, forced_hotplug = _program.judge, _program.forced_hotplug
model = _program.logcheck.model
