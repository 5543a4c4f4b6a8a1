import type { FunctionPolicy } from './shared-state.js';

/**
 * Both must be met. What is anonymous in one and closed in the other is closed; what is report-only in one alone is not
 * report-only, and of two ends the earlier counts.
 */
export function tightenPolicy(first: FunctionPolicy | undefined, second: FunctionPolicy): FunctionPolicy {
  if (first === undefined) return second;
  const both = [first, second];
  const closed = both.flatMap((policy) => (policy.kind === 'certificate' ? [policy] : []));
  if (closed.length === 0) return second;
  const ends = closed.flatMap(({ reportOnlyUntil }) => reportOnlyUntil ?? []);
  return Object.freeze({
    kind: 'certificate',
    roles: Object.freeze(closed.flatMap(({ roles }) => roles)),
    ...(ends.length < both.length ? {} : { reportOnlyUntil: Math.min(...ends) }),
  });
}
