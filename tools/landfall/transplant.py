# SPDX-License-Identifier: MIT
"""Has an unmodified Linux build its direct map in the order of a policy, and compares the pages with landfall-predict.

KERNEL is a bzImage. It is booted in QEMU and stopped at init_mem_mapping(); from there it is made to call its own functions, once
for each policy, as tools/landfall/recipes.py says. docs/cures.md shows what comes out.

    tools/transplant vmlinuz --machine last-slot --page-size 4k --alloc bottom-up memblock

exit status: 0 all pages as predicted, 1 some are not, 2 could not be tried"""
import contextlib
import json
import re
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

from . import program, qemu, recipes, witness
from .initramfs import build_initramfs
from .kallsyms import Image, read_symbols, symbols_of
from .paths import MACHINES, PREDICT, ROOT
from .surgeon import NAMES, Surgeon, TooLate

LEAVES = {"4k": ",-pse,-pdpe1gb", "2m": ",-pdpe1gb", "1g": ""}  # what the CPU lacks
LEVELS = {"4": ",la57=off", "5": ""}
LOUD = "console=ttyS0 earlyprintk=serial,ttyS0,115200 ignore_loglevel memblock=debug"
QUICK_TRIES = 3
ZONES_KNOWN = rb"Early memory node ranges\r?\n"
SHELL_DONE = rb"THE END\r?\n"
# In user space: which blocks of zone Movable go offline.
SCRIPT = r"""
echo
for d in /sys/devices/system/memory/memory*; do
	n=none; for l in $d/node*; do n=${l##*node}; done
	z=$($b tr ' ' ',' < $d/valid_zones)
	case $z in Movable) echo offline > $d/state && r=gone || r=kept; echo "BLOCK $n $r" ;; esac 2> /dev/null
done
echo THE END
$b sleep 1000
"""

# pages: what memblock handed out, and how many of these were predicted; tables: page-table pages in use, and how many of these;
# stained: those on movable nodes, as predicted; movable: nodes with a zone Movable; blocks: {node: [gone, kept]}, None: not asked.
Outcome = namedtuple("Outcome", "pages pages_predicted tables tables_predicted movable_nodes stained base blocks why")


def find_machine(name):
    """Path of a description: a file, or a name from one of the two folders."""
    if "/" in name or "." in name:
        return name
    own = ROOT / f"tests/linux/machines/{name}.machine"
    return str(own if own.exists() else MACHINES / f"{name}.machine")


class Boot:
    """One kernel on one machine, booted to init_mem_mapping() once; each policy goes on from there in a QEMU of its own."""

    def __init__(self, args):
        self.args, self.image = args, Image(args.kernel)
        self.symbols = read_symbols(Path(args.symbols).read_text()) if args.symbols else symbols_of(self.image, NAMES)

    def outcomes(self, policies):
        """The outcome of each policy, one after the other."""
        with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
            command = self._command(folder)
            stopped = self._stop_somehow(command, folder)
            for policy in policies:
                yield self._outcome(policy, command, folder, *stopped)

    def _stop_somehow(self, command, folder):
        """The quick way is too late when this program gets no processor in time: so a few times, then the sure way."""
        for _ in range(QUICK_TRIES if self.args.kaslr else 0):
            with contextlib.suppress(TooLate):
                return self._stop(command, folder, True)
        return self._stop(command, folder, False)

    def _stop(self, command, folder, quick):
        """Leaves a Linux that stands at init_mem_mapping() in the folder; its log so far, and by how much KASLR has moved it."""
        with qemu.Guest(qemu.kept_ram(command, f"{folder}/ram", True), qmp=True, gdb=True) as guest:
            try:
                surgeon = Surgeon(guest, self.image, self.symbols, self.args.timeout)
                surgeon.find_kernel(self.args.kaslr, quick)
                guest.qmp.save(Path(folder) / "state")
                while guest.read(0):
                    pass
            finally:
                self._keep_log(guest)
            return guest.log, surgeon.slide

    def _outcome(self, policy, command, folder, log, slide):
        command = qemu.kept_ram(command, f"{folder}/ram", False) + ["-incoming", "defer"]
        with qemu.Guest(command, qmp=True, gdb=True) as guest:
            guest.qmp.load(Path(folder) / "state")
            guest.log = log
            try:
                return self._operate(guest, policy, slide)
            finally:
                self._keep_log(guest)

    def _keep_log(self, guest):
        if self.args.log:
            Path(self.args.log).write_bytes(guest.log)

    def _command(self, folder):
        args, machine = self.args, qemu.Machine(find_machine(self.args.machine), folder)
        # Of a machine's own options Linux knows those that shape the memory map.
        words = [LOUD, "movable_node panic=-1", *(w for w in machine.options if w.startswith("mem"))]
        words += [] if args.kaslr else ["nokaslr"]
        command = machine.args + ["-cpu", "max" + LEVELS[args.levels] + LEAVES[args.page_size]]
        command += ["-kernel", args.kernel, "-append", " ".join(words)]
        if args.uefi:
            command += qemu.uefi_args()
        if args.shell:
            (Path(folder) / "initramfs").write_bytes(build_initramfs(SCRIPT))
            command += ["-initrd", f"{folder}/initramfs"]
        return command

    def _operate(self, guest, policy, slide):
        recipe = recipes.find_recipe(policy)
        surgeon = Surgeon(guest, self.image, self.symbols, self.args.timeout, slide)
        surgeon.build(recipe)
        base, tables = witness.direct_map(guest.qmp)
        if recipe.srat_first:
            surgeon.finish_srat()
        blocks = self._live(surgeon, guest)
        return self._compare(guest.log, policy, base, tables, blocks)

    def _live(self, surgeon, guest):
        """On to the zones, or, if asked for, to a shell; the blocks that went offline there."""
        surgeon.set_word("memblock_debug", 0, 1)  # tens of thousands of lines on the memory map
        surgeon.gdb.go()
        self._wait(guest, ZONES_KNOWN, self.args.timeout, "its zones")
        if not self.args.shell:
            return None
        self._wait(guest, SHELL_DONE, 3 * self.args.timeout, "the end of its shell")
        blocks = {}
        for node, state in re.findall(rb"^BLOCK (\w+) (gone|kept)\r?$", guest.log, re.M):
            blocks.setdefault(node.decode(), [0, 0])[state == b"kept"] += 1
        return blocks

    def _wait(self, guest, pattern, timeout, what):
        """A panic ends the waiting, too: not every one ends the machine."""
        found = guest.read_until(b"(?:%b)|%b" % (pattern, qemu.PANIC), timeout)
        if not found or qemu.panic(guest.log):
            raise qemu.QemuError(f"Linux {self.image.release} did not come to {what}: {qemu.last_words(guest.log)}")

    def _compare(self, log, policy, base, tables, blocks):
        pages, pages_predicted, why = self._compare_pages(log, policy, base)
        records = [json.loads(line) for line in self._predict(log, policy, base, "--json", (0, 1)).splitlines()]
        predicted = {(r["level"], page) for r in records if r["rec"] == "run" and r["level"] != "pgd"
                     for page in range(int(r["start"], 16), int(r["end"], 16), 4096)}
        used = {(t.level, t.address) for t in tables.tables if t.level != "pgd"}
        verdict = next(r for r in records if r["rec"] == "verdict")
        kernel = next(r for r in records if r["rec"] == "kaslr")
        movable = [int(n) for n in re.findall(rb"^\[[ 0-9.]+\]   Node (\d+): 0x\w+\r?$", log, re.M)]
        return Outcome(pages, pages_predicted, len(used), len(used & predicted) if len(used) == len(predicted) else 0, movable,
                       verdict["on_movable"], kernel["base"], blocks, why)

    def _compare_pages(self, log, policy, base):
        """How many pages memblock handed out, how many of them were predicted, and which was the first that was not."""
        if b" alloc_low_pages+" not in log:  # then nothing says to landfall-predict that the log is whole, as this one is
            return 0, 0, ""
        words = self._predict(log, policy, base, "--compare", (0, 1))
        m = re.match(r"(\d+) of (\d+) page-table pages as predicted\n?", words)
        if not m:
            raise qemu.QemuError(f"landfall-predict: {words.strip()}")
        return int(m[2]), int(m[1]), words[m.end():].strip()

    def _predict(self, log, policy, base, what, status):
        done = subprocess.run([PREDICT, "--linux-log", "-", "--alloc", policy, "--page-size", self.args.page_size, "--page-offset",
                               hex(base), what], input=log, capture_output=True)
        if done.returncode not in status:
            raise qemu.QemuError(done.stderr.decode("ascii", "replace").strip().split("\n")[0])
        return done.stdout.decode()


