import { invalidInput } from './local-app-error.js';

/** Checks of what a test hands over: tests in JavaScript have no types, and a value that is no JSON would be lost. */

export function expectObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidInput(`${what} must be an object.`);
}

export function expectKnownKeys(value: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw invalidInput(`${what} has no "${unknown}"; known are ${known.join(', ')}.`);
}

export function expectText(value: unknown, what: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw invalidInput(`${what} must be a text that is not empty.`);
}

export function expectTexts(value: unknown, what: string): readonly string[] {
  // A copy first: `every` passes over the holes of a list.
  const texts: readonly unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [undefined];
  if (texts.every((text) => typeof text === 'string')) return texts;
  throw invalidInput(`${what} must be a list of texts.`);
}
