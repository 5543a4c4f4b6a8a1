import { setTimeout as wait } from 'node:timers/promises';
import type { HostAnswer } from '#local/functions-host/functions-host.js';

/** Milliseconds. The host tells of an answer when it is out: a moment before or after it has arrived here. */
const patience = 1000;

/** What the host tells of one call, to be asked for before it is sent. */
export interface ExpectedAnswer {
  /** Undefined: nothing was told in time. */
  wait(): Promise<HostAnswer | undefined>;
}

/** Finds what the host tells of single calls of functions, by the trace id (W3C `traceparent`) that they were sent with. */
export class AnswerWatch {
  readonly #awaited = new Map<string, (answer: HostAnswer) => void>();

  note(answer: HostAnswer): void {
    const { traceId, functionName } = answer;
    // The other requests of an MCP session have the same trace id, and run no function.
    if (traceId !== undefined && functionName !== undefined) this.#awaited.get(traceId)?.(answer);
  }

  expect(traceId: string): ExpectedAnswer {
    const told = new Promise<HostAnswer>((resolve) => {
      this.#awaited.set(traceId, resolve);
    });
    return {
      wait: async () => {
        try {
          return await Promise.race([told, wait(patience, undefined, { ref: false })]);
        } finally {
          this.#awaited.delete(traceId);
        }
      },
    };
  }
}
