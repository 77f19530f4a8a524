"""Makes many requests from the documents and tells how many were answered otherwise than they say.

``python -m tests.contract.many_cases 20000`` goes on, with another seed for each round, until that many were sent.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from framework.testing import ContractReport, ContractViolatedError, check_contract
from tests.contract.generated import check_everything
from tests.contract.shop_app import FEED, create_shop, staff_token

__all__ = ("main",)

_EXAMPLES = 100
# Whether an ordered product exists is nothing that a schema could say.
_NOT_OF_SHOPS = ("positive_data_acceptance",)


def _check_shop(seed: int, examples: int) -> ContractReport:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return check_contract(
                create_shop(Path(folder)),
                examples=examples,
                seed=seed,
                headers={"Authorization": f"Bearer {staff_token()}"},
                exclude_checks=_NOT_OF_SHOPS,
                exclude_operations=(FEED,),
            )
        except ContractViolatedError as error:
            return error.report


def _reports(seed: int, examples: int) -> Iterator[ContractReport]:
    yield from check_everything(examples=examples, seed=seed)
    yield _check_shop(seed, examples)


def main(wanted: int, first_seed: int = 1, examples: int = _EXAMPLES) -> int:
    """Send at least as many requests as are wanted; return how many kinds of answers were not as declared."""
    sent = found = 0
    seed = first_seed
    start = time.monotonic()
    while sent < wanted:
        for report in _reports(seed, examples):
            sent += report.cases
            found += len(report.failures)
            for one in report.failures:
                sys.stdout.write(f"{one}\n\n")
            sys.stdout.write(f"seed {seed}: {sent} requests, {found} failures, {time.monotonic() - start:.0f} s\n")
            sys.stdout.flush()
        seed += 1
    return found


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
