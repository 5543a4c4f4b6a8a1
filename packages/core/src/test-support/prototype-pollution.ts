import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What `{"__proto__": {…}}`, merged naively, puts on Object.prototype. */
export type Pollution = Readonly<Record<PropertyKey, unknown>>;

/** Every name that the compiled sources in a folder could read a member by: a superset, found by its spelling. */
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

/** An accessor of these names would itself break every `Object.defineProperty` that is called meanwhile. */
const ofDescriptors = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable'];

export interface AbsentMembersWatch {
  /** The names that were looked for since the last time. */
  readonly take: () => ReadonlySet<string>;
  /** The same, and takes the names from Object.prototype. */
  readonly stop: () => ReadonlySet<string>;
}

/**
 * Notes which of the names are looked for on Object.prototype, that is, in an object that doesn't have them. To put
 * thousands of names there and to take them away costs more than most that is watched: watch several things at once.
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

/** Returns what takes the pollution back. */
export function pollute(pollution: Pollution): () => void {
  const keys = Reflect.ownKeys(pollution);
  for (const key of keys) {
    Reflect.set(Object.prototype, key, pollution[key]);
  }
  return () => {
    for (const key of keys) Reflect.deleteProperty(Object.prototype, key);
  };
}

/** Names whose presence alone may count (`'name' in object`), and the places of lists. */
export const namesOfPresence: readonly string[] = [
  ...['0', '1', '-1', 'signedBy', 'minimumRevision', 'crlBlobs', 'audience', 'headers', 'ca', 'frontEnd', 'text'],
  ...['name', 'octets', 'objectIdentifier', 'HttpUri', 'invocationId', 'functionName', 'then', ...ofDescriptors],
];

const far = 8_640_000_000_000_000;
const identity = { name: 'operator', roles: ['reader', 'operator', 'admin'], functions: undefined, enabled: true };

/** Values that would open something if they were believed under this name; any name gets the general ones too. */
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
