import type { IncomingMessage } from 'node:http';

/** Smaller bodies don't wait for others: all of them together are little. */
const freeOfChargeBytes = 262_144;

interface Waiting {
  readonly bytes: number;
  readonly begin: () => void;
}

/**
 * Bounds the memory of all bodies that are being read at one time: the host reads a body whole before the gate is asked,
 * so a stranger's body counts too. A request beyond the bound isn't refused: it waits, unread, in the order of arrival, and
 * the kernel slows its sender down.
 */
export class BodyBudget {
  #freeBytes: number;
  readonly #waiting: Waiting[] = [];

  /** `bytes`: no single body may be larger, or it would wait for ever. */
  constructor(bytes: number) {
    this.#freeBytes = bytes;
  }

  /** Resolves to what gives the bytes back. Rejects when the client leaves while it waits. */
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

  /** Strictly one after another, so that small ones can't keep a large one waiting. */
  #beginNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.bytes <= this.#freeBytes; next = this.#waiting[0]) {
      this.#waiting.shift();
      next.begin();
    }
  }
}
