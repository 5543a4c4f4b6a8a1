import type { IncomingMessage } from 'node:http';

/** Bodies up to this size don't wait, because even many of them need little memory. */
const freeOfChargeBytes = 262_144;

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
}

/**
 * Limits the memory for all large bodies that are read at the same time. The host reads a body before it asks the gate,
 * so bodies of unknown callers need memory too. A request beyond the limit isn't refused. It waits unread, in the order
 * of arrival, and the kernel slows its sender down.
 */
export class BodyBudget {
  #freeBytes: number;
  readonly #waiting: Waiting[] = [];

  /** `bytes` must be at least the size of the largest body, which would otherwise wait for ever. */
  constructor(bytes: number) {
    this.#freeBytes = bytes;
  }

  /** Resolves to a function that returns the bytes. Rejects if the client leaves while its request waits. */
  reserve(bytes: number, request: IncomingMessage): Promise<() => void> {
    if (bytes <= freeOfChargeBytes) return Promise.resolve(() => undefined);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        begin: () => {
          request.off('close', leave);
          this.#freeBytes -= bytes;
          let isHeld = true;
          resolve(() => {
            if (isHeld) this.#freeBytes += bytes;
            isHeld = false;
            this.#beginNext();
          });
        },
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(new Error('The client left before its body was read.'));
        this.#beginNext();
      };
      request.once('close', leave);
      this.#waiting.push(waiting);
      this.#beginNext();
    });
  }

  /** Begins requests in their order only, so that small ones can't keep a large one waiting. */
  #beginNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.bytes <= this.#freeBytes; next = this.#waiting[0]) {
      this.#waiting.shift();
      next.begin();
    }
  }
}
