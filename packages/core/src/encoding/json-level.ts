/** With this many keys, a set becomes faster than a list. */
const manyKeys = 16;

/** The state of an object or list that has begun and not ended. */
export class JsonLevel {
  start = 0;
  isObject = false;
  /** The first keys, to find duplicates. From the seventeenth key on, `keySet` has all of them. */
  readonly keys: string[] = [];
  keySet: Set<string> | undefined;
  expectsKey = false;
  /**
   * The begin and the end of the latest key's literal, quotes included. -1 if there was no key since the latest comma.
   */
  keyStart = -1;
  keyEnd = -1;
  label = '';
  index = 0;
  /**
   * The beginnings of the current member or item, and of the first member or item that JSON.parse has not read yet.
   */
  pieceStart = 0;
  batchStart = 0;
  /**
   * The values that were read until now, if this level is read in pieces. Undefined while the whole level is still part
   * of one piece of the level around it.
   */
  values: unknown[] | undefined;
  names: string[] = [];
  /** A level inside was read in pieces and has ended, so only white space may come before the next comma. */
  isAfterValue = false;

  begin(start: number, isObject: boolean): void {
    this.start = start;
    this.isObject = isObject;
    this.keys.length = 0;
    this.keySet = undefined;
    this.expectsKey = isObject;
    this.keyStart = -1;
    this.keyEnd = -1;
    this.label = '';
    this.index = 0;
    this.pieceStart = start + 1;
    this.batchStart = start + 1;
    this.values = undefined;
    this.isAfterValue = false;
  }

  /** Notes a key. Returns true if the object has it already. */
  addKey(key: string): boolean {
    this.label = key;
    if (this.keySet === undefined && this.keys.length >= manyKeys) this.keySet = new Set(this.keys);
    if (this.keySet !== undefined) {
      if (this.keySet.has(key)) return true;
      this.keySet.add(key);
      return false;
    }
    if (this.keys.includes(key)) return true;
    this.keys.push(key);
    return false;
  }
}
