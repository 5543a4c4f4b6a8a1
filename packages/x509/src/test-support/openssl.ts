import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string | undefined;
let fileCount = 0;

/** A path for a new file in a folder of this process, which goes when the process ends. */
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

/** Runs `openssl`, the independent maker of every fixture here, and gives what it wrote. Throws with its words. */
export function runOpenssl(args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 });
}

const answers = new Map<string, Buffer>();

/** The same for what depends on the input alone: a process asks once. */
export function askOpenssl(args: readonly string[], input: Uint8Array): Buffer {
  const question = `${args.join(' ')} ${Buffer.from(input).toString('base64')}`;
  const answer = answers.get(question) ?? runOpenssl(args, input);
  answers.set(question, answer);
  return answer;
}

/** The armour of RFC 7468 around what openssl made: a process less than to ask openssl for it. */
export function toPem(der: Uint8Array, label: string = 'CERTIFICATE'): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

export function fromPem(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
}
