import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ValidationProfile } from '@certgate/x509/path';
import { type Deviation, compareWithDeviations, readDeviations } from './deviations.js';
import { findSuites } from './find-suites.js';
import { judgeCase } from './judge-case.js';
import { type SuiteReport, formatJson, formatReport } from './report.js';
import { type Suite, SuiteError } from './suite.js';

const help = `Runs published path-validation suites against Certgate's validator.

npm run conformance -- --data PATH [--data PATH …] [--deviations FILE …] [--profile strict|rfc5280] [--only TEXT] [--json]

  --data        a suite's file, or a folder that holds suites: NIST PKITS or OCSP responses as tests.json with its files
                beside it, or x509-limbo's limbo.json; conformance/README.md says where they come from
  --deviations  further named deviations, beside conformance/deviations.json
  --profile     otherwise rfc5280 for PKITS and OCSP, strict for x509-limbo
  --only        only cases whose id contains the text
  --json        the results as JSON

Exit codes:
  0  every result is the expected one, or a deviation on the list
  1  a result differs, or a listed deviation no longer happens
  2  the run could not be made: no data, unreadable data, a wrong option
`;

const ownDeviations = fileURLToPath(new URL('../deviations.json', import.meta.url));

export interface ConformanceRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs what `npm run conformance` does with these arguments. */
export function runConformance(args: readonly string[]): ConformanceRun {
  try {
    return run(args);
  } catch (error) {
    if (!(error instanceof SuiteError) && !isUsageError(error)) throw error;
    return { exitCode: 2, stdout: '', stderr: `${error.message}\n` };
  }
}

function run(args: readonly string[]): ConformanceRun {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string', multiple: true, default: [] },
      deviations: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { exitCode: 0, stdout: help, stderr: '' };
  if (values.data.length === 0) return { exitCode: 2, stdout: '', stderr: help };
  const profile = readProfile(values.profile);
  const deviations = [ownDeviations, ...values.deviations].flatMap(readDeviations);
  const reports = values.data
    .flatMap((path) => findSuites(path, profile))
    .map((suite) => runSuite(suite, deviations, values.only));
  if (reports.every(({ results }) => results.length === 0)) throw new SuiteError('There is no case to run.');
  const isAsListed = reports.every(
    ({ comparison: { unexplained, stale } }) => unexplained.length === 0 && stale.length === 0,
  );
  const stdout = values.json ? formatJson(reports, isAsListed) : reports.map(formatReport).join('\n');
  return { exitCode: isAsListed ? 0 : 1, stdout, stderr: '' };
}

function runSuite(suite: Suite, deviations: readonly Deviation[], only: string): SuiteReport {
  const results = suite.cases.filter(({ id }) => id.includes(only)).map((case_) => judgeCase(case_, suite.profile));
  return { suite, results, comparison: compareWithDeviations(suite, results, deviations) };
}

function readProfile(text: string | undefined): ValidationProfile | undefined {
  if (text === undefined || text === 'strict' || text === 'rfc5280') return text;
  throw new SuiteError(`--profile ${text}: there are strict and rfc5280.`);
}

function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
