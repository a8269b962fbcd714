"""`python -m monitor` is `mailpath`."""

from monitor.cli import main

main()
