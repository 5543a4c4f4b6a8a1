/** A name as the way from its most general part to its most special: names in a subtree begin as its base does. */
export interface NameLocation {
  readonly parts: readonly string[];
  /** The last part is `*`: it stands for every name that has one label in its place. */
  readonly isWildcard: boolean;
}

export interface NameSubtree {
  readonly parts: readonly string[];
  /** The `.domain` of RFC 5280 §4.2.1.10: hosts with further labels, not the host that is the base. */
  readonly isBaseOutside: boolean;
}

/** Stands behind the last label where what follows is no label; no label and no number is written like this. */
export const endOfLabels = '@';

/** The bases of one form in one list; a look-up costs the parts of the name, however many the bases are. */
export interface NameSubtrees {
  /** Does the whole of what the location stands for lie in a subtree? */
  covers(location: NameLocation): boolean;
  /** Does any of it? */
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

  /** Where a wildcard stands, every deeper base counts: `*.example.com` is presented for `foo.example.com` too. */
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

/** Addresses, bit by bit; a node for each bit would cost more than the few lengths of prefixes that are in use. */
export class AddressSubtrees implements NameSubtrees {
  /** By the bits of an address (32 or 128) and of a prefix. */
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

/** The octets as binary digits. */
export function formatBits(octets: Uint8Array): string {
  const digits = BigInt(`0x${Buffer.from(octets).toString('hex')}`).toString(2);
  return digits.padStart(octets.length * 8, '0');
}

/** Undefined where the mask is no prefix (RFC 4632 §3.1). Bits of the address behind the mask say nothing. */
export function findAddressSubtree(addressAndMask: Uint8Array): AddressSubtree | undefined {
  const half = addressAndMask.length / 2;
  if (half !== 4 && half !== 16) return undefined;
  const mask = formatBits(addressAndMask.subarray(half));
  if (!/^1*0*$/.test(mask)) return undefined;
  const prefixLength = mask.includes('0') ? mask.indexOf('0') : mask.length;
  const bits = formatBits(addressAndMask.subarray(0, half));
  return { addressLength: bits.length, prefix: bits.slice(0, prefixLength) };
}
