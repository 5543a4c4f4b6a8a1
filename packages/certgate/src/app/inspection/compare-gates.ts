import type { GateDescription } from '@certgate/core/internal';
import { compareStores, type StoreChange } from './compare-stores.js';
import type { AgreedStore } from './agreed-store.js';

type GateOptions = Omit<GateDescription, 'stores'>;

/** A gate as a baseline has it. */
export interface AgreedGate extends GateOptions {
  readonly trust: readonly AgreedStore[];
}

export interface GateChange extends Omit<StoreChange, 'what'> {
  readonly what: 'gate' | 'trust' | keyof GateOptions;
}

/**
 * Null: no gate; undefined: a baseline that doesn't say. Another front end is another set of header fields that are
 * believed, so it opens, like everything that asks for less proof.
 */
export function compareGates(before: AgreedGate | null | undefined, after: AgreedGate | null): readonly GateChange[] {
  if (before === undefined) {
    return [{ what: 'gate', effect: 'changes', before: 'not whole in this baseline', after: describe(after) }];
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

/** Whether an option that is another now lets more requests be believed. */
const effects: { readonly [Name in keyof GateOptions]: (after: GateOptions) => GateChange['effect'] } = {
  frontEnd: () => 'opens',
  frontEndSecret: ({ frontEndSecret }) => opens(!frontEndSecret),
  frontEndIsolation: ({ frontEndIsolation }) => opens(frontEndIsolation !== null),
  forwardedElements: () => 'opens',
  acceptForwardedChain: ({ acceptForwardedChain }) => opens(acceptForwardedChain),
  unsafeTrustCertificateHeaderFromAnywhere: (after) => opens(after.unsafeTrustCertificateHeaderFromAnywhere),
  decisionLog: () => 'changes',
  strangerNames: () => 'changes',
};

const optionNames = Object.keys(effects) as (keyof GateOptions)[];

function describeOption(gate: GateOptions, what: keyof GateOptions): string {
  const value = gate[what];
  if (what === 'forwardedElements') return String(value ?? 1);
  if (value === null) return 'not in code';
  return typeof value === 'boolean' && what !== 'strangerNames' ? (value ? 'given' : 'not given') : String(value);
}

/** The options of a gate that differ from a gate without options. */
function describe(gate: AgreedGate | null): string {
  if (gate === null) return 'none';
  const options = optionNames.flatMap((what) => {
    const text = describeOption(gate, what);
    return ['1', 'not in code', 'not given', 'all', 'true'].includes(text) ? [] : [`${what} ${text}`];
  });
  const given = options.length === 0 ? 'no option in code' : options.join(', ');
  return [given, ...gate.trust.map(({ place }) => `trust ${place}`)].join(', ');
}
