"""Run the command line by `python -m clinicplan.cli`."""

from clinicplan.cli import main

main()
