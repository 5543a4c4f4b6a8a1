import { areNamesEqual } from '../certificate/distinguished-name.js';
import { haveSameKey, type PathCertificate } from '../certificate/path-certificate.js';
import { isSignedWithinBudget } from './path-budget.js';
import { noteOn } from './path-check.js';
import { exhausted, failAt, failPath, type PathFault, type PathRole } from './path-fault.js';
import { type PathSettings, type ValidPath, findLocalFault, validatePath } from './path-validation.js';
import { failUnsigned } from './validation-profile.js';

export interface PathSearch {
  readonly target: PathCertificate;
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  /**
   * CA certificates that came with the target, as `listVouchedCandidates` returned them. They are tried after
   * `intermediates`.
   */
  readonly candidates: readonly PathCertificate[];
  readonly settings: PathSettings;
  /**
   * Makes the last checks of a valid path, such as revocation and denials. After a fault, the search goes on, unless the
   * fault is final.
   */
  readonly examine: (path: ValidPath) => ValidPath | PathFault;
}

/**
 * Searches for a path from the target up to a trust anchor: depth first, names before signatures, and first the issuer
 * that the key identifiers point to. Returns the first valid path, a fault that ends the search, or the fault of the
 * attempt that got farthest.
 */
export function findPath(search: PathSearch): ValidPath | PathFault {
  const { target, settings } = search;
  const role = settings.targetRole;
  if (search.trustAnchors.some((anchor) => isSameEntity(anchor, target))) {
    const fault = failAt('path_not_found', target, role, { reason: 'target_is_anchor' });
    return noteSearchEnd(search, [target], fault);
  }
  const unfit = findLocalFault(target, role, settings);
  if (unfit !== undefined) {
    // Reports the checks of an unfit target here. The checks of a fit one are reported with each of its paths.
    findLocalFault(target, role, settings, noteOn(settings.onCheck, [target]));
    return unfit;
  }
  const attempts = new Attempts();
  return extend(search, [target], attempts) ?? attempts.farthest ?? failWithoutIssuer(target, role);
}

/**
 * Keeps the most telling fault: that of the longest path, and that of a complete path rather than an incomplete one.
 */
class Attempts {
  farthest: PathFault | undefined;
  #rank = -1;

