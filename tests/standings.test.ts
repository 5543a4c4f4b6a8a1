import { it } from 'node:test';
import * as core from '@certgate/core/internal';
import { expectStandings } from '@certgate/core/test-support/standing-property.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

// This import leads to the bundle, in which a table may run before the functions that it names are there.
it('in the bundle too, what a document says of its entries is what the gate answers', async () => {
  await expectStandings(core, countRuns(40));
});
