import { findInstant } from '@certgate/core/internal';
import { InvalidArgumentError } from 'commander';

/** A port; 0 picks a free one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
  return port;
}

/** RFC 3339 in UTC → milliseconds since 1970-01-01T00:00:00Z. */
export function parseInstant(text: string): number {
  const instant = findInstant(text);
  if (instant !== undefined) return instant;
  throw new InvalidArgumentError('It must be a time that exists, in UTC, like 2027-03-01T00:00:00Z.');
}
