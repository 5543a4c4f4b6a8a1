import {
  add,
  addCaller,
  addNamed,
  change,
  corp,
  edit,
  future,
  hash,
  hashKey,
  past,
  read,
  slip,
} from './drill-stage.js';

/** A document that makes the gate refuse a caller. */
export interface DocumentFault extends Judgement {
  readonly certificate?: string;
  readonly make: () => Promise<unknown>;
  /** The number of choices that `explain --certificate` prints. Default 1. */
  readonly choices?: number;
  /** The indexes of the choices that end this fault. Default: all. */
  readonly fitting?: readonly number[];
  /** The CA certificate that a person must get before they run a command. */
  readonly authorityFile?: string;
}

/** What an operator must learn from an explanation. */
export interface Judgement {
  /** Matches the cause in the texts that the operator reads. */
  readonly cause: RegExp;
  /** Matches the introduction of the choice that ends the fault. Absent if there must be only one choice. */
  readonly when?: RegExp;
  /** Matches the advice that helps if no command can. */
  readonly advice?: RegExp;
  /** The known shortcomings: what does not name the cause, or does not help, although it should. */
  readonly missed?: readonly ('cause' | 'line' | 'remedy')[];
}

const intermediateMissing = /intermediate of the authority "corp" is missing/;
const unclaimed = /No identity of the trust document has this certificate/;

