#!/usr/bin/env bash
set -euo pipefail
options=(--store "$TRUST_STORE" --fail-on error)
if [ -n "$SIGNED_BY" ]; then options+=(--signed-by "$SIGNED_BY"); fi
exec bash "${0%/*}/../report.sh" 'Trust document' certgate-trust-check.txt trust check "${options[@]}"
