# SPDX-License-Identifier: MIT
"""tools/run and make run: exit status and last line, whatever becomes of the guest."""
import os
import re
import subprocess

import pytest
import selection
from landfall import check, paths, qemu
from conftest import ENTRY, ROOT

RUN = ROOT / "tools/run"


def run(*args, timeout=60):
    done = subprocess.run([RUN, *args], capture_output=True, text=True, timeout=timeout)
    return done.returncode, done.stdout.splitlines(), done.stderr


def patched(tmp_path, at, code):
    """A kernel with other bytes at a link-time address (file offsets run linearly with addresses)."""
    data = bytearray(paths.KERNEL.read_bytes())
    headers = int.from_bytes(data[0x20:0x28], "little")
    for i in range(int.from_bytes(data[0x38:0x3a], "little")):
        h = data[headers + 56 * i:headers + 56 * (i + 1)]
        offset, virt, size = (int.from_bytes(h[k:k + 8], "little") for k in (8, 16, 32))
        if h[0] == 1 and virt <= at < virt + size:
            data[offset + at - virt:offset + at - virt + len(code)] = code
            path = tmp_path / "kernel"
            path.write_bytes(data)
            return path
    raise AssertionError(f"{at:#x} is in no segment")


def test_clean():
    code, lines, _ = run("--machine", "four-nodes", "--seed", "0x21")
    assert (code, lines[-1]) == (0, "result: clean")
    assert lines[0].endswith(f"Landfall {paths.version()}: where do early page tables land?")
    assert any("Command line: page_size=4k seed=0x21" in line for line in lines)


def test_stained():
    code, lines, _ = run("--alloc", "bottom-up")
    assert (code, lines[-1]) == (1, "result: stained")


def test_error():
    code, lines, _ = run("--append", "alloc=foo")
    assert (code, lines[-1]) == (2, "result: could not complete: alloc=foo: no policy is called 'foo'")


def test_last_option_wins():
    code, lines, _ = run("--machine", "none", "--seed", "1", "--append", "seed=2 alloc=memblock")
    assert code == 0 and any(line.endswith("seed: 0x2, as given") for line in lines)


def test_random_seed():
    code, lines, _ = run("--machine", "none", "--seed", "random", "--alloc", "memblock")
    assert code == 0 and any(", from rdseed rdrand tsc" in line or ", from rdrand tsc" in line for line in lines)


def test_plain_machine_with_qemu_arguments():
    code, lines, _ = run("--machine", "none", "--qemu-args", "-machine pc -m 256M")
    assert (code, lines[-1]) == (0, "result: no verdict: SRAT absent")
    assert any("usable" in line and "0x000000000ffdffff" in line for line in lines)


def test_machine_from_a_file(tmp_path):
    path = tmp_path / "small.machine"
    path.write_text("about small\nsource here\nqemu pc\nmemory 128M\n")
    code, lines, _ = run("--machine", str(path))
    assert (code, lines[-1]) == (0, "result: no verdict: SRAT absent")


def test_a_kernel_whose_path_has_blanks(tmp_path):
    """QEMU puts the file's name in front of the command line: no word of it is an option."""
    path = tmp_path / "a nokaslr\tc" / "dry landfall.elf"
    path.parent.mkdir()
    path.write_bytes(paths.KERNEL.read_bytes())
    code, lines, _ = run("--kernel", str(path), "--alloc=memblock")
    assert (code, lines[-1]) == (0, "result: clean")
    assert any(re.search(r"Command line: page_size=4k seed=\S+ alloc=memblock$", line) for line in lines), lines[:9]


@pytest.mark.parametrize("args, words", [
    (["--machine", "nowhere"], "No such file or directory"),
    (["--machine", "sixteen-nodes"], "for host runs only"),
    (["--machine", "none", "--qemu-args=-nonsense"], "QEMU ended with status 1"),
    (["--kernel", "/nonexistent"], "is missing"),
    (["--qemu-args", "'"], "No closing quotation"),
    (["--image", "README.md"], "README.md: no ELF, no UEFI application, no CD"),
    (["--image", "elf", "--uefi", "--host"], "--uefi: there is no QEMU with --host"),
])
def test_what_cannot_be_run(args, words):
    code, lines, _ = run(*args)
    assert code == 2 and lines[-1].startswith("result: could not complete: ") and words in lines[-1]


def test_bad_description_names_its_line(tmp_path):
    path = tmp_path / "bad.machine"
    path.write_text("about bad\nsource here\nqemu vax\n")
    code, lines, _ = run("--machine", str(path))
    assert code == 2 and lines[-1].endswith("bad.machine:3: not q35, pc or none: 'vax'")


def test_too_little_memory():
    """The image ends above 17 MiB: the first instructions say so, on a stack that is not there."""
    code, lines, _ = run("--machine", "none", "--qemu-args=-m 17M")
    assert (code, lines[-1]) == (2, "result: could not complete: too little memory: the image needs RAM up to 18 MiB")


