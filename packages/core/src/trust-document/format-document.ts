import type {
  TrustDocument,
  TrustDocumentAuthority,
  TrustDocumentDenied,
  TrustDocumentIdentity,
  TrustDocumentLock,
  TrustDocumentMinimumCrlNumber,
  TrustDocumentPin,
  TrustDocumentRevocation,
  TrustDocumentSubject,
} from './trust-document.js';
import { anyAudience, readTrustDocumentWhole } from './parse-document.js';

/** Keys of each object in the order of the schema. */
const documentKeys: readonly (keyof TrustDocument)[] = [
  '$schema',
  'schemaVersion',
  'revision',
  'audience',
  'locked',
  'authorities',
  'denied',
  'identities',
];

const lockKeys: readonly (keyof TrustDocumentLock)[] = ['since', 'by', 'reason'];

const authorityKeys: readonly (keyof TrustDocumentAuthority)[] = [
  'name',
  'trustAnchors',
  'intermediates',
  'spiffeTrustDomains',
  'dnsConstraintsWithLeadingDot',
  'revocation',
];

const revocationKeys: readonly (keyof TrustDocumentRevocation)[] = [
  'mode',
  'scope',
  'crls',
  'ocsp',
  'ocspNonce',
  'graceSeconds',
  'minimumCrlNumbers',
];

const minimumCrlNumberKeys: readonly (keyof TrustDocumentMinimumCrlNumber)[] = ['issuer', 'number'];

const deniedKeys: readonly (keyof TrustDocumentDenied)[] = ['thumbprintSha256', 'issuedBy', 'serialNumber', 'reason'];

const identityKeys: readonly (keyof TrustDocumentIdentity)[] = [
  'name',
  'roles',
  'functions',
  'enabled',
  'owner',
  'reason',
  'expiresAt',
  'subjects',
  'certificates',
];

const subjectKeys: readonly (keyof TrustDocumentSubject)[] = [
  'issuedBy',
  'dns',
  'uri',
  'email',
  'commonName',
  'organizationalUnit',
];

const pinKeys: readonly (keyof TrustDocumentPin)[] = [
  'thumbprintSha256',
  'thumbprintSha1',
  'publicKeySha256',
  'issuedBy',
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
  const { locked, authorities, denied, identities } = document;
  const ordered: TrustDocument = {
    ...pickInOrder(document, documentKeys),
    schemaVersion: findLowestSchemaVersion(document),
    ...(locked && { locked: pickInOrder(locked, lockKeys) }),
    ...(authorities && { authorities: authorities.map(orderAuthority) }),
    ...(denied && { denied: denied.map((entry) => pickInOrder(entry, deniedKeys)) }),
    identities: identities.map(orderIdentity),
  };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/** 1 unless a key of version 2 is there. */
function findLowestSchemaVersion({ authorities, denied, identities }: TrustDocument): number {
  const hasLaterKeys =
    authorities !== undefined ||
    denied !== undefined ||
    identities.some(
      ({ subjects, certificates = [] }) =>
        subjects !== undefined || certificates.some(({ issuedBy }) => issuedBy !== undefined),
    );
  return hasLaterKeys ? 2 : 1;
}

function orderAuthority(authority: TrustDocumentAuthority): TrustDocumentAuthority {
  const { revocation } = authority;
  return {
    ...pickInOrder(authority, authorityKeys),
    ...(revocation && { revocation: orderRevocation(revocation) }),
  };
}

function orderRevocation(revocation: TrustDocumentRevocation): TrustDocumentRevocation {
  const { minimumCrlNumbers } = revocation;
  return {
    ...pickInOrder(revocation, revocationKeys),
    ...(minimumCrlNumbers && {
      minimumCrlNumbers: minimumCrlNumbers.map((entry) => pickInOrder(entry, minimumCrlNumberKeys)),
    }),
  };
}

function orderIdentity(identity: TrustDocumentIdentity): TrustDocumentIdentity {
  const { subjects, certificates } = identity;
  return {
    ...pickInOrder(identity, identityKeys),
    ...(subjects && { subjects: subjects.map((subject) => pickInOrder(subject, subjectKeys)) }),
    ...(certificates && { certificates: certificates.map((pin) => pickInOrder(pin, pinKeys)) }),
  };
}

function pickInOrder<T extends object>(value: T, keys: readonly (keyof T)[]): T {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]])) as T;
}