  /** `length` is that of the path, and a half more if the path is complete. */
  remember(fault: PathFault, length: number): void {
    // If two issuers have one name, "this runtime can't verify it" is more useful than "not signed by it".
    const isOfRuntime = fault.code === 'algorithm_unsupported_by_runtime';
    const rank = length + (isOfRuntime ? 0.25 : 0);
    if (rank <= this.#rank) return;
    this.#rank = rank;
    this.farthest = fault;
  }
}

function failWithoutIssuer(certificate: PathCertificate, role: PathRole): PathFault {
  return failAt('path_not_found', certificate, role, { reason: 'issuer_missing' });
}

/**
 * Extends the path upwards. `path` begins with the highest certificate found until now and ends with the target.
 * Undefined if no valid path was found from here, and no fault ended the search.
 */
function extend(
  search: PathSearch,
  path: readonly [PathCertificate, ...PathCertificate[]],
  attempts: Attempts,
): ValidPath | PathFault | undefined {
  const [highest] = path;
  const anchors = findIssuers(search.trustAnchors, highest);
  for (const anchor of anchors) {
    if (!search.settings.budget.spendStep()) return exhausted('steps');
    const verdict = conclude(search, path, anchor);
    if (verdict.outcome === 'valid' || verdict.isFinal === true) return verdict;
    attempts.remember(verdict, path.length + 0.5);
  }
  const issuers = listIssuers(search, highest);
  const { maximumIntermediates } = search.settings;
  if (issuers.length > 0 && path.length > maximumIntermediates) {
    const fault = failPath('path_length_exceeded', { reason: 'maximum_intermediates', maximumIntermediates });
    attempts.remember(noteSearchEnd(search, path, fault), path.length);
    return undefined;
  }
  if (anchors.length === 0 && issuers.length === 0) {
    const fault = failWithoutIssuer(highest, roleOfHighest(search, path));
    // The least useful fault: one cross-certificate more than the operator needs doesn't break the path.
    attempts.remember(noteSearchEnd(search, path, fault), 0);
  }
  for (const issuer of issuers) {
    if (!search.settings.budget.spendStep()) return exhausted('steps');
    const fault = findLinkFault(search, path, issuer);
    if (fault !== undefined) {
      noteSearchEnd(search, [issuer, ...path], fault);
      if (fault.isFinal === true) return fault;
      attempts.remember(fault, path.length);
      continue;
    }
    const found = extend(search, [issuer, ...path], attempts);
    if (found !== undefined) return found;
  }
  return undefined;
}

function roleOfHighest({ settings }: PathSearch, path: readonly PathCertificate[]): PathRole {
  return path.length === 1 ? settings.targetRole : 'intermediate';
}

/** Reports to tools why the search goes no higher here. */
function noteSearchEnd(search: PathSearch, path: readonly PathCertificate[], fault: PathFault): PathFault {
  const role = roleOfHighest(search, path);
  noteOn(search.settings.onCheck, path)?.({ check: 'search', certificate: path[0], role, fault });
  return fault;
}

function conclude(
  { settings, examine }: PathSearch,
  path: readonly PathCertificate[],
  anchor: PathCertificate,
): ValidPath | PathFault {
  const verdict = validatePath(path, anchor, settings);
  return verdict.outcome === 'valid' ? examine(verdict) : verdict;
}

/** Why this CA certificate can't be above the path. The checks that need no signature come first. */
function findLinkFault(
  search: PathSearch,
  path: readonly [PathCertificate, ...PathCertificate[]],
  issuer: PathCertificate,
): PathFault | undefined {
  const [highest] = path;
  if (path.some((certificate) => isSameEntity(certificate, issuer))) {
    return failAt('path_not_found', issuer, 'intermediate', { reason: 'certificate_repeated' });
  }
  const unfit = findLocalFault(issuer, 'intermediate', search.settings);
  if (unfit !== undefined) return unfit;
  const isSigned = isSignedWithinBudget(highest, issuer, search.settings.budget);
  if (isSigned === undefined) return exhausted('signatures');
  if (isSigned) return undefined;
  return failUnsigned(highest, roleOfHighest(search, path), issuer, 'issuer_of_name');
}

function listIssuers(
  { intermediates, candidates }: PathSearch,
  certificate: PathCertificate,
): readonly PathCertificate[] {
  const known = findIssuers(intermediates, certificate);
  return candidates.length === 0 ? known : [...known, ...findIssuers(candidates, certificate)];
}

/** RFC 5280 §6.1 lets no certificate appear twice. Two certificates with the same name and key are the same entity. */
function isSameEntity(left: PathCertificate, right: PathCertificate): boolean {
  return areNamesEqual(left.subject, right.subject) && haveSameKey(left, right);
}

/** The index of each list of certificates, so that a list that is used again is not indexed again. */
const subjectIndexes = new WeakMap<readonly PathCertificate[], ReadonlyMap<string, readonly PathCertificate[]>>();

/** Returns the certificates with this name. */
export function findBySubject(
  certificates: readonly PathCertificate[],
  { key }: PathCertificate['subject'],
): readonly PathCertificate[] {
  let index = subjectIndexes.get(certificates);
  if (index === undefined) {
    index = indexBySubject(certificates);
    subjectIndexes.set(certificates, index);
  }
  return index.get(key) ?? [];
}

/** Returns the certificates with the issuer's name. Those with the right key identifier come first. */
function findIssuers(
  certificates: readonly PathCertificate[],
  { issuer, authorityKeyIdentifier }: PathCertificate,
): readonly PathCertificate[] {
  const named = findBySubject(certificates, issuer);
  const wanted = authorityKeyIdentifier?.keyIdentifier;
  if (named.length < 2 || wanted === undefined) return named;
  // The key identifier is only a hint (§4.2.1.1): it decides the order and excludes nobody.
  return [
    ...named.filter(({ subjectKeyIdentifier }) => subjectKeyIdentifier === wanted),
    ...named.filter(({ subjectKeyIdentifier }) => subjectKeyIdentifier !== wanted),
  ];
}

function indexBySubject(certificates: readonly PathCertificate[]): ReadonlyMap<string, readonly PathCertificate[]> {
  const index = new Map<string, PathCertificate[]>();
  for (const certificate of certificates) {
    const named = index.get(certificate.subject.key);
    if (named === undefined) index.set(certificate.subject.key, [certificate]);
    else named.push(certificate);
  }
  return index;
}
