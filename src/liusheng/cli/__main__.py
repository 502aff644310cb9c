"""`python -m liusheng.cli`: the same as `liusheng`."""

import sys

from liusheng.cli import main

if __name__ == "__main__":
    sys.exit(main())
