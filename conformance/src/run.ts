import { runConformance } from './run-conformance.js';

// The program of `npm run conformance`.
const { exitCode, stdout, stderr } = runConformance(process.argv.slice(2));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
