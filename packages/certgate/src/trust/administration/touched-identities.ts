import type { TrustSnapshot } from '@certgate/core/internal';
import type { TrustComparison } from '../comparison/compare-documents.js';
import { compareLists, indexByName } from '../comparison/compare-identities.js';
import type { TrustChange } from '../comparison/trust-change.js';
import type { ChangeLogEntry, RoleChange } from './change-log.js';

/** The members of a log line that say which identities its change concerns. */
export function listTouched(
  before: TrustSnapshot,
  after: TrustSnapshot,
  { changes, possibleGains, possibleLosses }: TrustComparison,
): Required<Pick<ChangeLogEntry, 'touches'>> & Pick<ChangeLogEntry, 'mayTouchOthers' | 'roles'> {
  const roles = listRoleChanges(before, after);
  const isOfAll = changes.some(({ aspect }) => aspect === 'locked' || aspect === 'audience');
  const names = changes.flatMap(({ identityName }) => identityName ?? []);
  const under = listUnderAuthorities([before, after], changes);
  const isOpen =
    // Certificates of an authority, or a certificate that is denied, may be pinned for other identities too.
    under.length > 0 ||
    changes.some(({ aspect, identityName }) => aspect === 'denied' && identityName === undefined) ||
    possibleGains !== undefined ||
    possibleLosses !== undefined;
  return {
    touches: isOfAll ? 'all' : [...new Map([...names, ...under].map((name) => [name.toLowerCase(), name])).values()],
    ...(isOpen ? { mayTouchOthers: true } : {}),
    ...(roles.length === 0 ? {} : { roles }),
  };
}

/**
 * The identities with a name or a pin under a changed authority. Disabled ones are included, because the authority
 * matters once they are enabled.
 */
function listUnderAuthorities(snapshots: readonly TrustSnapshot[], changes: readonly TrustChange[]): readonly string[] {
  const authorities = new Set(
    changes
      .filter(({ aspect }) => aspect === 'authority' || aspect === 'revocation')
      .map(({ authorityName }) => authorityName?.toLowerCase()),
  );
  if (authorities.size === 0) return [];
  return snapshots
    .flatMap(({ identities }) => identities)
    .filter(({ names, pins }) =>
      [...names, ...pins].some(({ issuedBy }) => issuedBy !== undefined && authorities.has(issuedBy.toLowerCase())),
    )
    .map(({ name }) => name);
}

function listRoleChanges(before: TrustSnapshot, after: TrustSnapshot): readonly RoleChange[] {
  const earlier = indexByName(before.identities);
  const later = indexByName(after.identities);
  return [...new Map([...earlier, ...later])].flatMap(([key, { name }]) => {
    const [old, present] = [earlier, later].map((index) => index.get(key)?.roles ?? []);
    const { added: gained, removed: lost } = compareLists(old ?? [], present ?? []);
    return gained.length + lost.length === 0 ? [] : [{ identity: name, gained, lost }];
  });
}

/** Whether a line's change concerns an identity. `perhaps` if the line doesn't say. */
export function findConcern(entry: ChangeLogEntry, identityName: string): 'yes' | 'perhaps' | 'no' {
  const { touches, mayTouchOthers, documentSha256, previousDocumentSha256 } = entry;
  // A line that only adds a signature changes nothing for anybody.
  if (documentSha256 === previousDocumentSha256) return 'no';
  if (touches === undefined) return 'perhaps';
  const key = identityName.toLowerCase();
  if (touches === 'all' || touches.some((name) => name.toLowerCase() === key)) return 'yes';
  return mayTouchOthers === true ? 'perhaps' : 'no';
}
