// Other validators. Each is asked as its own documentation describes. An engine has a name with its version, and
// answers `valid` or `invalid`. If it fails by itself, the answer is `invalid`, because a caller would be refused.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { judgeCase } from '../dist/judge-case.js';
import { readVersion } from './versions.mjs';

const run = promisify(execFile);

/**
 * The time limit for an answer, in milliseconds. A later answer is `invalid`, because a caller would not wait either.
 */
const longestAnswer = 10_000;

/** Certgate's own validator, asked in the same way as by `npm run conformance`. */
export const certgate = {
  name: 'Certgate',
  answerAll: (cases, profile) =>
    cases.map((case_) => (judgeCase(case_, profile).ours === 'valid' ? 'valid' : 'invalid')),
};

/** `openssl verify`, which reads no OCSP responses. */
export const openssl = {
  name: execFileSync('openssl', ['version'], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' '),
  canAnswer: ({ material }) => material.ocspResponses.length === 0,
  async answerAll(cases, profile) {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-compare-'));
    try {
      return await mapConcurrently(cases, (case_, lane) => askOpenssl(join(folder, String(lane)), case_, profile));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function askOpenssl(prefix, { material, now, revocation, purposes, policies, maximumIntermediates }, profile) {
  const write = (name, label, all) => {
    writeFileSync(`${prefix}-${name}.pem`, all.map((der) => encodePem(label, der)).join(''));
    return `${prefix}-${name}.pem`;
  };
  const target = write('target', 'CERTIFICATE', [material.target]);
  const others = [...material.intermediates, ...material.crlSigners];
  const purpose = opensslPurposes[purposes?.[0]];
  const args = [
    'verify',
    // An anchor is trusted for its key, whatever certificate signed it. The anchors of the system are never used.
    ...['-partial_chain', '-no-CApath', '-no-CAstore'],
    ...(profile === 'strict' ? ['-x509_strict', '-auth_level', '2'] : ['-auth_level', '0']),
    ...['-CAfile', write('anchors', 'CERTIFICATE', material.trustAnchors)],
    ...(others.length > 0 ? ['-untrusted', write('others', 'CERTIFICATE', others)] : []),
    ...(revocation === 'off' ? [] : ['-crl_check_all', '-extended_crl', '-use_deltas']),
    ...(material.crls.length > 0 ? ['-CRLfile', write('crls', 'X509 CRL', material.crls)] : []),
    ...(now === undefined ? [] : ['-attime', String(Math.floor(now / 1000))]),
    ...(purpose === undefined ? [] : ['-purpose', purpose]),
    ...(maximumIntermediates === undefined ? [] : ['-verify_depth', String(maximumIntermediates)]),
    ...(policies === undefined ? [] : listPolicyOptions(policies)),
    target,
  ];
  try {
    await run('openssl', args, { timeout: longestAnswer });
    return 'valid';
  } catch {
    return 'invalid';
  }
}

const opensslPurposes = { '1.3.6.1.5.5.7.3.1': 'sslserver', '1.3.6.1.5.5.7.3.2': 'sslclient' };

function listPolicyOptions(policies) {
  return [
    '-policy_check',
    ...policies.initialPolicySet.flatMap((policy) => ['-policy', policy]),
    ...(policies.initialExplicitPolicy ? ['-explicit_policy'] : []),
    ...(policies.initialPolicyMappingInhibit ? ['-inhibit_map'] : []),
    ...(policies.initialAnyPolicyInhibit ? ['-inhibit_any'] : []),
  ];
}

/** pkijs. Its chain engine ignores the extended key usage. */
export const pkijs = {
  name: `pkijs ${readVersion('pkijs')}`,
  answerAll: (cases) => answerInWorker('pkijs', cases),
};

/** @peculiar/x509. Its chain builder reads neither CRLs nor OCSP responses. */
export const peculiar = {
  name: `@peculiar/x509 ${readVersion('@peculiar/x509')}`,
  canAnswer: ({ material }) => material.ocspResponses.length === 0,
  answerAll: (cases) => answerInWorker('peculiar', cases),
};

/** Asks in a thread that can be ended, because some cases are made to keep a validator busy for hours. */
async function answerInWorker(engine, cases) {
  let worker;
  const answers = [];
  for (const case_ of cases) {
    worker ??= new Worker(new URL('answer-worker.mjs', import.meta.url), { workerData: engine });
    const answer = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage(case_);
    const limit = new AbortController();
    const late = setTimeout(longestAnswer, 'invalid', { signal: limit.signal }).then(async (refusal) => {
      await worker.terminate();
      worker = undefined;
      return refusal;
    });
    late.catch(() => {});
    answers.push(await Promise.race([answer, late]));
    limit.abort();
  }
  await worker?.terminate();
  return answers;
}

/** Go's crypto/x509, which reads neither CRLs nor OCSP responses. Undefined if `go` is not installed. */
export function findGo() {
  const version = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  if (version.status !== 0) return undefined;
  const program = fileURLToPath(new URL('verify.go', import.meta.url));
  return {
    name: `Go ${version.stdout.trim().replace('go', '')}`,
    canAnswer: ({ material }) => material.ocspResponses.length === 0,
    answerAll(cases) {
      const questions = cases.map(({ material, now, purposes, policies }) => ({
        target: encodeBase64(material.target),
        trustAnchors: material.trustAnchors.map(encodeBase64),
        intermediates: material.intermediates.map(encodeBase64),
        time: Math.floor((now ?? Date.now()) / 1000),
        purpose: purposes?.[0] ?? '',
        policies: policies?.initialPolicySet ?? [],
      }));
      const stdout = execFileSync('go', ['run', program], {
        input: questions.map((question) => JSON.stringify(question)).join('\n'),
        maxBuffer: 64 * 1024 * 1024,
        encoding: 'utf8',
      });
      return stdout.trim().split('\n');
    },
  };
}

function encodeBase64(der) {
  return Buffer.from(der).toString('base64');
}

function encodePem(label, der) {
  return `-----BEGIN ${label}-----\n${encodeBase64(der).replace(/.{64}(?!$)/g, '$&\n')}\n-----END ${label}-----\n`;
}

/**
 * Runs `act` for each case, several at a time. `act` gets the number of its lane; a lane works on one case at a time.
 */
async function mapConcurrently(all, act) {
  const results = [];
  let next = 0;
  const work = async (_, lane) => {
    while (next < all.length) {
      const index = next;
      next += 1;
      results[index] = await act(all[index], lane);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return results;
}
