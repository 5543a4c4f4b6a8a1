import { hash } from 'node:crypto';

/** Of one table: a power of two. */
const slots = 1_048_576;
const slotsInUse = slots * 0.75;

interface Table {
  /** 0: the slot is free. */
  readonly low: Uint32Array;
  readonly high: Uint8Array;
  count: number;
}

/**
 * Which texts came before, in 7 bytes each. A full table gets a successor, and nothing is ever copied, so that memory
 * grows without a peak.
 *
 * A text is known by 60 bits of its SHA-256: 40 that are kept, and 20 that say where. As a slot may be up to some ten
 * places away from there, about 57 bits tell two texts apart. That any of 10 million different lines is taken for another
 * has the probability 10^14 / 2 / 2^57, once in 2,900 such logs. Whoever calls can't aim at it with less than 2^57 attempts.
 */
export class SeenLines {
  readonly #tables: Table[] = [];
  readonly #maximumTables: number;

  /** With 16 tables, about 12.5 million lines, in 80 MB. */
  constructor(maximumTables = 16) {
    this.#maximumTables = maximumTables;
  }

  /** No more is remembered. */
  get isFull(): boolean {
    return this.#tables.length >= this.#maximumTables && (this.#tables.at(-1)?.count ?? slotsInUse) >= slotsInUse;
  }

  has(text: string): boolean {
    const print = digest(text);
    return this.#tables.some((table) => findSlot(table, print) === undefined);
  }

  /** @returns false for a text that is there. One that finds no room is not remembered. */
  add(text: string): boolean {
    const print = digest(text);
    let slot: number | undefined;
    for (const table of this.#tables) {
      slot = findSlot(table, print);
      if (slot === undefined) return false;
    }
    if (this.isFull) return true;
    let table = this.#tables.at(-1);
    if (table === undefined || slot === undefined || table.count >= slotsInUse) {
      table = { low: new Uint32Array(slots), high: new Uint8Array(slots), count: 0 };
      this.#tables.push(table);
      slot = print.place;
    }
    table.low[slot] = print.low;
    table.high[slot] = print.high;
    table.count += 1;
    return true;
  }
}

interface Print {
  readonly low: number;
  readonly high: number;
  readonly place: number;
}

function digest(text: string): Print {
  // One character for each byte: the cheapest form of a digest.
  const octets = hash('sha256', text, 'binary');
  const at = (index: number): number => octets.charCodeAt(index);
  const low = ((at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3)) >>> 0;
  return { low: low || 1, high: at(4), place: ((at(5) << 16) | (at(6) << 8) | at(7)) % slots };
}

/** A free one; undefined: the text is there. */
function findSlot({ low, high }: Table, print: Print): number | undefined {
  let slot = print.place;
  while (low[slot] !== 0) {
    if (low[slot] === print.low && high[slot] === print.high) return undefined;
    slot = (slot + 1) % slots;
  }
  return slot;
}
