import { createHash } from 'node:crypto';
import {
  nameAside,
  type NewDocument,
  type StoredDocument,
  type TrustLocation,
  type WriteOutcome,
} from '../location/trust-location.js';

/** A location in memory that compares versions as the real ones do. A test can delay every step. */
export class MemoryLocation implements TrustLocation {
  readonly description = 'file:memory.json';
  readonly log: string[] = [];
  readonly aside: StoredDocument[] = [];
  stored: StoredDocument | undefined;
  writes = 0;
  step: () => Promise<void> = () => Promise.resolve();

  constructor(text?: string, signature?: string) {
    if (text !== undefined) this.put({ bytes: Buffer.from(text), signature });
  }

  put({ bytes, signature }: Omit<StoredDocument, 'etag'>): void {
    this.writes += 1;
    const etag = createHash('sha256').update(bytes).update(signature ?? '').digest('hex'); // prettier-ignore
    this.stored = { bytes, signature, etag };
  }

  get text(): string {
    return Buffer.from(this.stored?.bytes ?? []).toString();
  }

  async read(): Promise<StoredDocument | undefined> {
    await this.step();
    return this.stored;
  }

  async write({ bytes, signature }: NewDocument, etag: string | undefined): Promise<WriteOutcome> {
    await this.step();
    if (this.stored?.etag !== etag) return 'conflict';
    this.put({ bytes, signature });
    return 'written';
  }

  async keepAside(stored: StoredDocument): Promise<string> {
    await this.step();
    this.aside.push(stored);
    return `${this.description}${nameAside(stored)}`;
  }

  async appendLog(line: string): Promise<void> {
    await this.step();
    this.log.push(line);
  }

  async readLog(): Promise<readonly string[]> {
    await this.step();
    return [...this.log];
  }
}
