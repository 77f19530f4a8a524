"""Observers of jobs: ``App(jobs=JobSettings([Mail], observers=[JobMetrics()]))``."""

from framework._jobs.records import OutcomeKind
from framework._jobs.worker.observing import JobEnd, JobObserver, JobStart

__all__ = ("JobEnd", "JobObserver", "JobStart", "OutcomeKind")

for _cls in (JobEnd, JobObserver, JobStart, OutcomeKind):
    _cls.__module__ = __name__
