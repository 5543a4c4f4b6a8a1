// What a Bicep expression can be, the functions that make it, and where each property was written.
import { createHash } from 'node:crypto';

/** Each object's and array's keys, with the file and the node of the syntax tree that set them. */
const origins = new WeakMap();

/** Where a property was written: `{ file, node }`. */
export function findOrigin(container, key) {
  return origins.get(container)?.get(String(key));
}

/** The values in a text that must stay secret. */
export function listSecretParts(text) {
  return [...text.matchAll(/‹secret ([^›]*)›/g)].map(([, expression]) => expression);
}

/** A value that is known only while the template is deployed. */
export class Runtime {
  constructor(expression, secret = false) {
    this.expression = expression;
    this.secret = secret;
  }
  get(member) {
    return new Runtime(`${this.expression}.${member}`, this.secret);
  }
  toString() {
    return `‹${this.secret ? 'secret ' : ''}${this.expression}›`;
  }
}

export class ResourceReference {
  constructor(record) {
    this.record = record;
  }
  get(member) {
    if (member === 'name') return this.record.name;
    if (!this.record.exists) throw new Problem(`"${this.record.symbol}" is not created with these parameters`);
    if (member === 'listKeys') return () => new Runtime(`${this.record.symbol}.listKeys()`, true);
    return new Runtime(`${this.record.symbol}.${member}`);
  }
}

export class ModuleReference {
  constructor(symbol, outputs) {
    this.symbol = symbol;
    this.outputs = outputs;
  }
  get(member) {
    if (member === 'outputs') return this.outputs;
    throw new Problem(`only the outputs of the module "${this.symbol}" can be read`);
  }
}

/** What is wrong with a template; `node` says where. */
export class Problem extends Error {}

/** Bicep's functions that the template may use. */
export const functions = {
  union: (...values) => values.reduce(merge),
  concat: (...values) => (Array.isArray(values[0]) ? concatArrays(values) : values.map(String).join('')),
  empty: (value) => {
    if (value instanceof Runtime) throw new Problem(`empty(${value}) can't be known before the deployment`);
    return value === null || value.length === 0 || (typeof value === 'object' && Object.keys(value).length === 0);
  },
  toLower: (value) => String(value).toLowerCase(),
  uniqueString: (...values) => hash(values).slice(0, 13),
  guid: (...values) => hash(values).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
  subscription: () => new Runtime('subscription()'),
  resourceGroup: () => new Runtime('resourceGroup()'),
  environment: () => new Runtime('environment()'),
  subscriptionResourceId: (type, ...names) => `/subscriptions/‹subscription›/providers/${type}/${names.join('/')}`,
  loadTextContent: undefined,
};

/** Not of objects within: whether and how deep those are merged need not be known then. */
function merge(first, second) {
  const written = new Map(origins.get(first));
  for (const [key, value] of Object.entries(second)) {
    const areObjects = [first[key], value].every((each) => each?.constructor === Object);
    if (areObjects)
      throw new Problem(`union() has "${key}" twice, and this check doesn't merge objects within objects`);
    written.set(key, origins.get(second)?.get(key));
  }
  const result = { ...first, ...second };
  origins.set(result, written);
  return result;
}

function concatArrays(arrays) {
  const result = arrays.flat();
  const written = arrays.flatMap((array) => array.map((_, index) => findOrigin(array, index)));
  origins.set(result, new Map(written.map((origin, index) => [String(index), origin])));
  return result;
}

export function withOrigins(container, written, file) {
  origins.set(container, new Map(written.map(([key, node]) => [key, { file, node }])));
  return container;
}

/** Plain data, with ‹…› for what only a deployment knows. */
export function materialize(value) {
  if (value instanceof Runtime) return String(value);
  if (value === null || typeof value !== 'object') return value;
  const copy = Array.isArray(value)
    ? value.map(materialize)
    : Object.fromEntries(Object.entries(value).map(([key, each]) => [key, materialize(each)]));
  origins.set(copy, origins.get(value) ?? new Map());
  return copy;
}

function hash(values) {
  return createHash('sha256').update(values.map(String).join('\n')).digest('hex');
}
