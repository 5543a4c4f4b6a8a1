import assert from 'node:assert/strict';
import {
  type DocumentObjects,
  getDocumentKeys,
  type KeyType,
  type WithPresence,
} from '../trust-document/document-keys.js';
import { TrustDocumentError } from '../trust-document/document-error.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import type { TrustDocument } from '../trust-document/trust-document.js';
import { getAuthorityPems } from './authority-certificates.js';

export type { KeyType };
export type ObjectName = keyof DocumentObjects;
export type Keys = readonly (readonly [string, KeyType & WithPresence])[];

export const objectNames: readonly ObjectName[] = Object.keys(getDocumentKeys()) as ObjectName[];
export const keysOf: (objectName: ObjectName) => Keys = (objectName) =>
  Object.entries<KeyType & WithPresence>(getDocumentKeys()[objectName]);

const { corp } = getAuthorityPems();
const sha256 = '0A'.repeat(32);
/** A document with every key, except that an object with alternatives has only one of them, or the pair. */
export const whole: TrustDocument = {
  $schema: 'https://example.com/trust.schema.json',
  schemaVersion: 1,
  revision: 1,
  audience: ['app'],
  locked: { since: '2027-01-01T00:00:00Z', by: 'ada', reason: 'breach' },
  authorities: [
    {
      name: 'corp',
      trustAnchors: [corp],
      intermediates: [],
      spiffeTrustDomains: ['corp.example'],
      dnsConstraintsWithLeadingDot: 'refuse',
      revocation: {
        mode: 'required',
        scope: 'chain',
        crls: ['file:corp.crl'],
        ocsp: 'http://ocsp.example/',
        ocspNonce: 'optional',
        graceSeconds: 1,
        minimumCrlNumbers: [{ issuer: 'CN=Corp CA', number: '12' }],
        noRevAvailMaximumLifetimeSeconds: 3600,
      },
    },
  ],
  denied: [{ issuedBy: 'corp', serialNumber: '0A', reason: 'lost' }],
  identities: [
    {
      name: 'billing',
      roles: ['reader'],
      functions: ['GetOrder'],
      enabled: true,
      owner: 'payments team',
      reason: 'invoices',
      expiresAt: '2028-01-01T00:00:00Z',
      names: [{ issuedBy: 'corp', dns: 'a.example' }],
      pins: [
        {
          thumbprintSha256: sha256,
          issuedBy: 'corp',
          enabled: true,
          notBefore: '2027-01-01T00:00:00Z',
          notAfter: '2028-01-01T00:00:00Z',
        },
      ],
    },
    {
      name: 'partner',
      roles: [],
      pins: [
        {
          thumbprintSha256: '0B'.repeat(32),
          acceptWithoutClientAuth: {
            since: '2027-01-01T00:00:00Z',
            until: '2027-03-01T00:00:00Z',
            reason: 'changes over to our own authority',
          },
        },
      ],
    },
  ],
};
/** This key must not be in a pin with `issuedBy`, so another pin has it. */
export const notWithIssuer = 'acceptWithoutClientAuth';
/** The place of each kind of object in `whole`. */
const paths: Readonly<Record<ObjectName, string>> = {
  document: '',
  lock: 'locked',
  authority: 'authorities[0]',
  revocation: 'authorities[0].revocation',
  minimumCrlNumber: 'authorities[0].revocation.minimumCrlNumbers[0]',
  denied: 'denied[0]',
  identity: 'identities[0]',
  trustName: 'identities[0].names[0]',
  pin: 'identities[0].pins[0]',
  clientAuthGrace: 'identities[1].pins[0].acceptWithoutClientAuth',
};

/** A copy of the document, and the object of this kind in the copy. */
export function copyAndFind(objectName: ObjectName): {
  readonly document: unknown;
  readonly target: Record<string, unknown>;
} {
  const document: unknown = structuredClone(whole);
  const steps = paths[objectName].match(/[^.[\]]+/g) ?? [];
  const target = steps.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], document);
  return { document, target: target as Record<string, unknown> };
}

export function listProblemPaths(document: unknown): readonly string[] {
  try {
    parseTrustDocument(document, { audience: 'app' });
    return [];
  } catch (error) {
    assert.ok(error instanceof TrustDocumentError);
    return error.problems.map(({ path }) => path);
  }
}

export const pathOf: (objectName: ObjectName, key: string) => string = (objectName, key) =>
  paths[objectName] === '' ? key : `${paths[objectName]}.${key}`;

export const allKeys: readonly string[] = objectNames.flatMap((objectName) =>
  keysOf(objectName).map(([key]) => `${objectName}.${key}`),
);

/** Which keys of the table the documents have, whether they are valid or not, each as `object.key`. */
export function listKeysIn(documents: readonly unknown[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown, type: KeyType): void => {
    if (type.type === 'list' && Array.isArray(value)) for (const item of value) visit(item, type.items);
    if (type.type !== 'object' || typeof value !== 'object' || value === null) return;
    for (const [key, typeOfKey] of keysOf(type.objectName)) {
      if (!Object.hasOwn(value, key)) continue;
      found.add(`${type.objectName}.${key}`);
      visit((value as Readonly<Record<string, unknown>>)[key], typeOfKey);
    }
  };
  for (const document of documents) visit(document, { type: 'object', objectName: 'document' });
  return found;
}

/** The key that a path such as `identities[0].owner` names, as `object.key`. Undefined if it is not in the table. */
export function findKeyAt(path: string): string | undefined {
  let objectName: ObjectName | undefined = 'document';
  let found: string | undefined;
  for (const step of path.replaceAll(/\[\d+\]/g, '').split('.')) {
    if (objectName === undefined) return undefined;
    const type: KeyType | undefined = keysOf(objectName).find(([key]) => key === step)?.[1];
    if (type === undefined) return undefined;
    found = `${objectName}.${step}`;
    const inner: KeyType = type.type === 'list' ? type.items : type;
    objectName = inner.type === 'object' ? inner.objectName : undefined;
  }
  return found;
}
