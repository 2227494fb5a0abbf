# SPDX-License-Identifier: MIT
"""How a run ends: exit= on both machine types, with and without QEMU's debug-exit device."""
import tempfile

import pytest
from landfall import qemu
from conftest import arguments, wait_for_halt
from landfall.records import Log

def run(options, qemu_args=()):
    """(exit status, log, reasons of QEMU's shutdown events) of a run that ends QEMU."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        with qemu.Guest(arguments(None, options + " seed=1 alloc=memblock", qemu_args, folder), qmp=True) as guest:
            code = guest.wait(30)
            assert code is not None, guest.log[-2000:]
            reasons = [e["data"]["reason"] for e in guest.qmp.remaining_events() if e["event"] == "SHUTDOWN"]
            return code, Log(guest.log), reasons


def run_to_halt(options, qemu_args=(), debug_exit=True):
    """The log of a run after which the CPU stands still."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        args = arguments(None, options + " seed=1 alloc=memblock", qemu_args, folder, debug_exit)
        with qemu.Guest(args, qmp=True) as guest:
            assert wait_for_halt(guest), guest.log[-2000:]
            assert guest.process.poll() is None
            return Log(guest.log)


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_power_off(machine):
    code, log, reasons = run("exit=poweroff", ["-machine", machine])
    assert (code, reasons, log.status) == (0, ["guest-shutdown"], "clean")
    assert "# done: switching off" in log.ktap


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_reboot(machine):
    code, log, reasons = run("exit=reboot", ["-machine", machine])
    assert (code, reasons, log.status) == (0, ["guest-reset"], "clean")
    assert "# done: rebooting" in log.ktap


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_halt(machine):
    log = run_to_halt("exit=halt", ["-machine", machine])
    assert (log.status, log.ktap[-1]) == ("clean", "# done: halted")


def test_auto_halts_without_the_device():
    assert run_to_halt("exit=auto", debug_exit=False).status == "clean"


def test_qemu_without_the_device_says_so():
    log = run_to_halt("exit=qemu", debug_exit=False)
    assert (log.status, log.ktap[-2:]) == ("clean", ["# exit=qemu: no debug-exit device", "# done: halted"])


def test_auto_and_qemu_use_the_device():
    assert run("exit=auto")[0] == 33
    assert run("exit=qemu")[0] == 33


@pytest.mark.parametrize("how, reason", [("poweroff", "guest-shutdown"), ("reboot", "guest-reset")])
@pytest.mark.parametrize("mistake", ["alloc=foo", "base=0x10"])
def test_an_error_ends_as_asked(how, reason, mistake):
    """Found before the ACPI tables are read, or after."""
    code, log, reasons = run(f"exit={how} {mistake}")
    assert (code, reasons, log.status) == (0, [reason], "error")


def test_no_tail_is_lost():
    """The last byte has left the UART before the power goes."""
    for _ in range(3):
        assert "# done: switching off" in run("exit=poweroff report=json")[1].ktap


def test_a_step_that_takes_long_says_so():
    """On a CPU of a million instructions a second; its clock and the time stamps go as slowly."""
    log = run("alloc=memblock page_size=4k report=text", ["-m", "12G", "-icount", "shift=10,sleep=off"])[1]
    assert "still at work" in log.text


def test_no_character_is_lost_while_nobody_reads():
    """More than a pipe holds, and not looked at before QEMU has ended."""
    with tempfile.TemporaryDirectory(prefix="landfall-") as folder:
        args = arguments(None, "alloc=memblock page_size=4k report=json,full", ["-m", "4G"], folder)
        with qemu.Guest(args) as guest:
            guest.process.wait(60)
            assert guest.wait(0) == 33
            assert len(guest.log) > 256 << 10
            assert Log(guest.log).status == "clean"  # each record whole, none missing
