import type { CertificateRevocationList } from '@certgate/x509/path';
import { loadPathValidation } from '../load-path-validation.js';

/** The key that signed a list. */
export interface ListSigner {
  /** The key's SubjectPublicKeyInfo, in DER. */
  readonly publicKey: Uint8Array;
  /**
   * Whether a certificate of the key may sign lists, has a valid path now, and is neither denied nor known to be
   * revoked.
   */
  readonly isValid: boolean;
}

type Lists = readonly CertificateRevocationList[];

/** The lists of one scope (see `nameScope`), in the order in which they came. */
interface ListScope {
  /** The name of the scope. The lists that are not understood form a scope of their own with the same name. */
  readonly name: string;
  /**
   * The newest complete list, or several with the same number and date. While its date is in the future, also the list
   * that is used until then.
   */
  readonly complete: Lists;
  /**
   * The newest delta, and those that it does not replace: older ones while no complete list is known on which the
   * newest can be based, one of the same number and date, or one in use while the newest is from the future.
   */
  readonly deltas: Lists;
  /**
   * Lists that came later and could not replace a list in use. They can only revoke, until another list replaces them.
   */
  readonly revokeOnly: Lists;
}

/** The result of adding one list. */
export interface Addition {
  readonly kept: KeptLists;
  /** Why the list did not come into use, so that it can only revoke. Undefined if it is in use. */
  readonly fault: string | undefined;
}

/** A source normally has one list or a few: a CA's list and its delta, or the lists of a CA and of the CA above it. */
const maximumScopes = 16;
/**
 * The most lists of one kind in a scope. There may be one more delta for each complete list that was missed, and two
 * complete lists of the same number.
 */
const maximumListsOfKind = 4;

/**
 * The lists that one source has given, the newest of each scope. Somebody who can replace what the source gives must
 * not be able to displace a list: neither by an older list, nor by a genuine list of another key, for other
 * certificates or for other reasons. Immutable.
 */
export class KeptLists {
  readonly #byScope: ReadonlyMap<string, ListScope>;

  constructor(byScope: ReadonlyMap<string, ListScope> = new Map()) {
    this.#byScope = byScope;
  }

  get lists(): Lists {
    return this.scopes.flatMap(({ complete, deltas }) => [...complete, ...deltas]);
  }

  /** The lists that can only revoke. */
  get revoking(): Lists {
    return this.scopes.flatMap(({ revokeOnly }) => revokeOnly);
  }

  /** The complete lists of a scope, without those that are not understood. */
  listComplete(name: string): Lists {
    return this.#byScope.get(name)?.complete ?? [];
  }

