"""The cluster that a command works on."""

from contextlib import closing, contextmanager

from tevcurve.pipeline.on_cluster import connect


@contextmanager
def cluster(address):
    """A context that gives a client of the Dask scheduler at an address, or None where there is no address.

    address: str or None.
    """
    if address is None:
        yield None
        return
    with closing(connect(address)) as client:
        yield client
