import type { Certificate } from '../facts.js';
import type { StoreOptions } from '../reference/instance.js';

/** What the sources of the stores contained at one time. */
export interface Reading {
  /** For each store, the name of its document, or null if the document could not be read. */
  readonly documents: readonly (string | null)[];
  /**
   * For each authority, the lists that its source gave, in this order. The last one stays there. If absent, the source
   * is as before; if there was nothing before, the authority's lists are read from nowhere.
   */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  readonly time: string;
}

/** One question, for a vector. The reference gives its answer. */
export interface Case extends Reading {
  readonly name: string;
  /** The options that each store has. */
  readonly store?: StoreOptions;
  /** What was read before, from the earliest to the latest. */
  readonly earlier?: readonly Reading[];
  /** The caller's certificate, by its label. A case has this or what a front end sent. */
  readonly certificate?: string;
  /** The CA certificates that came with it, by label. The app accepts them. */
  readonly chain?: readonly string[];
  readonly frontEnd?: string;
  /**
   * The header fields. An array has the lines of a field as they came; a text may be several lines that were joined.
   */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * What the headers mean: the label of a certificate, or a code. The reference needs it, but the vector doesn't
   * contain it.
   */
  readonly meaning?: string;
  readonly function: string;
  readonly roles: readonly (readonly string[])[];
}

/** Writes documents and cases. */
export interface CaseBook {
  /** Asks about a certificate, with one document, or with the documents of several stores. */
  readonly ask: (
    name: string,
    document: string | readonly (string | null)[],
    certificate: string,
    more?: Partial<Case>,
  ) => void;
  /** Writes a document that lists "billing" by a name under an authority. @returns the document's name. */
  readonly issued: (name: string, authority?: object, more?: object, identities?: readonly object[]) => string;
  /** The authority "corp", as an object of the document. */
  readonly corp: (more?: object, anchor?: string, intermediates?: readonly string[]) => object;
  /** The pin or deny list entry for the certificate: its SHA-256 thumbprint. */
  readonly sha256: (label: string) => { readonly thumbprintSha256: string };
  readonly factsOf: (label: string) => Certificate;
  /** Writes a document. @returns its name. */
  readonly write: (name: string, identities: readonly object[], more?: object) => string;
  /** Writes a document that lists "billing" by a pin. @returns its name. */
  readonly pinned: (name: string, label: string, pin?: object, identity?: object, more?: object) => string;
  /** The authority "field". It has a root, an issuing CA, and below that a CA which the document doesn't contain. */
  readonly field: (more?: object) => object;
}

interface WrittenIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  readonly names?: readonly { readonly issuedBy: string; readonly dns: string }[];
}

export const billing: WrittenIdentity = { name: 'billing', roles: ['orders.read'] };
/** Lists "billing" by the name that most certificates of "corp" have. */
export const named: WrittenIdentity = { ...billing, names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }] };
/** Lists "billing" by the name that most certificates of "field" have. */
export const device: WrittenIdentity = { ...billing, names: [{ issuedBy: 'field', dns: 'device.field.example' }] };
