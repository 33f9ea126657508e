"""Load feeds as a Spark job: ``spark-submit jobs/load.py events --var month=2024-10``."""

import sys

from penstock.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["run"]
    main()
