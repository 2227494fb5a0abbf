# SPDX-License-Identifier: MIT
"""A judged log as KCIDB takes it (kcidb-io, schema version 5.3): a checkout and a build for the kernel's version, a test for the log and each check."""
import hashlib
import json
import re

from . import check, paths
from .terminal import printable

VERSION = {"major": 5, "minor": 3}
ORIGIN = re.compile(r"[a-z0-9_]+")
EXCERPT = 8000  # characters; KCIDB takes 16384


def status_of(judged):
    """PASS, FAIL, ERROR, MISS or SKIP of the log as a whole."""
    if judged.state == "failed":
        ends = [r.get("status") for r in judged.wire.records if r["rec"] == "end"]
        return "ERROR" if judged.wire.error or set(ends) & {"error", "fault"} else "FAIL"
    return {"passed": "PASS", "no verdict": "SKIP", "truncated": "MISS"}.get(judged.state, "ERROR")


def path_of(name):
    """A check's name as parts with points between them."""
    return ".".join(re.sub(r"[^\w-]+", "_", part, flags=re.A).strip("_") or "_" for part in name.split(": "))


def tests(judged, digest, origin, build):
    """The test objects: first the log, then what Landfall checked itself, if it came to its end."""
    boot = next((r for r in judged.wire.records if r["rec"] == "boot"), {})
    verdicts = [r for r in judged.wire.records if r["rec"] == "verdict"]
    base = {"origin": origin, "build_id": build}
    if boot.get("machine"):
        base["environment"] = {"comment": printable(boot["machine"])}
    first = base | {"id": f"{origin}:{digest}", "path": "landfall", "status": status_of(judged), "comment": printable(judged.why),
                    "misc": {"state": judged.state, "verdicts": verdicts, "cmdline": printable(boot.get("cmdline", ""))}}
    if judged.wire.error:
        first["log_excerpt"] = printable(judged.wire.error)[:EXCERPT]
    found = [first]
    for m in filter(None, map(check.RESULT.fullmatch, judged.wire.ktap if judged.state in ("passed", "failed", "no verdict") else [])):
        name, _, skip = m[3].partition(" # SKIP ")
        found.append(base | {"id": f"{origin}:{digest}:{m[2]}", "path": f"landfall.{path_of(name)}",
                             "status": "SKIP" if skip else "FAIL" if m[1] else "PASS", "comment": printable(skip or name)})
    return found


def report(judged, data, origin):
    """The whole JSON object."""
    boot = next((r for r in judged.wire.records if r["rec"] == "boot"), {})
    name = f"{origin}:landfall-{printable(boot.get('version', paths.version()))}"
    build = {"id": name, "origin": origin, "checkout_id": name, "architecture": "x86_64", "status": "PASS"}
    return {"version": VERSION, "checkouts": [{"id": name, "origin": origin, "tree_name": "landfall", "valid": True}], "builds": [build],
            "tests": tests(judged, hashlib.sha256(data).hexdigest()[:32], origin, name)}


def write(path, judged, data, origin):
    with open(path, "w", encoding="ascii") as f:
        json.dump(report(judged, data, origin), f, indent=1)
        f.write("\n")
