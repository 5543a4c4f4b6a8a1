import { type ChainDraft, type WrittenDraft, draftChain, writeDraft } from './chain-draft.js';
import { type Flaw, flaws, listLevels } from './chain-flaws.js';

export interface FlawedChain {
  readonly id: number;
  /** The changes that were made, and at which level, counted from the root: `expired at 1`. */
  readonly done: readonly string[];
  readonly written: WrittenDraft;
}

/** Chains with one intermediate, one chain for every flaw at every level that it can be applied to. */
export function listSingleFlaws(firstId: number): readonly FlawedChain[] {
  const chains: FlawedChain[] = [];
  for (const flaw of flaws) {
    const count = listLevels(flaw, draftChain(0, 1)).length;
    for (let index = 0; index < count; index += 1) {
      const id = firstId + chains.length;
      const draft = draftChain(id, 1);
      chains.push({ id, done: [applyAt(flaw, draft, index)], written: writeDraft(draft) });
    }
  }
  return chains;
}

/** Chains with up to three intermediates and up to three flaws. `random` returns numbers in [0, 1). */
export function listRandomChains(firstId: number, count: number, random: () => number): readonly FlawedChain[] {
  const choose = (below: number): number => Math.floor(random() * below);
  return Array.from({ length: count }, (_, index) => {
    const id = firstId + index;
    const draft = draftChain(id, choose(4));
    const done: string[] = [];
    for (let left = choose(4); left > 0; left -= 1) {
      const flaw = flaws[choose(flaws.length)];
      const levels = flaw === undefined ? 0 : listLevels(flaw, draft).length;
      if (flaw !== undefined && levels > 0) done.push(applyAt(flaw, draft, choose(levels)));
    }
    return { id, done, written: writeDraft(draft) };
  });
}

function applyAt(flaw: Flaw, draft: ChainDraft, index: number): string {
  const level = listLevels(flaw, draft)[index];
  if (level === undefined) throw new Error(`${flaw.name} can't be there`);
  flaw.apply(level, draft);
  return `${flaw.name} at ${draft.levels.indexOf(level)}`;
}

/** Returns numbers in [0, 1) that the same seed repeats (xorshift32). */
export function createRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
