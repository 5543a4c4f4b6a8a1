import { findPinSpan, findThumbprint, type TrustPin, type TrustSnapshot } from '@certgate/core/internal';
import { escapeControls } from '../../../texts/safe-text.js';
import { listBounds } from '../../../texts/time-words.js';
import { ToolFailure } from '#local/tool-failure.js';
import { findNearPins } from '../../../trust/explanation/near-matches.js';
import { exitCodes } from '../../command-line/exit-codes.js';
import { printJson, printLine } from '../../command-line/output.js';

const fewestDigits = 8;

/**
 * Prints whose pin it is. The pin is given by the hexadecimal digits of a thumbprint or of a key's hash: all of them,
 * or the first ones, as in a log line.
 */
export function listPin(pin: string, trust: TrustSnapshot, store: string, { json }: { readonly json?: boolean }): void {
  const report = { version: 1, store, revision: trust.revision, ...findPins(pin, trust) };
  const { matches, denied, revision } = report;
  process.exitCode = matches.some(({ isExact }) => isExact) ? exitCodes.ok : exitCodes.failed;
  if (json === true) {
    printJson(report);
    return;
  }
  printLine(`${store}, revision ${revision}`);
  for (const { identity, owner, likeness } of matches)
    printLine(escapeControls(`"${identity}"${owner === null ? '' : ` (owner ${owner})`} ${likeness}.`));
  if (denied !== null) printLine(`The deny list has it (${denied}).`);
  if (matches.length === 0) printLine('No pin of the document has these digits, or is near.');
}

function findPins(text: string, trust: TrustSnapshot) {
  const digits = (findThumbprint(text, 'sha256') ?? text.replaceAll(/[\s:]/g, '')).toUpperCase();
  if (!/^[0-9A-F]+$/.test(digits) || digits.length < fewestDigits) {
    throw new ToolFailure(`--pin takes at least ${fewestDigits} hexadecimal digits, not "${text}".`);
  }
  const exact = trust.identities.flatMap((identity) =>
    identity.pins
      .filter(({ value }) => value.startsWith(digits))
      .map((pin) => ({ identity, isExact: true, likeness: `has the pin ${describePin(pin)}` })),
  );
  // The user may have meant a hash of any kind.
  const near = findNearPins(trust, { thumbprintSha256: digits, thumbprintSha1: digits, publicKeySha256: digits })
    .filter(({ identity }) => exact.every((each) => each.identity !== identity))
    .map(({ identity, likeness }) => ({
      identity,
      isExact: false,
      likeness: `has a pin that is near: it ${likeness}`,
    }));
  const denied = [...trust.denied.thumbprintsSha256].find(([value]) => value.startsWith(digits));
  return {
    digits,
    matches: [...exact, ...near].map(({ identity: { name, owner = null }, isExact, likeness }) => ({
      identity: name,
      owner,
      isExact,
      likeness,
    })),
    denied: denied?.[1].path ?? null,
  };
}

function describePin(pin: TrustPin): string {
  return [`${pin.kind} ${pin.value}`, ...(pin.enabled ? [] : ['disabled']), ...listBounds(findPinSpan(pin))].join(', ');
}
