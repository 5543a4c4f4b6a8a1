import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as functionsHostModule from '../packages/certgate/dist/esm/local/functions-host/functions-host.js';
import { type AppName, apps } from './fidelity/apps.js';
import { assertAnswer } from './fidelity/compare.js';
import { differences, type Unshown } from './fidelity/differences.js';
import { matrix } from './fidelity/matrix.js';
import type { Answer, Otherwise, Row } from './fidelity/row.js';
import { send } from './fidelity/send.js';
import { type SourceId, sources } from './fidelity/sources.js';
import { starts } from './fidelity/starts.js';
import { cleanEnvironment, root } from './test-support/certgate.js';

// Compares the answers of the embedded host with those of Azure's host, row by row, and the page with the differences
// that the rows show.

const appsFolder = join(root, 'tests/fidelity/apps');
/** For each difference: `row` if a row shows it, otherwise why no row can. */
const howShown: Readonly<Record<string, 'row' | Unshown>> = differences;
const modes = ['plain', 'streaming'] as const;
type Mode = (typeof modes)[number];

/** What a row expects in one mode. */
interface Expectation {
  readonly azure: Answer | 'unknown';
  readonly from: readonly SourceId[];
  readonly here: Otherwise | undefined;
}

type FunctionsHost = Awaited<ReturnType<(typeof functionsHostModule)['startFunctionsHost']>>;
type StartOptions = Parameters<(typeof functionsHostModule)['startFunctionsHost']>[0];

for (const mode of modes) {
  describe(`the embedded host, ${mode}`, () => {
    const hosts = new Map<AppName, FunctionsHost>();
    before(async () => {
      for (const name of Object.keys(apps) as AppName[]) hosts.set(name, await startApp(name, mode));
    });
    after(() => Promise.all([...hosts.values()].map((host) => host.close())));

    for (const row of matrix) {
      const expectation = expectationOf(row, mode);
      if (expectation === undefined) continue;
      it(`${row.name}: ${shorten(row.send)}`, async () => {
        const { port, frontEndField } = hosts.get(row.app ?? 'main')!;
        const received = await send(port, row, frontEndField);
        const expected = expectation.here ?? expectation.azure;
        assert.ok(expected !== 'unknown');
        assertAnswer(received, expected, `127.0.0.1:${port}`);
      });
    }
  });
}

describe("the embedded host refuses apps that Azure's host accepts", () => {
  for (const { app, here } of starts) {
    it(app, async () => {
      await assert.rejects(
        startHost({ folder: join(appsFolder, 'starts'), environment: { FIDELITY_CASE: app } }),
        here,
      );
    });
  }
});

describe('the matrix', () => {
  const expectations = matrix.flatMap((row) => modes.flatMap((mode) => expectationOf(row, mode) ?? []));

  it('has at least 60 requests whose real answer is known, each with a name of its own', () => {
    const known = matrix.filter(({ azure }) => azure !== 'unknown');
    assert.ok(known.length >= 60, `${known.length}`);
    assert.equal(new Set(matrix.map(({ name }) => name)).size, matrix.length);
  });

  it('names a source for every answer, and uses every source', () => {
    const used = new Set([
      ...expectations.flatMap(({ from }) => from),
      ...starts.map(({ from }) => from),
      ...Object.values(howShown).flatMap((how) => (how === 'row' ? [] : how.from)),
    ]);
    assert.deepEqual([...used].sort(), Object.keys(sources).sort());
  });

  it('names a difference for each row in which this host answers otherwise, and for no other row', () => {
    for (const { azure, here } of expectations) {
      assert.equal(here?.difference !== undefined, here !== undefined && azure !== 'unknown');
      if (azure === 'unknown') assert.ok(here !== undefined);
      else assert.notDeepEqual(azure, here);
    }
  });

  it('shows every difference that can be shown', () => {
    const shown = new Set<string | undefined>([
      ...expectations.map(({ here }) => here?.difference),
      ...starts.map(({ difference }) => difference),
    ]);
    for (const [difference, how] of Object.entries(howShown)) {
      assert.equal(shown.has(difference), how === 'row', difference);
    }
  });

  it('and docs/host-fidelity.md list the same differences', () => {
    const page = readFileSync(join(root, 'docs/host-fidelity.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, difference]) => difference);
    assert.deepEqual([...listed].sort(), Object.keys(differences).sort());
  });

  it('and docs/host-fidelity.md list the same requests whose answer is unknown', () => {
    const page = readFileSync(join(root, 'docs/host-fidelity.md'), 'utf8');
    const listed = [...page.matchAll(/^- \*(.+?)\*/gm)].map(([, name]) => name);
    const unknown = matrix.filter((row) => modes.some((mode) => expectationOf(row, mode)?.azure === 'unknown'));
    assert.deepEqual([...listed].sort(), unknown.map(({ name }) => name).sort());
  });
});

function expectationOf(row: Row, mode: Mode): Expectation | undefined {
  const from = [row.from].flat();
  if (mode === 'plain' || row.streaming === undefined) return { azure: row.azure, from, here: row.here };
  if (row.streaming === 'not-sent') return undefined;
  const { azure, from: ownSource, here } = row.streaming;
  return { azure, from: ownSource === undefined ? from : [ownSource], here };
}

async function startApp(name: AppName, mode: Mode): Promise<FunctionsHost> {
  const { folder, environment } = apps[name];
  const streaming = mode === 'streaming' ? { FIDELITY_STREAMING: '1' } : {};
  const host = await startHost({ folder: join(appsFolder, folder), environment: { ...environment, ...streaming } });
  assert.equal(host.streaming, mode === 'streaming');
  return host;
}

/**
 * Starts the embedded host in an environment that describes no other host, because it passes its environment on to the
 * app.
 */
async function startHost(options: StartOptions): Promise<FunctionsHost> {
  const file = join(root, 'packages/certgate/dist/esm/local/functions-host/functions-host.js');
  const { startFunctionsHost } = (await import(pathToFileURL(file).href)) as typeof functionsHostModule;
  const inherited = process.env;
  process.env = cleanEnvironment();
  try {
    return await startFunctionsHost(options);
  } finally {
    process.env = inherited;
  }
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
