import type { PathQuestion } from '../certification-path/certification-path.js';
import type { PathLimits } from '../certification-path/path-budget.js';
import type { PathFaultCode } from '../certification-path/path-fault.js';
import { makeWritingKey } from './certificate-writing.js';
import { askNames, askPolicies } from './hostile-extensions.js';
import { askLongList, askManyPoints, askSigners } from './hostile-lists.js';
import { askCrossSigned, askCrowd, askLongChain, askMesh, askSameNameMesh } from './hostile-graphs.js';

/**
 * A question that is expensive to answer on purpose. Each call of `ask` makes new certificates, so that nothing has
 * been verified before.
 */
export interface HostilePath {
  readonly name: string;
  readonly ask: () => PathQuestion;
  readonly expected: 'valid' | PathFaultCode;
  /**
   * Limits that are enough for the answer, for some of the questions. They count operations, so that a test notices
   * growth without a clock.
   */
  readonly suffices?: PathLimits;
}

export const hostilePaths: readonly HostilePath[] = [
  {
    name: 'two CAs, each signed by the other, no anchor',
    ask: askCrossSigned,
    expected: 'path_not_found',
    suffices: { steps: 4, signatures: 4, comparisons: 0 },
  },
  {
    name: 'ten CAs, each signed by every other, no anchor',
    ask: () => askMesh(10, false),
    expected: 'path_budget_exhausted',
  },
  {
    name: 'ten CAs, each signed by every other, an anchor above the last',
    ask: () => askMesh(10, true),
    expected: 'valid',
  },
  {
    name: 'eight keys of one name, each signed by every other',
    ask: () => askSameNameMesh(8),
    expected: 'path_budget_exhausted',
  },
  {
    name: '1,000 issuers of one name, the key identifier points to the last',
    ask: () => askCrowd(1000, 'last'),
    expected: 'valid',
    suffices: { steps: 2, signatures: 2, comparisons: 10 },
  },
  {
    name: '1,000 issuers of one name, the key identifier points to none',
    ask: () => askCrowd(1000, 'none'),
    expected: 'path_budget_exhausted',
  },
  {
    name: '1,000 issuers of one name, the key identifier points to all',
    ask: () => askCrowd(1000, 'all'),
    expected: 'path_budget_exhausted',
  },
  {
    name: '200 issuers of one name with P-521 keys, the key identifier points to none',
    ask: () => askCrowd(200, 'none', 'p-521'),
    expected: 'path_budget_exhausted',
  },
  {
    name: '31 issuers of one name with P-521 keys, the last of them the right one, the key identifier points to none',
    ask: () => askCrowd(31, 'none', 'p-521'),
    expected: 'valid',
  },
  {
    name: '32 issuers of one name with P-521 keys, the last of them the right one, the key identifier points to none',
    ask: () => askCrowd(32, 'none', 'p-521'),
    expected: 'path_budget_exhausted',
  },
  {
    name: '63 issuers of one name, the last of them the right one, the key identifier points to none',
    ask: () => askCrowd(63, 'none'),
    expected: 'valid',
  },
  {
    name: '1,000 name constraints, 100 names',
    ask: () => askNames(1000, 100),
    expected: 'valid',
    suffices: { steps: 2, signatures: 2, comparisons: 2000 },
  },
  {
    name: '10,000 name constraints, 1,000 names',
    ask: () => askNames(10_000, 1000),
    expected: 'valid',
    suffices: { steps: 2, signatures: 2, comparisons: 20_000 },
  },
  { name: '10,000 name constraints, 10,000 names', ask: () => askNames(10_000, 10_000), expected: 'valid' },
  {
    name: '1,000 name constraints on each of 10 CAs, 5,000 names',
    ask: () => askNames(1000, 5000, 10),
    expected: 'path_budget_exhausted',
  },
  {
    name: '30 CAs, 16 policies, each mapped to each',
    ask: () => askPolicies(30, 16, 'each to each'),
    expected: 'valid',
  },
  {
    name: '30 CAs, 16 policies, each mapped to the next',
    ask: () => askPolicies(30, 16, 'each to the next'),
    expected: 'valid',
  },
  { name: '100 CAs in a row', ask: () => askLongChain(100), expected: 'path_length_exceeded' },
  {
    name: 'a CRL of 100,000 entries, not among them',
    ask: () => askLongList(100_000, false),
    expected: 'valid',
    suffices: { steps: 1, signatures: 2, comparisons: 10 },
  },
  {
    name: 'a CRL of 100,000 entries, the last of them',
    ask: () => askLongList(100_000, true),
    expected: 'certificate_revoked',
    suffices: { steps: 1, signatures: 2, comparisons: 10 },
  },
  {
    name: '4,000 names of a distribution point, and a CRL of 21,000',
    ask: () => askManyPoints(4000, 21_000),
    expected: 'valid',
    suffices: { steps: 1, signatures: 2, comparisons: 25_010 },
  },
  {
    name: '4,000 names of a distribution point, and a CRL of 21,000, which somebody else signed',
    ask: () => askManyPoints(4000, 21_000, { signer: makeWritingKey() }),
    expected: 'valid',
    suffices: { steps: 1, signatures: 2, comparisons: 10 },
  },
  {
    name: '20 signers of CRLs that vouch for each other',
    ask: () => askSigners(20, 'required'),
    expected: 'path_budget_exhausted',
  },
  {
    name: '20 signers of CRLs that vouch for each other, information not required',
    ask: () => askSigners(20, 'when-available'),
    expected: 'path_budget_exhausted',
  },
];