def tell(policy, o):
    nodes = ", ".join(map(str, o.movable_nodes)) or "none"
    text = f"{policy}: {o.pages_predicted} of {o.pages} pages from memblock as predicted, {o.tables_predicted} of {o.tables} " \
           f"tables in use; movable nodes: {nodes}"
    if o.blocks is not None:
        gone, kept = (sum(b[i] for b in o.blocks.values()) for i in (0, 1))
        text += f"; shell reached, {gone} of {gone + kept} blocks in zone Movable went offline"
    return text + (f"\n  {o.why}" if o.why else "")


def parse_arguments():
    text, _, status = __doc__.rpartition("\n\n")
    p = program.Parser(text, epilog=status)
    p.add_argument("kernel", metavar="KERNEL", help="a bzImage")
    p.add_argument("--machine", required=True, metavar="NAME|FILE", help="a machine description")
    p.add_argument("--alloc", required=True, nargs="+", metavar="POLICY", help="policies; `all`: each that has a recipe")
    p.add_argument("--page-size", choices=LEAVES, default="2m", help="largest leaf; default 2m")
    p.add_argument("--levels", choices=LEVELS, default="4")
    p.add_argument("--kaslr", action="store_true", help="at a random base")
    p.add_argument("--uefi", action="store_true", help="OVMF instead of SeaBIOS")
    p.add_argument("--shell", action="store_true", help="on to a shell, where blocks of zone Movable are taken offline")
    p.add_argument("--symbols", metavar="FILE", help="System.map or kallsyms without KASLR; default: the kernel is asked")
    p.add_argument("--log", metavar="FILE", help="keep Linux's log (of the last policy)")
    p.add_argument("--json", action="store_true", help="one JSON object a policy")
    p.add_argument("--timeout", type=float, default=120, metavar="S", help="seconds from one stop to the next; default 120")
    return p.parse_args()


def run(args):
    policies = [name for words in args.alloc for name in words.split(",")]
    policies = list(recipes.RECIPES) if policies == ["all"] else policies
    for policy in policies:
        recipes.find_recipe(policy)
    boot, status = Boot(args), 0
    for policy, o in zip(policies, boot.outcomes(policies)):
        what = {"release": boot.image.release, "machine": args.machine, "alloc": policy, "page_size": args.page_size,
                "levels": int(args.levels), "kaslr": args.kaslr, "uefi": args.uefi}
        print(json.dumps(what | o._asdict()) if args.json else tell(policy, o), flush=True)
        if (o.pages, o.tables) != (o.pages_predicted, o.tables_predicted):
            status = 1
    return status


def main():
    try:
        return run(parse_arguments())
    except (qemu.QemuError, ValueError) as e:
        raise program.ProgramError(e) from None
