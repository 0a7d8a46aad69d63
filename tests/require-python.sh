#!/bin/sh
# Says in one sentence what is missing before pip says it in fifty.
test -n "$1" || { echo "maild needs Python 3.11 or newer; make PYTHON=/path/to/python3.12 names one" >&2; exit 1; }
"$1" -c 'import ensurepip, venv' 2>/dev/null || { echo "the venv module of $1 is missing (Debian: apt-get install python3-venv)" >&2; exit 1; }
