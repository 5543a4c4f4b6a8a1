import type { GateDescription } from '@certgate/core/internal';

export interface GateChange {
  readonly what: 'gate' | keyof GateDescription;
  /** `changes`: what was there is not known. */
  readonly effect: 'opens' | 'closes' | 'changes';
  readonly before: string;
  readonly after: string;
}

/**
 * Null: no gate; undefined: a baseline that doesn't say. Another front end is another set of header fields that are
 * believed, so it opens, like everything that asks for less proof.
 */
export function compareGates(
  before: GateDescription | null | undefined,
  after: GateDescription | null,
): readonly GateChange[] {
  if (before === undefined) {
    return [{ what: 'gate', effect: 'changes', before: 'not in this baseline', after: describe(after) }];
  }
  if (before === null || after === null) {
    if (before === after) return [];
    const effect = after === null ? 'opens' : 'closes';
    return [{ what: 'gate', effect, before: describe(before), after: describe(after) }];
  }
  return (Object.keys(openings) as (keyof GateDescription)[]).flatMap((what) => {
    const [from, to] = [describeOption(before, what), describeOption(after, what)];
    if (from === to) return [];
    return [{ what, effect: openings[what](after) ? 'opens' : 'closes', before: from, after: to } as const];
  });
}

/** Whether an option that is another now lets more requests be believed. */
const openings: { readonly [Name in keyof GateDescription]: (after: GateDescription) => boolean } = {
  frontEnd: () => true,
  frontEndSecret: ({ frontEndSecret }) => !frontEndSecret,
  frontEndIsolation: ({ frontEndIsolation }) => frontEndIsolation !== null,
  forwardedElements: () => true,
  acceptForwardedChain: ({ acceptForwardedChain }) => acceptForwardedChain,
  unsafeTrustCertificateHeaderFromAnywhere: (after) => after.unsafeTrustCertificateHeaderFromAnywhere,
};

function describeOption(gate: GateDescription, what: keyof GateDescription): string {
  const value = gate[what];
  if (what === 'forwardedElements') return String(value ?? 1);
  if (value === null) return 'not in code';
  return typeof value === 'boolean' ? (value ? 'given' : 'not given') : String(value);
}

function describe(gate: GateDescription | null): string {
  if (gate === null) return 'none';
  const names = (Object.keys(openings) as (keyof GateDescription)[]).filter((what) => {
    const value = gate[what];
    return value !== null && value !== false;
  });
  return names.length === 0
    ? 'no option of the front end in code'
    : names.map((what) => `${what} ${describeOption(gate, what)}`).join(', ');
}
