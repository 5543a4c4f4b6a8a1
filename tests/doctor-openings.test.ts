import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { ProbeId } from '../packages/certgate/dist/esm/doctor/probe-table.js';
import type * as targetModule from '../packages/certgate/dist/esm/doctor/target.js';
import type * as doctorStageModule from '../packages/certgate/dist/esm/doctor/test-support/doctor-stage.js';
import type * as faultyServersModule from '../packages/certgate/dist/esm/doctor/test-support/faulty-servers.js';
import type * as openServersModule from '../packages/certgate/dist/esm/doctor/test-support/open-servers.js';
import { root } from './test-support/certgate.js';

// Tests `certgate doctor` with one server for every known kind of opening. Each server is honest otherwise. doctor must
// find all kinds except those in `unseen`. The file takes long, so it runs with the tests of hosts.

const { parseTarget } = (await importBuilt('target.js')) as typeof targetModule;
const { createDoctorStage, examinePort, judgePort, listIds } = (await importBuilt(
  'test-support/doctor-stage.js',
)) as typeof doctorStageModule;
const { startServer } = (await importBuilt('test-support/faulty-servers.js')) as typeof faultyServersModule;
const { furtherOpenings, honestServers, knownOpenings } = (await importBuilt(
  'test-support/open-servers.js',
)) as typeof openServersModule;

/**
 * Imports a compiled file that no package exports. The path starts at the root, because the compiled test is one folder
 * deeper than its source.
 */
function importBuilt(file: string): Promise<unknown> {
  return import(pathToFileURL(join(root, 'packages/certgate/dist/esm/doctor', file)).href);
}

/** The kinds of openings that doctor does not find, with the reason. */
const unseen: Readonly<Record<string, string>> = {
  'open under twenty parallel calls': 'It sends eight at once, so that it overloads no app.',
};

/**
 * The probes that find many kinds, each with a pattern for these. Only that probe runs against their servers, because
 * the others take most of the time. tests/doctor-servers.test.ts runs all probes against a server for each probe.
 */
const probesOfKinds: readonly (readonly [ProbeId, RegExp])[] = [
  [
    'other-path',
    /^(?:a trailing slash|another letter case|an encoded letter|a doubled slash|a semicolon|dot segments|a suffix|a path that)/,
  ],
  ['other-field', /^(?:a method override|a cookie$|the cookie of|a conditional)|with (?:Authorization|Range)$/],
  ['other-method', /^(?:HEAD|OPTIONS) is open$/],
  ['other-host', /with another Host$/],
  ['other-query', /^a query/],
  ['post', /^POST is open$|with POST$/],
  ['no-server-name', /without a server name$/],
  ['parallel', /^eight parallel/],
];

describe('doctor', () => {
  let stage: doctorStageModule.DoctorStage;
  before(() => {
    stage = createDoctorStage();
  });

  /** The probes that fail. Each server has the closed function, and a public one that everybody may call. */
  const examine = async (
    kind: string,
    { behaviour, options }: openServersModule.OpenServer,
  ): Promise<readonly string[]> => {
    const { answer, ...rest } = behaviour(stage);
    const server = await startServer(stage, {
      ...rest,
      answer: (request, isAdmitted) =>
        request.path === '/api/Health' ? { status: 200, body: 'well' } : answer?.(request, isAdmitted),
    });
    try {
      const target = parseTarget(`https://localhost:${server.port}`, ['Orders'], ['Health']);
      const [probe] = probesOfKinds.find(([, pattern]) => pattern.test(kind)) ?? [];
      if (probe === undefined) return listIds(await examinePort(stage, server.port, { ...options, target }), 'fails');
      const { verdict } = await judgePort(stage, server.port, probe, { ...options, target });
      return verdict === 'fails' ? [probe] : [];
    } finally {
      await server.close();
    }
  };

  for (const [kind, server] of Object.entries({ ...knownOpenings, ...furtherOpenings })) {
    const why = unseen[kind];
    it(why === undefined ? `finds ${kind}` : `does not find ${kind}: ${why}`, async (context) => {
      const found = await examine(kind, server);
      context.diagnostic(found.join(', ') || 'nothing');
      assert.equal(found.length === 0, why !== undefined, found.join(', '));
    });
  }

  it('names the run itself as the cause if everybody is admitted after sixty calls', async () => {
    const { behaviour } = knownOpenings['open after sixty calls'] ?? assert.fail();
    const server = await startServer(stage, behaviour(stage));
    try {
      const { findings } = await examinePort(stage, server.port);
      const failing = findings.find(({ verdict }) => verdict === 'fails');
      assert.match(failing?.meaning.join(' ') ?? '', /^A caller .* refused at first, now gets in .* during the run\./);
    } finally {
      await server.close();
    }
  });

  for (const [what, answer] of Object.entries(honestServers)) {
    for (const isAnyServer of [false, true]) {
      it(`finds nothing wrong with a server that ${what}${isAnyServer ? ', of which nothing is known' : ''}`, async () => {
        const server = await startServer(stage, { answer });
        try {
          const more = { isAnyServer, withPost: true, alsoHosts: ['other.example'] };
          const { findings } = await examinePort(stage, server.port, more);
          assert.deepEqual(
            findings.filter(({ verdict }) => verdict !== 'holds'),
            [],
          );
        } finally {
          await server.close();
        }
      });
    }
  }

  it('is tested with a server for each kind of the list, and finds 30 or more', (context) => {
    const list = join(root, '..', 'shared', 'data', 'doctor-openings.txt');
    const kinds = Object.keys(knownOpenings);
    assert.equal(kinds.length, 35);
    assert.ok(kinds.filter((kind) => !(kind in unseen)).length >= 30);
    if (!existsSync(list)) {
      context.diagnostic('The list is not here: the servers are those that it named.');
      return;
    }
    assert.deepEqual(kinds, readFileSync(list, 'utf8').split('\n').slice(1).filter((line) => line !== '')); // prettier-ignore
  });
});
