import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { after, beforeEach, describe, test } from 'node:test';
import { ToolFailure } from '#local/tool-failure.js';
import { createTemporaryFolder } from '../test-support/openssl.js';
import { getAuthorityFiles } from './authority-files.js';
import { formatRegister, type AuthorityRegister } from './authority-register.js';
import { updateRegister } from './update-register.js';

const instant = '2026-03-01T12:00:00Z';
const empty: AuthorityRegister = {
  version: 1,
  parent: null,
  list: { number: 1, thisUpdate: instant, nextUpdate: instant },
  issued: [],
  revoked: [],
};

describe('the register under its lock', () => {
  const folder = createTemporaryFolder();
  const files = getAuthorityFiles(folder.path, 'corp');
  beforeEach(() => {
    rmSync(files.folder, { recursive: true, force: true });
    mkdirSync(files.folder);
    writeFileSync(files.register, formatRegister(empty), { mode: 0o600 });
  });
  after(() => {
    folder.remove();
  });
  const readNumber = (): number => (JSON.parse(readFileSync(files.register, 'utf8')) as AuthorityRegister).list.number;
  const countUp = (register: AuthorityRegister): { register: AuthorityRegister; answer: undefined } => ({
    register: { ...register, list: { ...register.list, number: register.list.number + 1 } },
    answer: undefined,
  });

  test('is changed by many at once, each of which works on what the others wrote', async () => {
    await Promise.all(Array.from({ length: 20 }, () => updateRegister(files, countUp)));
    assert.equal(readNumber(), 21);
    assert.deepEqual(readdirSync(files.folder), ['register.json']);
    if (process.platform !== 'win32') assert.equal(statSync(files.register).mode & 0o777, 0o600);
  });

  test('is not changed by a process that lost the lock, and that process reports a conflict', async () => {
    const asleep = updateRegister(files, (register) => {
      rmSync(files.lock, { recursive: true });
      return { ...countUp(register), files: [{ path: files.list, content: 'list' }] };
    });
    await assert.rejects(asleep, (fault) => fault instanceof ToolFailure && fault.kind === 'conflict');
    assert.equal(readNumber(), 1);
    assert.deepEqual(readdirSync(files.folder), ['register.json']);
  });

  test('shows no trace of a change that is refused', async () => {
    await assert.rejects(
      updateRegister(files, () => {
        throw new ToolFailure('no');
      }),
      /^ToolFailure: no$/,
    );
    assert.deepEqual(readdirSync(files.folder), ['register.json']);
    assert.equal(readNumber(), 1);
  });
});