/** The faults, by denial code and case. */
export const documentFaults: Readonly<Record<string, DocumentFault>> = {
  identity_disabled: {
    cause: /"a1" is disabled/,
    make: () => addCaller().then(() => change('disable', 'a1')),
  },
  identity_expired: { cause: /"a1" ended at 2021-01-01/, make: () => addCaller('--expires-at', past) },
  pin_disabled: {
    cause: /pin of "a1" is disabled/,
    make: () => addCaller().then(() => change('disable', 'a1', '--pin', hash('caller'))),
  },
  pin_expired: { cause: /pin of "a1" ended at 2021-01-01/, make: () => addCaller('--not-after', past) },
  'pin_expired: beside a good one': {
    cause: /pin of "a1" ended at 2021-01-01/,
    make: async () => {
      await addCaller();
      edit((identity) => ({
        ...identity,
        pins: [{ publicKeySha256: hashKey('caller'), notAfter: past }, ...(identity.pins ?? [])],
      }));
    },
  },
  'pin_expired: of a key': {
    cause: /pin of "a1" ended at 2021-01-01/,
    make: () => add('a1', '--public-key-sha256', hashKey('caller'), '--not-after', past),
  },
  // The gate gives the one of two reasons that comes first in the table of denials, as it does with several documents.
  'pin_not_yet_valid: with another that is over': {
    cause: /pin of "a1" begins at 2099-01-01/,
    make: async () => {
      await addCaller('--not-after', past);
      edit((identity) => ({
        ...identity,
        pins: [
          ...(identity.pins ?? []),
          { publicKeySha256: hashKey('caller'), notBefore: future, notAfter: '2100-01-01T00:00:00Z' },
        ],
      }));
    },
  },
  pin_not_yet_valid: {
    cause: /pin of "a1" begins at 2099-01-01/,
    make: () => addCaller('--not-before', future, '--not-after', '2100-01-01T00:00:00Z'),
  },
  function_not_allowed: {
    cause: /"a1" may not call GetOrder/,
    make: () => addCaller('--function', 'Other'),
  },
  'role_missing: of an identity whose name a shell would take apart': {
    cause: /lacks the role that GetOrder requires: reader/,
    make: () => change('add', `o'reilly & "sons" $HOME`, '--certificate', 'caller.crt.pem', '--role', 'writer'),
  },
  'role_missing: of a name like an option': {
    cause: /"-a1" lacks the role that GetOrder requires: reader/,
    make: async () => {
      await addCaller();
      edit((identity) => ({ ...identity, name: '-a1', roles: [] }));
    },
  },
  certificate_not_trusted: {
    missed: ['remedy'],
    cause: unclaimed,
    make: () => add('other', '--certificate', 'other.crt.pem'),
  },
  'certificate_not_trusted: two digits swapped': {
    missed: ['line'],
    cause: /differs from the pin thumbprintSha256 \w{64} in one digit/,
    make: () => add('a1', '--thumbprint-sha256', slip(hash('caller'))),
  },
  'certificate_not_trusted: the hash of the key in the place of the certificate': {
    missed: ['cause', 'line', 'remedy'],
    cause: /the pin has the wrong kind of hash/,
    make: () => add('a1', '--thumbprint-sha256', hashKey('caller')),
  },
  'certificate_not_trusted: a new certificate of a known name': {
    cause: /"claimedBy":"name","claimedIdentity":"Caller"|new certificate of "Caller"/,
    make: () => add('Caller', '--certificate', 'other.crt.pem'),
  },
  'certificate_not_trusted: of an authority that does not vouch for anybody of that name': {
    missed: ['remedy'],
    certificate: 'rooted',
    cause: /issuer of "corp", and no identity of the trust document is bound there to any of its names \(dns billing/,
    make: () => change(...corp()),
  },
  'certificate_not_trusted: an intermediate is missing': {
    missed: ['line'],
    certificate: 'issued',
    choices: 3,
    fitting: [0, 1],
    authorityFile: 'issuing.crt.pem',
    cause: intermediateMissing,
    when: intermediateMissing,
    make: () => addNamed(...corp()),
  },
  trust_locked: { cause: /document is locked since/, make: () => addCaller().then(() => change('lock')) },
  certificate_on_deny_list: {
    cause: /on the trust document's deny list \(denied\[0\]\)/,
    make: () => addCaller().then(() => change('deny', 'caller.crt.pem')),
  },
  'certificate_on_deny_list: by serial number': {
    certificate: 'rooted',
    cause: /on the trust document's deny list \(denied\[0\]\)/,
    make: () =>
      addNamed(...corp()).then(() => change('deny', '--issued-by', 'corp', '--serial', read('rooted').serialNumber)),
  },
  'certificate_on_deny_list: the CA above it': {
    certificate: 'issued',
    cause: /leads through "CN=issuing". The certificate is on the trust document's deny list/,
    make: () => addNamed(...corp('issuing.crt.pem')).then(() => change('deny', 'issuing.crt.pem')),
  },
  identity_ambiguous: {
    choices: 2,
    cause: /belongs to two identities, "a1" and "a2"/,
    when: /certificate of "a1"/,
    make: async () => {
      await addCaller();
      await add('a2', '--public-key-sha256', hashKey('caller'), '--not-after', future);
    },
  },
  'identity_ambiguous: by a pin and a name': {
    certificate: 'rooted',
    choices: 2,
    cause: /belongs to two identities, "\w+" and "\w+"/,
    when: /certificate of "billing"/,
    make: async () => {
      await change(...corp());
      await add('billing', '--issued-by', 'corp', '--dns', '*.corp.example');
      await add('a2', '--certificate', 'rooted.crt.pem');
    },
  },
  'path_not_found: of a pin whose authority lacks an intermediate': {
    certificate: 'issued',
    choices: 4,
    fitting: [0, 1, 3],
    authorityFile: 'issuing.crt.pem',
    cause: /No certificate of the authority has the name of the issuer of the certificate "CN=issued"/,
    when: intermediateMissing,
    make: () => change(...corp()).then(() => add('a1', '--certificate', 'issued.crt.pem', '--issued-by', 'corp')),
  },
  'path_not_found: of a key pin whose authority lacks an intermediate': {
    certificate: 'issued',
    choices: 4,
    fitting: [0, 1, 3],
    authorityFile: 'issuing.crt.pem',
    cause: /No certificate of the authority has the name of the issuer of the certificate "CN=issued"/,
    when: /valid from any issuer/,
    make: () =>
      change(...corp()).then(() => add('a1', '--public-key-sha256', hashKey('issued'), '--issued-by', 'corp')),
  },
  'path_signature_invalid: the authority has a new key': {
    certificate: 'rooted',
    authorityFile: 'root.crt.pem',
    cause: /not signed by the key of the certificate above it/,
    when: /has a new root/,
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'imitator.crt.pem'),
  },
  'certificate_not_trusted: the CA was replaced by a root of another name': {
    missed: ['line'],
    certificate: 'of-successor',
    choices: 3,
    fitting: [1],
    authorityFile: 'successor.crt.pem',
    cause: /"corp" has a new root/,
    when: /has a new root/,
    make: () => addNamed(...corp()),
  },
  'path_not_found: the CA was replaced, and only its new intermediate is known': {
    certificate: 'issued',
    choices: 2,
    fitting: [0],
    authorityFile: 'root.crt.pem',
    cause: /No certificate of the authority has the name of the issuer of the CA certificate "CN=issuing"/,
    when: /has a new root/,
    make: () =>
      addNamed('authority', 'add', 'corp', '--trust-anchor', 'successor.crt.pem', '--intermediate', 'issuing.crt.pem'),
  },
  'path_not_found: the new root was added as an intermediate': {
    missed: ['line'],
    certificate: 'of-successor',
    authorityFile: 'successor.crt.pem',
    cause: /"corp" has a new root/,
    when: /has a new root/,
    make: () => addNamed(...corp('successor.crt.pem')),
  },
  path_name_not_permitted: {
    certificate: 'excluded',
    cause: /"billing\.corp\.example" is none that an issuer's name constraints permit/,
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'narrow.crt.pem'),
  },
  'path_name_not_permitted: by a constraint with a leading dot': {
    certificate: 'dotted',
    choices: 2,
    cause: /leading dot/,
    when: /leading dot/,
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'dot.crt.pem'),
  },
  'revocation_unavailable: the list has ended': {
    certificate: 'rooted',
    cause: /A CRL was due to be replaced at/,
    make: () => addNamed(...corp(), '--crl', 'file:ended.crl'),
  },
  'revocation_unavailable: the lifetime is too long for noRevAvail': {
    certificate: 'unlisted',
    choices: 2,
    fitting: [1],
    cause: /noRevAvail.*3600/,
    when: /noRevAvail/,
    make: () => addNamed(...corp(), '--revocation', 'required', '--accept-no-rev-avail', '3600'),
  },
  'revocation_unavailable: no list is about the intermediate': {
    certificate: 'issued',
    choices: 2,
    fitting: [1],
    cause: /CA certificate "CN=issuing"/,
    when: /no list about the CAs/,
    make: () => addNamed(...corp('issuing.crt.pem'), '--crl', 'file:issuing.crl'),
  },
  'revocation_unavailable: the list is of another CA': {
    certificate: 'rooted',
    cause: /issuing\.crl: it is not signed by a CA of the authority "corp"/,
    make: () => addNamed(...corp(), '--crl', 'file:issuing.crl'),
  },
  'revocation_unavailable: the list cannot be reached': {
    certificate: 'rooted',
    cause: /absent\.crl/,
    make: () => addNamed(...corp(), '--crl', 'file:absent.crl'),
  },
  path_authority_unfit: {
    certificate: 'of-careless',
    authorityFile: 'careful.crt.pem',
    cause: /"CN=careless" has no key usage with keyCertSign/,
    when: /has a new root/,
    make: () => addNamed('authority', 'add', 'corp', '--trust-anchor', 'careless.crt.pem'),
  },
  path_certificate_expired: {
    certificate: 'issued',
    authorityFile: 'issuing.crt.pem',
    cause: /"CN=issuing" expired at 2025-01-01/,
    when: /was renewed/,
    make: () => addNamed(...corp('issuing-old.crt.pem')),
  },
  revocation_unavailable: {
    certificate: 'rooted',
    cause: /No CRL is about the certificate/,
    make: () => addNamed(...corp(), '--revocation', 'required'),
  },
};
