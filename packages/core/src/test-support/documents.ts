import assert from 'node:assert/strict';
import type { Decision } from '../access/decision.js';
import type { DenialCode } from '../denial.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

export interface IdentityInput {
  readonly name?: unknown;
  readonly roles?: unknown;
  readonly [key: string]: unknown;
}

/** A document with these identities. Each has a name and a role, unless the test gives others. */
export function documentOf(identities: readonly IdentityInput[], more: Record<string, unknown> = {}): object {
  return {
    schemaVersion: 1,
    revision: 1,
    identities: identities.map((identity, index) => ({ name: `caller-${index}`, roles: ['reader'], ...identity })),
    ...more,
  };
}

export function snapshotOf(...identities: readonly IdentityInput[]): TrustSnapshot {
  return parseTrustDocument(documentOf(identities));
}

export function assertDenied(decision: Decision, code: DenialCode): void {
  assert.equal(decision.outcome, 'denied', `allowed, where ${code} was expected`);
  assert.equal(decision.code, code);
}

/**
 * A document that is refused, with the path and the words of the problem, and whether a JSON Schema can find the
 * problem too.
 */
export interface RefusedDocument {
  readonly what: string;
  readonly document: unknown;
  readonly path: string;
  readonly words: RegExp;
  /** False for problems that the schema can't find, such as the order of two times, or a missing authority. */
  readonly isSeenBySchema: boolean;
}
