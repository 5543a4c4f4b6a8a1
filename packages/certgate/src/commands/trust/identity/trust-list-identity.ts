import {
  describeGrace,
  describeLock,
  formatInstant,
  type TrustedIdentity,
  type TrustPin,
} from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls } from '../../../faults/safe-text.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import type { ChangeLogEntry } from '../../../trust/administration/change-log.js';
import { getIdentity } from '../../../trust/administration/edits/identity-edits.js';
import { describeIdentityState, describePinState } from '../../../trust/administration/identity-state.js';
import type { LoadedTrustDocument } from '../../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../../trust/administration/location/trust-location.js';
import { readTrustHistory } from '../../../trust/administration/trust-history.js';
import { printJson, printLine } from '../../command-line/output.js';

/** Everything that the document says about one identity. */
export async function listIdentity(
  name: string,
  location: TrustLocation,
  loaded: LoadedTrustDocument,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const { document, snapshot } = loaded;
  const written = getIdentity(document, name);
  const identity = snapshot.identities[document.identities.indexOf(written)];
  if (identity === undefined) throw new ToolFailure(`There is no identity ${JSON.stringify(name)}.`);
  const now = Date.now();
  const disables = await readDisables(location, loaded, identity);
  if (json === true) {
    printJson({
      store: location.description,
      revision: document.revision,
      locked: document.locked ?? null,
      state: describeIdentityState(identity, now),
      identity: written,
      disabled: identity.enabled ? null : describeDisableAsJson(disables.ofIdentity(identity.name)),
      names: identity.names,
      pins: identity.pins.map((pin) => ({
        ...describePin(pin, now),
        disabled: pin.enabled ? null : describeDisableAsJson(disables.ofPin(pin)),
      })),
    });
    return;
  }
  if (snapshot.locked !== undefined) {
    printLine(colors.red(`LOCKED, so nobody is admitted: ${escapeControls(describeLock(snapshot.locked))}`));
  }
  const fields = listFields(identity, now);
  const disabled = identity.enabled ? [] : [['disabled', describeDisable(disables.ofIdentity(identity.name))] as const];
  for (const [label, value] of [...fields.slice(0, 2), ...disabled, ...fields.slice(2)]) {
    printLine(`${label.padEnd(12)}${escapeControls(value)}`);
  }
  if (identity.names.length > 0) printLine('names');
  for (const { type, value, issuedBy } of identity.names) {
    printLine(`  ${escapeControls(`${type} ${value}, issued by ${issuedBy}`)}`);
  }
  if (identity.pins.length > 0) printLine('pins');
  else if (identity.names.length === 0) printLine('no pins, so nobody can be this identity');
  for (const pin of identity.pins) {
    printLine(`  ${formatPin(pin, now)}`);
    if (pin.acceptWithoutClientAuth !== undefined)
      printLine(
        colors.yellow(`    accepted without clientAuth ${escapeControls(describeGrace(pin.acceptWithoutClientAuth))}`),
      );
    if (!pin.enabled) printLine(`    ${escapeControls(describeDisable(disables.ofPin(pin)))}`);
  }
}

interface Disables {
  ofIdentity(name: string): ChangeLogEntry | undefined;
  ofPin(pin: TrustPin): ChangeLogEntry | undefined;
}

/** Who switched it off last, by the log of changes. The log is not signed: it informs, and decides nothing. */
async function readDisables(
  location: TrustLocation,
  { documentSha256, document: { revision } }: LoadedTrustDocument,
  { enabled, pins }: TrustedIdentity,
): Promise<Disables> {
  const isNeeded = !enabled || pins.some((pin) => !pin.enabled);
  const history = isNeeded ? readTrustHistory(await readLogIfAllowed(location), { documentSha256, revision }) : [];
  const entries = history.flatMap((item) => (item.kind === 'change' ? [item.entry] : [])).reverse();
  return {
    ofIdentity: (name) =>
      entries.find(({ identities = [] }) => identities.some((each) => each.toLowerCase() === name.toLowerCase())),
    ofPin: ({ value }) => entries.find(({ pins: disabled = [] }) => disabled.includes(value)),
  };
}

/** Whoever may read the document may perhaps not read its log. */
async function readLogIfAllowed(location: TrustLocation): Promise<readonly string[]> {
  try {
    return await location.readLog();
  } catch (fault) {
    if (fault instanceof ToolFailure) return [];
    throw fault;
  }
}

function describeDisable(entry: ChangeLogEntry | undefined): string {
  if (entry === undefined) return 'the log of changes does not say when and why';
  const { at, by, reason, verb } = entry;
  return `${at} by ${by}: ${reason} (${verb}, according to the log of changes)`;
}

function describeDisableAsJson(entry: ChangeLogEntry | undefined): object | null {
  if (entry === undefined) return null;
  const { at, by, reason, verb, revision } = entry;
  return { at, by, reason, verb, revision };
}

function listFields(identity: TrustedIdentity, now: number): readonly (readonly [string, string])[] {
  const { name, roles, functionsAsWritten: functions, owner, reason, expiresAt } = identity;
  return [
    ['identity', name],
    ['state', describeIdentityState(identity, now)],
    ['roles', roles.length === 0 ? 'none: only functions that require no role' : roles.join(', ')],
    ['functions', functions === undefined ? 'all' : functions.length === 0 ? 'none' : functions.join(', ')],
    ['owner', owner ?? '-'],
    ['reason', reason ?? '-'],
    ['ends', expiresAt === undefined ? 'not by itself' : formatInstant(expiresAt)],
  ];
}

function describePin(pin: TrustPin, now: number): object {
  const { kind, value, issuedBy, notBefore, notAfter, acceptWithoutClientAuth: grace } = pin;
  return {
    kind,
    value,
    issuedBy: issuedBy ?? null,
    state: describePinState(pin, now),
    notBefore: notBefore === undefined ? null : formatInstant(notBefore),
    notAfter: notAfter === undefined ? null : formatInstant(notAfter),
    acceptWithoutClientAuth:
      grace === undefined
        ? null
        : { since: formatInstant(grace.since), until: formatInstant(grace.until), reason: grace.reason },
  };
}

function formatPin(pin: TrustPin, now: number): string {
  const { kind, value, issuedBy, notBefore, notAfter } = pin;
  const issuer = issuedBy === undefined ? '' : ` issued by ${escapeControls(issuedBy)}`;
  const from = notBefore === undefined ? '' : ` from ${formatInstant(notBefore)}`;
  const until = notAfter === undefined ? '' : ` until ${formatInstant(notAfter)}`;
  return `${kind} ${value} ${describePinState(pin, now)}${issuer}${from}${until}`;
}
