import { createRequire } from 'node:module';
import type * as core from '@certgate/core/internal';
import { InvalidArgumentError } from 'commander';
import { formatToolCall } from '../../texts/tool-call.js';
import type { Options } from './verb.js';

/** The flags with these names that have a value. For functions whose own options have the same names. */
export function pick<Flags extends object, Name extends keyof Flags>(
  flags: Flags,
  ...names: readonly Name[]
): Pick<Flags, Name> {
  const given = names.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]);
  return Object.fromEntries(given) as Pick<Flags, Name>;
}

/** Parses a port. 0 means any free port. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
  return port;
}

/** Parses a time in the form of RFC 3339 in UTC. Returns milliseconds since 1970-01-01T00:00:00Z. */
export function parseInstant(text: string): number {
  const instant = loadCore().findInstant(text);
  if (instant !== undefined) return instant;
  throw new InvalidArgumentError('It must be a time that exists, in UTC, like 2027-03-01T00:00:00Z.');
}

/** When something begins: a number of days before its end, or an instant in milliseconds since 1970-01-01T00:00:00Z. */
export type StartTime = { readonly days: number } | { readonly instant: number };

/** Parses a number of days, like `90d`, or a time in the form of RFC 3339 in UTC. */
export function parseStart(text: string): StartTime {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return { days: Number(days) };
  const instant = loadCore().findInstant(text);
  if (instant !== undefined) return { instant };
  throw new InvalidArgumentError(
    'It must be a number of days, like 90d, or a time that exists, in UTC, like 2027-03-01T00:00:00Z.',
  );
}

export function findStart(start: StartTime, end: number): number {
  return 'days' in start ? end - start.days * (millisecondsOf['d'] ?? 0) : start.instant;
}

const millisecondsOf: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses a length of time, like `90d`. Returns milliseconds. */
export function parseDuration(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const milliseconds = Number(number) * (millisecondsOf[unit] ?? 0);
  if (milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError(
    'It must be a length of time in seconds, minutes, hours or days, like 90s, 5m, 24h or 90d.',
  );
}

/** The option of verbs that answer for a given time. */
export const atOption: Options = {
  '--at <time>': ['the time to check for, like 2027-03-01T00:00:00Z (default: now)', parseInstant],
};

/** Checks a time for the trust document, and returns it as it was written. */
export function parseTime(text: string): string {
  parseInstant(text);
  return text;
}

/** Parses a SHA-256 thumbprint: 64 hexadecimal digits, which colons and spaces may separate. */
export function parseThumbprintSha256(text: string): string {
  const { findThumbprint } = loadCore();
  const thumbprint = findThumbprint(text, 'sha256');
  if (thumbprint !== undefined) return thumbprint;
  throw new InvalidArgumentError(
    findThumbprint(text, 'sha1') === undefined
      ? 'It must be 64 hexadecimal digits (colons and spaces are fine).'
      : `This is a SHA-1 thumbprint. To get the SHA-256 thumbprint: ${formatToolCall(['certificate', 'inspect', 'FILE'])}`,
  );
}

/**
 * Loads core synchronously, for options that need core to list or to read their values: Commander asks for both
 * synchronously.
 */
export function loadCore(): typeof core {
  return createRequire(import.meta.url)('@certgate/core/internal') as typeof core;
}
