"""Cells with commands: the magic `%%sh` of pages that show them, and one process from which each `tevcurve` is forked.

To import what a command may need takes longer than what most of them do. So that is done once: a process imports it,
and a small program called `tevcurve`, first in the PATH of the cells, hands its words, folder, environment and streams
to a fork of that process, and ends with its exit code. Pipes and redirections are those of the shell.
"""

import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

# What commands import where it is needed.
NEEDED = (
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "plotly.graph_objects",
    "jinja2",
    "regions",
    "iminuit",
)
CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [said[:1]], [0, 1, 2])
    server.sendall(said[1:])
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(16) or 1))
"""


def begin(most_lines=None):
    """None; the magic `%%sh` is there, and the page is in an empty folder.

    most_lines: int, how many lines of what the commands of a cell say are shown at most, or None for all.
    """
    from IPython.core.magic import register_cell_magic

    folder = tempfile.mkdtemp()
    keep = start(Path(folder))
    os.environ |= {"NO_COLOR": "1", "COLUMNS": "130", "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    os.chdir(tempfile.mkdtemp())

    def sh(line, cell):
        """Run commands, and print what they say when they are done."""
        assert keep.poll() is None
        done = subprocess.run(["bash", "-e", "-c", cell], stdout=subprocess.PIPE, text=True, check=True)
        lines = done.stdout.splitlines()
        cut = most_lines is not None and len(lines) > most_lines
        if lines:
            print("\n".join([*lines[:most_lines], "..."] if cut else lines))

    register_cell_magic(sh)


def start(folder, ahead=True):
    """The process from which commands are forked, a `subprocess.Popen`; it ends with the one that called this.

    Parameters
    ----------
    folder : Path, where the small program `tevcurve` is written
    ahead : bool, whether it imports all that a command may need, or each command does
    """
    address = str(folder / "commands")
    program = folder / "tevcurve"
    program.write_text(CLIENT.format(python=sys.executable, address=address))
    program.chmod(0o755)
    # One thread: what is forked has no others. A session of its own: who interrupts the page does not mean it.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    server = subprocess.Popen(
        [sys.executable, __file__, address, *(["ahead"] if ahead else [])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    if server.stdout.readline() != b"ready\n":
        raise RuntimeError("The process that has tevcurve imported did not begin.")
    return server


def serve(address, ahead):
    """None, when the process that began this one has ended; until then each call is a command of its own.

    Parameters
    ----------
    address : str, of the socket
    ahead : bool, whether all that a command may need is imported first
    """
    import tevcurve

    ours = [each.name for each in pkgutil.walk_packages(tevcurve.__path__, "tevcurve.")]
    for module in [*ours, *NEEDED] if ahead else []:
        # Some are for packages that need not be there.
        if not module.endswith("__main__"):
            with suppress(ImportError):
                importlib.import_module(module)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        if not os.fork():
            _command(connection)
        connection.close()


def _command(connection):
    """Never comes back: the process is a command, and then no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    said, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while part := connection.recv(1 << 20):
        said += part
    words, folder, environment = json.loads(said)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # Those that are there remember whether there was a file.
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        import atexit

        from tevcurve.cli.main import main

        code = main(words)
        atexit._run_exitfuncs()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(str(code).encode())
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], "ahead" in sys.argv[2:])
