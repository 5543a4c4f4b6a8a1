import type { CertificateRevocationList } from '@certgate/x509/path';
import { loadPathValidation } from '../load-path-validation.js';

/** Who signed a list. */
export interface ListSigner {
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** Has the key a certificate that lets it sign lists, with a valid path now, and neither denied nor known to be revoked? */
  readonly isValid: boolean;
}

type Lists = readonly CertificateRevocationList[];

/** Lists of one scope, in the order in which they came. */
interface Scope {
  /** What they have in common with the lists that nobody understands. */
  readonly name: string;
  /** The newest complete list, and while that is of the future, the one that counts until then. */
  readonly complete: Lists;
  /** The newest delta, and older ones as long as the complete list is missing that holds what they say. */
  readonly deltas: Lists;
  /** Came later and could take no place: they only revoke, until a list takes theirs. */
  readonly beside: Lists;
}

/** What came of one more list. */
export interface Addition {
  readonly kept: KeptLists;
  /** Why the list stays beside those in use, where it only revokes; undefined: it is one of them. */
  readonly fault: string | undefined;
}

/** A source has one list, or a few: a CA's and its delta, those of a CA and the CA above it. */
const maximumScopes = 16;
/** Of one kind in a scope. A delta more for each complete list that was missed; a complete one with a twin of its number. */
const maximumBeside = 4;

/**
 * The lists that one source has given, the newest of each scope. Whoever can put something in the source's place must not
 * be able to displace a list: not by an older one, nor by a genuine list of another key, for other certificates or reasons.
 * Immutable.
 */
export class KeptLists {
  readonly #byScope: ReadonlyMap<string, Scope>;

  constructor(byScope: ReadonlyMap<string, Scope> = new Map()) {
    this.#byScope = byScope;
  }

  get lists(): Lists {
    return this.scopes.flatMap(({ complete, deltas }) => [...complete, ...deltas]);
  }

  /** Those that only revoke. */
  get revoking(): Lists {
    return this.scopes.flatMap(({ beside }) => beside);
  }

  /** The complete lists of a scope, as far as they are understood. */
  listComplete(name: string): Lists {
    return this.#byScope.get(name)?.complete ?? [];
  }

