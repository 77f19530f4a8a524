"""Observers of jobs: ``App(jobs=JobSettings([Mail], observers=[JobCounts()]))``."""

from framework._jobs.records import OutcomeKind
from framework._jobs.worker.observing import JobEnd, JobObserver, JobStart, WorkerCounts

__all__ = ("JobEnd", "JobObserver", "JobStart", "OutcomeKind", "WorkerCounts")

for _cls in (JobEnd, JobObserver, JobStart, OutcomeKind, WorkerCounts):
    _cls.__module__ = __name__
