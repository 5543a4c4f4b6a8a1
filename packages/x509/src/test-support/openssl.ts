import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;
let fileCount = 0;

/** A path for a new file in a folder of this process. The folder is removed when the process ends. */
export function newTemporaryPath(suffix: string): string {
  if (folder === undefined) {
    const created = mkdtempSync(join(tmpdir(), 'certgate-core-'));
    folder = created;
    process.once('exit', () => {
      rmSync(created, { recursive: true, force: true });
    });
  }
  fileCount += 1;
  return join(folder, `${fileCount}${suffix}`);
}

/**
 * Runs `openssl`, which makes test material independently of our code, and returns its stdout. Throws with its
 * stderr.
 */
export function runOpenssl(args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 });
}

const answers = new Map<string, Buffer>();

/**
 * Like `runOpenssl`, for answers that depend only on the arguments and the input. A process asks each question once.
 */
export function askOpenssl(args: readonly string[], input: Uint8Array): Buffer {
  const question = `${args.join(' ')} ${Buffer.from(input).toString('base64')}`;
  const answer = answers.get(question) ?? runOpenssl(args, input);
  answers.set(question, answer);
  return answer;
}

/** Puts the PEM armor of RFC 7468 around DER. This saves a process of openssl. */
export function toPem(der: Uint8Array, label: string = 'CERTIFICATE'): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

export function fromPem(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}
