"""`python -m liusheng.cli` is `liusheng`."""

import sys

from liusheng.cli import main

if __name__ == "__main__":
    sys.exit(main())
