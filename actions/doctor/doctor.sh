#!/usr/bin/env bash
# Probes an app with the allowed caller of ALLOWED_CERTIFICATE, and with one that nobody knows.
set -euo pipefail
export NO_COLOR=1
umask 077
# Split at white space, without what "for name in $FUNCTIONS" would make of a "*".
read -r -d '' -a closed <<< "$FUNCTIONS" || true
read -r -d '' -a open <<< "$PUBLIC_FUNCTIONS" || true
if [ "${#closed[@]}" -eq 0 ]; then
  echo '::error::A url needs functions: without one, no probe can tell whether the app is closed.'
  exit 2
fi
callers="$(mktemp -d)"
trap 'rm -rf "$callers"' EXIT
printf '%s\n' "$ALLOWED_CERTIFICATE" > "$callers/allowed.pem"
npx --no-install certgate certificate create denied --pem --no-pfx --days 1 --out "$callers" > /dev/null
report="$RUNNER_TEMP/certgate-doctor.json"
rm -f "$report"
options=(--allowed "$callers/allowed.pem" --denied "$callers/denied.crt.pem" --denied-key "$callers/denied.key.pem")
options+=(--summary "$GITHUB_STEP_SUMMARY" --report "$report")
for name in "${closed[@]}"; do options+=(--function "$name"); done
for name in ${open[@]+"${open[@]}"}; do options+=(--public-function "$name"); done
if [ "$I_OPERATE_THIS" = true ]; then options+=(--i-operate-this); fi
status=0
npx --no-install certgate doctor "$URL" "${options[@]}" || status=$?
echo "exit-code=$status" >> "$GITHUB_OUTPUT"
unknown='there is no report'
if [ -s "$report" ]; then
  echo "report=$report" >> "$GITHUB_OUTPUT"
  unknown="$(node "${0%/*}/read-report.mjs" "$report")"
fi
if [ "$status" -ne 3 ]; then exit "$status"; fi
if [ -n "$unknown" ]; then
  echo "::error::Doctor cannot tell whether forged headers and callers without a certificate are refused ($unknown)."
  exit 3
fi
echo '::warning::No probe failed, but doctor cannot tell about some. See the summary of the job.'
