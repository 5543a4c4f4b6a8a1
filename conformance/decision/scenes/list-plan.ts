import { getPool, type Made } from './certificates.js';
import type { Draft } from './documents.js';
import { type PublishedList, publishLists } from './lists.js';
import type { Random } from './random.js';
import type { ListSource } from './scene-store.js';

/** Decides what the CAs of a scene publish, and what the sources of lists have. */
export class ListPlan {
  readonly #random: Random;
  /** True if each source of "corp" may have the lists of any key of its issuing CA. */
  readonly #isMixing: boolean;
  /**
   * The lists of each CA or key: the issuing CA's two keys, its root, its separate list publisher, and the other
   * authority.
   */
  readonly #published: readonly (readonly PublishedList[])[];

  constructor(random: Random, callers: readonly Made[], isMixing: boolean) {
    this.#random = random;
    this.#isMixing = isMixing;
    const { root, issuing, secondKey, lister, otherRoot, otherIssuing, authorities } = getPool();
    const ofCallers = callers
      .flatMap(({ facts }) => facts.path ?? [])
      .map(({ serialNumber }) => Number.parseInt(serialNumber, 16));
    const ofAuthorities = authorities.map(({ serialNumber }) => serialNumber);
    this.#published = [issuing, secondKey, root, lister, otherIssuing, otherRoot].map((authority) => {
      const isRoot = authority === root || authority === otherRoot;
      const serials = isRoot ? [...ofAuthorities, 0x999, 0x998, 0x997, 0x996] : [...ofCallers, 0x999];
      return publishLists(random, authority, serials, authority === issuing ? secondKey : issuing);
    });
  }

  place({ authorities }: Draft): readonly ListSource[] {
    return authorities.flatMap(({ name }) => {
      if (this.#random.chance(0.2)) return [];
      const count = this.#random.pick(this.#isMixing ? [1, 1, 2] : [1, 2, 3, 4]);
      return Array.from({ length: count }, (_, index) => {
        const place = { authority: name.toLowerCase(), name: String(index) };
        return { ...place, content: this.choose(place, 0) };
      });
    });
  }

  /**
   * Chooses the content of a source: mostly a list of the source's usual CA, in any order. `position` chooses a certain
   * one.
   */
  choose({ authority, name }: Pick<ListSource, 'authority' | 'name'>, position?: number): ListSource['content'] {
    const random = this.#random;
    if (random.chance(0.04)) return 'garbage';
    if (random.chance(0.1)) return 'unreachable';
    const all = authority === 'other' ? this.#published.slice(4) : this.#published.slice(0, 4);
    const usual = (authority === 'corp' ? [0, 2, 3, 1][Number(name)] : Number(name) % all.length) ?? random.below(4);
    const chosen = random.chance(0.85) ? usual : random.below(all.length);
    const lists = all[authority === 'corp' && this.#isMixing ? random.pick([0, 0, 1, 1, 3]) : chosen] ?? [];
    return (position === undefined ? undefined : lists[position]) ?? random.pick(lists);
  }
}
