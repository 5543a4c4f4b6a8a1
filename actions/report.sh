#!/usr/bin/env bash
# TITLE FILE WORDS…: runs the certgate that the app has installed with these words, and shows what it prints in the log
# and in the summary of the job. For the actions below this folder, and for action.yml.
set -euo pipefail
export NO_COLOR=1
title=$1
report="$RUNNER_TEMP/$2"
status=0
npx --no-install certgate "${@:3}" > "$report" 2>&1 || status=$?
# A line of it can look like a command to the runner, such as a key "::add-mask::a" of a trust document.
commands="certgate-$RANDOM$RANDOM$RANDOM"
echo "::stop-commands::$commands"
cat "$report"
printf '\n::%s::\n' "$commands"
{ echo "### $title"; echo '~~~~~~'; cat "$report"; echo '~~~~~~'; } >> "$GITHUB_STEP_SUMMARY"
{ echo "exit-code=$status"; echo "report=$report"; } >> "$GITHUB_OUTPUT"
exit "$status"
