# SPDX-License-Identifier: MIT
"""Runs a program of tools/ in a fork of this process, which has loaded once what the program would load each time."""
import io
import os
import runpy
import subprocess
import sys
import tempfile


def run(program, *words, data=b""):
    """What subprocess.run would give, output and errors as text; data is what standard input has."""
    words = [str(program), *map(str, words)]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        given.write(data)
        given.seek(0)
        child = os.fork()
        if not child:
            _become(words, given, out, errors)
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
        runpy.run_path(words[0], run_name="__main__")
    finally:
        os._exit(70)
