# SPDX-License-Identifier: MIT
"""How each program in tools/ begins and ends: options that all have, and an exit status that always means what docs/exit-codes.md says."""
import argparse
import contextlib
import os
import signal
import sys
import traceback
from pathlib import Path

from . import paths
from .terminal import printable

USAGE = 2  # and whatever else keeps a program from its work
CLOSED_PIPE = 128 + signal.SIGPIPE  # as a shell says it of a program that the signal ended


class ProgramError(Exception):
    """What a user can mend: one line, exit status 2."""


class Interrupted(BaseException):
    """SIGTERM: what is running is ended first."""


class Parser(argparse.ArgumentParser):
    """A program's options; its documentation is what --help shows."""

    def __init__(self, documentation, **more):
        super().__init__(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter, **more)
        self.add_argument("--version", action="version", version=f"%(prog)s {paths.version()}")

    def _print_message(self, message, file=None):
        (file or sys.stderr).write("\n".join(map(printable, message.split("\n"))))


def name():
    return Path(sys.argv[0]).name


def complain(words):
    """One line on standard error."""
    try:
        print(f"{name()}: {printable(words)}", file=sys.stderr, flush=True)
    except OSError:
        pass


def read_input(path):
    """All of a file, or of standard input for `-`."""
    if path != "-":
        return Path(path).read_bytes()
    if sys.stdin is None:
        raise ProgramError("standard input is closed")
    return sys.stdin.buffer.read()


def words_of(error):
    """What an OSError says, without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error) or type(error).__name__


_waiting = None  # None: SIGTERM is answered at once; else whether one has come


def _stop(*_):
    global _waiting
    if _waiting is None:
        raise Interrupted
    _waiting = True


@contextlib.contextmanager
def uninterrupted():
    """SIGTERM waits until the end of the block: what has been started there is known by then."""
    global _waiting
    _waiting = False
    try:
        yield
    finally:
        came, _waiting = _waiting, None
    if came:
        raise Interrupted


def _prepare():
    """Standard streams that can be written to whatever comes."""
    signal.signal(signal.SIGTERM, _stop)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")
    if sys.stdout is None:
        raise ProgramError("standard output is closed")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")


def _status(main):
    try:
        _prepare()
        status = main()
        sys.stdout.flush()
        return status
    except SystemExit as e:  # of argparse: --help, --version, wrong usage
        sys.stdout.flush()
        if not isinstance(e.code, str):
            return e.code
        complain(e.code)
    except BrokenPipeError:
        return CLOSED_PIPE
    except (ProgramError, OSError) as e:
        complain(words_of(e))
    except (KeyboardInterrupt, Interrupted):
        complain("interrupted")
    except Exception:
        traceback.print_exc()
    return USAGE


def _whole(main):
    """The status of main; --help and --version may meet a full disk, too."""
    try:
        return _status(main)
    except BrokenPipeError:
        return CLOSED_PIPE
    except OSError as e:
        complain(words_of(e))
        return USAGE


def start(main):
    """Runs main, which gives the exit status, and ends the process."""
    status = _whole(main)
    try:
        sys.stderr.flush()
    finally:
        os._exit(status or 0)  # nothing is left to flush but what could not be written
