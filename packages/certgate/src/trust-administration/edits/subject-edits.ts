import {
  subjectKey,
  subjectTypes,
  type SubjectType,
  type TrustDocumentIdentity,
  type TrustDocumentSubject,
} from '@certgate/core/tools';
import { CommandFailure } from '../../command-line/command-failure.js';
import { shellWord } from '../../command-line/output.js';

/** With these names too; what it has already, it has once. That nobody else has them, the document's reader sees to. */
export function withSubjects(
  identity: TrustDocumentIdentity,
  added: readonly TrustDocumentSubject[],
): TrustDocumentIdentity {
  if (added.length === 0) return identity;
  const { subjects = [] } = identity;
  const known = new Set(subjects.map(toKey));
  return { ...identity, subjects: [...subjects, ...added.filter((subject) => !known.has(toKey(subject)))] };
}

/** @throws {CommandFailure} for a name that it doesn't have. */
export function withoutSubjects(
  identity: TrustDocumentIdentity,
  removed: readonly TrustDocumentSubject[],
): TrustDocumentIdentity {
  if (removed.length === 0) return identity;
  const { subjects = [], ...rest } = identity;
  const keys = new Set(removed.map(toKey));
  for (const subject of removed) {
    if (subjects.some((each) => toKey(each) === toKey(subject))) continue;
    throw new CommandFailure(`${JSON.stringify(identity.name)} doesn't have the subject ${describeSubject(subject)}.`, {
      remedy: `See what it has: certgate trust show ${shellWord(identity.name)}`,
    });
  }
  const kept = subjects.filter((subject) => !keys.has(toKey(subject)));
  return kept.length === 0 ? rest : { ...rest, subjects: kept };
}

export function describeSubject(subject: TrustDocumentSubject): string {
  const { type, value } = readSubject(subject);
  return `${type} ${value} of ${subject.issuedBy}`;
}

function toKey(subject: TrustDocumentSubject): string {
  const { type, value } = readSubject(subject);
  return subjectKey(subject.issuedBy, type, value);
}

function readSubject(subject: TrustDocumentSubject): { readonly type: SubjectType; readonly value: string } {
  for (const type of subjectTypes) {
    const value = subject[type];
    if (value !== undefined) return { type, value };
  }
  // Only for documents that were not read strictly.
  throw new CommandFailure('A subject holds no name.');
}
