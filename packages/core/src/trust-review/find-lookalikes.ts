import { describePin } from './trust-change.js';
import type { TrustInspectionFinding } from './inspection-finding.js';
import type { TrustSnapshot, TrustedIdentity } from '../trust-snapshot/trust-snapshot.js';

/** What stands twice, in a way that a valid document can still hold. */
export function findLookalikes(snapshot: TrustSnapshot): readonly TrustInspectionFinding[] {
  return [
    ...findAudienceTwice(snapshot.audience ?? []),
    ...findNamesAlike(snapshot.identities),
    ...snapshot.identities.flatMap((identity, index) => [
      ...findHashInTwoKinds(snapshot, identity, `identities[${index}]`),
      ...findRolesInTwoCases(identity, `identities[${index}]`),
      ...findFunctionsTwice(identity, `identities[${index}]`),
    ]),
  ];
}

type Finding = Pick<TrustInspectionFinding, 'code' | 'severity' | 'path' | 'message'> & Partial<TrustInspectionFinding>;

function report(identity: TrustedIdentity | undefined, finding: Finding): TrustInspectionFinding {
  const { name, owner } = identity ?? {};
  return Object.freeze({ identityName: name, owner, pin: undefined, endsAt: undefined, ...finding });
}

function findAudienceTwice(audience: readonly string[]): readonly TrustInspectionFinding[] {
  return findTwice(audience, (name) => name.toLowerCase()).map(({ text, earlier, index }) =>
    report(undefined, {
      code: 'audience_twice',
      severity: 'information',
      path: `audience[${index}]`,
      message: `The apps "${earlier}" and "${text}" are one: letter case doesn't tell them apart.`,
    }),
  );
}

/** Names that people, and logs, would take for one: the same letters in another Unicode form, width or case. */
function findNamesAlike(identities: readonly TrustedIdentity[]): readonly TrustInspectionFinding[] {
  const names = identities.map(({ name }) => name);
  const alike = findTwice(names, (name) => name.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' '));
  return alike.map(({ text, earlier, index }) =>
    report(identities[index], {
      code: 'names_look_alike',
      severity: 'warning',
      path: `identities[${index}].name`,
      message: `"${text}" looks like "${earlier}", and is another identity; give one of them another name.`,
    }),
  );
}

/** The same digits as a certificate's hash and as a key's: one of the two was pasted in the wrong place. */
function findHashInTwoKinds(
  { pins }: TrustSnapshot,
  identity: TrustedIdentity,
  path: string,
): readonly TrustInspectionFinding[] {
  return identity.pins.flatMap((pin, index) => {
    const other = pin.kind === 'publicKeySha256' ? pins.thumbprintSha256.get(pin.value) : undefined;
    if (other === undefined) return [];
    const message = `The pin ${describePin(pin)} of "${identity.name}" has the digits of a thumbprintSha256 pin of "${other.identity.name}": one of them is in the wrong place and admits nobody.`;
    return [
      report(identity, {
        code: 'hash_in_two_kinds',
        severity: 'warning',
        path: `${path}.certificates[${index}]`,
        pin: Object.freeze({ kind: pin.kind, value: pin.value }),
        message,
      }),
    ];
  });
}

/** Roles are compared letter by letter; two that differ in case alone are often one, misspelt. */
function findRolesInTwoCases(identity: TrustedIdentity, path: string): readonly TrustInspectionFinding[] {
  if (identity.roles.length < 2) return [];
  return findTwice(identity.roles, (role) => role.toLowerCase()).map(({ text, earlier, index }) =>
    report(identity, {
      code: 'role_in_two_cases',
      severity: 'information',
      path: `${path}.roles[${index}]`,
      message: `"${identity.name}" has the roles "${earlier}" and "${text}", which are two: letter case tells roles apart.`,
    }),
  );
}

function findFunctionsTwice(identity: TrustedIdentity, path: string): readonly TrustInspectionFinding[] {
  if (identity.functions === undefined || identity.functions.length < 2) return [];
  return findTwice(identity.functions, (name) => name).map(({ text, index }) =>
    report(identity, {
      code: 'function_twice',
      severity: 'information',
      path: `${path}.functions[${index}]`,
      message: `"${identity.name}" has the function ${identity.functionsAsWritten?.[index] ?? text} twice: letter case doesn't tell functions apart.`,
    }),
  );
}

interface Twice {
  readonly text: string;
  readonly earlier: string;
  readonly index: number;
}

function findTwice(texts: readonly string[], keyOf: (text: string) => string): readonly Twice[] {
  const seen = new Map<string, string>();
  return texts.flatMap((text, index) => {
    const key = keyOf(text);
    const earlier = seen.get(key);
    if (earlier !== undefined) return [{ text, earlier, index }];
    seen.set(key, text);
    return [];
  });
}
