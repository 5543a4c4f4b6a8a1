import type { DenialCode } from '../denial.js';

/** Counts refusals by their code. */
export class DenialTotals {
  #counts = new Map<DenialCode, number>();

  count(code: DenialCode, more = 1): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + more);
  }

  /** Returns what was counted since the last call of `take`, by code. */
  take(): Readonly<Partial<Record<DenialCode, number>>> {
    const counts = this.#counts;
    this.#counts = new Map();
    return Object.freeze(Object.fromEntries(counts));
  }
}
