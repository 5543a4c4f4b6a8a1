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
