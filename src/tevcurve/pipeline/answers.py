"""What a process makes for another one, in a file where it is large: no pipe holds a megabyte, so that who writes one
waits, with nothing else to do, until the other process has time to read it. What it said in the log comes with it.
"""

import os
import pickle
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import count

from tevcurve.pipeline.temporary_runs import write_whole

# Bytes that a pipe takes at once, whoever reads it.
SMALL = 2**14
_numbers = count()


def to_answer(made, folder):
    """What goes through the pipe instead of what was made: its bytes, or the path of the file that has them.

    Parameters
    ----------
    made : what can be pickled
    folder : str, path of the folder of such files; None where there is none
    """
    content = pickle.dumps(made, pickle.HIGHEST_PROTOCOL)
    if len(content) <= SMALL or folder is None:
        return content
    path = os.path.join(folder, f"{os.getpid()}-{next(_numbers)}.answer")
    try:
        write_whole(path, content)
    except OSError:
        # There is no room: then it waits for its reader.
        return content
    return path


class Answer:
    """What another process makes, as soon as it is there.

    Parameters
    ----------
    future : `Future` of what `to_answer` gives of what `with_said` gave
    elsewhere : `SaidElsewhere`, which says what was said there
    """

    def __init__(self, future, elsewhere):
        self._future, self._elsewhere = future, elsewhere

    def result(self):
        """What was made, once only; the log has what its maker said there.

        Raises what its maker raised, `BrokenProcessPool` where that was lost, or its file.
        """
        return self._elsewhere.again(self._made)

    def _made(self):
        content = self._future.result()
        if isinstance(content, bytes):
            return pickle.loads(content)
        try:
            with open(content, "rb") as stream:
                made = pickle.load(stream)
        except OSError as error:
            raise BrokenProcessPool(f"The file {content} of another process is lost: {error}") from error
        # What cannot be removed goes with its folder.
        with suppress(OSError):
            os.unlink(content)
        return made
