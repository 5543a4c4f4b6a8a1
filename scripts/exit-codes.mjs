// Finds the exit codes of commands that no test has seen. The helpers of tests that run the tool write each exit code and its
// command line into the file that CERTGATE_TEST_EXIT_CODES names.
import { existsSync, readFileSync } from 'node:fs';

/**
 * Exit codes that only a lost race gives. update-trust-document.test.ts and update-register.test.ts lose it, and expect
 * a `conflict`.
 */
const raceLost = /^(?:others kept changing the document|another process took over)/;
/** Exit codes that only the tests of hosts see, because these commands take seconds or need Azurite. */
const seenByHosts = [
  'init 0',
  'init 1',
  'init 2',
  'dev 1',
  'dev 3',
  'gateway 0',
  'app inspect 3',
  'doctor 0',
  'doctor 1',
  'doctor 2',
  'doctor 3',
];

/**
 * The documented exit codes that no test has seen, in the form `trust diff 3`. `--hosts` must see those in
 * `seenByHosts`, and `npm test` all others.
 */
export function findUntestedExitCodes(recordFile, isHosts) {
  const documented = listDocumented();
  const commands = [...documented.keys()];
  const seen = new Set(
    readRuns(recordFile).map(([exitCode, ...words]) => `${findCommand(words, commands)} ${exitCode}`),
  );
  const all = commands.flatMap((command) => documented.get(command).map((exitCode) => `${command} ${exitCode}`));
  const unknown = seenByHosts.filter((each) => !all.includes(each));
  if (unknown.length > 0) throw new Error(`scripts/exit-codes.mjs names no documented code by ${unknown.join(', ')}.`);
  return all.filter((each) => !seen.has(each) && seenByHosts.includes(each) === isHosts);
}

/**
 * The documented exit codes of each command, from the generated tables of docs/commands.md. A test keeps these equal to
 * `--help`.
 */
function listDocumented() {
  const page = readFileSync(new URL('../docs/commands.md', import.meta.url), 'utf8');
  const sections = page.split(/^### certgate /m).slice(1);
  return new Map(
    sections.map((section) => [
      section.slice(0, section.indexOf('\n')),
      [...section.matchAll(/^\| (\d) \| (.*) \|$/gm)]
        .filter(([, , meaning]) => !raceLost.test(meaning))
        .map(([, exitCode]) => exitCode),
    ]),
  );
}

function readRuns(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The longest command with whose words the command line begins. */
function findCommand(words, commands) {
  const fits = commands.filter((command) => command.split(' ').every((word, index) => words[index] === word));
  return fits.toSorted((left, right) => right.length - left.length)[0];
}
