import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createTemporaryFolder, runOpenssl } from '../../certificates/test-support/openssl.js';
import { line, TrustStage } from './test-support/trust-stage.js';

const hash = (digit: string): string => digit.repeat(64);

// All questions are about one log, which the commands in `before` wrote.
describe('certgate trust log of one identity, and of roles', () => {
  const stage = new TrustStage();
  const log = join(stage.folder, 'trust.json.log.jsonl');
  const by = (who: string, reason: string): readonly string[] => ['--by', who, '--reason', reason];
  const listRevisions = async (...args: readonly string[]): Promise<readonly (readonly unknown[])[]> => {
    const { items } = JSON.parse(await stage.expect('log', '--json', ...args)) as {
      items: readonly { revision: number; concerns?: string }[];
    };
    return items.map(({ revision, concerns }) => [revision, concerns]);
  };

  before(async () => {
    const made = createTemporaryFolder();
    const [key, root] = [made.file('root.key.pem'), made.file('root.pem')];
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=root'];
    const files = ['-keyout', key, '-out', root];
    runOpenssl(['req', '-x509', ...curve, ...extensions.flatMap((each) => ['-addext', each]), ...files]);
    await stage.expect('init', ...by('ada', 'first')); // Revision 1
    await stage.expect('authority', 'add', 'corp', '--trust-anchor', root, ...by('ada', 'ours')); // Revision 2
    await stage.expect('add', 'billing', '--thumbprint-sha256', hash('A'), '--role', 'r', ...by('bob', 'invoices')); // Revision 3
    const named = ['--issued-by', 'corp', '--dns', 'stock.example'];
    await stage.expect('add', 'stock', ...named, ...by('bob', 'stock')); // Revision 4
    await stage.expect('disable', 'stock', ...by('eve', 'audit')); // Revision 5
    await stage.expect(
      ...line`authority add corp --to-existing --spiffe-trust-domain a.example`,
      ...by('ada', 'spiffe'),
    ); // Revision 6
    await stage.expect('add', 'billing', '--to-existing', '--role', 's', ...by('eve', '=more')); // Revision 7
    await stage.expect('lock', ...by('ada', 'stolen')); // Revision 8
    await stage.expect('deny', '--issued-by', 'corp', '--serial', '0A', ...by('ada', 'whose')); // Revision 9
    made.remove();
  });
  after(() => {
    stage.remove();
  });

  it('has the changes of the identity, of its authority and of the whole document, and those that may concern it', async () => {
    const certain = [4, 5, 6, 8].map((revision) => [revision, 'yes']);
    assert.deepEqual(await listRevisions('--identity', 'STOCK'), [...certain, [9, 'perhaps']]);
    // A certificate may have the name of the one and the thumbprint of the other. Then the gate refuses it as
    // ambiguous.
    const concerns = Object.entries({ 3: 'yes', 4: 'perhaps', 6: 'perhaps', 7: 'yes', 8: 'yes', 9: 'perhaps' });
    const listed = concerns.map(([revision, concern]) => [Number(revision), concern]);
    assert.deepEqual(await listRevisions('--identity', 'billing'), listed);
    const said = await stage.expect('log', '--identity', 'billing');
    assert.match(said, /\n4 .* by bob \(may concern it: the line does not say\)\n {4}stock\n {4}… and 2 more\n/);
    assert.match(said, /"billing" has the role s\./);
    assert.doesNotMatch(said, /audit/);
    assert.match(
      await stage.expect('log', '--export', 'csv', '--identity', 'stock'),
      /,"concerns"\r\n[\s\S]*,"perhaps"\s*$/,
    );
  });

  it('shows lines of earlier versions as perhaps, and begins with --since', async () => {
    const lines = readFileSync(log, 'utf8');
    const change = (edit: (line: Record<string, unknown>, index: number) => object): void => {
      const edited = lines.trimEnd().split('\n').map((line, index) => JSON.stringify(edit(JSON.parse(line) as Record<string, unknown>, index))); // prettier-ignore
      writeFileSync(log, `${edited.join('\n')}\n`);
    };
    try {
      change(({ touches, mayTouchOthers, roles, ...line }) => {
        assert.ok([touches, mayTouchOthers, roles].some((each) => each !== undefined));
        return line;
      });
      assert.equal((await listRevisions('--identity', 'billing')).length, 9);
      assert.match(
        await stage.expect('log', '--roles'),
        /r {2}cannot tell since when, at least since revision 9,.*: the line of that change does not record roles/,
      );
      change((line, index) => ({ ...line, at: new Date(Date.now() - (9.5 - index) * 86_400_000).toISOString() }));
      assert.deepEqual(
        await listRevisions('--since', '3d'),
        [8, 9].map((revision) => [revision, undefined]),
      );
      assert.deepEqual(await listRevisions('--since', '2099-01-01T00:00:00Z'), []);
      assert.match(
        await stage.expect('log', '--since', '0d', '--identity', 'billing'),
        /no change that concerns "billing" from 20.*Z on/,
      );
      await stage.refuse(/must be a number of days, like 90d, or a time/, 'log', '--since', 'yesterday');
    } finally {
      writeFileSync(log, lines);
    }
  });

  it('does not explain what was before its first line, and has a cell in every column for what it cannot read', async () => {
    const lines = readFileSync(log, 'utf8');
    const runJson = async (): Promise<readonly [number | null, unknown]> => {
      const { exitCode, stdout } = await stage.run('log', '--json');
      return [exitCode, (JSON.parse(stdout) as { isWhole: boolean }).isWhole];
    };
    try {
      assert.deepEqual(await runJson(), [0, true]);
      const later = lines.split('\n').slice(2);
      writeFileSync(log, later.join('\n'));
      assert.deepEqual(await runJson(), [3, false]);
      const { exitCode, stdout } = await stage.run('log');
      assert.equal(exitCode, 3);
      assert.match(stdout, /The log begins here\. .*\(revision 2\); who changed it until then is not known/);
      assert.equal((await stage.run('log', '--since', '2099-01-01T00:00:00Z')).exitCode, 0);
      writeFileSync(log, ['broken', ...later].join('\n'));
      const csv = await stage.run('log', '--export', 'csv', '--identity', 'billing');
      const rows = csv.stdout
        .trimEnd()
        .split('\r\n')
        .map((row) => row.match(/"(?:[^"]|"")*"/g) ?? []);
      assert.deepEqual(rows.slice(0, 3).map(([kind]) => kind), ['"kind"', '"damaged"', '"gap"']); // prettier-ignore
      assert.deepEqual(rows.slice(1, 3).map((row) => row.at(-1)), ['"perhaps"', '"perhaps"']); // prettier-ignore
      assert.ok(rows.every(({ length }) => length === rows[0]?.length));
      writeFileSync(log, '');
      assert.deepEqual(await runJson(), [3, false]);
    } finally {
      writeFileSync(log, lines);
    }
  });

  it('shows who has which role since when, by whom and why', async () => {
    const said = await stage.expect('log', '--roles');
    assert.match(
      said,
      /\nbilling \(locked\)\n {2}r {2}since revision 3, \S+, by bob: invoices \(add\)\n {2}s {2}since revision 7, /,
    );
    assert.match(said, /\nno role: stock\n[\s\S]*not signed/);
    const { roles, withoutRoles } = JSON.parse(
      await stage.expect('log', '--roles', '--identity', 'Billing', '--json'),
    ) as {
      roles: readonly { role: string; since: { revision: number } | null; cannotTell: string | null }[];
      withoutRoles: readonly string[];
    };
    assert.deepEqual(withoutRoles, []);
    assert.deepEqual(
      roles.map(({ role, since, cannotTell }) => [role, since?.revision, cannotTell]),
      [
        ['r', 3, null],
        ['s', 7, null],
      ],
    );
    assert.match(
      await stage.expect('log', '--roles', '--export', 'csv'),
      /"billing","locked","s","since","7","[^"]+","eve","'=more","add",""/,
    );
    await stage.refuse(/no identity "nobody"/, 'log', '--roles', '--identity', 'nobody');
    await stage.refuse(/cannot be used with/, 'log', '--roles', '--since', '3d');
  });

  it('cannot tell since when, after something else wrote the document or the tool replaced a damaged one', async () => {
    const document = readFileSync(stage.path, 'utf8');
    writeFileSync(stage.path, document.replace('"invoices"', '"other"'));
    const { exitCode, stdout } = await stage.run('log', '--roles');
    assert.equal(exitCode, 1);
    assert.match(stdout, /r {2}cannot tell since when: something other than this tool changed the document before/);
    writeFileSync(stage.path, 'damaged');
    const damaged = await stage.run('log');
    assert.equal(damaged.exitCode, 1);
    assert.match(damaged.stderr, /is not valid: it is not JSON/);
    assert.match(
      damaged.stdout,
      /^file:trust\.json, which can't be read\n[^]*\n9 .* by ada[^]*\nCHANGED BY SOMETHING OTHER/,
    );
    const { revision, isWhole } = JSON.parse((await stage.run('log', '--json')).stdout) as Record<string, unknown>;
    assert.deepEqual([revision, isWhole], [null, false]);
    await stage.refuse(/is not valid/, 'log', '--roles');
    const earlier = join(stage.folder, 'earlier.json');
    writeFileSync(earlier, document);
    await stage.expect('restore', earlier, '--revision', '50', ...by('ada', 'back'));
    const restored = await stage.run('log', '--roles');
    assert.match(restored.stdout, /r {2}cannot tell since when, at least since revision 50, .*does not record roles/);
  });
});
