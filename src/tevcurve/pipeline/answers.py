"""What a process makes for another one, in a file where it is large: no pipe holds a megabyte, so that who writes one
waits, with nothing else to do, until the other process has time to read it.
"""

import os
import pickle
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import count

# Bytes that a pipe takes at once, whoever reads it.
SMALL = 2**14
_numbers = count()


def to_answer(made, folder):
    """What goes through the pipe instead of what was made: its bytes, or the path of the file that has them.

    Parameters
    ----------
    made : what can be pickled
    folder : str, path of the folder of such files
    """
    content = pickle.dumps(made, pickle.HIGHEST_PROTOCOL)
    if len(content) <= SMALL:
        return content
    path = os.path.join(folder, f"{os.getpid()}-{next(_numbers)}.answer")
    try:
        with open(path, "wb") as stream:
            stream.write(content)
    except OSError:
        # There is no room: then it waits for its reader.
        with suppress(OSError):
            os.unlink(path)
        return content
    return path


class Answer:
    """What another process makes, as soon as it is there. future: `Future` of what `to_answer` gives."""

    def __init__(self, future):
        self._future = future

    def result(self):
        """What was made; once only.

        Raises what its maker raised, `BrokenProcessPool` where that was lost, or its file.
        """
        content = self._future.result()
        if isinstance(content, bytes):
            return pickle.loads(content)
        try:
            with open(content, "rb") as stream:
                made = pickle.load(stream)
            os.unlink(content)
        except OSError as error:
            raise BrokenProcessPool(f"The file {content} of another process is lost: {error}") from error
        return made
