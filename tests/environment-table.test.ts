import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const load = async <T>(path: string): Promise<T> => (await import(pathToFileURL(join(root, path)).href)) as T;

type Variables = Readonly<Record<string, string>>;

interface TableScript {
  readonly hosts: readonly (readonly [host: string, variables: Variables])[];
  readonly copies: readonly (readonly [what: string, variables: Variables])[];
  readonly createTable: () => string;
  readonly describeOutcome: (named: 'app-service' | 'nginx' | undefined, environment: Variables) => string;
}

interface AppSettings {
  readonly resolveAppSettings: (input: {
    readonly folder: string;
    readonly inherited: Variables;
    readonly explicit: Variables;
  }) => Promise<Variables>;
}

const script = await load<TableScript>('scripts/environment-table.mjs');
const { resolveAppSettings } = await load<AppSettings>(
  'packages/certgate/dist/esm/local/functions-host/app-settings.js',
);

describe('the table of environments', () => {
  it('equals the one in docs/environments.md (npm run write)', () => {
    assert.ok(readFileSync(join(root, 'docs/environments.md'), 'utf8').includes(`\n${script.createTable()}\n`));
  });

  it("shows that a front end of the user's own needs its proof on every host, except in Development", () => {
    for (const [, variables] of script.hosts) {
      for (const [, copied] of script.copies) {
        const environment = { ...variables, ...copied };
        const isDevelopment = script.describeOutcome(undefined, environment) === 'development';
        assert.equal(script.describeOutcome('nginx', environment), isDevelopment ? 'nginx' : 'front_end_unproven');
      }
    }
  });

  it('shows Development neither for its setting only, nor for a known host that the setting was copied to', () => {
    for (const [host, variables] of script.hosts) {
      for (const [what, copied] of script.copies) {
        const isCoreTools = host.startsWith('Core Tools') || what.includes('Core Tools');
        const isBare = /^(?:a plain|Docker, a plain|Core Tools)/.test(host) && !('WEBSITE_INSTANCE_ID' in copied);
        const isNamed = 'AZURE_FUNCTIONS_ENVIRONMENT' in copied;
        const outcome = script.describeOutcome(undefined, { ...variables, ...copied });
        assert.equal(outcome === 'development', isCoreTools && isBare && isNamed, `${host}, ${what}`);
      }
    }
  });

  it('shows that only App Service is taken for App Service, unless the front end is named', () => {
    const taken = script.hosts.filter(
      ([, variables]) => script.describeOutcome(undefined, variables) === 'app-service',
    );
    assert.deepEqual(
      taken.map(([host]) => host),
      ['App Service, Premium, Dedicated'],
    );
  });

  it('has no effect on the app in the embedded host, which is in Development on any machine', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-environment-'));
    const mark = Symbol.for('certgate/local-host/v1');
    Object.defineProperty(globalThis, mark, { value: true, configurable: true });
    try {
      for (const [host, inherited] of script.hosts) {
        const settings = await resolveAppSettings({ folder, inherited, explicit: {} });
        assert.equal(script.describeOutcome(undefined, settings), 'development', host);
      }
    } finally {
      Reflect.deleteProperty(globalThis, mark);
      rmSync(folder, { recursive: true });
    }
  });
});
