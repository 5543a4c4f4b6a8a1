#!/usr/bin/env bash
set -euo pipefail
exec bash "${0%/*}/../report.sh" 'Who may call' certgate-app-inspect.txt app inspect "$APP" --baseline "$BASELINE"
