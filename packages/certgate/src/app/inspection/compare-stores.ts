import type { AgreedStore } from './agreed-store.js';

export interface StoreChange {
  readonly what: 'trust';
  /** `changes` if it can't be decided, for example because the store reads another document. */
  readonly effect: 'opens' | 'closes' | 'changes';
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * Compares the stores without regard to their order. Options are compared between stores with the same place, and
 * between two stores if each list has only one left.
 */
export function compareStores(before: readonly AgreedStore[], after: readonly AgreedStore[]): readonly StoreChange[] {
  const old = without(before, after);
  const present = without(after, before);
  const isSame = (one: AgreedStore, other: AgreedStore): boolean =>
    one.place === other.place || (old.length === 1 && present.length === 1);
  const gone = old.filter((each) => !present.some((other) => isSame(each, other)));
  return [
    ...present.flatMap((store) => {
      const earlier = old.find((each) => isSame(each, store));
      return earlier === undefined ? [change(null, describePlace(store))] : comparePair(earlier, store);
    }),
    ...gone.map((store) => change(describePlace(store), null)),
  ];
}

/** The stores that the other list does not contain. A store that occurs more often than there is listed too. */
function without(stores: readonly AgreedStore[], others: readonly AgreedStore[]): readonly AgreedStore[] {
  const left = others.map(name);
  return stores.filter((store) => {
    const index = left.indexOf(name(store));
    if (index !== -1) left.splice(index, 1);
    return index === -1;
  });
}

function name({ place, isExact, options }: AgreedStore): string {
  const sorted = Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([place, isExact, sorted]);
}

function comparePair(before: AgreedStore, after: AgreedStore): readonly StoreChange[] {
  const [from, to] = [before, after].map(describePlace);
  const moved = from === to ? [] : [change(from ?? null, to ?? null)];
  // Without options there is nothing to compare. A store that the user wrote has none.
  if (moved.length > 0 && [before, after].some(({ options }) => Object.keys(options).length === 0)) return moved;
  const names = new Set([...Object.keys(before.options), ...Object.keys(after.options)]);
  const options = [...names].flatMap((option) => {
    const [old, present] = [before, after].map((each) => each.options[option] ?? null);
    if (JSON.stringify(old) === JSON.stringify(present)) return [];
    const effect = findEffect(option, old, present);
    return [{ ...change(`${after.place}: ${option} ${show(old)}`, show(present)), effect }];
  });
  return [...moved, ...options];
}

/** The store's place. If the store is not described exactly, it may read elsewhere too, and the text says so. */
function describePlace({ place, isExact }: AgreedStore): string {
  return isExact ? place : `${place} (not known exactly)`;
}

function change(before: string | null, after: string | null): StoreChange {
  return { what: 'trust', effect: 'changes', before, after };
}

/** `opens` if the changed option lets more documents be used, or an old one for longer. */
function findEffect(option: string, from: unknown, to: unknown): StoreChange['effect'] {
  if (option === 'signedBy') {
    if (from === null || to === null) return to === null ? 'opens' : 'closes';
    const keys = new Set(from as readonly string[]);
    return (to as readonly string[]).every((key) => keys.has(key)) ? 'closes' : 'opens';
  }
  if (typeof from !== 'number' || typeof to !== 'number') return 'changes';
  if (option === 'minimumRevision') return to < from ? 'opens' : 'closes';
  return option.startsWith('maximumStaleness') ? (to > from ? 'opens' : 'closes') : 'changes';
}

function show(value: unknown): string {
  if (value === null || value === undefined) return 'not given';
  if (Array.isArray(value)) return value.join(' or ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
