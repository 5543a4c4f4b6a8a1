import { findThumbprint } from '@certgate/core';
import type { ImportedThumbprint } from './import-reading.js';

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
  if (!/^[0-9A-Fa-f]+$/.test(digits)) return 'it has characters that are no hexadecimal digits';
  return `it has ${digits.length} hexadecimal digits; a SHA-1 thumbprint has 40, a SHA-256 one 64`;
}
