"""Runs every test here, and fails unless all of them ran and passed."""

import signal
import sys
import unittest
from pathlib import Path


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    suite = unittest.defaultTestLoader.discover(str(Path(__file__).parent))
    # The SDK calls methods of its own which it has deprecated.
    try:
        result = unittest.TextTestRunner(verbosity=2, warnings="ignore").run(suite)
    finally:
        unittest.doModuleCleanups()
    passed = result.testsRun - len(result.skipped) - len(result.expectedFailures)
    if not result.wasSuccessful() or passed != result.testsRun or passed == 0:
        sys.exit(f"conformance: failed ({passed} of {result.testsRun} ran to an end)")
    print(f"conformance: {passed} passed")


if __name__ == "__main__":
    main()
