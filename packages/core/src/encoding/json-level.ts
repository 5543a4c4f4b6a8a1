/** From here on a set is faster than a list. */
const manyKeys = 16;

/** An object or a list that has begun and not ended. */
export class JsonLevel {
  start = 0;
  isObject = false;
  /** Keys until now, for duplicates. */
  readonly keys: string[] = [];
  keySet: Set<string> | undefined;
  expectsKey = false;
  /** Where the latest key's literal stands, quotes included; -1: no key since the latest comma. */
  keyStart = -1;
  keyEnd = -1;
  label = '';
  index = 0;
  /** Where the current member or item begins, and where the first begins that no JSON.parse has seen. */
  pieceStart = 0;
  batchStart = 0;
  /** Undefined: all of it is still one piece of the level around it. */
  values: unknown[] | undefined;
  names: string[] = [];
  /** A level inside was read in pieces and has ended: up to the next comma there may be only white space. */
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

  /** True when the key stood there already. */
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
