import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCertgate } from './test-support/certgate.js';

/** The verbs of a command, read from its own help. */
async function listVerbs(path: readonly string[]): Promise<readonly (readonly string[])[]> {
  const { stdout } = await runCertgate([...path, '--help']);
  const commands = /^Commands:\n((?: {2}.*\n?)+)/m.exec(stdout)?.[1];
  if (commands === undefined) return [path];
  const names = [...commands.matchAll(/^ {2}([a-z][\w-]*)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
  return (await Promise.all(names.map((name) => listVerbs([...path, name])))).flat();
}

describe('the help of the command line', () => {
  it('names exit codes and examples for every verb, and --json', async () => {
    const verbs = await listVerbs([]);
    assert.ok(verbs.length >= 6, String(verbs.length));
    for (const verb of verbs) {
      const { exitCode, stdout } = await runCertgate([...verb, '--help']);
      assert.equal(exitCode, 0, verb.join(' '));
      assert.match(stdout, /^Exit codes:\n {2}0 {2}\S/m, verb.join(' '));
      assert.match(
        stdout,
        new RegExp(`^Examples:\\n(?: {2}.*\\n)*? {2}.*certgate ${verb.join(' ')}`, 'm'),
        verb.join(' '),
      );
      assert.match(stdout, /--json/, verb.join(' '));
    }
  });
});
