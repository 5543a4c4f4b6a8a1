import { parsePolicyCondition, type PolicyCondition } from './policy-condition.js';
import type { PolicyElement } from './policy-markup.js';

/** What a caller must fulfil besides its thumbprint. */
export interface PolicyDemand {
  /** `revocation`: looked up on line. `chain`: an authority that is trusted. `claim`: something else of the certificate. */
  readonly kind: 'revocation' | 'chain' | 'claim' | 'other';
  readonly text: string;
}

/** One way through the policy. A caller who fulfils all of it gets through. */
export interface PolicyAdmission {
  /** As written; undefined: the certificate isn't named exactly. */
  readonly thumbprint: string | undefined;
  readonly barredThumbprints: readonly string[];
  readonly isWithoutCertificate: boolean;
  readonly demands: readonly PolicyDemand[];
  /** What the policy calls the caller: a common name. */
  readonly name: string | undefined;
  readonly line: number | undefined;
}

/** More ways than a person would write down; the policy is then taken for not understood. */
const maximumAdmissions = 2000;

export class PolicyTooComplex extends Error {}

const anybody: PolicyAdmission = {
  thumbprint: undefined,
  barredThumbprints: [],
  isWithoutCertificate: false,
  demands: [],
  name: undefined,
  line: undefined,
};

/**
 * Who gets through a sequence of policy statements, as far as it depends on certificates: all ways, each with all it
 * demands. Steps that have nothing to do with certificates let everybody through here.
 */
export function listAdmissions(steps: readonly PolicyElement[]): readonly PolicyAdmission[] {
  let admissions: readonly PolicyAdmission[] = [anybody];
  for (const step of steps) {
    const ways = listStepAdmissions(step);
    if (ways !== undefined) admissions = combine(admissions, ways);
  }
  return admissions;
}

/** Undefined: it lets everybody through. */
function listStepAdmissions(step: PolicyElement): readonly PolicyAdmission[] | undefined {
  switch (step.name) {
    case 'validate-client-certificate':
      return listIdentityAdmissions(step);
    case 'choose':
      return isAboutCertificates(step) ? listBranchAdmissions(step) : undefined;
    case 'return-response':
      return [];
    default:
      // `retry`, `wait` and the like: what they do with their inside is not followed.
      return isAboutCertificates(step)
        ? [{ ...anybody, line: step.line, demands: [{ kind: 'other', text: `<${step.name}>` }] }]
        : undefined;
  }
}

export function isAboutCertificates(element: PolicyElement): boolean {
  if (element.name === 'validate-client-certificate') return true;
  const condition = element.name === 'when' ? (element.attributes.get('condition') ?? '') : '';
  return /cert|thumbprint/i.test(condition) || element.children.some(isAboutCertificates);
}

/** The first `when` whose condition holds is taken, else `otherwise`, else nothing. */
function listBranchAdmissions(choose: PolicyElement): readonly PolicyAdmission[] {
  const admissions: PolicyAdmission[] = [];
  let earlierFailed: readonly PolicyAdmission[] = [anybody];
  for (const branch of choose.children) {
    const inside = listAdmissions(branch.children);
    if (branch.name === 'when') {
      const condition = parsePolicyCondition(branch.attributes.get('condition') ?? '');
      const holds = combine(earlierFailed, listConditionAdmissions(condition, true, branch.line));
      admissions.push(...combine(holds, inside));
      earlierFailed = combine(earlierFailed, listConditionAdmissions(condition, false, branch.line));
    } else if (branch.name === 'otherwise') {
      admissions.push(...combine(earlierFailed, inside));
      earlierFailed = [];
    }
  }
  return capped([...admissions, ...earlierFailed]);
}

