import type { Clock } from '../trust-store/read-history.js';
import type { TrustReadRequest, TrustSource, TrustSourceReading } from '../trust-sources/trust-source.js';
import { documentOf, type IdentityInput } from './documents.js';

export function textOf(revision: number, ...identities: readonly IdentityInput[]): string {
  return JSON.stringify(documentOf(identities, { revision }));
}

export interface PendingRead extends TrustReadRequest {
  readonly answer: (reading: TrustSourceReading) => void;
  readonly fail: (error: unknown) => void;
}

/** A source whose reads the test answers, each one. */
export class ScriptedSource implements TrustSource {
  readonly description = 'script';
  readonly reads: PendingRead[] = [];

  read(request: TrustReadRequest): Promise<TrustSourceReading> {
    return new Promise((answer, fail) => {
      this.reads.push({ ...request, answer, fail });
    });
  }

  /** Answers the latest read, and lets waiting callbacks run. */
  async answer(content: string | Uint8Array, version?: string, signature?: string): Promise<void> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.takePending().answer({ changed: true, bytes, version, signature });
    await settle();
  }

  async answerUnchanged(): Promise<void> {
    this.takePending().answer({ changed: false });
    await settle();
  }

  async fail(error: unknown = new Error('unreachable')): Promise<void> {
    this.takePending().fail(error);
    await settle();
  }

  takePending(): PendingRead {
    const pending = this.reads.at(-1);
    if (pending === undefined) throw new Error('nothing was read');
    return pending;
  }
}

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 1_000;

  constructor(wall: number) {
    this.#wall = wall;
  }

  readonly wall = (): number => this.#wall;
  readonly monotonic = (): number => this.#monotonic;

  /** Lets time pass for a process that runs. */
  pass(milliseconds: number): void {
    this.#wall += milliseconds;
    this.#monotonic += milliseconds;
  }

  /** Lets time pass while the process is frozen: the monotonic clock stands still. */
  sleep(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** Sets the wall clock, as somebody may do. */
  set(wall: number): void {
    this.#wall = wall;
  }
}

/** Lets waiting callbacks run, and also those that they put off to the next turns. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
