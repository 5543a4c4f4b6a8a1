import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { it } from 'node:test';
import { agreeOnStore } from './agreed-store.js';

it('names a file by its path in the app, whether the app reaches its folder by a link or not', () => {
  const folders = [resolve('/link to/app'), resolve('/real/app')];
  const nameOf = (file: string): string => {
    const source = { description: `file ${file}`, configuration: `file ${file}` };
    return agreeOnStore({ sources: [source], options: {} }, { folders, settings: {} }).place;
  };
  for (const folder of folders) assert.equal(nameOf(join(folder, 'trust', 'trust.json')), 'file trust/trust.json');
  const outside = resolve('/real/application/trust.json');
  assert.equal(nameOf(outside), `file ${outside}`);
});
