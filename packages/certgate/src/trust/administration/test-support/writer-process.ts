import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface WriterProcess {
  readonly started: Promise<void>;
  /** The process's exit code; null if it was killed. */
  readonly ended: Promise<number | null>;
  /** Kills the process at once, without a chance to clean up. */
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
