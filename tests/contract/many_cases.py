"""Makes many requests from the documents and tells how many were answered otherwise than they say.

``python -m tests.contract.many_cases 20000`` goes on, with another seed for each round, until that many were sent.
"""

import sys
import tempfile
import time
from pathlib import Path

from framework.testing import ContractViolatedError, check_contract
from tests.contract.large_app import create_app
from tests.contract.shop_app import create_shop

__all__ = ("main",)

_EXAMPLES = 100
# Whether an ordered product exists is nothing that a schema could say.
_NOT_OF_SHOPS = ("positive_data_acceptance",)


def main(wanted: int) -> int:
    """Send at least as many requests as are wanted; return how many kinds of answers were not as declared."""
    sent = found = seed = 0
    start = time.monotonic()
    while sent < wanted:
        seed += 1
        with tempfile.TemporaryDirectory() as folder:
            apps = [(create_app(), ()), (create_shop(Path(folder)), _NOT_OF_SHOPS)]
            for app, excluded in apps:
                try:
                    report = check_contract(app, examples=_EXAMPLES, seed=seed, exclude_checks=excluded)
                except ContractViolatedError as error:
                    report = error.report
                    sys.stdout.write(f"{error}\n")
                sent += report.cases
                found += len(report.failures)
        sys.stdout.write(f"seed {seed}: {sent} requests, {found} failures, {time.monotonic() - start:.0f} s\n")
        sys.stdout.flush()
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])) > 0)
