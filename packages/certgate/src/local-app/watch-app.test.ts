import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { watchApp, type WatchedChange } from './watch-app.js';

describe('the watch of an app whose folder is reached by a link, as below /tmp on macOS', () => {
  /** An app in a folder with a space, whose entry file is at its root, so that its JSON files are part of the app. */
  function makeApp(context: TestContext): { readonly real: string; readonly link: string } {
    const above = mkdtempSync(join(tmpdir(), 'certgate watch-'));
    context.after(() => {
      rmSync(above, { recursive: true, force: true });
    });
    const real = join(above, 'real app');
    const link = join(above, 'link');
    mkdirSync(real);
    symlinkSync(real, link, 'junction');
    for (const [name, text] of [
      ['package.json', '{"main":"index.js"}'],
      ['host.json', '{"version":"2.0"}'],
      ['index.js', ''],
      ['trust.json', '{}'],
    ] as const) {
      writeFileSync(join(real, name), text);
    }
    return { real, link };
  }

  for (const side of ['real', 'link'] as const) {
    it(`tells a change of the document, named by its ${side} path, from a change of the app`, async (context) => {
      const app = makeApp(context);
      const changes: WatchedChange[] = [];
      let wake = (): void => undefined;
      const watch = await watchApp(app.link, (change) => {
        changes.push(change);
        wake();
      });
      const change = async (file: string): Promise<WatchedChange | undefined> => {
        const noticed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        // `certgate trust` replaces a document in the same way: another file takes its name.
        writeFileSync(join(app.real, '.new'), '{ }');
        renameSync(join(app.real, '.new'), join(app.real, file));
        await noticed;
        return changes.at(-1);
      };
      try {
        assert.equal(await change('index.js'), 'app');
        watch.followTrust(join(app[side], 'trust.json'));
        assert.equal(await change('trust.json'), 'trust');
      } finally {
        await watch.close();
      }
    });
  }
});
