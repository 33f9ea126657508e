#!/bin/sh
# Find a Python that the lock files are for, and let it make the environment:
#   sh deploy/packaging/setup.sh LINE VENV        LINE: spark35, spark40, spark42
# Set PYTHON to choose one.
set -eu

usable='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'
for python in ${PYTHON:-python3.12 python3.11 python3 python}; do
    if "$python" -c "$usable" 2>/dev/null; then
        exec "$python" "$(dirname "$0")/bootstrap.py" "$@"
    fi
done
echo "Python 3.11 or 3.12 is needed, and ${PYTHON:-no python3} is not one: install it, or set PYTHON." >&2
exit 1
