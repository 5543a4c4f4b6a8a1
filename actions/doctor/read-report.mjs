// Writes the counts of doctor's report to the outputs of the step. Prints the unanswered probes that a deployment must
// not leave open: whether the app refuses callers without a certificate, and callers with a header that they wrote
// themselves.
import { appendFileSync, readFileSync } from 'node:fs';

const { findings } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const listIds = (wanted) => findings.filter(({ verdict }) => verdict === wanted).map(({ id }) => id);
const unknown = listIds('cannot-tell');
appendFileSync(process.env.GITHUB_OUTPUT, `failed=${listIds('fails').length}\ncannot-tell=${unknown.length}\n`);
console.log(unknown.filter((id) => id === 'no-certificate' || id.startsWith('forged-')).join(' '));
