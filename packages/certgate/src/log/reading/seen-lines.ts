import { hash } from 'node:crypto';

/** The number of slots in one table, which must be a power of two. */
const slots = 1_048_576;
const slotsInUse = slots * 0.75;

interface Table {
  /** The first 32 bits of each fingerprint. 0 means that the slot is free. */
  readonly low: Uint32Array;
  readonly high: Uint8Array;
  count: number;
}

/**
 * Remembers which texts came before, in about 7 bytes each. When a table is full, another one is added, and nothing is
 * ever copied, so that memory use has no peak.
 *
 * A text is recognized by 60 bits of its SHA-256: 40 bits are stored, and 20 bits choose the slot. Because a text may
 * be stored up to about ten slots further on, about 57 bits distinguish two texts. The probability that any of 10
 * million different lines is taken for another is about 10^14 / 2 / 2^57, which is once in 2,900 such logs. A caller
 * needs about 2^57 attempts to make a text that is taken for a given line.
 */
export class SeenLines {
  readonly #tables: Table[] = [];
  readonly #maximumTables: number;

  /** 16 tables have room for about 12.5 million texts, and take 80 MiB. */
  constructor(maximumTables = 16) {
    this.#maximumTables = maximumTables;
  }

  /** Whether there is no room for another text. */
  get isFull(): boolean {
    return this.#tables.length >= this.#maximumTables && (this.#tables.at(-1)?.count ?? slotsInUse) >= slotsInUse;
  }

  has(text: string): boolean {
    const print = digest(text);
    return this.#tables.some((table) => findSlot(table, print) === undefined);
  }

  /** @returns false if the text was added before. If there is no room, the text is not remembered. */
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
  // A string with one character for each byte is the fastest form of a digest.
  const octets = hash('sha256', text, 'binary');
  const at = (index: number): number => octets.charCodeAt(index);
  const low = ((at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3)) >>> 0;
  return { low: low || 1, high: at(4), place: ((at(5) << 16) | (at(6) << 8) | at(7)) % slots };
}

/** A free slot for the text. Undefined if the table contains the text already. */
function findSlot({ low, high }: Table, print: Print): number | undefined {
  let slot = print.place;
  while (low[slot] !== 0) {
    if (low[slot] === print.low && high[slot] === print.high) return undefined;
    slot = (slot + 1) % slots;
  }
  return slot;
}
