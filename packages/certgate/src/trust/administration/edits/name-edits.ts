import {
  nameKey,
  nameTypes,
  type NameType,
  type TrustDocumentIdentity,
  type TrustDocumentName,
} from '@certgate/core/internal';
import { formatTrustCall } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';

/**
 * Adds names to an identity. A name that it already has is not added again. The reader of documents checks that no
 * other identity has the name.
 */
export function withNames(identity: TrustDocumentIdentity, added: readonly TrustDocumentName[]): TrustDocumentIdentity {
  if (added.length === 0) return identity;
  const { names = [] } = identity;
  const known = new Set(names.map(toKey));
  return { ...identity, names: [...names, ...added.filter((trustName) => !known.has(toKey(trustName)))] };
}

/** @throws {ToolFailure} if the identity doesn't have one of the names. */
export function withoutNames(
  identity: TrustDocumentIdentity,
  removed: readonly TrustDocumentName[],
): TrustDocumentIdentity {
  if (removed.length === 0) return identity;
  const { names = [], ...rest } = identity;
  const keys = new Set(removed.map(toKey));
  for (const trustName of removed) {
    if (names.some((each) => toKey(each) === toKey(trustName))) continue;
    throw new ToolFailure(`${JSON.stringify(identity.name)} doesn't have the name ${formatName(trustName)}.`, {
      remedy: `To see its names: ${formatTrustCall('list', [identity.name])}`,
    });
  }
  const kept = names.filter((trustName) => !keys.has(toKey(trustName)));
  return kept.length === 0 ? rest : { ...rest, names: kept };
}

export function formatName(trustName: TrustDocumentName): string {
  const { type, value } = readName(trustName);
  return `${type} ${value} of ${trustName.issuedBy}`;
}

function toKey(trustName: TrustDocumentName): string {
  const { type, value } = readName(trustName);
  return nameKey(trustName.issuedBy, type, value);
}

function readName(trustName: TrustDocumentName): { readonly type: NameType; readonly value: string } {
  for (const type of nameTypes) {
    const value = trustName[type];
    if (value !== undefined) return { type, value };
  }
  // Reached only for a document that was not read strictly.
  throw new ToolFailure('A name under an authority has no value.');
}
