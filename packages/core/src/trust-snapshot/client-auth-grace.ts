import { formatInstant } from '@certgate/x509/internal';

/**
 * A period in which a pin admits a certificate that is made for servers only: its extended key usage has serverAuth and
 * lacks clientAuth. Public CAs are changing to such certificates (docs/public-certificates.md).
 */
export interface ClientAuthGrace {
  /** [since, until) in milliseconds since 1970-01-01T00:00:00Z; in a valid document 90 days at most. */
  readonly since: number;
  readonly until: number;
  readonly reason: string;
}

const maximumGraceDays = 90;

/**
 * The grace periods that came from trust documents, and their intersections. A document grants one to single pins. A
 * store of the user's own could grant one to every caller, so its values are not accepted.
 */
const written = new WeakSet<object>();

export function createClientAuthGrace({ since, until, reason }: ClientAuthGrace): ClientAuthGrace {
  const grace = Object.freeze({ since, until, reason });
  written.add(grace);
  return grace;
}

/** Whether the value was made by `createClientAuthGrace`, in this copy of the package. */
export function isClientAuthGrace(value: unknown): value is ClientAuthGrace {
  return typeof value === 'object' && value !== null && written.has(value);
}

/** What is wrong with the bounds, in words for the document's author. Undefined if they are valid. */
export function findGraceFault({ since, until }: Pick<ClientAuthGrace, 'since' | 'until'>): string | undefined {
  if (since >= until) return 'since is not earlier than until, so the grace period never applies';
  return until - since > maximumGraceDays * 86_400_000
    ? `it may last ${maximumGraceDays} days at most, and lasts from ${formatInstant(since)} to ${formatInstant(until)}`
    : undefined;
}

/** Whether `now` is within the grace period. False if one of the times is not a number. */
export function isGraceRunning({ since, until }: ClientAuthGrace, now: number): boolean {
  return now >= since && now < until;
}

/**
 * The grace period that several matching pins (or stores) have in common; it never applies if they do not overlap.
 * Undefined if one of them has none.
 */
export function intersectGraces(graces: readonly unknown[]): ClientAuthGrace | undefined {
  if (!graces.every(isClientAuthGrace)) return undefined;
  const [first, ...others] = graces;
  if (first === undefined || others.length === 0) return first;
  return createClientAuthGrace({
    since: Math.max(...graces.map(({ since }) => since)),
    until: Math.min(...graces.map(({ until }) => until)),
    reason: first.reason,
  });
}

/** Describes a grace period: `from X until Y: reason`. The reason appears unchanged. */
export function describeGrace({ since, until, reason }: ClientAuthGrace): string {
  return `from ${formatInstant(since)} until ${formatInstant(until)}: ${reason}`;
}
