import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { newTemporaryPath, toPem } from './openssl.js';
import type { FlawedChain } from './flawed-chains.js';
import { pathNow } from './written-path.js';

/**
 * What `openssl verify` prints about each chain. Undefined for a chain that it accepts. One process checks all chains.
 */
export function verifyByOpenssl(chains: readonly FlawedChain[], checksCrls: boolean): readonly (string | undefined)[] {
  const writePem = (label: string, ders: readonly Buffer[]): string => {
    const path = newTemporaryPath('.pem');
    writeFileSync(path, ders.map((der) => toPem(der, label)).join(''));
    return path;
  };
  const leaves = chains.map(({ written: { certificates } }) => writePem('CERTIFICATE', certificates.slice(-1)));
  const roots = chains.flatMap(({ written: { certificates } }) => certificates.slice(0, 1));
  const intermediates = chains.flatMap(({ written: { certificates } }) => certificates.slice(1, -1));
  const crls = chains.flatMap(({ written }) => written.crls);
  const { stdout, stderr } = spawnSync(
    'openssl',
    [
      'verify',
      ...[
        '-x509_strict',
        '-policy_check',
        '-policy',
        '2.5.29.32.0',
        '-purpose',
        'sslclient',
        '-attime',
        String(pathNow / 1000),
      ],
      ...(checksCrls ? ['-crl_check_all', '-CRLfile', writePem('X509 CRL', crls)] : []),
      ...['-trusted', writePem('CERTIFICATE', roots), '-untrusted', writePem('CERTIFICATE', intermediates)],
      ...leaves,
    ],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  return leaves.map((leaf) => (stdout.includes(`${leaf}: OK`) ? undefined : findReason(stderr, leaf)));
}

/** The first error between the line that ends the chain before and the line that ends this chain. */
function findReason(stderr: string, leaf: string): string {
  const end = stderr.indexOf(`error ${leaf}: verification failed`);
  const before = stderr.slice(0, Math.max(0, end));
  const own = before.slice(before.lastIndexOf(': verification failed') + 1);
  return /error \d+ at \d+ depth lookup: (.*)/.exec(own)?.[1] ?? 'unreadable';
}