  get scopes(): readonly Scope[] {
    return [...this.#byScope.values()];
  }

  /** Only those that the authority signed: of CAs that the document leaves out, lists say nothing. */
  filter(isOfAuthority: (crl: CertificateRevocationList) => boolean): KeptLists {
    const isKept = ({ complete, deltas, beside }: Scope): boolean =>
      [...complete, ...deltas, ...beside].every(isOfAuthority);
    return new KeptLists(new Map([...this.#byScope].filter(([, scope]) => isKept(scope))));
  }

  /** A CA that the document leaves out may come back. Its lists go only where there is no room for one more. */
  makeRoom(isOfAuthority: (crl: CertificateRevocationList) => boolean): KeptLists {
    return this.#byScope.size < maximumScopes ? this : this.filter(isOfAuthority);
  }

  /**
   * With a list whose signature holds. `now` is in milliseconds; `elsewhere` is what the authority's other sources gave: a
   * delta and its complete list come from one each. A list that is older than one in use, or whose signer may not displace
   * one, or for which there is no room, stays beside the lists in use.
   *
   * @throws {Error} when the source already gave as many kinds of lists as are kept.
   */
  add(crl: CertificateRevocationList, signer: ListSigner, now: number, elsewhere: readonly KeptLists[]): Addition {
    const name = nameScope(crl, signer.publicKey);
    // A list that clears nobody, since it isn't understood or numbered (§5.2, §5.2.3), takes no place of one that does.
    const key = isUnderstood(crl) ? name : `${name}\nnot understood`;
    const scope = this.#byScope.get(key);
    if (scope === undefined && this.#byScope.size >= maximumScopes) {
      throw new Error(`it already gave lists of ${maximumScopes} kinds, and this is one of another`);
    }
    const { complete, deltas, beside } = scope ?? { complete: [], deltas: [], beside: [] };
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
    if (fault !== undefined && beside.some(isSame)) return { kept: this, fault };
    const isOver = (other: CertificateRevocationList): boolean =>
      isSame(other) ||
      ((isDelta ? other.deltaBaseNumber !== undefined : true) &&
        isBaseKnown(crl, known, now) &&
        takesPlace(crl, other, now));
    const remaining = (lists: Lists): Lists => lists.filter((other) => !isOver(other));
    const next =
      fault !== undefined
        ? { complete, deltas, beside: leaveOutOldest([...beside, crl]) }
        : isDelta
          ? { complete, deltas: added.after, beside: remaining(beside) }
          : { complete: added.after, deltas: remaining(deltas), beside: remaining(beside) };
    return { kept: new KeptLists(new Map(this.#byScope).set(key, { name, ...next })), fault };
  }
}

/** The number of a complete list that a delta of an authority's sources belongs to, and that none of them has given. */
export function findMissingNumber(sources: readonly KeptLists[], now: number): bigint | undefined {
  const missing = sources
    .flatMap(({ scopes }) => scopes)
    .flatMap(({ name, deltas }) => {
      const known = sources.flatMap((kept) => kept.listComplete(name));
      return deltas.filter((delta) => delta.thisUpdate <= now && !isBaseKnown(delta, known, now));
    });
  return missing.at(-1)?.deltaBaseNumber;
}

/** Does any source know a complete list that is as new as the one that this delta belongs to? */
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
 * RFC 5280 §5: who issued it, by which key, and for which certificates and reasons. The key is the one that made the
 * signature: what a list says of its key (authorityKeyIdentifier), its signer chooses.
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

/** Of one scope and kind. `known` are its complete lists. */
function addList(before: Lists, crl: CertificateRevocationList, known: Lists, now: number): AddedList {
  const isUsable = (list: CertificateRevocationList): boolean => isBaseKnown(list, known, now);
  const newer = before.find((other) => isUsable(other) && isOlder(crl, other, now));
  if (newer !== undefined) return { after: before, fault: describeOlder(crl, newer) };
  const all = [...before, crl];
  const isDisplaced = (list: CertificateRevocationList, index: number): boolean =>
    all.slice(index + 1).some((later) => isUsable(later) && takesPlace(later, list, now));
  const after = all.filter((list, index) => !isDisplaced(list, index));
  return after.length <= maximumBeside ? { after } : makeRoom(before, after, crl, now);
}

/** By what they say of themselves: old lists that somebody puts in the source's place push out no newer one. */
function leaveOutOldest(lists: Lists): Lists {
  if (lists.length <= maximumBeside) return lists;
  const oldest = Math.min(...lists.map(({ thisUpdate }) => thisUpdate));
  const index = lists.findIndex(({ thisUpdate }) => thisUpdate === oldest);
  return lists.filter((_, position) => position !== index);
}

/**
 * RFC 5280 §5.2.4: a delta names what has changed since its base. What older deltas name, and what the base has, is in
 * neither of them once they are gone, so they stay until a complete list is there that is as new as the base.
 */
function isBaseKnown({ deltaBaseNumber }: CertificateRevocationList, known: Lists, now: number): boolean {
  if (deltaBaseNumber === undefined) return true;
  return known.some(
    ({ crlNumber, thisUpdate }) => crlNumber !== undefined && crlNumber >= deltaBaseNumber && thisUpdate <= now,
  );
}

/** A clock that runs ahead somewhere must not leave us without a list: what is of the future displaces only its like. */
function takesPlace(crl: CertificateRevocationList, other: CertificateRevocationList, now: number): boolean {
  // Two of one number and moment: nobody can tell which of them is the later one.
  const isTwin = crl.crlNumber === other.crlNumber && crl.thisUpdate === other.thisUpdate;
  return !isTwin && !isOlder(crl, other, now) && (crl.thisUpdate <= now || other.thisUpdate > now);
}

/** RFC 5280 §5.2.3: numbers rise. An older list would forget revocations. */
function isOlder(crl: CertificateRevocationList, other: CertificateRevocationList, now: number): boolean {
  const isNumbered = crl.crlNumber !== undefined && other.crlNumber !== undefined;
  // A CA whose clock ran ahead once, and was set right: what it issues now has a higher number and an earlier date.
  if (isNumbered && other.thisUpdate > now && crl.crlNumber > other.crlNumber) return false;
  return (isNumbered && crl.crlNumber < other.crlNumber) || crl.thisUpdate < other.thisUpdate;
}

/** A delta to the same base, or to an older one, has all that one before it has: so none is kept but the newest. */
function makeRoom(before: Lists, lists: Lists, crl: CertificateRevocationList, now: number): AddedList {
  const isIncluded = ({ deltaBaseNumber = 0n }: CertificateRevocationList): boolean =>
    (crl.deltaBaseNumber ?? 0n) <= deltaBaseNumber;
  const after = lists.filter((other) => !(isIncluded(other) && takesPlace(crl, other, now)));
  if (after.length <= maximumBeside) return { after };
  const fault = `it already gave ${maximumBeside} lists of which none replaces another; publish the newest complete list`;
  return { after: before, fault };
}

function describeOlder(crl: CertificateRevocationList, inUse: CertificateRevocationList): string {
  return `it is older than the list in use (${describeList(crl)}, in use ${describeList(inUse)})`;
}

function describeList({ crlNumber, thisUpdate }: CertificateRevocationList): string {
  return `number ${crlNumber ?? 'none'} of ${new Date(thisUpdate).toISOString()}`;
}
