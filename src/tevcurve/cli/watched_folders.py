"""The folders that a watch looks at, and whose runs come into each: of one data set, or of several instruments."""

from pathlib import Path

from tevcurve.data import DataStore
from tevcurve.data.watched_folder import Poll, WatchedFolder
from tevcurve.errors import DataError, InputError
from tevcurve.pipeline.given_data import open_stores


class WatchedFolders:
    """Looks at several folders again and again, as `WatchedFolder` at one.

    instruments: list of str, names in their order; [""] where the data are of one set.

    Parameters
    ----------
    config : `~tevcurve.config.model.Config`, with folders in `data` or in that of each of its `instruments`

    Raises `DataError` where a folder is not there, `InputError` for what cannot be watched.
    """

    def __init__(self, config):
        if config.instruments is None:
            said = {"": {"data": config.data, "data_root": config.data_root, "irfs": config.irfs}}
        else:
            said = config.instruments
        self._said, self._folders = said, {}
        for name, one in said.items():
            if one.get("runs") is not None:
                raise InputError(
                    f"The instrument {name!r} has runs {one['runs']!r}; a folder is watched for what comes, so that "
                    "wanted are --zenith, --after and the like, which choose among it."
                )
            paths = one["data"] if isinstance(one["data"], list) else [one["data"]]
            self._folders[name] = [_folder(path) for path in paths]
        self.instruments = list(said)
        places = [each.folder.resolve() for own in self._folders.values() for each in own]
        twice = next((one for one in places if places.count(one) > 1), None)
        if twice is not None:
            raise InputError(f"The folder {twice} is watched twice; wanted is each folder once.")

    def poll(self, note):
        """The `Poll` of all folders. note: function that tells a sentence, of a folder that cannot be listed."""
        whole, growing, waiting = [], [], {}
        for folder in (each for own in self._folders.values() for each in own):
            try:
                poll = folder.poll()
            except DataError as error:
                # Of a folder on another computer it may be so for a while.
                note(str(error))
                continue
            whole, growing, waiting = [*whole, *poll.whole], [*growing, *poll.growing], waiting | poll.waiting
        return Poll(tuple(whole), tuple(growing), waiting)

    def of_each(self, paths):
        """Dict of the names of instruments to those of some files that are of each, a list; without those of none.

        paths: list of Path, as `poll` gives them.
        """
        found = {}
        for name, own in self._folders.items():
            here = [path for path in paths if any(path.parent == each.folder for each in own)]
            found |= {name: here} if here else {}
        return found

    def stores(self, name, paths):
        """List of `DataStore` of files that were looked into a moment ago, and need not be read again.

        Parameters
        ----------
        name : str, of an instrument
        paths : list of Path, of its files
        """
        data_root, irfs = (self._said[name].get(key) for key in ("data_root", "irfs"))
        if data_root is not None:
            return open_stores(paths, data_root, irfs)
        made = []
        for folder in self._folders[name]:
            here = [path for path in paths if path.parent == folder.folder]
            made += [DataStore.from_events_files(here, irfs, files=folder.files)] if here else []
        return made


def _folder(path):
    path = Path(path).expanduser()
    if not path.is_dir():
        raise DataError(f"The folder {path} does not exist.")
    return WatchedFolder(path)
