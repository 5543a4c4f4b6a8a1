import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, type TestContext } from 'node:test';
import {
  startFunctionsHost,
  type FunctionsHost,
  type FunctionsHostOptions,
  type HostLogLine,
} from '../functions-host.js';

export interface SampleApp {
  readonly folder: string;
  readonly logs: HostLogLine[];
  /** Starts the host. By default it answers the test without a gateway. */
  start(options?: Partial<FunctionsHostOptions>): Promise<FunctionsHost>;
}

/**
 * Makes a real function app in a temporary folder, with the published `@azure/functions` linked into its node_modules.
 * The test's files replace the usual ones. A file whose text is `undefined` is left out.
 */
export async function createSampleApp(
  context: Pick<TestContext, 'after'>,
  files: Readonly<Record<string, string | undefined>>,
): Promise<SampleApp> {
  const folder = await mkdtemp(join(tmpdir(), 'certgate-host-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const all: Readonly<Record<string, string | undefined>> = {
    'host.json': '{ "version": "2.0" }',
    'package.json': '{ "main": "src/*.{js,mjs,cjs}" }',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    if (text === undefined) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const library = dirname(createRequire(import.meta.url).resolve('@azure/functions/package.json'));
  await mkdir(join(folder, 'node_modules/@azure'), { recursive: true });
  // On Windows, a junction needs no privilege. Other systems ignore the word.
  await symlink(library, join(folder, 'node_modules/@azure/functions'), 'junction');
  const logs: HostLogLine[] = [];
  return {
    folder,
    logs,
    start: async (options = {}) => {
      const host = await startFunctionsHost({
        folder,
        onLog: (line) => logs.push(line),
        unsafeDirectHeader: true,
        ...options,
      });
      context.after(() => host.close());
      return host;
    },
  };
}

/** Makes one app for all tests of a file. The tests must leave nothing behind in it. */
export function shareSampleApp(
  files: Readonly<Record<string, string | undefined>>,
  options: Partial<FunctionsHostOptions> = {},
): { readonly host: FunctionsHost; readonly logs: readonly HostLogLine[] } {
  const endings: (() => unknown)[] = [];
  let sample: SampleApp | undefined;
  let host: FunctionsHost | undefined;
  before(async () => {
    sample = await createSampleApp({ after: (ending) => endings.push(ending as () => unknown) }, files);
    host = await sample.start(options);
  });
  after(async () => {
    for (const ending of endings.reverse()) await ending();
  });
  return {
    get host() {
      assert.ok(host !== undefined);
      return host;
    },
    get logs() {
      return sample?.logs ?? [];
    },
  };
}

/** An app with one CommonJS file. Its text may use `app`, `output` and `input`. */
export function commonJs(text: string): Readonly<Record<string, string>> {
  return { 'src/index.js': `const { app, output, input } = require('@azure/functions');\n${text}\n` };
}
