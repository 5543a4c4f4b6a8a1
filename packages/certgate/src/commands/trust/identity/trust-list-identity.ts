import {
  describeLock,
  findPinSpan,
  findStanding,
  formatInstant,
  type TrustedIdentity,
  type TrustPin,
} from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls } from '../../../texts/safe-text.js';
import { formatOptionalTime, listBounds } from '../../../texts/time-words.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { ChangeLogEntry } from '../../../trust/administration/change-log.js';
import { getIdentity } from '../../../trust/administration/edits/identity-edits.js';
import {
  describeEntryState,
  describeIdentityState,
  type EntryState,
} from '../../../trust/administration/identity-state.js';
import type { LoadedTrustDocument } from '../../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../../trust/administration/location/trust-location.js';
import { readTrustHistory } from '../../../trust/administration/trust-history.js';
import { pick } from '../../command-line/option-values.js';
import { printJson, printLine } from '../../command-line/output.js';

/** Prints one identity with its names and pins, and who disabled it according to the log of changes. */
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
  const standing = findStanding(snapshot, identity, Date.now());
  const disables = await readDisables(location, loaded, identity);
  const report = {
    store: location.description,
    revision: document.revision,
    locked: document.locked ?? null,
    state: describeIdentityState(standing),
    identity: written,
    disabled: identity.enabled ? null : disables.ofIdentity(identity.name),
    names: identity.names,
    pins: standing.entries.flatMap(({ entry: { pin }, reasons }) =>
      pin === undefined
        ? []
        : [
            {
              ...describeListedPin(pin, describeEntryState({ reasons })),
              disabled: pin.enabled ? null : disables.ofPin(pin),
            },
          ],
    ),
  };
  if (json === true) {
    printJson(report);
    return;
  }
  if (snapshot.locked !== undefined) {
    printLine(colors.red(`LOCKED, so nobody is admitted: ${escapeControls(describeLock(snapshot.locked))}`));
  }
  const { state, disabled, names, pins } = report;
  for (const [label, value] of listFields(identity, state, disabled)) {
    printLine(`${label.padEnd(12)}${escapeControls(value)}`);
  }
  if (names.length > 0) printLine('names');
  for (const { type, value, issuedBy } of names) {
    printLine(`  ${escapeControls(`${type} ${value}, issued by ${issuedBy}`)}`);
  }
  if (pins.length > 0) printLine('pins');
  else if (names.length === 0) printLine('no pins, so nobody can be this identity');
  const bounds = identity.pins.map((pin) => listBounds(findPinSpan(pin)).join(' '));
  for (const [index, pin] of pins.entries())
    for (const line of formatPin(pin, bounds[index] ?? '')) printLine(`  ${line}`);
}

/**
 * Finds who last disabled the identity and its pins, in the log of changes. The log is not signed: it only informs, and
 * must never decide anything.
 */
async function readDisables(
  location: TrustLocation,
  { documentSha256, document: { revision } }: LoadedTrustDocument,
  { enabled, pins }: TrustedIdentity,
) {
  const isNeeded = !enabled || pins.some((pin) => !pin.enabled);
  const history = isNeeded ? readTrustHistory(await readLogIfAllowed(location), { documentSha256, revision }) : [];
  const items = history.filter((item) => item.kind === 'change' || item.kind === 'uncertain').reverse();
  const find = (isMeant: (entry: ChangeLogEntry) => boolean) => {
    const item = items.find(({ entry }) => isMeant(entry));
    return item?.kind === 'change' ? pick(item.entry, 'at', 'by', 'reason', 'verb', 'revision') : null;
  };
  return {
    ofIdentity: (name: string) =>
      find(({ identities = [] }) => identities.some((each) => each.toLowerCase() === name.toLowerCase())),
    ofPin: ({ value }: TrustPin) => find(({ pins: disabled = [] }) => disabled.includes(value)),
  };
}

/**
 * Reads the log of changes. A user who may read the document may not be allowed to read its log; then there are no
 * lines.
 */
async function readLogIfAllowed(location: TrustLocation): Promise<readonly string[]> {
  try {
    return await location.readLog();
  } catch (fault) {
    if (fault instanceof ToolFailure) return [];
    throw fault;
  }
}

type Disable = Pick<ChangeLogEntry, 'at' | 'by' | 'reason' | 'verb'> | null;

function formatDisable(disable: Disable): string {
  if (disable === null) return 'the log of changes does not say when and why';
  const { at, by, reason, verb } = disable;
  return `${at} by ${by}: ${reason} (${verb}, according to the log of changes)`;
}

function listFields(
  { name, enabled, roles, functionsAsWritten: functions, owner, reason, expiresAt }: TrustedIdentity,
  state: string,
  disable: Disable,
): readonly (readonly [string, string])[] {
  return [
    ['identity', name],
    ['state', state],
    ...(enabled ? [] : [['disabled', formatDisable(disable)] as const]),
    ['roles', roles.length === 0 ? 'none: only functions that require no role' : roles.join(', ')],
    ['functions', functions?.length === 0 ? 'none' : (functions?.join(', ') ?? 'all')],
    ['owner', owner ?? '-'],
    ['reason', reason ?? '-'],
    ['ends', formatOptionalTime(expiresAt) ?? 'not by itself'],
  ];
}

function describeListedPin(pin: TrustPin, state: EntryState) {
  const { kind, value, issuedBy = null, acceptWithoutClientAuth: grace } = pin;
  return {
    kind,
    value,
    issuedBy,
    state,
    notBefore: formatOptionalTime(pin.notBefore),
    notAfter: formatOptionalTime(pin.notAfter),
    acceptWithoutClientAuth:
      grace === undefined
        ? null
        : { since: formatInstant(grace.since), until: formatInstant(grace.until), reason: grace.reason },
  };
}

function formatPin(
  pin: ReturnType<typeof describeListedPin> & { readonly disabled: Disable },
  bounds: string,
): readonly string[] {
  const { kind, value, state, issuedBy, acceptWithoutClientAuth: grace } = pin;
  const issuer = issuedBy === null ? '' : `issued by ${issuedBy}`;
  const accepted = grace && `  accepted without clientAuth from ${grace.since} until ${grace.until}: ${grace.reason}`;
  return [
    // The state is separate from the times, because "denied until" some day would mean that the pin is admitted after
    // it.
    escapeControls([`${kind} ${value}`, state, issuer, bounds].filter((part) => part !== '').join(', ')),
    ...(accepted === null ? [] : [colors.yellow(escapeControls(accepted))]),
    ...(state === 'disabled' ? [escapeControls(`  ${formatDisable(pin.disabled)}`)] : []),
  ];
}