function listConditionAdmissions(
  condition: PolicyCondition,
  isTrue: boolean,
  line: number,
): readonly PolicyAdmission[] {
  const demand = (kind: PolicyDemand['kind'], text: string): readonly PolicyAdmission[] => [
    { ...anybody, line, demands: [{ kind, text: isTrue ? text : `not: ${text}` }] },
  ];
  switch (condition.kind) {
    case 'not':
      return listConditionAdmissions(condition.operand, !isTrue, line);
    case 'and':
    case 'or': {
      const operands = condition.operands.map((operand) => listConditionAdmissions(operand, isTrue, line));
      const isEach = (condition.kind === 'and') === isTrue;
      return isEach ? operands.reduce(combine, [anybody]) : capped(operands.flat());
    }
    case 'thumbprint':
      return isTrue
        ? condition.values.map((thumbprint) => ({ ...anybody, line, thumbprint }))
        : [{ ...anybody, line, barredThumbprints: condition.values }];
    case 'noCertificate':
      return [{ ...anybody, line, isWithoutCertificate: isTrue }];
    case 'chain':
      if (!isTrue) return demand('other', condition.text);
      return demand(condition.isRevocationChecked ? 'revocation' : 'chain', condition.text);
    case 'claim':
      return demand('claim', condition.text);
    case 'other':
      return demand('other', condition.text);
  }
}

/** Every claim of one identity must hold, and the rules of the element besides. */
function listIdentityAdmissions(step: PolicyElement): readonly PolicyAdmission[] {
  const rules = listRules(step);
  const identities = step.children.find(({ name }) => name === 'identities')?.children ?? [];
  if (identities.length === 0) return [{ ...anybody, line: step.line, demands: rules }];
  return identities.map(({ attributes, line }) => ({
    ...anybody,
    line,
    thumbprint: attributes.get('thumbprint'),
    name: attributes.get('common-name'),
    demands: [
      ...[...attributes]
        .filter(([name]) => name !== 'thumbprint')
        .map(([name, value]): PolicyDemand => ({
          kind: claimNames.has(name) ? 'claim' : 'other',
          text: `${name}="${value}"`,
        })),
      ...rules,
    ],
  }));
}

const claimNames: ReadonlySet<string> = new Set([
  'serial-number',
  'common-name',
  'subject',
  'dns-name',
  'issuer-subject',
  'issuer-thumbprint',
  'issuer-certificate-id',
]);

/** What the element checks unless it says otherwise. Dates are no demand: Certgate always checks them. */
function listRules(step: PolicyElement): readonly PolicyDemand[] {
  const isOn = (name: string): boolean => step.attributes.get(name)?.trim().toLowerCase() !== 'false';
  return [
    ...(isOn('validate-trust') ? [{ kind: 'chain', text: 'validate-trust' } as const] : []),
    ...(isOn('validate-revocation') ? [{ kind: 'revocation', text: 'validate-revocation' } as const] : []),
  ];
}

/** The ways that fulfil one of each; those that contradict each other are none. */
function combine(left: readonly PolicyAdmission[], right: readonly PolicyAdmission[]): readonly PolicyAdmission[] {
  if (left.length * right.length > maximumAdmissions) throw new PolicyTooComplex();
  return left.flatMap((a) => right.flatMap((b) => merge(a, b) ?? []));
}

function capped(admissions: readonly PolicyAdmission[]): readonly PolicyAdmission[] {
  if (admissions.length > maximumAdmissions) throw new PolicyTooComplex();
  return admissions;
}

function merge(a: PolicyAdmission, b: PolicyAdmission): PolicyAdmission | undefined {
  const thumbprint = a.thumbprint ?? b.thumbprint;
  const isSame = (x: string, y: string): boolean => normalize(x) === normalize(y);
  if (a.thumbprint !== undefined && b.thumbprint !== undefined && !isSame(a.thumbprint, b.thumbprint)) return undefined;
  const barredThumbprints = [...a.barredThumbprints, ...b.barredThumbprints];
  const isWithoutCertificate = a.isWithoutCertificate || b.isWithoutCertificate;
  if (thumbprint !== undefined) {
    if (isWithoutCertificate || barredThumbprints.some((barred) => isSame(barred, thumbprint))) return undefined;
  }
  const demands = [...a.demands];
  for (const demand of b.demands) {
    if (!demands.some(({ kind, text }) => kind === demand.kind && text === demand.text)) demands.push(demand);
  }
  return {
    thumbprint,
    barredThumbprints,
    isWithoutCertificate,
    demands,
    name: a.name ?? b.name,
    line: a.thumbprint === undefined ? (b.line ?? a.line) : a.line,
  };
}

function normalize(thumbprint: string): string {
  return thumbprint.replace(/[\s:]/g, '').toLowerCase();
}
