import { findThumbprint } from '@certgate/core/internal';
import type { KnownCertificate } from './certificate-folder.js';
import type { StatedIdentity } from './stated-identity.js';

/** A thumbprint in upper-case hexadecimal, with its algorithm. */
export interface ImportedThumbprint {
  readonly algorithm: 'sha1' | 'sha256';
  readonly value: string;
}

/** One certificate that the imported list or table lets in. */
export interface ImportEntry {
  readonly thumbprint: ImportedThumbprint;
  /** The caller's name in the input; undefined if the input names nobody. */
  readonly name: string | undefined;
  /** The place in the input for messages, e.g. `line 3`. */
  readonly origin: string;
  /** The certificate; absent unless the input names its file. */
  readonly certificate?: KnownCertificate;
  /** What the input says about the caller itself. Absent if the options of the command apply. */
  readonly stated?: StatedIdentity;
}

/** A part of the input that does not become a pin of its own, and why. */
export interface ImportRefusal {
  readonly origin: string;
  readonly item: string;
  readonly reason: string;
}

/** What was found in a list or a table. */
export interface ImportReading {
  readonly format: 'list' | 'csv';
  readonly entries: readonly ImportEntry[];
  /**
   * Parts that were understood, but that a trust document can't express without letting in more callers than before.
   */
  readonly refusals: readonly ImportRefusal[];
  /** Parts that were not understood, such as typing errors. Nothing is imported as long as there is one. */
  readonly faults: readonly ImportRefusal[];
}

/** Reads a whole text as a thumbprint. Its length shows the algorithm. */
export function findImportedThumbprint(text: string): ImportedThumbprint | undefined {
  for (const algorithm of ['sha256', 'sha1'] as const) {
    const value = findThumbprint(text, algorithm);
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

/** Explains to the author of a text why it is not a thumbprint. */
export function explainNoThumbprint(text: string): string {
  const digits = text.replace(/[\s:\p{Cf}\p{P}]/gu, '');
  if (digits === '') return 'there is no thumbprint';
  if (!/^[0-9A-Fa-f]+$/.test(digits)) return 'it has characters that are not hexadecimal digits';
  return `it has ${digits.length} hexadecimal digits; a SHA-1 thumbprint has 40, a SHA-256 one 64`;
}
