import { InvalidArgumentError } from 'commander';
import { isFieldValue, isToken } from '#local/client/request-fields.js';

export function parseMethod(text: string): string {
  if (!isToken(text)) throw new InvalidArgumentError('It must be an HTTP method.');
  return text.toUpperCase();
}

export function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,5}(\.\d{1,3})?$/.test(text) || seconds === 0)
    throw new InvalidArgumentError('It must be seconds, more than 0.');
  return seconds * 1000;
}

export type HeaderFields = Readonly<Record<string, readonly string[]>>;

/** Adds a header line in the form `Name: value`. A name that comes twice is sent twice. */
export function collectHeader(line: string, previous: HeaderFields = {}): HeaderFields {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon).toLowerCase();
  const value = line.slice(colon + 1).trim();
  if (colon < 1 || !isToken(name) || !isFieldValue(value)) {
    throw new InvalidArgumentError('It must be a line like "Name: value".');
  }
  return { ...previous, [name]: [...(previous[name] ?? []), value] };
}

export function parseToolName(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It must be the name of a tool.');
  return text;
}
