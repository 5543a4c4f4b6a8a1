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
if [ -n "$TRUST_LOG" ]; then options+=(--log "$TRUST_LOG" --fail-on used-losses); else options+=(--fail-on never); fi
status=0
# What the app has installed needs no token.
env -u GITHUB_TOKEN npx --no-install certgate trust diff "$TRUST_BASE" "$TRUST_DOCUMENT" "${options[@]}" > "$report" || status=$?
echo "exit-code=$status" >> "$GITHUB_OUTPUT"
if [ ! -s "$report" ]; then exit "$status"; fi
echo "report=$report" >> "$GITHUB_OUTPUT"
cat "$report" >> "$GITHUB_STEP_SUMMARY"
if [ -n "$GITHUB_TOKEN" ]; then REPORT="$report" node "${0%/*}/write-comment.mjs"; fi
if [ "$status" -eq 3 ]; then
  echo '::warning::No recorded call is known to need what somebody loses, but the log does not tell all of it. See the summary of the job.'
  exit 0
fi
exit "$status"
