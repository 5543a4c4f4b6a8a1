/**
 * A name as a list of parts from the most general to the most specific. A name is in a subtree if it begins with the
 * parts of the subtree's base.
 */
export interface NameLocation {
  readonly parts: readonly string[];
  /** Whether the last part is `*`, which stands for every name with one label in its place. */
  readonly isWildcard: boolean;
}

export interface NameSubtree {
  readonly parts: readonly string[];
  /**
   * Whether the base itself is outside: the `.domain` of RFC 5280 §4.2.1.10 contains hosts with further labels, not the
   * host.
   */
  readonly isBaseOutside: boolean;
}

/**
 * Marks the end of the labels of a host, or of the numbers of an object identifier. No label and no number is written
 * like this.
 */
export const endOfLabels = '@';

/**
 * The bases of one form in one list. The length of the name bounds the cost of a look-up, however many bases there are.
 */
export interface NameSubtrees {
  /** Whether a subtree contains every name that the location stands for. */
  covers(location: NameLocation): boolean;
  /** Whether a subtree may contain a name that the location stands for. */
  touches(location: NameLocation): boolean;
}

interface SubtreeNode {
  children: Map<string, SubtreeNode> | undefined;
  isBase: boolean;
  isBaseOfLabels: boolean;
}

export class LabelSubtrees implements NameSubtrees {
  readonly #root = newNode();

  constructor(subtrees: readonly NameSubtree[]) {
    for (const subtree of subtrees) this.#add(subtree);
  }

  #add({ parts, isBaseOutside }: NameSubtree): void {
    let node = this.#root;
    for (const part of parts) {
      node.children ??= new Map();
      const child = node.children.get(part) ?? newNode();
      node.children.set(part, child);
      node = child;
    }
    if (isBaseOutside) node.isBaseOfLabels = true;
    else node.isBase = true;
  }

  covers({ parts }: NameLocation): boolean {
    let node: SubtreeNode | undefined = this.#root;
    for (const part of parts) {
      if (node.isBase || (node.isBaseOfLabels && part !== endOfLabels)) return true;
      node = node.children?.get(part);
      if (node === undefined) return false;
    }
    return node.isBase;
  }

  /** For a wildcard, every deeper base matters too: `*.example.com` is presented for `foo.example.com`. */
  touches(location: NameLocation): boolean {
    if (this.covers(location)) return true;
    if (!location.isWildcard) return false;
    let node: SubtreeNode | undefined = this.#root;
    for (const part of location.parts.slice(0, -1)) node = node?.children?.get(part);
    return node?.children !== undefined;
  }
}

function newNode(): SubtreeNode {
  return { children: undefined, isBase: false, isBaseOfLabels: false };
}

/** Stores addresses by prefixes. A node for each bit would cost more than the few prefix lengths that are in use. */
export class AddressSubtrees implements NameSubtrees {
  /** By the number of bits of an address (32 or 128), then of a prefix. */
  readonly #prefixes = new Map<number, Map<number, Set<string>>>();

  constructor(subtrees: readonly AddressSubtree[]) {
    for (const { addressLength, prefix } of subtrees) {
      const family = this.#prefixes.get(addressLength) ?? new Map<number, Set<string>>();
      const known = family.get(prefix.length) ?? new Set();
      this.#prefixes.set(addressLength, family.set(prefix.length, known.add(prefix)));
    }
  }

  covers({ parts }: NameLocation): boolean {
    const bits = parts.join('');
    const family = this.#prefixes.get(bits.length);
    return family !== undefined && [...family].some(([length, prefixes]) => prefixes.has(bits.slice(0, length)));
  }

  touches(location: NameLocation): boolean {
    return this.covers(location);
  }
}

export interface AddressSubtree {
  readonly addressLength: number;
  readonly prefix: string;
}

/** Writes the octets as binary digits. */
export function formatBits(octets: Uint8Array): string {
  const digits = BigInt(`0x${Buffer.from(octets).toString('hex')}`).toString(2);
  return digits.padStart(octets.length * 8, '0');
}

/**
 * Undefined if the octets are not an address with its mask, or if the mask is not a prefix (RFC 4632 §3.1). Bits of the
 * address beyond the mask are ignored.
 */
export function findAddressSubtree(addressAndMask: Uint8Array): AddressSubtree | undefined {
  const half = addressAndMask.length / 2;
  if (half !== 4 && half !== 16) return undefined;
  const mask = formatBits(addressAndMask.subarray(half));
  if (!/^1*0*$/.test(mask)) return undefined;
  const prefixLength = mask.includes('0') ? mask.indexOf('0') : mask.length;
  const bits = formatBits(addressAndMask.subarray(0, half));
  return { addressLength: bits.length, prefix: bits.slice(0, prefixLength) };
}
