import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallerTally, FromWorker, ToWorker, WorkerOrders } from './trust-worker-protocol.js';

export interface TrustWorker {
  readonly pid: number;
  /** From now on, every second request is from this caller. */
  aim(name: string): void;
  /** What the worker has counted until now, by caller. */
  report(): Promise<Readonly<Record<string, CallerTally>>>;
  /** Stops the process, and resolves when it stands still. Windows has no signal for this. */
  freeze(): Promise<void>;
  thaw(): void;
  kill(): Promise<void>;
}

/**
 * Starts processes that all read the same blob and decide requests all the time. Resolves when each has started its
 * store.
 */
export async function startTrustWorkers(
  count: number,
  orders: Omit<WorkerOrders, 'kind'>,
): Promise<readonly TrustWorker[]> {
  const starting = Array.from({ length: count }, () => startTrustWorker({ kind: 'orders', ...orders }));
  const outcomes = await Promise.allSettled(starting);
  const workers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return workers;
  await Promise.all(workers.map((worker) => worker.kill()));
  throw failed.reason;
}

async function startTrustWorker(orders: WorkerOrders): Promise<TrustWorker> {
  const child = fork(fileURLToPath(new URL('trust-worker.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ready = waitFor(child, 'ready');
  tell(child, orders);
  await ready;
  const { pid } = child;
  if (pid === undefined) throw new Error('the worker has no process id');
  return {
    pid,
    aim: (name) => {
      tell(child, { kind: 'aim', name });
    },
    report: async () => {
      const answer = waitFor(child, 'report');
      tell(child, { kind: 'report' });
      return (await answer).callers;
    },
    freeze: async () => {
      child.kill('SIGSTOP');
      while (!/^T/.test(execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).trim())) {
        await delay(5);
      }
    },
    thaw: () => {
      child.kill('SIGCONT');
    },
    kill: () => kill(child),
  };
}

function tell(child: ChildProcess, message: ToWorker): void {
  child.send(message);
}

function waitFor<Kind extends FromWorker['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<FromWorker, { kind: Kind }>> {
  return new Promise((resolve, reject) => {
    const hear = (message: FromWorker): void => {
      if (message.kind !== kind) return;
      child.off('message', hear);
      child.off('exit', fail);
      resolve(message as Extract<FromWorker, { kind: Kind }>);
    };
    const fail = (): void => {
      reject(new Error(`a worker ended before it said ${kind}`));
    };
    child.on('message', hear);
    child.once('exit', fail);
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  // SIGKILL also ends a process that is stopped.
  child.kill('SIGKILL');
  await ended;
}
