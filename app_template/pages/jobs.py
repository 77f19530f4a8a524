"""The page of the jobs, for the staff."""

from app_template.pages.signed_in import staff_only
from framework.job_store import JobsController
from framework.security import public

__all__ = ("JobPages",)


@public
class JobPages(JobsController):
    """Shows the jobs of the shop, and retries those that have failed."""

    path = "/jobs"
    guards = (staff_only,)
