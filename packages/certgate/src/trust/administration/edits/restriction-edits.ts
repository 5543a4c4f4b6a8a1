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
import { shellWord } from '../../../texts/safe-text.js';
import { formatTrustCall, formatTrustChange } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { nameWholePin, isEnabled } from './identity-edits.js';

// These edits are pure, like the edits of identities: they take a document and return a document.

/** Adds an entry to the deny list. An entry that is already there stays as it is, with its reason. */
export function denyCertificate(document: TrustDocument, entry: TrustDocumentDenied): TrustDocument {
  const { denied = [] } = document;
  return denied.some((each) => toKey(each) === toKey(entry)) ? document : { ...document, denied: [...denied, entry] };
}

/** @throws {ToolFailure} if the deny list doesn't contain the entry. */
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

/** Locks the document. A lock that is already there stays, with its reason. */
export function lockDocument(document: TrustDocument, lock: TrustDocumentLock): TrustDocument {
  return document.locked === undefined ? { ...document, locked: lock } : document;
}

/**
 * Removes the lock and changes nothing else.
 *
 * @throws {ToolFailure} if there is no lock.
 */
export function unlockDocument(document: TrustDocument): TrustDocument {
  const { locked, ...rest } = document;
  if (locked !== undefined) return rest;
  throw new ToolFailure('The document is not locked. Nothing was written.', {
    remedy: `To admit a single identity again: ${formatTrustChange('enable', ['NAME'])}`,
  });
}

/**
 * Takes everything from an earlier document, but keeps what shuts callers out on purpose: a lock, which only `unlock`
 * ends, and the entries of the deny list, which only `undeny` removes. The common reason to restore is a mistake in an
 * identity, and a restore must not bring a stolen certificate back. For the same reason, the operator must name each
 * identity that the earlier document enables although it, or a pin or a name of it, is disabled now.
 *
 * The revision stays that of the present document. The code that writes the result raises it, because running apps
 * refuse a lower one. Therefore copying an earlier version over the present one does not restore it.
 *
 * An entry by serial number names an authority. If the earlier document has no authority of that name, the result is
 * not valid, and the calling code must not write it.
 *
 * @param reEnabled names of identities that may be enabled again
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
 * Refuses an earlier document that enables what is disabled now, unless the operator named it.
 *
 * @param present the identities of the present document as far as they can be read; the document may not be valid
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

/**
 * The identities that the earlier document enables and that could call again: the identity, one of its pins or one of
 * its names is disabled now, in this or in another identity.
 */
function listEnabledAgain(present: readonly TrustDocumentIdentity[], earlier: TrustDocument): readonly string[] {
  const disabled = new Set(
    present.flatMap((identity) => [
      ...(isEnabled(identity) ? [] : [identity.name.toLowerCase(), ...(identity.names ?? []).map(keyOfName)]),
      ...(identity.pins ?? []).filter((pin) => !isEnabled(identity) || !isEnabled(pin)).map(nameWholePin),
    ]),
  );
  const isDisabledNow = ({ name, names = [], pins = [] }: TrustDocumentIdentity): boolean =>
    [name.toLowerCase(), ...names.map(keyOfName), ...pins.filter(isEnabled).map(nameWholePin)].some((each) =>
      disabled.has(each),
    );
  return earlier.identities
    .filter(isEnabled)
    .filter(isDisabledNow)
    .map(({ name }) => name);
}

/** Ignores letter case, although it matters in some parts of a name. At worst, the operator is asked once too often. */
function keyOfName(name: TrustDocumentName): string {
  return JSON.stringify(Object.entries(name).sort()).toLowerCase();
}
