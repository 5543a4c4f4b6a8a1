import { escapeControls } from '../command-line/output.js';
import {
  explainNoThumbprint,
  findImportedThumbprint,
  type ImportEntry,
  type ImportReading,
  type ImportRefusal,
} from './import-reading.js';
import {
  isAboutCertificates,
  listAdmissions,
  PolicyTooComplex,
  type PolicyAdmission,
  type PolicyDemand,
} from './policy-admission.js';
import { parsePolicyMarkup, type PolicyElement } from './policy-markup.js';

export interface PolicyReadingOptions {
  /** Values for `{{name}}`. Default: none. */
  readonly namedValues?: ReadonlyMap<string, string>;
  /** Import also where API Management looks up on line whether a certificate is revoked, which a pin doesn't. */
  readonly withoutRevocation?: boolean;
}

/**
 * Who gets through an API Management policy: its `validate-client-certificate`, and conditions on
 * `context.Request.Certificate.Thumbprint`. Only callers that the policy names by their thumbprint become entries; all
 * others are refusals, one by one.
 *
 * @throws {CommandFailure} when the text is no policy.
 */
export function readApiManagementPolicy(text: string, options: PolicyReadingOptions = {}): ImportReading {
  const elements = parsePolicyMarkup(text);
  const steps = findSteps(elements);
  const isChecked = steps.some(isAboutCertificates);
  const { admissions, refusals: complexity } = admissionsOf(isChecked ? steps : []);
  const entries: ImportEntry[] = [];
  const refusals: ImportRefusal[] = [...complexity];
  for (const admission of isChecked ? admissions : []) {
    const result = readAdmission(admission, options);
    if ('thumbprint' in result) entries.push(result);
    else refusals.push(result);
  }
  // One way in is enough, whatever another way asks besides.
  const admitted = new Set(entries.map(({ thumbprint }) => thumbprint.value));
  const remaining = refusals.filter(({ item }) => !admitted.has(item));
  const known = [...entries.map(({ thumbprint }) => thumbprint.value), ...refusals.map(({ item }) => item)].join(' ');
  return {
    format: 'policy',
    entries,
    refusals: [...remaining, ...listUnexplained(elements, known.toUpperCase())],
    faults: isChecked || refusals.length > 0 ? [] : [noCheck],
    notes: [...listNotes(steps), ...(isRevocationDropped(admissions, entries, options) ? [revocationNote] : [])],
  };
}

const revocationNote =
  'Whether these certificates are revoked is no longer looked up: when one is, disable its pin at once (certgate trust disable).';

function isRevocationDropped(
  admissions: readonly PolicyAdmission[],
  entries: readonly ImportEntry[],
  { withoutRevocation }: PolicyReadingOptions,
): boolean {
  const isLookedUp = admissions.some(({ demands }) => demands.some(({ kind }) => kind === 'revocation'));
  return withoutRevocation === true && isLookedUp && entries.length > 0;
}

const noCheck: ImportRefusal = {
  origin: 'the policy',
  item: '<inbound>',
  reason: 'it holds no check of client certificates: no <validate-client-certificate>, no condition on a certificate',
};

function admissionsOf(steps: readonly PolicyElement[]): {
  readonly admissions: readonly PolicyAdmission[];
  readonly refusals: readonly ImportRefusal[];
} {
  try {
    return { admissions: listAdmissions(steps), refusals: [] };
  } catch (cause) {
    if (!(cause instanceof PolicyTooComplex)) throw cause;
    const reason = 'it has more ways through than can be followed; divide it, or add the callers by hand';
    return { admissions: [], refusals: [{ origin: 'the policy', item: '<inbound>', reason }] };
  }
}

/** A whole policy has sections, of which only `inbound` decides who comes in; a fragment is the statements themselves. */
function findSteps(elements: readonly PolicyElement[]): readonly PolicyElement[] {
  const wrappers = ['policies', 'inbound', 'fragment'];
  return elements.flatMap((element) => {
    if (element.name === 'policies') return findSteps(element.children.filter(({ name }) => name === 'inbound'));
    return wrappers.includes(element.name) ? findSteps(element.children) : [element];
  });
}

function readAdmission(admission: PolicyAdmission, options: PolicyReadingOptions): ImportEntry | ImportRefusal {
  const origin = admission.line === undefined ? 'the policy' : `line ${admission.line}`;
  const refuse = (item: string, reason: string): ImportRefusal => ({ origin, item, reason });
  if (admission.thumbprint === undefined) return refuse(...explainNameless(admission));
  const written = fillIn(admission.thumbprint, options.namedValues);
  if (written === undefined || isExpression(written))
    return refuse(admission.thumbprint, explainUnresolved(admission.thumbprint));
  const thumbprint = findImportedThumbprint(written);
  if (thumbprint === undefined) return refuse(written, explainNoThumbprint(written));
  if (thumbprint.algorithm === 'sha256') {
    return refuse(thumbprint.value, 'API Management compares SHA-1 thumbprints, so nobody gets in by this SHA-256 one');
  }
  const lost = findLostDemand(admission.demands, options);
  if (lost !== undefined) return refuse(thumbprint.value, lost);
  return { thumbprint, name: findName(admission.name, options), origin, notes: listEntryNotes(admission.demands) };
}

/** The first demand that a pin can't stand for. */
function findLostDemand(demands: readonly PolicyDemand[], options: PolicyReadingOptions): string | undefined {
  const other = demands.find(({ kind }) => kind === 'other');
  if (other !== undefined) return `it also depends on something that a pin can't express: ${printable(other.text)}`;
  if (options.withoutRevocation !== true && demands.some(({ kind }) => kind === 'revocation')) {
    return 'API Management looks up whether it is revoked, and a pin does not; --without-revocation imports it all the same, and disabling its pin in time is then up to you';
  }
  return undefined;
}

