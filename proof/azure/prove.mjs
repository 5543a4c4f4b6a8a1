// `npm run prove -- azure`: deploys the sample into a subscription, finds out what this project does not know about
// Azure, removes the sample, and writes proof/results/azure.json. This costs money: without the flag that says that you
// pay, it only checks and prints what it would create and cost. docs/live-azure.md
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeRun, writeResult } from '../run-record.mjs';
import { creation, Deployment, makeCallers, makePackages } from './deployment.mjs';
import { observeApp } from './observations.mjs';
import { Interrupted, Programs, Stop } from './programs.mjs';
import { checkRegion, checkSubscription, checkTemplate, printCosts } from './preflight.mjs';
import { answerAll, plans } from './questions.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const usage = `Usage: npm run prove -- azure --subscription ID --location REGION [--i-pay-for-this]

  --plan NAME         ElasticPremium or FlexConsumption (repeatable; default: both, one after the other)
  --i-pay-for-this    create the apps; without it, check everything and print what they cost
  --dry-run           print every command and run none of them`;

/**
 * How long to wait, in milliseconds, and how many times. An app and its roles take minutes; a removal takes up to half
 * an hour. `limit` is the longest time until the removal of a plan begins.
 */
const usualWaits = { tries: 40, pause: 20_000, settle: 120_000, limit: 2 * 3_600_000 };
const usual = {
  print: (text) => console.error(text),
  write: (result) =>
    writeResult(
      'azure',
      describeRun('npm run prove -- azure --subscription ID --location REGION --i-pay-for-this'),
      result,
    ),
  sample: join(root, 'examples', 'function-app'),
  waits: usualWaits,
  parser: [process.execPath, join(root, 'scripts', 'run-tool.mjs'), 'queries'],
};

/**
 * @returns {Promise<number>} the exit code: 1 if a part of the run stopped, 2 if nothing was created because the options
 * or a check before it were wrong, 3 if something may be left in the subscription, and 130 if the run was interrupted.
 */
export async function prove(args, { print, write, sample, waits, parser } = usual) {
  const options = readOptions(args);
  if (typeof options === 'string') {
    print(`${options} Nothing was run.\n\n${usage}`);
    return 2;
  }
  const programs = new Programs({ dryRun: options.dryRun, print });
  const interrupt = () => {
    print('Interrupted. What was created is removed now; this can take half an hour.');
    programs.interrupt();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, interrupt);
  const folder = mkdtempSync(join(tmpdir(), 'certgate-proof-'));
  const inputs = { ...options, programs, folder, sample, waits, parser, print };
  const run = { ...inputs, seen: { plans: {} }, left: [], secrets: [options.subscription] };
  let failure;
  try {
    await observe(run);
    for (const command of run.left) print(`REMOVE BY HAND: ${command}`);
    const isWritten = options.isPaid && !options.dryRun && !programs.isInterrupted;
    if (isWritten) print(`Written: ${write(describeResult(run))}`);
  } catch (error) {
    failure = error;
    print(describeStop(error));
    if (isEmpty(run)) print('Nothing was created.');
  } finally {
    rmSync(folder, { recursive: true, force: true });
    for (const signal of signals) process.off(signal, interrupt);
  }
  return chooseExitCode(run, failure);
}

function isEmpty({ seen }) {
  return Object.keys(seen.plans).length === 0;
}

function describeStop({ message, remedy }) {
  return [`Stopped at: ${message.replace(/\.$/, '')}.`, remedy].filter((part) => part !== undefined).join('\n  ');
}

function chooseExitCode(run, failure) {
  if (run.left.length > 0) return 3;
  if (run.programs.isInterrupted) return 130;
  const stopped = Object.values(run.seen.plans).some(({ stoppedAt }) => stoppedAt !== undefined);
  if (failure !== undefined) return isEmpty(run) ? 2 : 1;
  return stopped ? 1 : 0;
}

function readOptions(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        subscription: text,
        location: text,
        plan: { ...text, multiple: true },
        'i-pay-for-this': flag,
        'dry-run': flag,
      },
    }));
  } catch (error) {
    return error.message;
  }
  const { subscription, location, plan: chosen = plans, 'dry-run': dryRun } = values;
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(subscription ?? ''))
    return '--subscription must be the id of a subscription.';
  if (!/^[a-z][a-z0-9]+$/.test(location ?? '')) return '--location must be the name of a region, such as westeurope.';
  const unknown = chosen.find((plan) => !plans.includes(plan));
  if (unknown !== undefined) return `--plan ${unknown} is not known.`;
  return { subscription, location, chosen: [...new Set(chosen)], dryRun, isPaid: values['i-pay-for-this'] };
}

async function observe(run) {
  const { programs, print, secrets, seen, dryRun, isPaid } = run;
  const operator = await checkSubscription(run);
  secrets.push(operator.id, operator.name, operator.tenant);
  await checkRegion(run);
  seen.compiler = await checkTemplate(run, (plan, template) =>
    new Deployment({ ...run, name: 'certgate-proof-check' }).validate(template, chooseValues(plan, operator, run)),
  );
  await printCosts(run, operator);
  if (!dryRun && !isPaid) return print('Nothing was created. To create it, add --i-pay-for-this to the command.');
  const packages = await makePackages(run);
  const trust = await makeCallers(run);
  for (const plan of run.chosen) {
    if (programs.isInterrupted) return;
    await observePlan(plan, { ...run, operator, packages, trust });
  }
}

/** The parameters of the template. */
function chooseValues(plan, operator, { location }) {
  const who = { operatorId: operator.id, operatorType: operator.type };
  return { ...who, location, plan, clientCertMode: 'Required', nodeVersion: '24' };
}

async function observePlan(plan, run) {
  const { programs, print, secrets } = run;
  const name = `certgate-proof-${randomBytes(4).toString('hex')}`;
  const deployment = new Deployment({ ...run, name });
  const seen = { modes: {} };
  run.seen.plans[plan] = seen;
  print(`If this script is killed, remove what it creates by hand:\n  ${deployment.removal.join('\n  ')}`);
  try {
    await programs.limit(run.waits.limit, async () => {
      await createApp(deployment, plan, seen, run);
      await observeApp({ ...run, deployment, seen });
    });
  } catch (error) {
    // The message of any other error may contain a path of this machine or the output of a program, so only its name is
    // kept.
    seen.stoppedAt = error instanceof Stop ? error.message : error.name;
    print(describeStop(error));
  } finally {
    secrets.push(name, ...deployment.names);
    const isRemoved = await deployment.remove().catch((error) => print(error.message));
    if (isRemoved !== true) run.left.push(...deployment.removal);
    else if (!programs.dryRun) print(`Removed: ${deployment.group}.`);
  }
}

async function createApp(deployment, plan, seen, { operator, packages, trust, ...run }) {
  try {
    await deployment.create(join(run.sample, 'infra', 'main.bicep'), chooseValues(plan, operator, run));
    seen.deployment = { status: 0 };
  } catch (error) {
    if (error.step === creation) seen.deployment = error;
    throw error;
  }
  await deployment.uploadTrust(trust);
  await deployment.deployPackage(packages.app);
}

function describeResult({ seen, secrets, location, left }) {
  const answers = answerAll(seen);
  const count = (wanted) => answers.filter(({ answer }) => answer === wanted).length;
  const reports = Object.entries(seen.plans).flatMap(([plan, { modes }]) =>
    Object.entries(modes).map(([mode, { report }]) => ({ plan, mode, counts: report?.counts ?? null })),
  );
  const summary = [
    `${answers.length} answers: ${count('yes')} yes, ${count('no')} no, ${count('cannot tell')} cannot tell.`,
    ...answers.filter(({ answer }) => answer !== 'yes').map(describeAnswer),
  ];
  return redact({ summary, location, removed: left.length === 0, answers, doctor: reports }, secrets);
}

function describeAnswer({ question, plan, mode, answer }) {
  const where = [plan, mode].filter((part) => part !== undefined).join(', ');
  return `${where === '' ? '' : `${where}: `}${question} ${answer}`;
}

/** Texts that az may print about a failure, and that must never be published. */
const neverPublished = [
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi,
  /[\w-]+(?:\.[\w-]+)*\.(?:azurewebsites|windows|azure|microsoft)\.(?:net|com)\b/gi,
  /[0-9a-f]{2}(?:[: ]?[0-9a-f]{2}){19,}/gi,
];

/** The same value, with `secrets` and everything that looks like an id, a host of Azure or a thumbprint removed. */
export function redact(value, secrets) {
  const words = secrets.filter((word) => typeof word === 'string' && word !== '');
  const known = words.map((word) => new RegExp(word.replaceAll(/\W/g, String.raw`\$&`), 'gi'));
  const clean = (text) =>
    [...known, ...neverPublished].reduce((rest, each) => rest.replaceAll(each, '[removed]'), text);
  return JSON.parse(JSON.stringify(value), (_key, part) => (typeof part === 'string' ? clean(part) : part));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await prove(process.argv.slice(2));
