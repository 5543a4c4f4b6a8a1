import { findDuplicateKey } from './encoding/strict-json.js';
import { findThumbprint } from './encoding/thumbprint.js';
import { findInstant } from './encoding/timestamp.js';
import { expectKnownOptions } from './known-options.js';
import { DocumentReader, type DocumentProblem, escapePath } from './trust-document-reader.js';
import {
  type PinKind,
  type TrustPin,
  type TrustSnapshot,
  type TrustWarning,
  type TrustedIdentity,
  createTrustSnapshot,
  pinKinds,
} from './trust-snapshot.js';

/** The newest version this runtime reads. Every key added to the document raises it. */
export const newestSchemaVersion = 1;

export const maximumDocumentLength: number = 64 * 1024 * 1024;

/** Thrown for a trust document that can't be used, whole: `problems` names every place and what to do. */
export class TrustDocumentError extends Error {
  override readonly name = 'TrustDocumentError';
  readonly problems: readonly DocumentProblem[];

  /** `source` says where the document came from, e.g. `file trust.json`. */
  constructor(problems: readonly DocumentProblem[], source?: string) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super(
      `The trust document${source === undefined ? '' : ` (${source})`} is not valid: ${first?.path === '' ? '' : `${first?.path ?? ''}: `}${first?.message ?? ''}${more}`,
    );
    this.problems = problems;
  }
}

export interface TrustDocumentOptions {
  /** The name of this app. A document that has an `audience` is accepted only where it names the app. */
  readonly audience?: string | undefined;
}

/**
 * JSON text (or the value it stands for) → TrustSnapshot. The document is read whole or not at all.
 *
 * @throws {TrustDocumentError} for anything the published schema doesn't allow: unknown or duplicate keys, duplicate
 * names or pins, times that don't exist, keys of later versions. {TypeError} for an unknown option.
 */
export function parseTrustDocument(document: unknown, options: TrustDocumentOptions = {}): TrustSnapshot {
  expectKnownOptions(options, ['audience'], 'The trust document');
  const value = typeof document === 'string' ? parseJson(document) : document;
  const reader = new DocumentReader();
  const snapshot = readDocument(reader, value, options);
  if (snapshot === undefined || reader.problems.length > 0) throw new TrustDocumentError(reader.problems);
  return snapshot;
}

function parseJson(text: string): unknown {
  const refuse = (message: string, path = ''): never => {
    throw new TrustDocumentError([{ path: escapePath(path), message }]);
  };
  if (text.length > maximumDocumentLength) refuse(`it has more than ${maximumDocumentLength} characters`);
  // Windows editors put a byte order mark in front; RFC 8259 §8.1 lets a reader ignore it.
  const json = text.startsWith('\ufeff') ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    refuse(`it is not JSON (${error instanceof Error ? error.message : 'unreadable'})`);
  }
  const duplicate = findDuplicateKey(json);
  if (duplicate !== undefined) refuse('this key stands twice in one object', duplicate.path);
  return value;
}

const documentKeys = {
  required: ['schemaVersion', 'revision', 'identities'],
  optional: ['$schema', 'audience'],
  later: { authorities: 'certificates from a CA are not supported by this version; pin certificates instead' },
};

function readDocument(
  reader: DocumentReader,
  value: unknown,
  options: TrustDocumentOptions,
): TrustSnapshot | undefined {
  // The version first: an older runtime says so, instead of stumbling over the keys of a newer document.
  const schemaVersion = reader.readSchemaVersion(value, newestSchemaVersion);
  if (schemaVersion === undefined) return undefined;
  const fields = reader.readObject(value, '', documentKeys);
  if (fields === undefined) return undefined;
  reader.readOptionalText(fields['$schema'], '$schema');
  const revision = reader.readCount(fields['revision'], 'revision');
  const audience = readAudience(reader, fields['audience'], options.audience);
  const warnings: TrustWarning[] = [];
  const identities = readIdentities(reader, fields['identities'], warnings);
  return createTrustSnapshot({ schemaVersion, revision, audience, identities, warnings });
}

