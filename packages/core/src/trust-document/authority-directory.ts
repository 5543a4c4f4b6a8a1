import type { TrustedAuthority, TrustWarning } from '../trust-snapshot/trust-snapshot.js';
import type { DocumentReader } from './document-reader.js';

/** The authorities of a document, by name. It also lists those that no name and no pin refers to. */
export class AuthorityDirectory {
  /** The authorities by lower-case name. Undefined if the document has the authority but something in it is wrong. */
  readonly #authorities = new Map<string, TrustedAuthority | undefined>();
  readonly #paths = new Map<TrustedAuthority, string>();
  readonly #used = new Set<TrustedAuthority>();

  get authorities(): readonly TrustedAuthority[] {
    return [...this.#paths.keys()];
  }

  add(name: string, authority: TrustedAuthority | undefined, path: string): void {
    if (this.#authorities.has(name.toLowerCase())) return;
    this.#authorities.set(name.toLowerCase(), authority);
    if (authority !== undefined) this.#paths.set(authority, path);
  }

  /** The authority that a reference names. Undefined if there is none that can be used, which the reader reports. */
  resolve(reader: DocumentReader, value: unknown, path: string): TrustedAuthority | undefined {
    const name = reader.readText(value, path);
    const key = name.toLowerCase();
    if (typeof value === 'string' && name.trim() !== '' && !this.#authorities.has(key)) {
      const known = this.authorities.map((authority) => authority.name).join(', ');
      reader.report(
        path,
        `it names no authority of this document${known === '' ? ', which has none' : `; there are ${known}`}`,
      );
    }
    return this.#authorities.get(key);
  }

  noteUse(authority: TrustedAuthority): void {
    this.#used.add(authority);
  }

  listUnused(): readonly TrustWarning[] {
    return [...this.#paths].flatMap(([authority, path]) => {
      if (this.#used.has(authority)) return [];
      const message = 'no name and no pin refers to it (issuedBy), so it lets nobody in';
      return [{ code: 'authority_unused', path, message }];
    });
  }
}
