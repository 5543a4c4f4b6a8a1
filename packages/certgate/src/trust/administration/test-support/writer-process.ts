import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface WriterProcess {
  readonly started: Promise<void>;
  /** Its exit code; null: it was killed. */
  readonly ended: Promise<number | null>;
  /** At once, without a chance to clean up. */
  kill(): void;
}

const script = fileURLToPath(new URL('writer.js', import.meta.url));

export function startWriter(path: string, name: string, count: number): WriterProcess {
  const child = spawn(process.execPath, [script, path, name, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    started: new Promise((resolve, reject) => {
      child.stdout.once('data', () => {
        resolve();
      });
      child.once('error', reject);
    }),
    ended: new Promise((resolve) => {
      child.once('close', resolve);
    }),
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}
