import { once } from 'node:events';
import { createServer } from 'node:net';
import { ToolFailure } from '#local/tool-failure.js';

export interface PortChoice {
  /** The port. 0 chooses a free one. */
  readonly port: number;
  /** Whether the user asked for this very port. If a default port is taken, the next free one is used. */
  readonly isFixed: boolean;
}

const portsTried = 20;

/** Starts something on the chosen port. If the port is a default and taken, uses the next free one. */
export async function startOnPort<T>(
  choice: PortChoice,
  what: string,
  onNotice: ((line: string) => void) | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  const port = await findFreePort(choice, what);
  if (port !== choice.port) onNotice?.(`Port ${choice.port} is taken; the ${what} listens on ${port}.`);
  return start(port);
}

async function findFreePort({ port, isFixed }: PortChoice, what: string): Promise<number> {
  if (port === 0) return 0;
  for (let candidate = port; candidate < port + (isFixed ? 1 : portsTried); candidate += 1) {
    if (await isFree(candidate)) return candidate;
  }
  throw new ToolFailure(`Port ${port} for the ${what} is taken.`, {
    remedy: `End what listens there, name another port, or 0 for a free one.`,
  });
}

export async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
