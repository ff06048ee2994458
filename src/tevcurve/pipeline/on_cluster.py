"""Runs read and reduced on a Dask cluster: one task a run."""

from functools import partial
from uuid import uuid4

from tevcurve.errors import InputError, MissingError, TevcurveError
from tevcurve.pipeline.said_elsewhere import SaidElsewhere, log_level, with_said
from tevcurve.problems import Problem

WORKER = "worker"
LOST = "Its workers were lost one after the other; it may need more memory than they have."
TIMEOUT = 5.0  # s


def connect(address):
    """A `distributed.Client` of the scheduler at an address such as "tcp://host:8786".

    address: str.

    Raises `MissingError` where the package `distributed` is not installed, `InputError` where no scheduler answers
    within some seconds.
    """
    import asyncio

    try:
        from distributed import Client
    except ImportError:
        raise MissingError(
            "A scheduler needs the package distributed: install tevcurve[distributed]."
        ) from None
    try:
        asyncio.run(_greet(address))
        return Client(address)
    except TimeoutError:
        why = f"not within {TIMEOUT:g} s"
    except (OSError, ValueError, TypeError) as error:
        why = " ".join(str(error).split()).rstrip(".")
    except MemoryError:
        # The first bytes of another protocol are taken for the length of a message.
        why = "what answers there is something else"
    raise InputError(f"No scheduler answers at {address!r} ({why}); wanted is one such as tcp://host:8786.")


async def _greet(address):
    """Asks the scheduler at an address who it is: a client waits for ever for a server that says nothing."""
    import asyncio

    from distributed import Security, rpc

    own = Security().get_connection_args("client")
    async with asyncio.timeout(TIMEOUT), rpc(address, connection_args=own, timeout=2 * TIMEOUT) as scheduler:
        await scheduler.identity()


def keep_on_cluster(client, keep, observations):
    """Iterator of the outcome of each observation, in their order; those that are done sooner wait.

    A lost worker costs its tasks only, which others take over. A run that takes one worker after the other down with
    it is a problem of that run. What workers say in the log is said by this process.

    Raises what `keep` raises, and `TevcurveError` where the scheduler is lost.

    Parameters
    ----------
    client : `distributed.Client`
    keep : function of an observation that returns the outcome, (run, `Problem` or None)
    observations : sequence of observations
    """
    from distributed import CancelledError, as_completed

    tasks, done, following = _Tasks(client, keep, observations), {}, 0
    elsewhere = SaidElsewhere()
    futures = as_completed(tasks.begin(number) for number in range(len(observations)))
    try:
        for future in futures:
            try:
                number, answer = tasks.answer(future)
            except CancelledError as error:
                raise TevcurveError("The scheduler was lost before all runs were done.") from error
            if answer is None:
                futures.add(tasks.begin(number))
                continue
            done[number] = answer
            while following in done:
                yield elsewhere.again(done.pop(following))
                following += 1
    finally:
        tasks.cancel()


class _Tasks:
    """The tasks of observations on a cluster, which know each by its number.

    A scheduler gives up all tasks that too many lost workers held, also those that only waited there. So workers
    say what they begin, and what was not begun each time is done again.
    """

    def __init__(self, client, keep, observations):
        self._client, self._keep, self._observations = client, keep, observations
        self._topic, self._numbers, self._again = f"tevcurve-{uuid4().hex}", {}, set()

    def begin(self, number):
        """The future of an observation."""
        # Not pure: two runs may look alike, and each is asked for once.
        future = self._client.submit(
            _begun_and_kept,
            self._topic,
            number,
            self._keep,
            self._observations[number],
            log_level(),
            pure=False,
        )
        self._numbers[future] = number
        return future

    def answer(self, future):
        """(number, function that gives what `with_said` gave) of a future that is done; None to begin it again."""
        from distributed import CancelledError, KilledWorker

        number = self._numbers.pop(future)
        try:
            answer = partial(_same, future.result())
        except CancelledError:
            raise
        except KilledWorker as error:
            begun = sum(said == number for _, said in self._client.get_events(self._topic))
            if begun <= error.allowed_failures and number not in self._again:
                self._again.add(number)
                return number, None
            answer = partial(_same, ((None, Problem(self._observations[number].run_id, WORKER, LOST)), []))
        except Exception as error:
            answer = partial(_raise, error)
        # What has been handed on is kept neither here nor on a worker.
        future.release()
        return number, answer

    def cancel(self):
        """Ends what has not been done."""
        self._client.cancel(list(self._numbers))


def _same(made):
    return made


def _raise(error):
    raise error


def _begun_and_kept(topic, number, keep, observation, level):
    """What `with_said` gives of an observation; the worker says first that it begins."""
    from distributed import get_worker

    get_worker().log_event(topic, number)
    return with_said(keep, observation, level)
