import { it } from 'node:test';
import * as core from '@certgate/core/internal';
import { expectStandings } from '@certgate/core/test-support/standing-property.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

// This import leads to the bundle. There, code of a table may run before the functions that the table names exist.
it("in the bundle too, the gate answers as the document's entries are described", async () => {
  await expectStandings(core, countRuns(40));
});