function readAudience(reader: DocumentReader, value: unknown, app: string | undefined): readonly string[] | undefined {
  const audience = reader.readOptionalTexts(value, 'audience');
  if (audience === undefined || value === undefined) return undefined;
  if (app === undefined) {
    reader.report(
      'audience',
      `the document is for ${audience.join(', ')}, and this app has not said its name; give the trust store \`audience\``,
    );
  } else if (!audience.some((name) => name.toLowerCase() === app.toLowerCase())) {
    reader.report('audience', `the document is for ${audience.join(', ')}, not for "${app}"`);
  }
  return audience;
}

function readIdentities(reader: DocumentReader, value: unknown, warnings: TrustWarning[]): readonly TrustedIdentity[] {
  const names = new Map<string, string>();
  const pins = new Map<string, string>();
  return reader.readArray(value, 'identities').flatMap((item, index) => {
    const path = `identities[${index}]`;
    const identity = readIdentity(reader, item, path, warnings);
    if (identity === undefined) return [];
    reader.expectUnique(
      names,
      identity.name.toLowerCase(),
      `${path}.name`,
      `the name "${identity.name}" (letter case does not tell names apart)`,
    );
    identity.pins.forEach((pin, pinIndex) => {
      reader.expectUnique(
        pins,
        `${pin.kind} ${pin.value}`,
        `${path}.certificates[${pinIndex}]`,
        `the pin ${pin.kind} ${pin.value}`,
      );
    });
    return [identity];
  });
}

const identityKeys = {
  required: ['name', 'roles'],
  optional: ['functions', 'enabled', 'owner', 'reason', 'expiresAt', 'certificates'],
  later: { subjects: 'names under an authority are not supported by this version; pin certificates instead' },
};

function readIdentity(
  reader: DocumentReader,
  value: unknown,
  path: string,
  warnings: TrustWarning[],
): TrustedIdentity | undefined {
  const fields = reader.readObject(value, path, identityKeys);
  if (fields === undefined) return undefined;
  const certificates =
    fields['certificates'] === undefined ? [] : reader.readArray(fields['certificates'], `${path}.certificates`);
  const pins = certificates.flatMap(
    (item, index) => readPin(reader, item, `${path}.certificates[${index}]`, warnings) ?? [],
  );
  if (certificates.length === 0) {
    warnings.push({
      code: 'identity_without_pins',
      path,
      message: 'no certificate is pinned, so nobody can be this identity',
    });
  }
  const functions = reader.readOptionalTexts(fields['functions'], `${path}.functions`);
  return Object.freeze({
    name: reader.readName(fields['name'], `${path}.name`),
    roles: Object.freeze(reader.readOptionalTexts(fields['roles'], `${path}.roles`) ?? []),
    // Azure's function names don't differ by letter case.
    functions: functions && Object.freeze(functions.map((name) => name.toLowerCase())),
    enabled: reader.readFlag(fields['enabled'], `${path}.enabled`),
    owner: reader.readOptionalText(fields['owner'], `${path}.owner`),
    reason: reader.readOptionalText(fields['reason'], `${path}.reason`),
    expiresAt: readInstant(reader, fields['expiresAt'], `${path}.expiresAt`),
    pins: Object.freeze(pins),
  });
}

const pinKeys = {
  required: [],
  optional: [...pinKinds, 'enabled', 'notBefore', 'notAfter'],
  later: { issuedBy: 'certificates from a CA are not supported by this version' },
};

function readPin(reader: DocumentReader, value: unknown, path: string, warnings: TrustWarning[]): TrustPin | undefined {
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
  if (kind === 'publicKeySha256' && fields['notAfter'] === undefined) {
    // Whoever holds the key can issue himself a certificate with any dates.
    reader.report(
      path,
      "a publicKeySha256 pin needs a notAfter of its own: the certificate's dates are in the key holder's hand",
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
  return pinValue === undefined ? undefined : Object.freeze({ kind, value: pinValue, enabled, notBefore, notAfter });
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

function readInstant(reader: DocumentReader, value: unknown, path: string): number | undefined {
  const text = reader.readOptionalText(value, path);
  if (text === undefined) return undefined;
  const instant = findInstant(text);
  if (instant === undefined) reader.report(path, 'it must be a time that exists, in UTC, like 2027-03-01T00:00:00Z');
  return instant;
}
