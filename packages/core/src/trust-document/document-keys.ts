import type {
  TrustDocument,
  TrustDocumentAuthority,
  TrustDocumentClientAuthGrace,
  TrustDocumentDenied,
  TrustDocumentIdentity,
  TrustDocumentLock,
  TrustDocumentMinimumCrlNumber,
  TrustDocumentPin,
  TrustDocumentRevocation,
  TrustDocumentName,
} from './trust-document.js';

/**
 * The version of the format below. It rises with every change that an older runtime must not overlook. Such a runtime
 * then refuses the document and says what to update, instead of listing keys that it does not know.
 */
export const schemaVersion = 1;

/** The objects of a trust document, by the names that the table, the JSON Schema and the documentation give them. */
export interface DocumentObjects {
  readonly document: TrustDocument;
  readonly lock: TrustDocumentLock;
  readonly authority: TrustDocumentAuthority;
  readonly revocation: TrustDocumentRevocation;
  readonly minimumCrlNumber: TrustDocumentMinimumCrlNumber;
  readonly denied: TrustDocumentDenied;
  readonly identity: TrustDocumentIdentity;
  readonly trustName: TrustDocumentName;
  readonly pin: TrustDocumentPin;
  readonly clientAuthGrace: TrustDocumentClientAuthGrace;
}

const day = 24 * 60 * 60;
const week = 7 * day;
/**
 * The longest lifetime of a certificate that needs no revocation information, in seconds, because a thief of its key
 * can use it to its end. CAs issue such certificates for hours or days, public CAs for 7 days at most. Within a month,
 * a revocation would have been noticed.
 */
const longestWithoutRevocation = 30 * day;

/**
 * Every key of the trust document, in the order in which tools write them. The readers and the formatter use this
 * table. The compiler checks that it agrees with the types of `TrustDocument`, and a test checks the same for the JSON
 * Schema and docs/trust-document.md. It is made at the first call, because a bundler can't leave out what is made while
 * a file loads.
 */
export function getDocumentKeys(): DocumentKeys {
  return (documentKeys ??= createDocumentKeys());
}

let documentKeys: DocumentKeys | undefined;

