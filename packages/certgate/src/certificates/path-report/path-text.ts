// path-report/: the certification paths that a validator tried, for people.

import colors from 'picocolors';
import { escapeControls } from '../../texts/safe-text.js';
import type { ReportedCheck, ReportedEvidence, ReportedPath } from './reported-path.js';

/** A CA with hundreds of cross-certificates would fill the screen. `--json` lists all paths. */
const maximumPaths = 20;

const marks = { passed: colors.green('✓'), failed: colors.red('✗'), unknown: colors.yellow('!') } as const;

const roles = {
  'trust-anchor': 'trust anchor',
  intermediate: 'CA',
  'end-entity': 'certificate',
  'crl-signer': 'CRL signer',
} as const;

/**
 * Describes the first paths, each with the checks that did not pass and the evidence of revocation. An empty line
 * separates the paths.
 */
export function formatPaths(paths: readonly ReportedPath[]): readonly string[] {
  const shown = paths
    .slice(0, maximumPaths)
    .flatMap((path, index) => [...(index === 0 ? [] : ['']), ...formatPath(path, index + 1)]);
  const more = paths.length - maximumPaths;
  return more > 0 ? [...shown, '', `… and ${more} more; --json lists all of them`] : shown;
}

function formatPath(path: ReportedPath, number: number): readonly string[] {
  const { certificates, reachesTrustAnchor } = path;
  const checks = path.checks.filter(({ verdict, revocation }) => verdict !== 'passed' || revocation.length > 0);
  const names = certificates.map(({ subject }) => subject || '(no subject)').join(' → ');
  const title = reachesTrustAnchor
    ? `Path ${number}: ${names}`
    : `Path ${number}, which reaches no trust anchor: … → ${names}`;
  const ofCertificates = certificates.flatMap(({ subject, role, notBefore, notAfter }, index) => {
    const own = checks.filter(({ certificate }) => certificate === index);
    if (own.length === 0) return [];
    return [`  ${roles[role]} ${escapeControls(subject)}, ${notBefore} to ${notAfter}`, ...own.flatMap(formatCheck)];
  });
  const ofPath = checks.filter(({ certificate }) => certificate === null);
  return [
    escapeControls(title),
    ...ofCertificates,
    ...(ofPath.length === 0 ? [] : ['  the whole path', ...ofPath.flatMap(formatCheck)]),
  ];
}

function formatCheck({ check, verdict, code, detail, revocation }: ReportedCheck): readonly string[] {
  const reason = code === null ? (detail ?? '') : `${code}: ${detail ?? ''}`;
  return [
    `    ${marks[verdict]} ${escapeControls(`${(check === 'certificate' ? 'profile' : check).padEnd(13)}${reason}`.trimEnd())}`,
    ...revocation.map((evidence) => `        ${escapeControls(formatEvidence(evidence))}`),
  ];
}

function formatEvidence({ source, file, crlNumber, thisUpdate, nextUpdate, status, detail }: ReportedEvidence): string {
  const number = crlNumber === null ? '' : ` ${crlNumber}`;
  const what = source === 'crl' ? `list${number}` : 'OCSP answer';
  const from = file === null ? '' : ` in ${file}`;
  const said = detail === null ? status : `${status}: ${detail}`;
  return `${what}${from}, ${thisUpdate} to ${nextUpdate ?? 'no end'}: ${said}`;
}
