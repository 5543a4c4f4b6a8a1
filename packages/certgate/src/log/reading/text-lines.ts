const lineEnd = 0x0a;

/** In bytes. Lines of gates have 32 kB; an export has as much again beside them, and doubles quotation marks. */
export const maximumLineLength = 1_048_576;

export interface LineConsumer {
  /** Without its line end; a carriage return before that stays. */
  readonly takeText: (text: string) => void;
  readonly passTooLong: () => void;
}

/** Divides pieces of UTF-8 into lines. What is held of a line is bounded. */
export class TextLines {
  readonly #consumer: LineConsumer;
  /** Of a line that has not ended. */
  #begun: Buffer | undefined;
  #isTooLong = false;

  constructor(consumer: LineConsumer) {
    this.#consumer = consumer;
  }

  /** The bytes may change afterwards. */
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

  /** The last line may have no end. */
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
