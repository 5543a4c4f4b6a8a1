import { type ChainDraft, type LevelDraft, getKey } from './chain-draft.js';
import { extension } from './certificate-writing.js';
import { utf8String } from './der-writing.js';
import { extensions, generalNames } from './extension-writing.js';

/** A change of a valid chain. Not every change is a flaw: some must not matter. */
export interface Flaw {
  readonly name: string;
  /** The levels of a chain that the change can be made at. */
  readonly at: 'any' | 'authority' | 'intermediate' | 'leaf' | 'below-root';
  readonly apply: (level: LevelDraft, draft: ChainDraft) => void;
}

const { dns, email, directory } = generalNames;
const serverAuthentication = '1.3.6.1.5.5.7.3.1';
const clientAuthentication = '1.3.6.1.5.5.7.3.2';
const anyExtendedKeyUsage = '2.5.29.37.0';
const policies = ['1.3.6.1.4.1.99999.1', '1.3.6.1.4.1.99999.2'] as const;

const set =
  (name: string, make: (level: LevelDraft) => Buffer): Flaw['apply'] =>
  (level) => {
    level.extensions.set(name, make(level));
  };
const leaveOut =
  (name: string): Flaw['apply'] =>
  (level) => {
    level.extensions.delete(name);
  };
const constrain = (permitted: readonly Buffer[], excluded: readonly Buffer[]): Flaw['apply'] =>
  set('nameConstraints', () => extensions.nameConstraints(permitted, excluded));

