# SPDX-License-Identifier: MIT
"""Runs a program of tools/ in a fork of this process, which has loaded once what the program would load each time."""
import io
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback

SECONDS = 300  # a program that takes longer hangs, and is ended


def run(program, *words):
    """What subprocess.run would give, output and errors as text; nothing comes from standard input."""
    words = [str(program), *map(str, words)]
    with open(os.devnull) as nothing, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            _become(words, nothing, out, errors)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = [(f.seek(0), f.read().decode())[1] for f in (out, errors)]
    return subprocess.CompletedProcess(words, status, *said)


def _become(words, *streams):
    """Never returns: a program of tools/ ends its process itself."""
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(n, "w", closefd=False), line_buffering=True) for n in (1, 2))
        sys.argv = words
        signal.alarm(SECONDS)
        runpy.run_path(words[0], run_name="__main__")
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(70)