function listEntryNotes(demands: readonly PolicyDemand[]): readonly string[] {
  const claims = demands.filter(({ kind }) => kind === 'claim').map(({ text }) => printable(text));
  if (claims.length === 0) return [];
  return [
    `not asked again: ${claims.join(', ')}. The thumbprint names one certificate, and what it says stays as it is; make sure that it says this`,
  ];
}

function explainNameless({
  demands,
  barredThumbprints,
  isWithoutCertificate,
}: PolicyAdmission): readonly [string, string] {
  const asked = demands.filter(({ kind }) => kind === 'claim' || kind === 'other').map(({ text }) => printable(text));
  if (isWithoutCertificate)
    return ['no certificate', 'the policy lets in callers without a certificate; a trust document can not'];
  if (asked.length > 0) {
    const reason = demands.some(({ kind }) => kind === 'other')
      ? 'it is a condition that is not understood here; add its callers by hand, with their certificates'
      : "a name is worth nothing without the authority that gave it, and the policy doesn't hold it; pin the callers' certificates, or trust the authority and the name by hand";
    return [asked.join(', '), reason];
  }
  if (barredThumbprints.length > 0) {
    return [
      `any certificate but ${barredThumbprints.join(', ')}`,
      'the policy only bars certificates; a trust document names those that may come in',
    ];
  }
  return ['any certificate', 'the policy names no certificate; a trust document does'];
}

function fillIn(text: string, namedValues: ReadonlyMap<string, string> | undefined): string | undefined {
  const placeholder = /\{\{\s*([^{}]+?)\s*\}\}/g;
  const names = [...text.matchAll(placeholder)].map(([, name = '']) => name);
  if (names.some((name) => namedValues?.has(name) !== true)) return undefined;
  return text.replace(placeholder, (whole, name: string) => namedValues?.get(name) ?? whole);
}

function findName(name: string | undefined, options: PolicyReadingOptions): string | undefined {
  const filled = name === undefined ? undefined : fillIn(name, options.namedValues);
  return filled === undefined || isExpression(filled) || filled.trim() === '' ? undefined : filled.trim();
}

function isExpression(text: string): boolean {
  return /^\s*@[({]/.test(text);
}

function explainUnresolved(thumbprint: string): string {
  const name = /\{\{\s*([^{}]+?)\s*\}\}/.exec(thumbprint)?.[1];
  return name === undefined
    ? 'its thumbprint is worked out while the policy runs'
    : `its thumbprint is a named value; give it: --named-value ${name}=THUMBPRINT`;
}

/** Every SHA-1 thumbprint that stands somewhere and has not been accounted for: seen, and not understood. */
function listUnexplained(elements: readonly PolicyElement[], known: string): readonly ImportRefusal[] {
  const found = new Map<string, number>();
  const visit = (element: PolicyElement): void => {
    for (const text of [...element.attributes.values(), element.text]) {
      for (const [digits] of text.matchAll(/(?<![0-9A-Za-z])[0-9A-Fa-f]{40}(?![0-9A-Za-z])/g)) {
        const value = digits.toUpperCase();
        if (!known.includes(value) && !found.has(value)) found.set(value, element.line);
      }
    }
    element.children.forEach(visit);
  };
  elements.forEach(visit);
  return [...found].map(([item, line]) => ({
    origin: `line ${line}`,
    item,
    reason:
      'it stands where the policy bars it, or where what it does is not understood; add it by hand if it may come in',
  }));
}

/** Statements that keep callers out by other means than certificates. */
const otherGuards: ReadonlySet<string> = new Set([
  'ip-filter', 'check-header', 'validate-jwt', 'validate-azure-ad-token', 'rate-limit', 'rate-limit-by-key', 'quota', 'quota-by-key',
]); // prettier-ignore

function listNotes(steps: readonly PolicyElement[]): readonly string[] {
  const all = [...steps];
  for (const element of all) all.push(...element.children);
  const names = new Set(all.map(({ name }) => name));
  const refusing = all.filter((each) => each.name === 'choose' && !isAboutCertificates(each) && isRefusing(each));
  const guards = [
    ...[...names].filter((name) => otherGuards.has(name)),
    ...refusing.map(({ line }) => `the <choose> in line ${line}, which refuses callers`),
  ];
  const checks = all.filter(({ name }) => name === 'validate-client-certificate');
  const hasFlag = (name: string, value: string): boolean =>
    checks.some(({ attributes }) => attributes.get(name)?.trim().toLowerCase() === value);
  return [
    ...(hasFlag('ignore-error', 'true')
      ? ['ignore-error="true": API Management lets everybody through there. Here only those who are imported come in.']
      : []),
    ...(hasFlag('validate-not-after', 'false') || hasFlag('validate-not-before', 'false')
      ? ['API Management does not check the dates of certificates there; Certgate always does.']
      : []),
    ...(names.has('base') ? ['<base />: what the levels above ask applies there too, and was not looked at.'] : []),
    ...(names.has('include-fragment') ? ['<include-fragment>: what the fragment asks was not looked at.'] : []),
    ...(guards.length > 0 ? [`Also in this policy, and not carried over: ${guards.join(', ')}.`] : []),
  ];
}

function isRefusing({ name, children }: PolicyElement): boolean {
  return name === 'return-response' || children.some(isRefusing);
}

function printable(text: string): string {
  const line = escapeControls(text.replace(/\s+/g, ' '));
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
