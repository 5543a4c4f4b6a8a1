import { findThumbprint } from './encoding/thumbprint.js';
import { findInstant } from './encoding/timestamp.js';
import type { AuthorityDirectory } from './trust-document-authorities.js';
import type { DocumentReader } from './trust-document-reader.js';
import { type PinKind, type TrustPin, type TrustWarning, pinKinds } from './trust-snapshot.js';

const pinKeys = {
  required: [],
  optional: [...pinKinds, 'enabled', 'notBefore', 'notAfter'],
  version2: ['issuedBy'],
};

export function readPin(
  reader: DocumentReader,
  value: unknown,
  path: string,
  directory: AuthorityDirectory,
  warnings: TrustWarning[],
): TrustPin | undefined {
  const fields = reader.readObject(value, path, pinKeys);
  if (fields === undefined) return undefined;
  const kinds = pinKinds.filter((kind) => fields[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    reader.report(path, `give exactly one of ${pinKinds.join(', ')}`);
    return undefined;
  }
  const notBefore = readInstant(reader, fields['notBefore'], `${path}.notBefore`);
  const notAfter = readInstant(reader, fields['notAfter'], `${path}.notAfter`);
  if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) {
    reader.report(path, 'notBefore is not earlier than notAfter, so the pin never matches');
  }
  const isIssued = fields['issuedBy'] !== undefined;
  const authority = isIssued ? directory.resolve(reader, fields['issuedBy'], `${path}.issuedBy`) : undefined;
  if (authority !== undefined) directory.noteUse(authority);
  if (kind === 'publicKeySha256' && fields['notAfter'] === undefined && !isIssued) {
    // Whoever holds the key can issue himself a certificate with any dates.
    reader.report(
      path,
      "a publicKeySha256 pin needs a notAfter of its own, or an authority (issuedBy): the certificate's dates are in the key holder's hand",
    );
  }
  if (kind === 'thumbprintSha1') {
    warnings.push({
      code: 'pin_sha1',
      path,
      message: 'SHA-1 thumbprints are accepted for migration; replace it by thumbprintSha256',
    });
  }
  const pinValue = readPinValue(reader, kind, fields[kind], path);
  const enabled = reader.readFlag(fields['enabled'], `${path}.enabled`);
  // Never a pin that has lost its authority.
  if (pinValue === undefined || (isIssued && authority === undefined)) return undefined;
  return Object.freeze({ kind, value: pinValue, issuedBy: authority?.name, enabled, notBefore, notAfter });
}

function readPinValue(reader: DocumentReader, kind: PinKind, value: unknown, path: string): string | undefined {
  const text = reader.readText(value, `${path}.${kind}`);
  const algorithm = kind === 'thumbprintSha1' ? 'sha1' : 'sha256';
  const thumbprint = findThumbprint(text, algorithm);
  if (thumbprint !== undefined) return thumbprint;
  const other = findThumbprint(text, algorithm === 'sha1' ? 'sha256' : 'sha1');
  const hint =
    other === undefined
      ? ''
      : `; this one has ${other.length}, so it is a ${algorithm === 'sha1' ? 'SHA-256' : 'SHA-1'} thumbprint`;
  reader.report(
    `${path}.${kind}`,
    `it must be ${algorithm === 'sha1' ? 40 : 64} hexadecimal digits (colons and spaces are fine)${hint}`,
  );
  return undefined;
}

export function readInstant(reader: DocumentReader, value: unknown, path: string): number | undefined {
  const text = reader.readOptionalText(value, path);
  if (text === undefined) return undefined;
  const instant = findInstant(text);
  if (instant === undefined) reader.report(path, 'it must be a time that exists, in UTC, like 2027-03-01T00:00:00Z');
  return instant;
}
