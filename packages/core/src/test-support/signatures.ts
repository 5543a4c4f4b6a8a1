import { writeFileSync } from 'node:fs';
import { newTemporaryPath, runOpenssl } from '@certgate/x509/test-support/openssl.js';

export type SigningKeyKind = 'ed25519' | 'P-256' | 'P-384';

export interface SigningKey {
  readonly kind: SigningKeyKind;
  readonly privateKeyFile: string;
  /** In PEM. */
  readonly publicKey: string;
}

export function makeSigningKey(kind: SigningKeyKind): SigningKey {
  const privateKeyFile = newTemporaryPath('.pem');
  const algorithm = kind === 'ed25519' ? ['ED25519'] : ['EC', '-pkeyopt', `ec_paramgen_curve:${kind}`];
  writeFileSync(privateKeyFile, runOpenssl(['genpkey', '-algorithm', ...algorithm]));
  return { kind, privateKeyFile, publicKey: runOpenssl(['pkey', '-in', privateKeyFile, '-pubout']).toString() };
}

/** A detached signature in base64, made in the way that the documentation describes. */
export function signByOpenssl(content: string | Uint8Array, key: SigningKey, hash?: string): string {
  const file = newTemporaryPath('.json');
  writeFileSync(file, content);
  const { kind, privateKeyFile } = key;
  const args =
    kind === 'ed25519'
      ? ['pkeyutl', '-sign', '-rawin', '-inkey', privateKeyFile, '-in', file]
      : ['dgst', `-${hash ?? (kind === 'P-256' ? 'sha256' : 'sha384')}`, '-sign', privateKeyFile, file];
  return runOpenssl(args).toString('base64');
}
