"""Runs read and reduced on a Dask cluster: one task a run."""

from tevcurve.errors import InputError, MissingError
from tevcurve.problems import Problem

WORKER = "worker"
LOST = "Its workers were lost one after the other; it may need more memory than they have."


def connect(address):
    """A `distributed.Client` of the scheduler at an address such as "tcp://host:8786".

    Raises `MissingError` where the package `distributed` is not installed, `InputError` where no scheduler answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingError(
            "A scheduler needs the package distributed: install tevcurve[distributed]."
        ) from None
    try:
        return Client(address)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"No scheduler answers at {address!r}: {error}") from error


def keep_on_cluster(client, keep, observations):
    """Iterator of the outcome of each observation, in their order; those that are done sooner wait.

    A lost worker costs its tasks only, which others take over. A run that takes one worker after the other down with
    it is a problem of that run.

    client: `distributed.Client`. keep: function of an observation that returns the outcome, (run, `Problem` or None).
    """
    from distributed import KilledWorker, as_completed

    # Not pure: two runs may look alike, and each is asked for once.
    futures = {client.submit(keep, one, pure=False): number for number, one in enumerate(observations)}
    done, following = {}, 0
    try:
        for future in as_completed(list(futures)):
            number = futures.pop(future)
            try:
                done[number] = future.result()
            except KilledWorker:
                done[number] = None, Problem(observations[number].obs_id, WORKER, LOST)
            # What has been handed on is kept neither here nor on a worker.
            future.release()
            while following in done:
                yield done.pop(following)
                following += 1
    finally:
        client.cancel(list(futures))
