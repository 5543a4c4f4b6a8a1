import type { TrustChange } from './trust-change.js';
import { gainsIf, losesIf } from './trust-identity-comparison.js';
import type { TrustSnapshot, TrustedIdentity } from './trust-snapshot.js';
import { type TrustSubject, describeSubject, subjectKey } from './trust-subject.js';

/** The names that `identity` of the later document has and didn't have before. */
export function* listAddedSubjects(
  before: TrustSnapshot,
  identity: TrustedIdentity,
): Generator<TrustChange, void, undefined> {
  for (const subject of identity.subjects) {
    const holder = findHolder(before, subject);
    if (holder?.name.toLowerCase() === identity.name.toLowerCase()) continue;
    const taken = holder === undefined ? '' : ` It was a subject of "${holder.name}".`;
    yield {
      effect: gainsIf(identity),
      aspect: 'subject',
      identityName: identity.name,
      subject,
      sentence: `"${identity.name}" is whoever has a certificate with ${describeSubject(subject)}.${taken}`,
    };
  }
}

/** The names that `identity` of the earlier document had and has no longer. */
export function* listRemovedSubjects(
  after: TrustSnapshot,
  identity: TrustedIdentity,
): Generator<TrustChange, void, undefined> {
  for (const subject of identity.subjects) {
    if (findHolder(after, subject)?.name.toLowerCase() === identity.name.toLowerCase()) continue;
    yield {
      effect: losesIf(identity),
      aspect: 'subject',
      identityName: identity.name,
      subject,
      sentence: `"${identity.name}" is no longer who has a certificate with ${describeSubject(subject)}.`,
    };
  }
}

function findHolder(snapshot: TrustSnapshot, { issuedBy, type, value }: TrustSubject): TrustedIdentity | undefined {
  return snapshot.subjects.get(subjectKey(issuedBy, type, value))?.identity;
}
