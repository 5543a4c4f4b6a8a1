import { setTimeout as wait } from 'node:timers/promises';
import type { HostAnswer } from '#local/functions-host/functions-host.js';

/**
 * How long to wait for the host's report, in milliseconds. It comes when the answer is sent, a moment before or after
 * the answer arrives here.
 */
const patience = 1000;

/** What the host reports about one call. Ask for it before the call is sent. */
export interface ExpectedAnswer {
  /** Undefined if the host reported nothing in time. */
  wait(): Promise<HostAnswer | undefined>;
}

/** Finds the host's report on a call of a function by the trace id (W3C `traceparent`) of the call. */
export class AnswerWatch {
  readonly #awaited = new Map<string, (answer: HostAnswer) => void>();

  note(answer: HostAnswer): void {
    const { traceId, functionName } = answer;
    // The other requests of an MCP session have the same trace id, but run no function.
    if (traceId !== undefined && functionName !== undefined) this.#awaited.get(traceId)?.(answer);
  }

  expect(traceId: string): ExpectedAnswer {
    const reported = new Promise<HostAnswer>((resolve) => {
      this.#awaited.set(traceId, resolve);
    });
    return {
      wait: async () => {
        try {
          return await Promise.race([reported, wait(patience, undefined, { ref: false })]);
        } finally {
          this.#awaited.delete(traceId);
        }
      },
    };
  }
}
