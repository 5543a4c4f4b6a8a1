import { findThumbprint } from '@certgate/core/internal';
import type { KnownCertificate } from './certificate-folder.js';
import type { StatedIdentity } from './stated-identity.js';

/** A thumbprint in upper-case hexadecimal, with its algorithm. */
export interface ImportedThumbprint {
  readonly algorithm: 'sha1' | 'sha256';
  readonly value: string;
}

/** One certificate that what is imported lets in. */
export interface ImportEntry {
  readonly thumbprint: ImportedThumbprint;
  /** What the input calls the caller; undefined where it names nobody. */
  readonly name: string | undefined;
  /** Where it stands, for messages: `line 3`. */
  readonly origin: string;
  /** Where the input names its file. */
  readonly certificate?: KnownCertificate;
  /** What the input says of the caller itself. Absent: the options of the command apply. */
  readonly stated?: StatedIdentity;
}

/** Something of the input that does not become a pin, and why. */
export interface ImportRefusal {
  readonly origin: string;
  readonly item: string;
  readonly reason: string;
}

/** What was found in a list or a table. */
export interface ImportReading {
  readonly format: 'list' | 'csv';
  readonly entries: readonly ImportEntry[];
  /** Understood, but not to be had in a trust document without letting in more than before. */
  readonly refusals: readonly ImportRefusal[];
  /** Not understood: a slip of the pen. Nothing is imported as long as there is one. */
  readonly faults: readonly ImportRefusal[];
}

/** A whole text as a thumbprint; the length tells the algorithm. */
export function findImportedThumbprint(text: string): ImportedThumbprint | undefined {
  for (const algorithm of ['sha256', 'sha1'] as const) {
    const value = findThumbprint(text, algorithm);
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

/** Why a text is no thumbprint, for the person who wrote it. */
export function explainNoThumbprint(text: string): string {
  const digits = text.replace(/[\s:\p{Cf}\p{P}]/gu, '');
  if (digits === '') return 'there is no thumbprint';
  if (!/^[0-9A-Fa-f]+$/.test(digits)) return 'it has characters that are not hexadecimal digits';
  return `it has ${digits.length} hexadecimal digits; a SHA-1 thumbprint has 40, a SHA-256 one 64`;
}
