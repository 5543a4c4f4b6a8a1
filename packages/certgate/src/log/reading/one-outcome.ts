/** What a line tells of the outcome of its request; any values. */
interface OutcomeLine {
  readonly outcome?: unknown;
  readonly after?: unknown;
  readonly correlationId?: unknown;
}

/** What becomes of a line. */
export interface OutcomeSink<Item> {
  readonly use: (item: Item) => void;
  /** An admission that a later line takes back. */
  readonly leaveOut: (item: Item) => void;
  /** A line that takes back an admission which is not among those that are looked at. It is used besides. */
  readonly noteUnfound?: (item: Item) => void;
}

/** A line that waits. */
interface Held<Item> {
  readonly item: Item;
  /** The correlation id, of an admission and of what takes one back. */
  readonly key: string | undefined;
  isLeftOut: boolean;
}

/** A request is refused soon after it was admitted, but other requests are logged in between. */
const heldLines = 20_000;

/**
 * Hands on lines in their order, without the admissions that another line takes back (`after`), which some exports have
 * first. A line waits until so many have followed it.
 */
export class OneOutcome<Item> {
  readonly #sink: OutcomeSink<Item>;
  readonly #held: Held<Item>[] = [];
  /** By request: the latest admission among the lines that wait. */
  readonly #admissions = new Map<string, Held<Item>>();
  /** By request: the line whose admission has not come yet. */
  readonly #unfound = new Map<string, Item>();

  constructor(sink: OutcomeSink<Item>) {
    this.#sink = sink;
  }

  take({ outcome, after, correlationId }: OutcomeLine, item: Item): void {
    const [isAdmission, takesBack] = [outcome === 'allowed', after === 'allowed'];
    const isOfRequest = (isAdmission || takesBack) && typeof correlationId === 'string';
    const key = isOfRequest ? correlationId : undefined;
    const held = { item, key, isLeftOut: isAdmission && key !== undefined && this.#unfound.has(key) };
    this.#held.push(held);
    if (key !== undefined) {
      if (takesBack) this.#takeBack(key, held);
      // One that takes back another leaves the line of the refusal to wait for that.
      else if (held.isLeftOut) this.#unfound.delete(key);
      if (isAdmission && !held.isLeftOut) this.#admissions.set(key, held);
    }
    if (this.#held.length >= 2 * heldLines) this.#handOn(this.#held.splice(0, heldLines));
  }

  /** Hands on all that wait. */
  end(): void {
    this.#handOn(this.#held.splice(0));
    for (const item of this.#unfound.values()) this.#sink.noteUnfound?.(item);
  }

  #takeBack(key: string, { item, isLeftOut }: Held<Item>): void {
    const admission = this.#admissions.get(key);
    this.#admissions.delete(key);
    if (admission !== undefined) admission.isLeftOut = true;
    else if (isLeftOut) return;
    else if (this.#unfound.size < heldLines) this.#unfound.set(key, item);
    else this.#sink.noteUnfound?.(item);
  }

  #handOn(lines: readonly Held<Item>[]): void {
    for (const held of lines) {
      const { item, key, isLeftOut } = held;
      if (key !== undefined && this.#admissions.get(key) === held) this.#admissions.delete(key);
      if (isLeftOut) this.#sink.leaveOut(item);
      else this.#sink.use(item);
    }
  }
}
