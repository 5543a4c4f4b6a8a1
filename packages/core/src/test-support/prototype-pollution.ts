import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The members that `{"__proto__": {…}}` adds to Object.prototype if a program merges it carelessly. */
export type Pollution = Readonly<Record<PropertyKey, unknown>>;

/**
 * The names of members that the compiled sources in a folder may read. They are found by their spelling, so some others
 * are among them.
 */
export function listMemberNames(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && !file.includes('test'),
  );
  const names = files.flatMap((file) => {
    const source = readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    const spellings = [/\.([A-Za-z_$][\w$]*)/g, /'([A-Za-z_$][\w$]*)'/g, /[{,]\s*([A-Za-z_$][\w$]*)(?=\s*[,:=}])/g];
    return spellings.flatMap((spelling) => [...source.matchAll(spelling)].map(([, name = '']) => name));
  });
  return [...new Set(names)].filter((name) => !(name in Object.prototype) && !ofDescriptors.includes(name));
}

/** If an accessor had one of these names, calls of `Object.defineProperty` could fail meanwhile. */
const ofDescriptors = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable'];

export interface AbsentMembersWatch {
  /** Returns the names that were looked up since the last time. */
  readonly take: () => ReadonlySet<string>;
  /** Like `take`, and removes the names from Object.prototype. */
  readonly stop: () => ReadonlySet<string>;
}

/**
 * Notes which of the names are looked up on Object.prototype, that is, in objects that don't have them. Adding
 * thousands of names there and removing them takes long, so watch several things at once.
 */
export function watchAbsentMembers(names: readonly string[]): AbsentMembersWatch {
  let read = new Set<string>();
  const take = (): ReadonlySet<string> => {
    const taken = read;
    read = new Set();
    return taken;
  };
  for (const name of names) {
    Object.defineProperty(Object.prototype, name, {
      configurable: true,
      get: () => {
        read.add(name);
        return undefined;
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
    });
  }
  return {
    take,
    stop: () => {
      for (const name of names) Reflect.deleteProperty(Object.prototype, name);
      return take();
    },
  };
}

/** Adds the members to Object.prototype. Returns a function that removes them. */
export function pollute(pollution: Pollution): () => void {
  const keys = Reflect.ownKeys(pollution);
  for (const key of keys) {
    Reflect.set(Object.prototype, key, pollution[key]);
  }
  return () => {
    for (const key of keys) Reflect.deleteProperty(Object.prototype, key);
  };
}

/** Names whose presence alone may change a decision (`'name' in object`), and list indexes. */
export const namesOfPresence: readonly string[] = [
  ...['0', '1', '-1', 'signedBy', 'minimumRevision', 'crlBlobs', 'audience', 'headers', 'ca', 'frontEnd', 'text'],
  ...['name', 'octets', 'objectIdentifier', 'HttpUri', 'invocationId', 'functionName', 'then', ...ofDescriptors],
];

const far = 8_640_000_000_000_000;
const identity = { name: 'operator', roles: ['reader', 'operator', 'admin'], functions: undefined, enabled: true };

/**
 * Values that would open something if the gate believed them under this name, and values that are tried under every
 * name.
 */
export function listHostileValues(name: string): readonly unknown[] {
  const general = [true, far, ['reader', 'operator', 'admin']];
  const special: Readonly<Record<string, unknown>> = Object.assign(Object.create(null) as object, {
    outcome: 'found',
    code: 'allowed',
    useDeltas: false,
    kind: 'anonymous',
    status: 'good',
    identity,
    policy: { kind: 'anonymous' },
    roles: [],
    mode: 'off',
    targetRole: 'crl-signer',
    profile: 'rfc5280',
    purposes: [],
    path: { validFrom: -far, validUntil: far, currentFrom: -far, currentUntil: far, certificates: [] },
    version: 'v1',
    reportOnlyUntil: far,
    deferred: { code: 'role_missing' },
    frontEnd: 'app-service',
    CERTGATE_FRONT_END: 'app-service',
    WEBSITE_INSTANCE_ID: 'a1b2',
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True',
    WEBSITE_HOSTNAME: 'localhost:7071',
    find: () => ({ outcome: 'found', identity, matchedBy: 'pollution' }),
  });
  return name in special ? [...general, special[name]] : general;
}
