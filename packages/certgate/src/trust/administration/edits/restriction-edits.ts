import {
  deniedSerialKey,
  findSerialNumber,
  findThumbprint,
  formatSerialNumber,
  shortenThumbprint,
  type TrustDocument,
  type TrustDocumentDenied,
  type TrustDocumentIdentity,
  type TrustDocumentName,
  type TrustDocumentLock,
} from '@certgate/core/internal';
import { shellWord } from '../../../faults/safe-text.js';
import { formatTrustCall, formatTrustChange } from '../../../faults/tool-call.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { describePin, isEnabled } from './identity-edits.js';

// Pure, as the edits of identities are: a document in, a document out.

/** A certificate that is denied already stays as it is, with the reason it had. */
export function denyCertificate(document: TrustDocument, entry: TrustDocumentDenied): TrustDocument {
  const { denied = [] } = document;
  return denied.some((each) => toKey(each) === toKey(entry)) ? document : { ...document, denied: [...denied, entry] };
}

/** @throws {ToolFailure} for what is not denied. */
export function undenyCertificate(document: TrustDocument, entry: TrustDocumentDenied): TrustDocument {
  const { denied = [], ...rest } = document;
  const kept = denied.filter((each) => toKey(each) !== toKey(entry));
  if (kept.length === denied.length) {
    throw new ToolFailure(`The deny list doesn't contain ${describeDenied(entry)}.`, {
      remedy: `To see its entries: ${formatTrustCall('list', [], ['--json'])}`,
    });
  }
  return kept.length === 0 ? rest : { ...rest, denied: kept };
}

export function describeDenied({ thumbprintSha256, issuedBy = '', serialNumber = '' }: TrustDocumentDenied): string {
  return thumbprintSha256 === undefined
    ? `the serial number ${formatSerialNumber(findSerialNumber(serialNumber) ?? serialNumber)} of ${issuedBy}`
    : `the certificate ${shortenThumbprint(thumbprintSha256)}`;
}

function toKey({ thumbprintSha256, issuedBy = '', serialNumber = '' }: TrustDocumentDenied): string {
  return thumbprintSha256 === undefined
    ? deniedSerialKey(issuedBy, findSerialNumber(serialNumber) ?? serialNumber)
    : (findThumbprint(thumbprintSha256, 'sha256') ?? thumbprintSha256);
}

/** A lock that is there already stays, with the reason it had. */
export function lockDocument(document: TrustDocument, lock: TrustDocumentLock): TrustDocument {
  return document.locked === undefined ? { ...document, locked: lock } : document;
}

/** Takes the lock away and nothing else. @throws {ToolFailure} when there is none. */
export function unlockDocument(document: TrustDocument): TrustDocument {
  const { locked, ...rest } = document;
  if (locked !== undefined) return rest;
  throw new ToolFailure('The document is not locked. Nothing was written.', {
    remedy: `To admit a single identity again: ${formatTrustChange('enable', ['NAME'])}`,
  });
}

/**
 * Takes everything from an earlier document, but keeps what shuts callers out on purpose: a lock, which only `unlock` ends,
 * and the entries of the deny list, which only `undeny` removes. The common reason to restore is a mistake in an identity,
 * and it must not bring a stolen certificate back. For the same reason, whoever is disabled now must be named.
 *
 * The revision stays that of the present document. Whoever writes the result raises it, because running apps refuse a lower
 * one: to copy an earlier version over the present one is therefore no way to restore it.
 *
 * An entry by serial number names an authority. If the earlier document has no authority of that name, the result is not
 * valid, and the caller must not write it.
 *
 * @param reEnabled names of identities
 * @throws {ToolFailure} if the earlier document enables others that are disabled now.
 */
export function restoreDocument(
  present: TrustDocument,
  earlier: TrustDocument,
  reEnabled: readonly string[] = [],
): TrustDocument {
  expectDisabledToStay(present.identities, earlier, reEnabled);
  const { locked = earlier.locked, denied = [], revision } = present;
  const restored = denied.reduce(denyCertificate, { ...earlier, revision });
  return locked === undefined ? restored : { ...restored, locked };
}

/**
 * @param present what is known of the present document, which may not be valid
 * @throws {ToolFailure} if the earlier document enables others that are disabled now.
 */
export function expectDisabledToStay(
  present: readonly TrustDocumentIdentity[],
  earlier: TrustDocument,
  reEnabled: readonly string[] = [],
): void {
  const accepted = new Set(reEnabled.map((name) => name.toLowerCase()));
  const names = listEnabledAgain(present, earlier).filter((name) => !accepted.has(name.toLowerCase()));
  if (names.length > 0) {
    const first = names.slice(0, 20).map((name) => JSON.stringify(name));
    const more = names.length > first.length ? ` and ${names.length - first.length} more` : '';
    throw new ToolFailure(
      `The earlier document enables what is disabled now: an identity, or a pin of it, of ${first.join(', ')}${more}. Nothing was written.`,
      {
        remedy: `To enable what was disabled, add: ${names.map((name) => `--re-enable ${shellWord(name)}`).join(' ')}`,
      },
    );
  }
}

/** The identities that could call again: each that is disabled now, or has a pin or a name that is, there or in another one. */
function listEnabledAgain(present: readonly TrustDocumentIdentity[], earlier: TrustDocument): readonly string[] {
  const disabled = new Set(
    present.flatMap((identity) => [
      ...(isEnabled(identity) ? [] : [identity.name.toLowerCase(), ...(identity.names ?? []).map(keyOfName)]),
      ...(identity.pins ?? []).filter((pin) => !isEnabled(identity) || !isEnabled(pin)).map(describePin),
    ]),
  );
  const isDisabledNow = ({ name, names = [], pins = [] }: TrustDocumentIdentity): boolean =>
    [name.toLowerCase(), ...names.map(keyOfName), ...pins.filter(isEnabled).map(describePin)].some((each) =>
      disabled.has(each),
    );
  return earlier.identities
    .filter(isEnabled)
    .filter(isDisabledNow)
    .map(({ name }) => name);
}

/** Ignores letter case, which matters in some parts of a name: to ask once too often does no harm. */
function keyOfName(name: TrustDocumentName): string {
  return JSON.stringify(Object.entries(name).sort()).toLowerCase();
}
