import type { GateDescription } from '@certgate/core/internal';
import { compareStores, type StoreChange } from './compare-stores.js';
import type { AgreedStore } from './agreed-store.js';

type AgreedOptions = Omit<GateDescription, 'stores'>;

/** A gate as a baseline describes it. */
export interface AgreedGate extends AgreedOptions {
  readonly trust: readonly AgreedStore[];
}

export interface GateChange extends Omit<StoreChange, 'what'> {
  readonly what: 'gate' | 'trust' | keyof AgreedOptions;
}

/**
 * Compares two gates. Null means no gate, undefined a baseline that does not describe the gate. Another front end
 * opens, because the gate then believes other header fields. Anything that asks for less proof opens too.
 */
export function compareGates(before: AgreedGate | null | undefined, after: AgreedGate | null): readonly GateChange[] {
  if (before === undefined) {
    return [
      {
        what: 'gate',
        effect: 'changes',
        before: 'cannot be compared with this older baseline',
        after: describe(after),
      },
    ];
  }
  if (before === null || after === null) {
    if (before === after) return [];
    const effect = after === null ? 'opens' : 'closes';
    return [{ what: 'gate', effect, before: describe(before), after: describe(after) }];
  }
  const options = optionNames.flatMap((what) => {
    const [from, to] = [describeOption(before, what), describeOption(after, what)];
    return from === to ? [] : [{ what, effect: effects[what](after), before: from, after: to }];
  });
  return [...options, ...compareStores(before.trust, after.trust)];
}

const opens = (isOpener: boolean): 'opens' | 'closes' => (isOpener ? 'opens' : 'closes');

/** The effect of each option that changed: `opens` if the gate may now believe more requests. */
const effects: { readonly [Name in keyof AgreedOptions]: (after: AgreedOptions) => GateChange['effect'] } = {
  frontEnd: () => 'opens',
  frontEndSecret: ({ frontEndSecret }) => opens(!frontEndSecret),
  frontEndIsolation: ({ frontEndIsolation }) => opens(frontEndIsolation !== null),
  forwardedElements: () => 'opens',
  acceptForwardedChain: ({ acceptForwardedChain }) => opens(acceptForwardedChain),
  unsafeTrustCertificateHeaderFromAnywhere: (after) => opens(after.unsafeTrustCertificateHeaderFromAnywhere),
  decisionLog: () => 'changes',
  strangerNames: () => 'changes',
};

const optionNames = Object.keys(effects) as (keyof AgreedOptions)[];

function describeOption(gate: AgreedOptions, what: keyof AgreedOptions): string {
  const value = gate[what];
  if (what === 'forwardedElements') return String(value ?? 1);
  if (value === null) return 'not in code';
  return typeof value === 'boolean' && what !== 'strangerNames' ? (value ? 'given' : 'not given') : String(value);
}

/** Describes the options of a gate that differ from the defaults, and its stores. */
function describe(gate: AgreedGate | null): string {
  if (gate === null) return 'none';
  const options = optionNames.flatMap((what) => {
    const text = describeOption(gate, what);
    return ['1', 'not in code', 'not given', 'all', 'true'].includes(text) ? [] : [`${what} ${text}`];
  });
  const given = options.length === 0 ? 'no option in code' : options.join(', ');
  return [given, ...gate.trust.map(({ place }) => `trust ${place}`)].join(', ');
}
