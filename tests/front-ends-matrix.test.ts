import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Certificates, makeCertificates } from './front-ends/callers.js';
import { writeMatrixTrust } from './front-ends/matrix-callers.js';
import { type MatrixStage, runMatrixPair } from './front-ends/matrix.js';
import { matrixFrontEnds } from './front-ends/matrix-front-ends.js';

// Tests what options change in the matrix. `npm test -- --front-ends` runs every front end in front of every host.

let folder: string;
let certificates: Certificates;
let stage: MatrixStage;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-matrix-'));
  certificates = makeCertificates(folder);
  stage = { certificates, trustFile: writeMatrixTrust(folder, certificates), installed: undefined };
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('Azure Functions admits a caller with a chain behind Traefik with acceptForwardedChain', async () => {
  const traefik = matrixFrontEnds.find(({ frontEnd }) => frontEnd === 'traefik');
  assert.ok(traefik);
  const cells = await runMatrixPair(traefik, 'functions', stage, { acceptForwardedChain: true });
  assert.deepEqual(cells.find(({ caller }) => caller === 'chained')?.statuses, [200, 200, 403]);
});

const forwarding = matrixFrontEnds.find(({ frontEnd }) => frontEnd === 'rfc9440');
assert.ok(forwarding);

describe('a caller whose certificate an unlisted CA issued', { skip: forwarding.skip }, () => {
  const findChained = async (more: { readonly acceptForwardedChain?: true }): Promise<readonly (number | 'TLS')[]> => {
    const trustFile = writeMatrixTrust(folder, certificates, { withIntermediates: false });
    const cells = await runMatrixPair(forwarding, 'functions', { ...stage, trustFile }, more);
    return cells.find(({ caller }) => caller === 'chained')?.statuses ?? [];
  };

  it("is refused, although the caller sends the CA's certificate", async () => {
    assert.deepEqual(await findChained({}), [200, 401, 401]);
  });

  it('is admitted with acceptForwardedChain', async () => {
    assert.deepEqual(await findChained({ acceptForwardedChain: true }), [200, 200, 403]);
  });
});
