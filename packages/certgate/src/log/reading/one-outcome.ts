/** What a line says about the outcome of its request. The values may have any type. */
interface OutcomeLine {
  readonly outcome?: unknown;
  readonly after?: unknown;
  readonly correlationId?: unknown;
}

/** Receives each line, by what becomes of it. */
export interface OutcomeSink<Item> {
  readonly use: (item: Item) => void;
  /** Takes an admission that another line takes back. */
  readonly leaveOut: (item: Item) => void;
  /**
   * Takes a line that takes back an admission, if that admission was not found. The line is passed to `use` or
   * `leaveOut` too.
   */
  readonly noteUnfound?: (item: Item) => void;
}

/** A line that waits to be handed on. */
interface Held<Item> {
  readonly item: Item;
  /** The correlation id. Undefined unless the line is an admission, or takes one back. */
  readonly key: string | undefined;
  isLeftOut: boolean;
}

/**
 * How many lines must follow a line before it is handed on. A request is refused soon after it was admitted, but other
 * requests are logged in between.
 */
const heldLines = 20_000;

/**
 * Hands on lines in their order, but leaves out each admission that a line near it takes back (`after`). Some exports
 * contain the later line first. Therefore a line waits until `heldLines` others have followed it.
 */
export class OneOutcome<Item> {
  readonly #sink: OutcomeSink<Item>;
  readonly #held: Held<Item>[] = [];
  /** The latest admission of each request among the lines that wait, by correlation id. */
  readonly #admissions = new Map<string, Held<Item>>();
  /** The lines that take back an admission which has not come yet, by correlation id. */
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
      // If the admission takes back another one itself, the refusal's line stays in `#unfound`, to take back that one
      // too.
      else if (held.isLeftOut) this.#unfound.delete(key);
      if (isAdmission && !held.isLeftOut) this.#admissions.set(key, held);
    }
    if (this.#held.length >= 2 * heldLines) this.#handOn(this.#held.splice(0, heldLines));
  }

  /** Hands on all lines that still wait. */
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
