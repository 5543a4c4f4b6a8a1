import type { TrustDocument, TrustDocumentIdentity, TrustDocumentPin } from './trust-document-content.js';
import { anyAudience, readTrustDocumentWhole } from './trust-document.js';

/**
 * JSON text → the document as its author wrote it, for tools that change it. It is checked as a runtime would, whatever
 * its audience.
 *
 * @throws {TrustDocumentError} as `parseTrustDocument` does.
 */
export function readTrustDocument(text: string): TrustDocument {
  // What the strict reader accepted has this shape.
  return readTrustDocumentWhole(text, { audience: anyAudience }).value as TrustDocument;
}

/** Every key belongs to version 1 so far; a later one raises this where it is used. */
const lowestSchemaVersion = 1;

const documentKeys: readonly (keyof TrustDocument)[] = [
  '$schema',
  'schemaVersion',
  'revision',
  'audience',
  'identities',
];

const identityKeys: readonly (keyof TrustDocumentIdentity)[] = [
  'name',
  'roles',
  'functions',
  'enabled',
  'owner',
  'reason',
  'expiresAt',
  'certificates',
];

const pinKeys: readonly (keyof TrustDocumentPin)[] = [
  'thumbprintSha256',
  'thumbprintSha1',
  'publicKeySha256',
  'enabled',
  'notBefore',
  'notAfter',
];

/**
 * The document as JSON text in one fixed form: two spaces, keys in the schema's order, a line end behind. Values keep
 * the author's notation; only `schemaVersion` becomes the lowest that suffices, so that runtimes can be older than tools.
 *
 * @throws {TrustDocumentError} for a document that no runtime would take: a tool must not write what locks everyone out.
 */
export function formatTrustDocument(document: TrustDocument): string {
  readTrustDocumentWhole(document, { audience: anyAudience });
  const ordered: TrustDocument = {
    ...pickInOrder(document, documentKeys),
    schemaVersion: lowestSchemaVersion,
    identities: document.identities.map((identity) => ({
      ...pickInOrder(identity, identityKeys),
      ...(identity.certificates && {
        certificates: identity.certificates.map((pin) => pickInOrder(pin, pinKeys)),
      }),
    })),
  };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

function pickInOrder<T extends object>(value: T, keys: readonly (keyof T)[]): T {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]])) as T;
}
