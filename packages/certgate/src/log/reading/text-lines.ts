const lineEnd = 0x0a;

/**
 * In bytes, far more than a gate's line needs: it has up to about 30,000 characters, and an export adds other columns
 * and doubles quotation marks.
 */
export const maximumLineLength = 1_048_576;

export interface LineConsumer {
  /** Takes a line without its line feed. A carriage return before that stays. */
  readonly takeText: (text: string) => void;
  readonly passTooLong: () => void;
}

/** Divides pieces of UTF-8 into lines. It keeps at most `maximumLineLength` bytes of a line in memory. */
export class TextLines {
  readonly #consumer: LineConsumer;
  /** The bytes of a line that has not ended yet. */
  #begun: Buffer | undefined;
  #isTooLong = false;

  constructor(consumer: LineConsumer) {
    this.#consumer = consumer;
  }

  /** Takes the next piece. Its bytes may change afterwards. */
  push(bytes: Buffer): void {
    let start = 0;
    for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, start)) {
      if (this.#begun === undefined && !this.#isTooLong && end - start <= maximumLineLength)
        this.#consumer.takeText(bytes.toString('utf8', start, end));
      else {
        this.#keep(bytes.subarray(start, end));
        this.end();
      }
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  /** Passes on the last line, if it has no line feed. */
  end(): void {
    const [begun, isTooLong] = [this.#begun, this.#isTooLong];
    this.#begun = undefined;
    this.#isTooLong = false;
    if (isTooLong) this.#consumer.passTooLong();
    else if (begun !== undefined) this.#consumer.takeText(begun.toString());
  }

  #keep(bytes: Buffer): void {
    const begun = this.#begun;
    this.#isTooLong ||= (begun?.length ?? 0) + bytes.length > maximumLineLength;
    if (this.#isTooLong) this.#begun = undefined;
    else this.#begun = begun === undefined ? Buffer.from(bytes) : Buffer.concat([begun, bytes]);
  }
}
