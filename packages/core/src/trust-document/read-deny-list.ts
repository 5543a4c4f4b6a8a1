import { findSerialNumber, findThumbprint } from '@certgate/x509/internal';
import { type DeniedCertificate, type DenyList, deniedSerialKey } from '../trust-snapshot/trust-snapshot.js';
import type { AuthorityDirectory } from './authority-directory.js';
import type { DocumentReader } from './document-reader.js';

const itemsPerStep = 64;

/** Reads the deny list, in steps. The reader collects the problems. */
export function* readDenied(
  reader: DocumentReader,
  value: unknown,
  directory: AuthorityDirectory,
): Generator<undefined, DenyList, undefined> {
  const thumbprintsSha256 = new Map<string, DeniedCertificate>();
  const serialNumbers = new Map<string, DeniedCertificate>();
  const places = new Map<string, string>();
  let index = -1;
  for (const item of reader.readItems(value, 'denied')) {
    index += 1;
    if (index % itemsPerStep === 0) yield;
    const path = `denied[${index}]`;
    const denied = readDeniedCertificate(reader, item, path, directory);
    if (denied === undefined) continue;
    const { thumbprintSha256, issuedBy = '', serialNumber = '' } = denied;
    if (thumbprintSha256 !== undefined) {
      reader.expectUnique(places, thumbprintSha256, path, `the thumbprint ${thumbprintSha256}`);
      thumbprintsSha256.set(thumbprintSha256, denied);
    } else {
      const key = deniedSerialKey(issuedBy, serialNumber);
      reader.expectUnique(places, key, path, `the serial number ${serialNumber} of ${issuedBy}`);
      serialNumbers.set(key, denied);
    }
  }
  return Object.freeze({ thumbprintsSha256, serialNumbers });
}

function readDeniedCertificate(
  reader: DocumentReader,
  value: unknown,
  path: string,
  directory: AuthorityDirectory,
): DeniedCertificate | undefined {
  const fields = reader.readObject(value, path, 'denied');
  if (fields === undefined) return undefined;
  const { thumbprintSha256: thumbprint, issuedBy, serialNumber: serial } = fields;
  const reason = reader.readOptionalText(fields.reason, `${path}.reason`);
  const isWhole =
    thumbprint === undefined
      ? issuedBy !== undefined && serial !== undefined
      : issuedBy === undefined && serial === undefined;
  if (!isWhole) {
    reader.report(path, 'give only thumbprintSha256, or issuedBy and serialNumber together');
    return undefined;
  }
  if (thumbprint !== undefined) {
    const thumbprintSha256 = findThumbprint(reader.readText(thumbprint, `${path}.thumbprintSha256`), 'sha256');
    if (thumbprintSha256 === undefined) {
      reader.report(
        `${path}.thumbprintSha256`,
        'it must be 64 hexadecimal digits (colons and spaces are fine), the SHA-256 of the certificate',
      );
      return undefined;
    }
    return Object.freeze({ path, thumbprintSha256, issuedBy: undefined, serialNumber: undefined, reason });
  }
  const authority = directory.resolve(reader, issuedBy, `${path}.issuedBy`);
  const serialNumber = findSerialNumber(reader.readText(serial, `${path}.serialNumber`));
  if (serialNumber === undefined) {
    reader.report(
      `${path}.serialNumber`,
      'it must be up to 128 hexadecimal digits (colons and spaces are fine), as certgate certificate inspect prints it',
    );
  }
  if (authority === undefined || serialNumber === undefined) return undefined;
  return Object.freeze({ path, thumbprintSha256: undefined, issuedBy: authority.name, serialNumber, reason });
}