  get scopes(): readonly ListScope[] {
    return [...this.#byScope.values()];
  }

  /**
   * Keeps only the scopes whose lists the authority signed. Lists of CAs that the document leaves out must not be used.
   */
  filter(isOfAuthority: (crl: CertificateRevocationList) => boolean): KeptLists {
    const isKept = ({ complete, deltas, revokeOnly }: ListScope): boolean =>
      [...complete, ...deltas, ...revokeOnly].every(isOfAuthority);
    return new KeptLists(new Map([...this.#byScope].filter(([, scope]) => isKept(scope))));
  }

  /**
   * Removes the scopes of CAs that the document leaves out, but only if there is no room for one more scope: such a CA
   * may come back.
   */
  makeRoom(isOfAuthority: (crl: CertificateRevocationList) => boolean): KeptLists {
    return this.#byScope.size < maximumScopes ? this : this.filter(isOfAuthority);
  }

  /**
   * Adds a list whose signature is valid. `now` is in milliseconds since 1970-01-01T00:00:00Z. `elsewhere` contains the
   * lists of the authority's other sources, since a delta and its complete list may come from two of them. The list can
   * only revoke if it is older than one in use, if its signer must not replace a list, or if there is no room for it.
   *
   * @throws {Error} if the source already gave as many kinds of lists as are kept.
   */
  add(crl: CertificateRevocationList, signer: ListSigner, now: number, elsewhere: readonly KeptLists[]): Addition {
    const name = nameScope(crl, signer.publicKey);
    // A list that is not understood or has no number can't show that a certificate is not revoked (RFC 5280 §5.2 and
    // §5.2.3). So it must not replace a list that can.
    const key = isUnderstood(crl) ? name : `${name}\nnot understood`;
    const scope = this.#byScope.get(key);
    if (scope === undefined && this.#byScope.size >= maximumScopes) {
      throw new Error(`it already gave lists of ${maximumScopes} kinds, and this is one of another`);
    }
    const { complete, deltas, revokeOnly } = scope ?? { complete: [], deltas: [], revokeOnly: [] };
    const known = [this, ...elsewhere].flatMap((kept) => kept.listComplete(name));
    const isDelta = crl.deltaBaseNumber !== undefined;
    const before = isDelta ? deltas : complete;
    const isSame = (other: CertificateRevocationList): boolean => hasSameContent(crl, other);
    if (before.some(isSame)) return { kept: this, fault: undefined };
    const added = addList(before, crl, known, now);
    const unfit =
      before.length > 0 && !signer.isValid
        ? 'no certificate of the key that signed it is valid now, or it is denied or revoked, so it replaces no other list'
        : undefined;
    const fault = added.fault ?? unfit;
    if (fault !== undefined && revokeOnly.some(isSame)) return { kept: this, fault };
    const isOver = (other: CertificateRevocationList): boolean =>
      isSame(other) ||
      ((isDelta ? other.deltaBaseNumber !== undefined : true) &&
        isBaseKnown(crl, known, now) &&
        takesPlace(crl, other, now));
    const remaining = (lists: Lists): Lists => lists.filter((other) => !isOver(other));
    const next =
      fault !== undefined
        ? { complete, deltas, revokeOnly: leaveOutOldest([...revokeOnly, crl]) }
        : isDelta
          ? { complete, deltas: added.after, revokeOnly: remaining(revokeOnly) }
          : { complete: added.after, deltas: remaining(deltas), revokeOnly: remaining(revokeOnly) };
    return { kept: new KeptLists(new Map(this.#byScope).set(key, { name, ...next })), fault };
  }
}

/**
 * The number of a complete list on which a delta of the authority's sources is based, if none of the sources has given
 * that list or a later one. Undefined if none is missing.
 */
export function findMissingNumber(sources: readonly KeptLists[], now: number): bigint | undefined {
  const missing = sources
    .flatMap(({ scopes }) => scopes)
    .flatMap(({ name, deltas }) => {
      const known = sources.flatMap((kept) => kept.listComplete(name));
      return deltas.filter((delta) => delta.thisUpdate <= now && !isBaseKnown(delta, known, now));
    });
  return missing.at(-1)?.deltaBaseNumber;
}

/**
 * Whether any source has a complete list that is as new as the one on which this delta is based. Also true for a list
 * that is not a delta.
 */
export function knowsBase(
  sources: readonly KeptLists[],
  delta: CertificateRevocationList,
  publicKey: Uint8Array,
  now: number,
): boolean {
  const name = nameScope(delta, publicKey);
  return isBaseKnown(
    delta,
    sources.flatMap((kept) => kept.listComplete(name)),
    now,
  );
}

/**
 * Names the scope of a list (RFC 5280 §5): its issuer, the key that signed it, and the certificates and reasons that it
 * covers. The key is the one that verified the signature, because the signer chooses what a list says about its key
 * (authorityKeyIdentifier).
 */
function nameScope({ issuer, extensions }: CertificateRevocationList, publicKey: Uint8Array): string {
  const point = extensions.get(loadPathValidation().crlExtensionTypes.issuingDistributionPoint)?.value;
  return [point && toHex(point), toHex(publicKey), issuer.key].join('\n');
}

function isUnderstood({ extensions, unknownCriticalExtensions }: CertificateRevocationList): boolean {
  const number = extensions.get(loadPathValidation().crlExtensionTypes.crlNumber);
  return unknownCriticalExtensions.length === 0 && number?.isCritical === false;
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function hasSameContent({ signed }: CertificateRevocationList, other: CertificateRevocationList): boolean {
  return Buffer.compare(signed.data, other.signed.data) === 0;
}

interface AddedList {
  readonly after: Lists;
  readonly fault?: string;
}

/** Adds a list to the lists of the same scope and kind. `known` contains the complete lists of the scope. */
function addList(before: Lists, crl: CertificateRevocationList, known: Lists, now: number): AddedList {
  const isUsable = (list: CertificateRevocationList): boolean => isBaseKnown(list, known, now);
  const newer = before.find((other) => isUsable(other) && isOlder(crl, other, now));
  if (newer !== undefined) return { after: before, fault: describeOlder(crl, newer) };
  const all = [...before, crl];
  const isDisplaced = (list: CertificateRevocationList, index: number): boolean =>
    all.slice(index + 1).some((later) => isUsable(later) && takesPlace(later, list, now));
  const after = all.filter((list, index) => !isDisplaced(list, index));
  return after.length <= maximumListsOfKind ? { after } : dropIncluded(before, after, crl, now);
}

/**
 * If there are too many lists, removes the one with the earliest `thisUpdate`, so that somebody who sends old lists
 * pushes out no newer one.
 */
function leaveOutOldest(lists: Lists): Lists {
  if (lists.length <= maximumListsOfKind) return lists;
  const oldest = Math.min(...lists.map(({ thisUpdate }) => thisUpdate));
  const index = lists.findIndex(({ thisUpdate }) => thisUpdate === oldest);
  return lists.filter((_, position) => position !== index);
}

/**
 * Whether a complete list is known that is as new as the delta's base. RFC 5280 §5.2.4: a delta names what has changed
 * since its base. It does not repeat the entries of the base, or of older deltas to earlier bases, so these lists must
 * be kept until such a complete list is there.
 */
function isBaseKnown({ deltaBaseNumber }: CertificateRevocationList, known: Lists, now: number): boolean {
  if (deltaBaseNumber === undefined) return true;
  return known.some(
    ({ crlNumber, thisUpdate }) => crlNumber !== undefined && crlNumber >= deltaBaseNumber && thisUpdate <= now,
  );
}

/**
 * Whether a list replaces another. A list from the future replaces only another one from the future, so that a wrong
 * clock somewhere doesn't leave the gate without a list.
 */
function takesPlace(crl: CertificateRevocationList, other: CertificateRevocationList, now: number): boolean {
  // If two lists have the same number and date, it is unknown which one is later.
  const isSameIssue = crl.crlNumber === other.crlNumber && crl.thisUpdate === other.thisUpdate;
  return !isSameIssue && !isOlder(crl, other, now) && (crl.thisUpdate <= now || other.thisUpdate > now);
}

/** Whether a list is older than another. RFC 5280 §5.2.3: numbers rise. An older list would forget revocations. */
function isOlder(crl: CertificateRevocationList, other: CertificateRevocationList, now: number): boolean {
  const isNumbered = crl.crlNumber !== undefined && other.crlNumber !== undefined;
  // After a CA's clock ran ahead and was set right, its new lists have higher numbers and earlier dates.
  if (isNumbered && other.thisUpdate > now && crl.crlNumber > other.crlNumber) return false;
  return (isNumbered && crl.crlNumber < other.crlNumber) || crl.thisUpdate < other.thisUpdate;
}

/**
 * Removes lists that the new one makes unnecessary: a delta contains everything that an earlier delta with the same
 * base, or with a newer base, contains.
 */
function dropIncluded(before: Lists, lists: Lists, crl: CertificateRevocationList, now: number): AddedList {
  const isIncluded = ({ deltaBaseNumber = 0n }: CertificateRevocationList): boolean =>
    (crl.deltaBaseNumber ?? 0n) <= deltaBaseNumber;
  const after = lists.filter((other) => !(isIncluded(other) && takesPlace(crl, other, now)));
  if (after.length <= maximumListsOfKind) return { after };
  const fault = `it already gave ${maximumListsOfKind} lists of which none replaces another; publish the newest complete list`;
  return { after: before, fault };
}

function describeOlder(crl: CertificateRevocationList, inUse: CertificateRevocationList): string {
  return `it is older than the list in use (${describeList(crl)}, in use ${describeList(inUse)})`;
}

function describeList({ crlNumber, thisUpdate }: CertificateRevocationList): string {
  return `number ${crlNumber ?? 'none'} of ${new Date(thisUpdate).toISOString()}`;
}
