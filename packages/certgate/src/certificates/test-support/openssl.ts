import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder for one test. `Symbol.dispose` isn't in Node 20's TypeScript target, so tests call `remove`. */
export interface TemporaryFolder {
  readonly path: string;
  file(name: string, content?: string | Uint8Array): string;
  remove(): void;
}

export function createTemporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'certgate-test-'));
  return {
    path,
    file(name, content) {
      const file = join(path, name);
      if (content !== undefined) writeFileSync(file, content);
      return file;
    },
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Runs openssl and returns its stdout. Throws an error with its stderr if it fails. */
export function runOpenssl(args: readonly string[], input?: string | Uint8Array): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Runs openssl for what it prints on stderr, or if it may fail. */
export function tryOpenssl(args: readonly string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

/** Encrypts a private key again with few rounds of key derivation, so that the commands of a test open it quickly. */
export function lightenKey(file: string, password: string): void {
  const passwords = ['-passin', `pass:${password}`, '-passout', `pass:${password}`];
  writeFileSync(file, runOpenssl(['pkcs8', '-topk8', '-in', file, ...passwords, '-iter', '2048']));
}

export interface OpensslPair {
  readonly certificate: string;
  readonly key: string;
}

/** A self-signed certificate and key, both made by openssl, in `<name>.crt` and `<name>.key`. */
export function makeOpensslPair(folder: TemporaryFolder, name: string, kind: 'ec' | 'rsa' = 'ec'): OpensslPair {
  const key = folder.file(`${name}.key`);
  const certificate = folder.file(`${name}.crt`);
  const newKey = kind === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048'];
  runOpenssl([
    'req', '-x509', ...newKey, '-nodes', '-keyout', key, '-out', certificate, '-days', '30', '-subj', `/CN=${name}`,
    '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=clientAuth',
    // The first bit of the serial number is set, so DER writes an octet 00 before it.
    '-addext', 'keyUsage=critical,digitalSignature', '-set_serial', '0x8F01',
  ]); // prettier-ignore
  return { certificate, key };
}
