#!/usr/bin/env bash
# TITLE FILE WORDS…: runs the certgate that the app has installed with these words, and shows what it prints in the log
# and in the summary of the job. For the actions below this folder, and for action.yml.
set -euo pipefail
export NO_COLOR=1
title=$1
report="$RUNNER_TEMP/$2"
status=0
npx --no-install certgate "${@:3}" > "$report" 2>&1 || status=$?
cat "$report"
{ echo "### $title"; echo '~~~~~~'; cat "$report"; echo '~~~~~~'; } >> "$GITHUB_STEP_SUMMARY"
{ echo "exit-code=$status"; echo "report=$report"; } >> "$GITHUB_OUTPUT"
exit "$status"
