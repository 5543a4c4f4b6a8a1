import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isDocumentSigned } from '../facts.js';
import type { StoreOptions } from '../reference/instance.js';
import { getPool } from './certificates.js';
import type { Draft, Signature } from './documents.js';
import type { Random } from './random.js';

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly hash: string | null;
  readonly pem: string;
}

let keys: readonly [own: SigningKey, foreign: SigningKey] | undefined;

function getKeys(): readonly [own: SigningKey, foreign: SigningKey] {
  return (keys ??= makeKeys());
}

function makeKeys(): readonly [own: SigningKey, foreign: SigningKey] {
  const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
  const own = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const foreign = generateKeyPairSync('ed25519');
  return [
    { privateKey: own.privateKey, hash: 'sha384', pem: pemOf(own.publicKey) },
    { privateKey: foreign.privateKey, hash: null, pem: pemOf(foreign.publicKey) },
  ];
}

/** Chooses the options of a store. Most options are rare. */
export function chooseOptions(random: Random): StoreOptions {
  const { audience, minimumRevision, signedBy } = {
    audience: random.chance(0.7),
    minimumRevision: random.chance(0.1),
    signedBy: random.chance(0.15),
  };
  return {
    ...(audience ? { audience: random.pick(['app', 'App']) } : {}),
    ...(minimumRevision ? { minimumRevision: 1 + random.below(2) } : {}),
    ...(signedBy ? { signedBy: [getKeys()[0].pem] } : {}),
  };
}

/** Sometimes gives a document an audience and a signature, and denies a CA certificate that comes with callers. */
export function addressDraft(random: Random, draft: Draft): void {
  if (random.chance(0.1)) draft.audience = random.pick([undefined, ['APP', 'other'], ['APP'], ['other']]);
  if (random.chance(0.15)) draft.signature = random.pick(['own', 'own', 'both', 'foreign', 'none', 'garbage']);
  if (draft.denied.length > 0 || draft.authorities.length === 0 || random.chance(0.9)) return;
  const { facts } = random.pick(getPool().forwarded);
  const [{ name: issuedBy } = { name: '' }] = draft.authorities;
  const { thumbprintSha256, serialNumber = '' } = facts;
  draft.denied.push(random.pick([{ thumbprintSha256 }, { issuedBy, serialNumber }]));
}

/** The detached signature of a document. Undefined for `none`. */
export function signDocument(text: string, signature: Signature = 'own'): string | undefined {
  const [own, foreign] = getKeys();
  const by = ({ hash, privateKey }: SigningKey): string => sign(hash, Buffer.from(text), privateKey).toString('base64');
  switch (signature) {
    case 'own':
      return by(own);
    case 'foreign':
      return by(foreign);
    case 'both':
      return `${by(foreign)}\n${by(own)}\n`;
    case 'garbage':
      return by(own).slice(8);
    case 'none':
      return undefined;
  }
}

export function isSignedFor({ signedBy = [] }: StoreOptions, text: string, signature: string | undefined): boolean {
  return signature !== undefined && isDocumentSigned(text, signature, signedBy);
}
