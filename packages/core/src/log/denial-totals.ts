import type { DenialCode } from '../denial.js';

/** Counts every refusal by its code, whether a line is written of it or not. */
export class DenialTotals {
  #counts = new Map<DenialCode, number>();

  count(code: DenialCode, more = 1): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + more);
  }

  /** What was counted since the last time, by code. */
  take(): Readonly<Partial<Record<DenialCode, number>>> {
    const counts = this.#counts;
    this.#counts = new Map();
    return Object.freeze(Object.fromEntries(counts));
  }
}