function createDocumentKeys(): DocumentKeys {
  const text = textOf('text', 256);
  const name = textOf('name', 256);
  const instant = textOf('instant', 256);
  const sha256 = textOf('sha256', 256);
  const sha1 = textOf('sha1', 256);
  const certificate = textOf('certificate', 16 * 1024);
  const flag = { type: 'flag' } as const;
  return {
    document: {
      $schema: optional(text),
      schemaVersion: required(wholeNumber(1, schemaVersion)),
      revision: required(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
      audience: optional(setOf(name, { minimumCount: 1 })),
      locked: optional(object('lock')),
      authorities: optional(listOf(object('authority'))),
      denied: optional(listOf(object('denied'))),
      identities: required(listOf(object('identity'))),
    },
    lock: {
      since: required(instant),
      by: required(text),
      reason: required(text),
    },
    authority: {
      name: required(name),
      trustAnchors: required(setOf(certificate, { minimumCount: 1, maximumCount: 64 })),
      intermediates: optional(setOf(certificate, { maximumCount: 1000 })),
      spiffeTrustDomains: optional(setOf(textOf('trustDomain', 255))),
      dnsConstraintsWithLeadingDot: optional(choiceOf(['refuse', 'subdomains-only'])),
      revocation: optional(object('revocation')),
    },
    revocation: {
      mode: optional(choiceOf(['required', 'when-available', 'off'])),
      scope: optional(choiceOf(['chain', 'end-entity'])),
      crls: optional(setOf(textOf('crlAddress', 2048))),
      ocsp: optional(textOf('url', 2048)),
      ocspNonce: optional(choiceOf(['required', 'optional'])),
      graceSeconds: optional(wholeNumber(0, week)),
      minimumCrlNumbers: optional(listOf(object('minimumCrlNumber'))),
      noRevAvailMaximumLifetimeSeconds: optional(wholeNumber(1, longestWithoutRevocation)),
    },
    minimumCrlNumber: {
      issuer: required(textOf('text', 2048)),
      number: required(textOf('decimal', 48)),
    },
    denied: {
      thumbprintSha256: alternative(sha256),
      issuedBy: alternative(text),
      serialNumber: alternative(textOf('serialNumber', 256)),
      reason: optional(text),
    },
    identity: {
      name: required(name),
      roles: required(setOf(name)),
      functions: optional(setOf(name)),
      enabled: optional(flag),
      owner: optional(text),
      reason: optional(text),
      expiresAt: optional(instant),
      names: optional(listOf(object('trustName'))),
      pins: optional(listOf(object('pin'))),
    },
    trustName: {
      issuedBy: required(text),
      dns: alternative(textOf('dns', 253)),
      uri: alternative(textOf('uri', 2048)),
      email: alternative(textOf('email', 254)),
      commonName: alternative(name),
      organizationalUnit: alternative(name),
    },
    pin: {
      thumbprintSha256: alternative(sha256),
      thumbprintSha1: alternative(sha1),
      publicKeySha256: alternative(sha256),
      issuedBy: optional(text),
      enabled: optional(flag),
      notBefore: optional(instant),
      notAfter: optional(instant),
      acceptWithoutClientAuth: optional(object('clientAuthGrace')),
    },
    clientAuthGrace: {
      since: required(instant),
      until: required(instant),
      reason: required(text),
    },
  };
}

/** The keys that an object may have and those that it must have, in the table's order. */
export interface KnownKeys {
  readonly known: readonly string[];
  readonly required: readonly string[];
}

const knownKeys = new Map<keyof DocumentObjects, KnownKeys>();

export function getKnownKeys(objectName: keyof DocumentObjects): KnownKeys {
  const found = knownKeys.get(objectName) ?? listKnownKeys(getDocumentKeys()[objectName]);
  knownKeys.set(objectName, found);
  return found;
}

function listKnownKeys(keys: Readonly<Record<string, WithPresence>>): KnownKeys {
  const known = Object.keys(keys);
  return { known, required: known.filter((key) => keys[key]?.presence === 'required') };
}

/** A JSON string. The type says which strings are allowed, and the reader of the key checks that. */
export interface TextType {
  readonly type:
    | 'text'
    | 'name'
    | 'instant'
    | 'sha256'
    | 'sha1'
    | 'serialNumber'
    | 'certificate'
    | 'trustDomain'
    | 'crlAddress'
    | 'url'
    | 'decimal'
    | 'dns'
    | 'uri'
    | 'email';
  /** The longest allowed text, in UTF-16 code units. */
  readonly maximumLength: number;
}

export interface ChoiceType<T extends string> {
  readonly type: 'choice';
  readonly choices: readonly T[];
}

export interface FlagType {
  readonly type: 'flag';
}

export interface WholeNumberType {
  readonly type: 'wholeNumber';
  readonly minimum: number;
  readonly maximum: number;
}

export interface ObjectType {
  readonly type: 'object';
  readonly objectName: keyof DocumentObjects;
}

export interface ListType<T> {
  readonly type: 'list';
  readonly items: T;
  readonly minimumCount: number;
  readonly maximumCount: number;
  /** Whether a duplicate item is an error. If the items are objects, their readers compare what identifies them. */
  readonly isSet: boolean;
}

/** The table's entry for one key. */
export type KeyType = TextType | ChoiceType<string> | FlagType | WholeNumberType | ObjectType | ListType<KeyType>;

/**
 * Whether an object must have the key. `alternative`: it is optional, and the object must have exactly one of its
 * alternatives (in `denied`, one or a pair).
 */
export interface WithPresence {
  readonly presence: 'required' | 'optional' | 'alternative';
}

/**
 * The type of the table, derived from the types of `TrustDocument`: the same keys with the same presence, for values of
 * the same type.
 */
export type DocumentKeys = {
  readonly [O in keyof DocumentObjects]: {
    readonly [K in keyof DocumentObjects[O]]-?: TypeOf<Exclude<DocumentObjects[O][K], undefined>> & {
      readonly presence: object extends Pick<DocumentObjects[O], K> ? 'optional' | 'alternative' : 'required';
    };
  };
};

type TypeOf<V> = [V] extends [boolean]
  ? FlagType
  : [V] extends [number]
    ? WholeNumberType
    : [V] extends [string]
      ? string extends V
        ? TextType
        : ChoiceType<V>
      : [V] extends [readonly (infer I)[]]
        ? ListType<TypeOf<I>>
        : ObjectType;

function textOf(type: TextType['type'], maximumLength: number): TextType {
  return { type, maximumLength };
}

function choiceOf<T extends string>(choices: readonly T[]): ChoiceType<T> {
  return { type: 'choice', choices };
}

function wholeNumber(minimum: number, maximum: number): WholeNumberType {
  return { type: 'wholeNumber', minimum, maximum };
}

function object(objectName: keyof DocumentObjects): ObjectType {
  return { type: 'object', objectName };
}

function listOf<T>(items: T): ListType<T> {
  return { type: 'list', items, minimumCount: 0, maximumCount: Infinity, isSet: false };
}

function setOf<T>(
  items: T,
  counts: { readonly minimumCount?: number; readonly maximumCount?: number } = {},
): ListType<T> {
  return { ...listOf(items), ...counts, isSet: true };
}

function required<T>(type: T): T & { readonly presence: 'required' } {
  return { ...type, presence: 'required' };
}

function optional<T>(type: T): T & { readonly presence: 'optional' } {
  return { ...type, presence: 'optional' };
}

function alternative<T>(type: T): T & { readonly presence: 'alternative' } {
  return { ...type, presence: 'alternative' };
}
