import { hash, KeyObject } from 'node:crypto';
import { types } from 'node:util';

/** The octets that one decoder was given, and its answer. */
export interface Decoded {
  readonly input: Uint8Array;
  readonly value: unknown;
}

/**
 * The first difference between two decoded values, or undefined if they are equal. Compares own and inherited members,
 * the results of getters, the kind of prototype, whether a value is frozen, and octets with their place in the input,
 * so that a copy differs from a view.
 */
export function findDecodedDifference(left: Decoded, right: Decoded): string | undefined {
  const pairs = new Map<unknown, unknown>();
  const differ = (path: string, one: unknown, other: unknown): string => `${path}: ${show(one)} and ${show(other)}`;

  function compare(path: string, one: unknown, other: unknown): string | undefined {
    if (Object.is(one, other)) return undefined;
    if (typeof one === 'function' && typeof other === 'function') return undefined;
    if (!isObject(one) || !isObject(other)) return differ(path, one, other);
    if (pairs.get(one) === other) return undefined;
    pairs.set(one, other);
    if (nameKind(one) !== nameKind(other)) return differ(`${path}, its kind`, nameKind(one), nameKind(other));
    if (types.isUint8Array(one) && types.isUint8Array(other)) return compareOctets(path, one, other);
    if (one instanceof KeyObject && other instanceof KeyObject)
      return one.equals(other) ? undefined : differ(path, one.asymmetricKeyType, other.asymmetricKeyType);
    if (Object.isFrozen(one) !== Object.isFrozen(other)) return `${path}: frozen in one of the two only`;
    if (isCollection(one) && isCollection(other)) return compare(`${path} entries`, [...one], [...other]);
    const names = listMembers(one);
    const others = listMembers(other);
    if (names.join() !== others.join()) return differ(`${path}, its members`, names.join(), others.join());
    for (const name of names) {
      if (name === '(key)' && isKnownKey(one)) continue;
      const found = compare(`${path}.${name}`, read(one, name), read(other, name));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function compareOctets(path: string, one: Uint8Array, other: Uint8Array): string | undefined {
    if (Buffer.compare(one, other) !== 0) return differ(path, one, other);
    const [place, otherPlace] = [findPlace(one, left.input), findPlace(other, right.input)];
    return place === otherPlace ? undefined : differ(`${path}, its place in the input`, place, otherPlace);
  }

  return compare('', left.value, right.value);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isCollection = (value: object): value is ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> =>
  types.isMap(value) || types.isSet(value);

/**
 * The name of the value's built-in class. The two checkouts have classes of their own, which are compared by their
 * members.
 */
function nameKind(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null) return 'without a prototype';
  const isBuiltIn = [Object, Array, Map, Set, Uint8Array, Buffer, KeyObject].some(
    (each) => each.prototype === prototype,
  );
  return isBuiltIn || value instanceof KeyObject || value instanceof Error ? value.constructor.name : 'of a class';
}

/**
 * The names of the value's own members and, unless it is an array, of those of its classes, methods included. Except
 * for arrays, names of members that are not own and enumerable are in parentheses.
 */
function listMembers(value: object): readonly string[] {
  const names = new Set(Reflect.ownKeys(value).map(String));
  if (Array.isArray(value)) return [...names];
  let holder = Object.getPrototypeOf(value) as object | null;
  for (; holder !== null && holder !== Object.prototype; holder = Object.getPrototypeOf(holder) as object | null)
    for (const name of Reflect.ownKeys(holder)) names.add(String(name));
  names.delete('constructor');
  const isSeen = (name: string): string =>
    Object.prototype.propertyIsEnumerable.call(value, name) ? name : `(${name})`;
  return [...names].sort().map(isSeen);
}

function read(value: object, shown: string): unknown {
  const name = shown.startsWith('(') ? shown.slice(1, -1) : shown;
  try {
    return Reflect.get(value, name);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

/** The position of the octets in the input. Undefined if they are outside of it, or empty. */
function findPlace(octets: Uint8Array, input: Uint8Array): number | undefined {
  if (octets.length === 0 || octets.buffer !== input.buffer) return undefined;
  const place = octets.byteOffset - input.byteOffset;
  return place >= 0 && place < input.length ? place : undefined;
}

const knownKeys = new Set<string>();

/**
 * Whether an equal key was compared before. OpenSSL takes 100 µs to read a key, and most mutated certificates have the
 * key of an earlier one.
 */
function isKnownKey(value: object): boolean {
  const info: unknown = Reflect.get(value, 'subjectPublicKeyInfo');
  if (!types.isUint8Array(info)) return false;
  const key = hash('sha256', info, 'base64');
  const { size } = knownKeys;
  return knownKeys.add(key).size === size;
}

function show(value: unknown): string {
  const text = types.isUint8Array(value) ? Buffer.from(value).toString('hex') : String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
