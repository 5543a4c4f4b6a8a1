import type { Certificate } from '../facts.js';
import type { StoreOptions } from '../reference/instance.js';

/** What the sources of the stores gave at one time. */
export interface Reading {
  /** The document of each store by its name, or null if there was none. */
  readonly documents: readonly (string | null)[];
  /**
   * By authority: the lists that its source gave, in this order; the last of them stays there. Absent: as before, or if there
   * is nothing before, the authority's lists are read from nowhere.
   */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  readonly time: string;
}

/** One question: what a vector asks. What is answered to it, the reference says. */
export interface Case extends Reading {
  readonly name: string;
  /** The options of each store. */
  readonly store?: StoreOptions;
  /** What was read before, the first first. */
  readonly earlier?: readonly Reading[];
  /** A certificate by its label, or what a front end sent. */
  readonly certificate?: string;
  /** CA certificates that came with it, by label, in an app that accepts them. */
  readonly chain?: readonly string[];
  readonly frontEnd?: string;
  /** A list has the lines of a header as they came; a text may be several lines that were joined. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** What the headers mean: a certificate's label, or a code. Told to the reference, and not part of the vector. */
  readonly meaning?: string;
  readonly function: string;
  readonly roles: readonly (readonly string[])[];
}

/** What writes documents and cases. */
export interface CaseBook {
  /** Asks about a certificate, by one document or several stores. */
  readonly ask: (
    name: string,
    document: string | readonly (string | null)[],
    certificate: string,
    more?: Partial<Case>,
  ) => void;
  /** Writes a document about the name of "billing" under an authority, and returns the document's name. */
  readonly issued: (name: string, authority?: object, more?: object, identities?: readonly object[]) => string;
  /** The authority "corp". */
  readonly corp: (more?: object, anchor?: string, intermediates?: readonly string[]) => object;
  /** What an entry for the certificate is written with. */
  readonly sha256: (label: string) => { readonly thumbprintSha256: string };
  readonly factsOf: (label: string) => Certificate;
  /** Writes a document, and returns its name. */
  readonly write: (name: string, identities: readonly object[], more?: object) => string;
  /** The same with a pin of "billing". */
  readonly pinned: (name: string, label: string, pin?: object, identity?: object, more?: object) => string;
  /** The authority "field", which has a root, an issuing CA, and a CA below that which the document lacks. */
  readonly field: (more?: object) => object;
}

interface WrittenIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  readonly names?: readonly { readonly issuedBy: string; readonly dns: string }[];
}

export const billing: WrittenIdentity = { name: 'billing', roles: ['orders.read'] };
/** By the name that most certificates of "corp" have. */
export const named: WrittenIdentity = { ...billing, names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] };
/** By the name that most certificates of "field" have. */
export const device: WrittenIdentity = { ...billing, names: [{ issuedBy: 'field', dns: 'device.field.example' }] };
