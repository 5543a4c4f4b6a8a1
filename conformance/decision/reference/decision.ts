// The decision about a call, by documents, lists and a time: who the caller is, and whether they may call.
import type { Certificate } from '../facts.js';
import * as documents from './document.js';
import type { Document, Identity, Match } from './document.js';
import { isForServersOnly, listFaults } from './leaf.js';
import { mostNames } from './names.js';
import { ask, type ListReading } from './revocation.js';

/** A trust store: the document in use, if there is one, and the lists that were read until now, by authority. */
export type Store = Readonly<{ document: Document | undefined; lists: ReadonlyMap<string, readonly ListReading[]> }>;

/**
 * A call. `caller` is the certificate, or the code of what the front end sent instead. `chain` has the CA certificates
 * that came with it, if the app accepts them. The identity needs one role of each list in `roles`.
 */
export type Call = Readonly<{
  caller: Certificate | string;
  chain?: readonly Certificate[];
  functionName: string;
  roles: readonly (readonly string[])[];
  now: number;
}>;

export type Answer =
  | { readonly status: 200; readonly code: 'allowed'; readonly identity: Identity }
  | { readonly status: 401 | 403 | 503; readonly code: string };

const forbidden = ['function_not_allowed', 'role_missing'];
const unavailable = ['trust_locked', 'trust_unavailable', 'algorithm_unsupported_by_runtime', 'revocation_unavailable'];
const unprocessed = 'certificate_critical_extension_unknown';

/** If there are several codes, the first in this list is reported. Codes that may change later come last. */
export const strictness: readonly string[] = [
  ...`certificate_on_deny_list certificate_not_trusted identity_ambiguous identity_disabled identity_expired pin_disabled
    pin_not_yet_valid pin_expired ${unprocessed} path_not_found path_budget_exhausted path_signature_invalid
    path_certificate_malformed path_certificate_not_yet_valid path_certificate_expired path_authority_unfit
    path_length_exceeded path_name_not_permitted path_policy_not_satisfied path_critical_extension_unknown
    path_key_unsupported path_key_too_weak path_algorithm_unsupported path_algorithm_too_weak
    path_extended_key_usage_unsuitable certificate_revoked`.split(/\s+/),
  ...unavailable.slice(1),
];

function refuse(...codes: readonly string[]): Answer {
  const rank = (code: string): number => strictness.indexOf(code);
  const [code = 'certificate_not_trusted'] = [...codes].sort((one, other) => rank(one) - rank(other));
  return { status: unavailable.includes(code) ? 503 : forbidden.includes(code) ? 403 : 401, code };
}

/** Several stores give the same answer as one document with the content of all of them. */
export function decide(stores: readonly Store[], call: Call): Answer {
  const { caller, functionName, roles, now } = call;
  if (typeof caller === 'string') return refuse(caller);
  const chain = limitChain(call.chain ?? [], caller);
  const all = stores.flatMap(({ document }) => document ?? []);
  if (all.some(({ locked }) => locked !== undefined)) return refuse('trust_locked');
  const missing = all.length < stores.length ? ['trust_unavailable'] : [];

  // What the documents say without a path. A pin of the certificate's twin never admits, but denies like its own pin.
  const pins = all.flatMap((document) => documents.findPins(document, caller));
  const names = all.flatMap((document) => documents.findNames(document, caller, chain));
  const isKnown = pins.length + names.length > 0;
  const twins = caller.twins.flatMap((twin) => all.flatMap((document) => documents.findPins(document, twin)));
  const denied = all.some((each) => documents.isDenied(each, caller, chain)) ? ['certificate_on_deny_list'] : [];
  const isNamed = all.some((each) => documents.listIssuingAuthorities(each, caller, chain).length > 0);
  if (isNamed && caller.names.length > mostNames) denied.push('path_budget_exhausted');
  const early = [...denied, ...(isKnown ? findDenials([...pins, ...twins], now) : [])];
  if (early.length > 0) return refuse(...early);
  if (!isKnown) return refuse(...missing);
  const isOpen = [...pins, ...twins, ...names].some(({ authority }) => authority !== undefined);
  if (!isOpen && missing.length > 0) return refuse(...missing);

  const unfit = findUnfitness(caller, [...pins, ...twins], isOpen, now);
  if (unfit !== undefined) return refuse(unfit);
  // What the authorities say. If an authority doesn't vouch for the certificate, a name under it doesn't match, and a
  // pin with issuedBy denies. If only such names are left, no identity could match, so the twin's pins are not judged.
  const judgeAll = (given: readonly Match[]) => given.map((match) => judge(stores, match, { caller, chain, now }));
  const own = judgeAll([...pins, ...names]);
  const verdicts = own.some(({ code, isClaim }) => code === undefined || !isClaim) ? [...own, ...judgeAll(twins)] : own;
  const codesOf = (claims: boolean) => verdicts.flatMap((each) => (each.isClaim === claims && each.code) || []);
  const matches = verdicts.flatMap(({ code, match }) => (code === undefined ? match : []));
  const late = [...codesOf(false), ...findDenials(matches, now), ...missing];
  if (late.length > 0) return refuse(...late);
  const identity = matches.find((match) => !twins.includes(match))?.identity;
  if (identity === undefined) return refuse(...codesOf(true));
  // Path validation processes more critical extensions than the checks of the certificate itself.
  const isProcessed = verdicts.some(({ hasPath }) => hasPath) || !listFaults(caller, now).includes(unprocessed);
  if (!isProcessed) return refuse(unprocessed);
  const isOfFunction = identity.functions?.some((name) => name.toLowerCase() === functionName.toLowerCase()) ?? true;
  if (!isOfFunction) return refuse('function_not_allowed');
  const hasRoles = roles.every((anyOf) => anyOf.some((role) => identity.roles.includes(role)));
  return hasRoles ? { status: 200, code: 'allowed', identity } : refuse('role_missing');
}

