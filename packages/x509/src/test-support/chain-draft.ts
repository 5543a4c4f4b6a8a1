import { type CrlWriting, type WritingKey, makeWritingKey, writeCertificate, writeCrl } from './certificate-writing.js';
import { extensions, generalNames } from './extension-writing.js';

/**
 * A chain that has not been written yet, from the root to the leaf. A new draft is valid; tests then add flaws to it.
 */
export interface ChainDraft {
  readonly levels: readonly LevelDraft[];
}

export interface LevelDraft {
  readonly name: string;
  readonly key: WritingKey;
  readonly isAuthority: boolean;
  issuerName: string;
  /** The key that signs the certificate. */
  signer: WritingKey;
  serialNumber: bigint;
  notBefore: number;
  notAfter: number;
  /** The extensions by names of our own. An extension that is deleted here is not written. */
  readonly extensions: Map<string, Buffer>;
  /** An authority's revocation list. Undefined if there is none. */
  crl: DraftedCrl | undefined;
}

export type DraftedCrl = Omit<CrlWriting, 'issuer'> & { revoked: bigint[]; nextUpdate?: number; signer?: WritingKey };

/** A pool of keys, because making keys is slow. Chains may share keys, because their parties have different names. */
const keys = Array.from({ length: 24 }, () => makeWritingKey());
const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/**
 * Drafts a chain with a root, `intermediates` CAs and a leaf. `id` makes its names differ from those of other chains,
 * so that many chains can be verified at once.
 */
export function draftChain(id: number, intermediates: number): ChainDraft {
  const count = intermediates + 2;
  const levels = Array.from({ length: count }, (_, index) => draftLevel(id, index, index < count - 1));
  for (const [index, level] of levels.entries()) {
    const issuer = levels[index - 1] ?? level;
    level.issuerName = issuer.name;
    level.signer = issuer.key;
    level.extensions.set('authorityKeyIdentifier', extensions.authorityKeyIdentifier(issuer.key));
  }
  return { levels };
}

function draftLevel(id: number, index: number, isAuthority: boolean): LevelDraft {
  const key = getKey(id + index * 7);
  return {
    name: isAuthority ? `Authority ${id}.${index}` : `Client ${id}`,
    key,
    isAuthority,
    issuerName: '',
    signer: key,
    serialNumber: BigInt(id) * 100n + BigInt(index) + 1n,
    notBefore: Date.UTC(2025, 0, 1),
    notAfter: Date.UTC(2035, 0, 1),
    extensions: new Map([
      ['basicConstraints', extensions.basicConstraints(isAuthority)],
      [
        'keyUsage',
        isAuthority ? extensions.keyUsage('keyCertSign', 'cRLSign') : extensions.keyUsage('digitalSignature'),
      ],
      ['subjectKeyIdentifier', extensions.subjectKeyIdentifier(key)],
      ...(isAuthority
        ? []
        : [
            ['extendedKeyUsage', extensions.extendedKeyUsage(clientAuthentication)] as const,
            [
              'subjectAlternativeName',
              extensions.subjectAlternativeName(
                generalNames.dns('client.good.example'),
                generalNames.email('a@good.example'),
              ),
            ] as const,
          ]),
    ]),
    crl: isAuthority ? { revoked: [] } : undefined,
  };
}

/** A key of the pool. Any whole number that is not negative selects one. */
export function getKey(number: number): WritingKey {
  const key = keys[number % keys.length];
  if (key === undefined) throw new Error('no key');
  return key;
}

export interface WrittenDraft {
  /** The certificates in DER, from the root to the leaf. */
  readonly certificates: readonly Buffer[];
  readonly crls: readonly Buffer[];
}

export function writeDraft({ levels }: ChainDraft): WrittenDraft {
  const certificates = levels.map(({ name, key, issuerName, signer, extensions: added, ...rest }) =>
    writeCertificate({
      subject: { name, key },
      issuer: { name: issuerName, key: signer },
      extensions: [...added.values()],
      serialNumber: rest.serialNumber,
      notBefore: rest.notBefore,
      notAfter: rest.notAfter,
    }),
  );
  const crls = levels.flatMap(({ name, key, crl }) =>
    crl === undefined ? [] : [writeCrl({ issuer: { name, key }, ...crl })],
  );
  return { certificates, crls };
}