export const flaws: readonly Flaw[] = [
  { name: 'expired', at: 'any', apply: (level) => void (level.notAfter = Date.UTC(2026, 0, 1)) },
  { name: 'not yet valid', at: 'any', apply: (level) => void (level.notBefore = Date.UTC(2030, 0, 1)) },
  { name: 'after 2049', at: 'any', apply: (level) => void (level.notAfter = Date.UTC(2051, 0, 1)) },
  { name: 'another issuer', at: 'below-root', apply: (level) => void (level.issuerName = 'Somebody else') },
  {
    name: 'signed with another key',
    at: 'below-root',
    apply: (level) => void (level.signer = getKey(Number(level.serialNumber % 24n) + 11)),
  },
  { name: 'serial number zero', at: 'any', apply: (level) => void (level.serialNumber = 0n) },
  { name: 'serial number of 21 octets', at: 'any', apply: (level) => void (level.serialNumber += 2n ** 165n) },
  { name: 'no basic constraints', at: 'any', apply: leaveOut('basicConstraints') },
  { name: 'no CA', at: 'authority', apply: set('basicConstraints', () => extensions.basicConstraints(false)) },
  {
    name: 'basic constraints not critical',
    at: 'any',
    apply: set('basicConstraints', ({ isAuthority }) => extensions.basicConstraints(isAuthority, undefined, false)),
  },
  {
    name: 'path length 0',
    at: 'authority',
    apply: set('basicConstraints', () => extensions.basicConstraints(true, 0)),
  },
  {
    name: 'path length 1',
    at: 'authority',
    apply: set('basicConstraints', () => extensions.basicConstraints(true, 1)),
  },
  { name: 'a CA as caller', at: 'leaf', apply: set('basicConstraints', () => extensions.basicConstraints(true)) },
  { name: 'no key usage', at: 'any', apply: leaveOut('keyUsage') },
  { name: 'may not sign certificates', at: 'authority', apply: set('keyUsage', () => extensions.keyUsage('cRLSign')) },
  { name: 'may not sign CRLs', at: 'authority', apply: set('keyUsage', () => extensions.keyUsage('keyCertSign')) },
  {
    name: 'a caller that may sign certificates',
    at: 'leaf',
    apply: set('keyUsage', () => extensions.keyUsage('digitalSignature', 'keyCertSign')),
  },
  { name: 'key encipherment only', at: 'leaf', apply: set('keyUsage', () => extensions.keyUsage('keyEncipherment')) },
  {
    name: 'for servers',
    at: 'any',
    apply: set('extendedKeyUsage', () => extensions.extendedKeyUsage(serverAuthentication)),
  },
  {
    name: 'for clients and servers',
    at: 'any',
    apply: set('extendedKeyUsage', () => extensions.extendedKeyUsage(serverAuthentication, clientAuthentication)),
  },
  {
    name: 'for any use',
    at: 'any',
    apply: set('extendedKeyUsage', () => extensions.extendedKeyUsage(anyExtendedKeyUsage)),
  },
  { name: 'no extended key usage', at: 'leaf', apply: leaveOut('extendedKeyUsage') },
  { name: 'no subject key identifier', at: 'any', apply: leaveOut('subjectKeyIdentifier') },
  { name: 'no authority key identifier', at: 'any', apply: leaveOut('authorityKeyIdentifier') },
  {
    name: 'another authority key identifier',
    at: 'below-root',
    apply: set('authorityKeyIdentifier', ({ key }) => extensions.authorityKeyIdentifier(key)),
  },
  {
    name: 'an unknown extension',
    at: 'any',
    apply: set('unknown', () => extension('1.3.6.1.4.1.99999.9', false, utf8String('?'))),
  },
  {
    name: 'an unknown critical extension',
    at: 'any',
    apply: set('unknown', () => extension('1.3.6.1.4.1.99999.9', true, utf8String('?'))),
  },
  { name: 'an extension twice', at: 'any', apply: set('twice', ({ key }) => extensions.subjectKeyIdentifier(key)) },
  { name: 'names permitted', at: 'authority', apply: constrain([dns('good.example'), email('good.example')], []) },
  { name: 'host not permitted', at: 'authority', apply: constrain([dns('other.example')], []) },
  { name: 'host excluded', at: 'authority', apply: constrain([], [dns('client.good.example')]) },
  { name: 'another host excluded', at: 'authority', apply: constrain([], [dns('other.example')]) },
  { name: 'mailbox excluded', at: 'authority', apply: constrain([], [email('a@good.example')]) },
  { name: 'subject not permitted', at: 'intermediate', apply: constrain([directory('Nobody')], []) },
  { name: 'constraints on a caller', at: 'leaf', apply: constrain([dns('good.example')], []) },
  {
    name: 'a policy',
    at: 'below-root',
    apply: set('certificatePolicies', () => extensions.certificatePolicies(policies[0])),
  },
  {
    name: 'another policy',
    at: 'below-root',
    apply: set('certificatePolicies', () => extensions.certificatePolicies(policies[1])),
  },
  {
    name: 'a policy required',
    at: 'intermediate',
    apply: set('policyConstraints', () => extensions.policyConstraints(0)),
  },
  {
    name: 'a policy required, and all have it',
    at: 'intermediate',
    apply: (level: LevelDraft, { levels }: ChainDraft): void => {
      level.extensions.set('policyConstraints', extensions.policyConstraints(0));
      for (const each of levels.slice(1))
        each.extensions.set('certificatePolicies', extensions.certificatePolicies(policies[0]));
    },
  },
  {
    name: 'revoked',
    at: 'below-root',
    apply: (level, draft) => void findCrl(level, draft)?.revoked.push(level.serialNumber),
  },
  {
    name: 'another one revoked',
    at: 'below-root',
    apply: (level, draft) => void findCrl(level, draft)?.revoked.push(level.serialNumber + 50n),
  },
  { name: 'no CRL', at: 'authority', apply: (level) => void (level.crl = undefined) },
  {
    name: 'an old CRL',
    at: 'authority',
    apply: ({ crl }: LevelDraft): void => {
      if (crl !== undefined) crl.nextUpdate = Date.UTC(2026, 11, 31, 12);
    },
  },
  {
    name: 'a CRL signed with another key',
    at: 'authority',
    apply: ({ crl, serialNumber }: LevelDraft): void => {
      if (crl !== undefined) crl.signer = getKey(Number(serialNumber % 24n) + 11);
    },
  },
];

/** The revocation list of the level's issuer. */
function findCrl(level: LevelDraft, { levels }: ChainDraft): LevelDraft['crl'] {
  return levels[levels.indexOf(level) - 1]?.crl;
}

/** The levels of this chain that the flaw can be applied to. */
export function listLevels({ at }: Flaw, { levels }: ChainDraft): readonly LevelDraft[] {
  return levels.filter((level, index) => {
    switch (at) {
      case 'any':
        return true;
      case 'authority':
        return level.isAuthority;
      case 'intermediate':
        return level.isAuthority && index > 0;
      case 'leaf':
        return !level.isAuthority;
      case 'below-root':
        return index > 0;
    }
  });
}