/** All matches must be of one identity, and a single match that denies is enough. */
function findDenials(matches: readonly Match[], now: number): readonly string[] {
  const isAmbiguous = new Set(matches.map(({ identity }) => describe(identity))).size > 1;
  const denials = matches.flatMap((match) => findMatchDenial(match, now) ?? []);
  return isAmbiguous ? ['identity_ambiguous', ...denials] : denials;
}

/** The identity as text. Two documents must describe it in the same way: their roles are never merged. */
function describe({ name, roles, functions }: Identity): string {
  const list = (texts: readonly string[] | undefined): unknown => texts && [...new Set(texts)].sort();
  return JSON.stringify([name, list(roles), list(functions?.map((each) => each.toLowerCase())) ?? 'every function']);
}

/** Why the match denies, or undefined. A window includes its start and excludes its end. */
function findMatchDenial({ identity, pin = {} }: Match, now: number): string | undefined {
  if (identity.enabled === false) return 'identity_disabled';
  if (now >= Date.parse(identity.expiresAt ?? '')) return 'identity_expired';
  if (pin.enabled === false) return 'pin_disabled';
  if (now < Date.parse(pin.notBefore ?? '')) return 'pin_not_yet_valid';
  return now >= Date.parse(pin.notAfter ?? '') ? 'pin_expired' : undefined;
}

/** The certificate's own fault. Pins may accept one for servers only, for a time; a path never does. */
function findUnfitness(caller: Certificate, pins: readonly Match[], isOpen: boolean, now: number): string | undefined {
  if (isOpen && caller.path === undefined) return 'certificate_malformed';
  const [fault, ...others] = listFaults(caller, now).filter((code) => !isOpen || code !== unprocessed);
  if (fault !== 'certificate_extended_key_usage_unsuitable' || isOpen) return fault;
  const isExcused = pins.every(({ pin }) => {
    const { since = '', until = '' } = pin?.acceptWithoutClientAuth ?? {};
    return now >= Date.parse(since) && now < Date.parse(until);
  });
  return isForServersOnly(caller) && isExcused ? others[0] : fault;
}

/** The chain without the caller's certificate, which some front ends repeat in it. Empty if it is too long. */
function limitChain(chain: readonly Certificate[], { thumbprintSha256 }: Certificate): readonly Certificate[] {
  const others = chain.filter((each) => each.thumbprintSha256 !== thumbprintSha256);
  const octets = others.reduce((sum, { length }) => sum + length, 0);
  return others.length > 8 || octets > 16_384 ? [] : others;
}

const codesOfIssued = ['certificate_revoked', 'certificate_on_deny_list', 'revocation_unavailable'];

/** Asks the match's authority. `code` is its refusal. With `isClaim`, a refusal only drops a name and doesn't deny. */
function judge(
  stores: readonly Store[],
  match: Match,
  { caller, chain, now }: { caller: Certificate; chain: readonly Certificate[]; now: number },
) {
  const { authority, pin } = match;
  const { path: target } = caller;
  const store = stores.find(({ document }) => authority && document?.authorities?.includes(authority));
  const { document, lists } = store ?? {};
  if (authority === undefined || target === undefined || document === undefined || lists === undefined)
    return { match, code: undefined, hasPath: false, isClaim: false };
  const all = stores.flatMap((each) => each.document ?? []);
  const code = ask({ document, lists }, all, authority, { target, chain, now });
  return {
    match,
    code,
    hasPath: code === undefined,
    isClaim: pin === undefined && !codesOfIssued.includes(code ?? ''),
  };
}
