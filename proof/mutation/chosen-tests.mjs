// The tests that may kill a mutant: those of its own package that lead to the chosen files, and the decision vectors.
export const testFolders = {
  x509: ['packages/x509/src', 'conformance/decision'],
  core: [
    'packages/core/src/access',
    'packages/core/src/certificate-header',
    'packages/core/src/trust-snapshot',
    'packages/core/src/trust-store',
    'packages/core/src/front-ends',
    'packages/core/src/hosting',
    'conformance/decision',
  ],
};

const slow = 'it takes seconds, for each mutant that survives';

/** For each test file of those folders that is left out, the reason. */
export const leftOut = {
  'conformance/decision/decision-scenes.test.ts': 'it puts faults into bundles, which the sandbox lacks',
  'packages/core/src/access/hourly-rotation.test.ts': slow,
  'packages/core/src/access/ml-dsa.test.ts': slow,
  'packages/core/src/access/polluted-prototype.test.ts': 'it slows down all that runs after it in the same process',
  'packages/core/src/trust-store/list-arrival.test.ts': slow,
  'packages/core/src/trust-store/refreshing-store-slices.test.ts': 'it counts turns of the event loop',
  'packages/x509/src/certification-path/decoding-differential.test.ts': slow,
  'packages/x509/src/certification-path/openssl-differential.test.ts': slow,
  'packages/x509/src/certification-path/path-mutation.test.ts': slow,
  'packages/x509/src/encoding/shown-text.test.ts': 'it measures the memory of the whole process',
  'packages/x509/src/readme.test.ts': 'it runs the README, with bundles, which the sandbox lacks',
};
