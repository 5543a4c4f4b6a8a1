#!/usr/bin/env bash
# Compares the trust document of a pull request with that of its base branch.
set -euo pipefail
export NO_COLOR=1
report="$RUNNER_TEMP/certgate-trust-diff.md"
if [ -z "$TRUST_BASE" ]; then
  export TRUST_BASE="$RUNNER_TEMP/certgate-trust-base.json"
  node "${0%/*}/read-base.mjs"
fi
options=(--markdown)
if [ -n "$TRUST_LOG" ]; then options+=(--fail-on losses); else options+=(--fail-on never); fi
status=0
# What the app has installed needs no token.
env -u GITHUB_TOKEN npx --no-install certgate trust diff "$TRUST_BASE" "$TRUST_DOCUMENT" "${options[@]}" > "$report" || status=$?
echo "exit-code=$status" >> "$GITHUB_OUTPUT"
if [ ! -s "$report" ]; then exit "$status"; fi
echo "report=$report" >> "$GITHUB_OUTPUT"
cat "$report" >> "$GITHUB_STEP_SUMMARY"
if [ -n "$GITHUB_TOKEN" ]; then REPORT="$report" node "${0%/*}/write-comment.mjs"; fi
if [ "$status" -eq 3 ]; then
  echo '::warning::No call that was admitted would be refused as far as the log tells, but of some it does not. See the summary of the job.'
  exit 0
fi
exit "$status"