def test_page_tables_in_memory_that_is_not_there():
    code, lines, _ = run("--machine", "none", "--append", "memmap=64M@1G nokaslr alloc=top-down page_size=4k seed=1")
    assert (code, lines[-1]) == (3, "result: fault")
    assert any(re.search(r"check failed: walk: top-down: the memory at 0x4[0-3][0-9a-f]{6} does not hold what is written", line)
               for line in lines), lines


@pytest.mark.parametrize("how, alloc, status", [("halt", "bottom-up", 1), ("halt", "memblock", 0), ("poweroff", "bottom-up", 1),
                                                ("reboot", "bottom-up", 1)])
def test_verdict_without_the_exit_device(how, alloc, status):
    """The log's end record counts where the exit status says nothing."""
    assert run("--alloc", alloc, "--append", f"exit={how}")[0] == status


def test_hang_is_a_fault(tmp_path, kernel_symbols):
    kernel = patched(tmp_path, kernel_symbols["map_run"], b"\xf4\xeb\xfd")  # hlt; jmp $ - 1
    code, lines, _ = run("--kernel", str(kernel), "--timeout", "2")
    assert (code, lines[-1]) == (3, "result: fault: hang, no verdict in the time given")


def test_silence_is_a_fault():
    code, lines, _ = run("--machine", "none", "--qemu-args=-S", "--timeout", "1")
    assert (code, lines) == (3, ["result: fault: hang, no verdict in the time given"])


def test_cpu_fault(tmp_path, kernel_symbols):
    kernel = patched(tmp_path, kernel_symbols["map_run"], b"\x0f\x0b")
    code, lines, _ = run("--kernel", str(kernel))
    assert (code, lines[-1]) == (3, "result: fault")
    assert any("invalid opcode" in line for line in lines)


def test_reset_is_a_fault(tmp_path, kernel_symbols):
    """Code that is wrong from the first instruction on resets the machine; QEMU then ends with 0."""
    kernel = patched(tmp_path, ENTRY, b"\xcc" * 8)
    code, lines, _ = run("--kernel", str(kernel))
    assert (code, lines[-1]) == (3, "result: fault: the machine was reset or powered off without a verdict")


def make_run(*variables):
    """`make run` as a user would call it, not as part of the make that runs the tests."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return subprocess.run(["make", "run", *variables], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("alloc, words", [("bottom-up", "stained"), ("memblock", "clean")])
def test_make_run_ends_well_either_way(alloc, words):
    done = make_run(f"ALLOC={alloc}", "SEED=0x21")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"result: {words}"


def test_make_run_fails_when_there_is_no_verdict():
    done = make_run("APPEND=alloc=foo")
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1].startswith("result: could not complete: ")


@pytest.mark.parametrize("words", selection.one_of(["it's", '$(touch owned)', "`touch owned`", '";touch owned;"', "a'b c\\"], 2))
def test_make_run_hands_options_on_as_they_are(words):
    """No shell reads them on the way."""
    done = make_run("APPEND=" + words.replace("$", "$$"))
    assert done.returncode == 2 and not (ROOT / "owned").exists()
    assert "result: could not complete: unknown option '" in done.stdout and done.stderr.count("\n") == 1, done.stderr


def test_no_room_for_temporary_files(tmp_path):
    """Room for the machine's tables, and not for a log: all of it comes."""
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"mount -t tmpfs -o size=16k none {tmp_path} && exec \"$@\"", "sh"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        pytest.skip("no file systems of one's own here")
    done = subprocess.run([*inside, RUN, "--seed", "0x21"], capture_output=True, timeout=60, env=os.environ | {"TMPDIR": str(tmp_path)})
    assert len(done.stdout) > 16 << 10, done.stderr
    assert (done.returncode, check.judge(done.stdout)[0]) == (0, "passed")


def test_make_run_on_a_full_disk():
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with open("/dev/full", "w") as full:
        assert subprocess.run(["make", "run"], cwd=ROOT, env=env, stdout=full, stderr=subprocess.PIPE, timeout=120).returncode == 2


def test_judge_believes_neither_alone():
    """Exit status and end record must agree."""
    log = b'{"rec":"end","status":"clean"}\r\n'
    assert qemu.judge(33, log) == (0, "clean")
    assert qemu.judge(35, log)[0] == 3
    assert qemu.judge(None, log) == (0, "clean")
    assert qemu.judge(0, b"")[0] == 3
    assert qemu.judge(None, b"")[0] == 3
    assert qemu.judge(1, b"")[0] == 2
    assert qemu.judge(37, b"[    0.000001] error: why\r\n") == (2, "could not complete: why")
    assert qemu.judge(37, b"") == (2, "could not complete: no error line in the log")
    assert qemu.judge(33, log.replace(b"clean", b"purple"))[0] == 3
