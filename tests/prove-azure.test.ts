import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { until } from '@certgate/x509/test-support/until.js';
import type * as gatewayModule from '../packages/certgate/dist/esm/local/gateway/gateway.js';
import { createAdapterApp } from './test-support/adapter-app.js';
import { collect, root } from './test-support/certgate.js';
import { makeOpensslCertificate } from './test-support/openssl.js';

// Tests `npm run prove -- azure` without Azure: its own code and doctor run for real, against the local front end.
// Stand-ins for az, npm and zip write down how they were called. The stand-in for az keeps its resource group as a
// file.

interface Answer {
  readonly name: string;
  readonly question: string;
  readonly plan?: string;
  readonly mode?: string;
  readonly answer: string;
  readonly evidence: string;
}

interface Result {
  readonly summary: readonly string[];
  readonly removed: boolean;
  readonly answers: readonly Answer[];
}

interface Questions {
  readonly questions: readonly { readonly name: string; readonly question: string }[];
  readonly answerAll: (seen: object) => readonly Answer[];
}

interface Proof {
  readonly redact: (value: object, secrets: readonly string[]) => object;
}

const proofFile = (name: string): string => pathToFileURL(join(root, 'proof', 'azure', name)).href;
const { questions, answerAll } = (await import(proofFile('questions.mjs'))) as Questions;
const { redact } = (await import(proofFile('prove.mjs'))) as Proof;

const subscription = '8a6e0804-2bd0-4672-b79d-d97027f9071a';
const objectId = '3f1c9d52-3f86-4f0e-9f0a-4f2f4a8c2a11';
const paid = ['--subscription', subscription, '--location', 'westeurope', '--i-pay-for-this'];

/**
 * A stand-in for az, which prints what `az … --output json` or `tsv` prints, in the form of Microsoft's documentation
 * and of reports to Microsoft. FAIL and HANG name the command that fails or takes long, and SAYS what the failure
 * prints. A deployment that fails has already created the resource group.
 */
const az = `#!/bin/sh
line="$*"
printf '%s\\n' "$line" >> "$STAGE/calls"
is() { case "$line" in "$1"*) ;; *) return 1 ;; esac }
if is 'deployment sub create'; then : > "$STAGE/group"; fi
if [ -n "$FAIL" ] && is "$FAIL"; then
  printf '%s\\n' "\${SAYS-ERROR: (QuotaExceeded) of ${subscription} at https://func-x.azurewebsites.net}" >&2
  exit 1
fi
# A process that is told to end during a removal waits for it.
if [ -n "$HANG" ] && is "$HANG"; then
  if is 'group delete'; then sleep 1; else sleep 60; fi
fi
case "$line" in
  'storage blob upload'*)
    while [ "$1" != --file ]; do shift; done
    cp "$2" "$STAGE/trust.json" ;;
  'functionapp update'*)
    for word; do
      case "$word" in clientCertMode=*) printf %s "\${word#clientCertMode=}" > "$STAGE/mode" ;; esac
    done ;;
  'group delete'*) [ -n "$KEEPS" ] || rm "$STAGE/group" ;;
  'account show'*) cat "$STAGE/account" ;;
  'account list-locations'*) printf 'northeurope\\nwesteurope\\n' ;;
  'functionapp list-flexconsumption-locations'*) printf '%s\\n' "\${FLEX-westeurope}" ;;
  'rest --method get --url https://prices.azure.com/'*) cat "$STAGE/prices" ;;
  'ad signed-in-user show'*) echo '${objectId}' ;;
  'group exists'*) if [ -e "$STAGE/group" ]; then echo true; else echo false; fi ;;
  'deployment sub show'*) echo Succeeded ;;
  'functionapp show'*) cat "$STAGE/mode" ;;
  'deployment sub create'*) printf '%s\\n' "\${GARBLED-$(sed "s|APP_URL|$APP|" "$STAGE/outputs")}" ;;
esac
`;
const account = {
  environmentName: 'AzureCloud',
  homeTenantId: objectId,
  id: subscription,
  isDefault: true,
  managedByTenants: [],
  name: 'Trials',
  state: 'Enabled',
  tenantId: objectId,
  user: { name: 'ada@example.com', type: 'user' },
};
const priceOf = (productName: string, meterName: string, unitOfMeasure: string, retailPrice: number): object => ({
  currencyCode: 'USD',
  tierMinimumUnits: 0,
  retailPrice,
  unitPrice: retailPrice,
  armRegionName: 'westeurope',
  productName,
  meterName,
  unitOfMeasure,
  serviceName: 'Functions',
  type: 'Consumption',
});
/** A page of Azure's price list. The prices are examples. Flex Consumption has a free amount. */
const prices = {
  BillingCurrency: 'USD',
  Items: [
    priceOf('Premium Functions', 'Premium vCPU Duration', '1 Hour', 0.2),
    priceOf('Premium Functions', 'Premium Memory Duration', '1 GiB Hour', 0.01),
    priceOf('Flex Consumption', 'On Demand Execution Time', '1 GB Second', 0),
    priceOf('Flex Consumption', 'On Demand Execution Time', '1 GB Second', 0.00003),
    priceOf('Flex Consumption', 'Always Ready Execution Time', '1 GB Second', 0.00002),
  ],
  NextPageLink: null,
  Count: 5,
};
/** What Azure answers without quota for a plan. Only the innermost code says so, and "(Minimum)" is not a code. */
const noQuota = `ERROR: ${JSON.stringify({
  code: 'InvalidTemplateDeployment',
  message: 'The template deployment is not valid according to the validation procedure. See inner errors for details.',
  details: [
    {
      code: 'ValidationForResourceFailed',
      message: "Validation failed for a resource. Check 'Error.Details[0]' for more information.",
      details: [
        {
          code: 'SubscriptionIsOverQuotaForSku',
          message:
            'Operation cannot be completed without additional quota. \r\nCurrent Limit (ElasticPremium VMs): 0 \r\n(Minimum) New Limit that you should request to enable this deployment: 1.',
        },
      ],
    },
  ],
})}`;
/**
 * What `az deployment sub create` prints. Azure changes the case of the names. The stand-in for az replaces APP_URL.
 */
const outputs = Object.entries({
  servicE_API_NAME: 'func-x',
  servicE_API_URI: 'APP_URL',
  certgatE_TRUST: 'blob:https://account.blob.core.windows.net/trust/trust.json',
}).map(([name, value]) => [name, { type: 'String', value }] as const);
const npm = `#!/bin/sh
echo "npm $*" >> "$STAGE/calls"
[ "$FAIL" = npm ] && exit 1
mkdir -p deploy
`;
const zip = `#!/bin/sh
echo "zip $*" >> "$STAGE/calls"
[ "$FAIL" != zip ]
`;

interface Stage {
  readonly folder: string;
  readonly calls: () => readonly string[];
  readonly start: (args: readonly string[], environment?: NodeJS.ProcessEnv) => ChildProcess;
  readonly result: () => Result | undefined;
  readonly isGroupThere: () => boolean;
}

function createStage(context: Pick<TestContext, 'after'>): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-prove-azure-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const programs = join(folder, 'bin');
  for (const each of [programs, join(folder, 'sample')]) mkdirSync(each);
  for (const [name, text] of Object.entries({ az, npm, zip })) {
    writeFileSync(join(programs, name), text);
    chmodSync(join(programs, name), 0o755);
  }
  for (const [name, value] of Object.entries({ outputs: Object.fromEntries(outputs), account, prices }))
    writeFileSync(join(folder, name), JSON.stringify(value, undefined, 2));
  const resultFile = join(folder, 'azure.json');
  const script = `import { writeFileSync } from 'node:fs';
    import { prove } from ${JSON.stringify(proofFile('prove.mjs'))};
    process.exitCode = await prove(process.argv.slice(1), {
      print: (text) => console.log(text),
      write: (result) => { writeFileSync(${JSON.stringify(resultFile)}, JSON.stringify(result)); return 'azure.json'; },
      sample: ${JSON.stringify(join(folder, 'sample'))},
      waits: { tries: 3, pause: 300, settle: 0, limit: Number(process.env.LIMIT ?? 7_200_000) },
      parser: JSON.parse(process.env.PARSER ?? '["true"]') });`;
  const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  return {
    folder,
    calls: () => readIfThere(join(folder, 'calls')).split('\n').slice(0, -1),
    start: (args, environment = {}) =>
      spawn(process.execPath, ['--input-type=module', '--eval', script, '--', ...args], {
        env: {
          ...process.env,
          NODE_TEST_CONTEXT: undefined,
          NO_COLOR: '1',
          PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
          STAGE: folder,
          // Nothing listens on this port.
          APP: 'https://localhost:1',
          ...environment,
        },
      }),
    result: () => (existsSync(resultFile) ? (JSON.parse(readFileSync(resultFile, 'utf8')) as Result) : undefined),
    isGroupThere: () => existsSync(join(folder, 'group')),
  };
}

describe('if a flag is missing or wrong,', () => {
  for (const [what, args] of Object.entries({
    'none at all': [],
    'no region': paid.filter((word) => !/location|westeurope/.test(word)),
    'a subscription by its name': ['--subscription', 'ours', ...paid.slice(2)],
    'an unknown plan': [...paid, '--plan', 'Consumption'],
    'an unknown flag': [...paid, '--yes'],
  })) {
    it(`nothing runs: ${what}`, async (context) => {
      const stage = createStage(context);
      const { exitCode, stdout } = await collect(stage.start(args));
      assert.equal(exitCode, 2, stdout);
      assert.match(stdout, /Nothing was run\.\n\nUsage: npm run prove -- azure/);
      assert.deepEqual(stage.calls(), []);
    });
  }
});

it('a dry run prints every az command for both plans, and runs none', async (context) => {
  const stage = createStage(context);
  const { exitCode, stdout } = await collect(stage.start([...paid.slice(0, -1), '--dry-run']));
  assert.equal(exitCode, 0, stdout);
  assert.deepEqual([stage.calls(), stage.result()], [[], undefined]);
  const count = (words: string): number => [...stdout.matchAll(new RegExp(`^  az ${words} `, 'gm'))].length;
  for (const [words, times] of [
    ['deployment sub create', 2],
    ['group delete .* --yes', 2],
    ['functionapp deployment source', 4],
    ...['Required', 'Optional', 'OptionalInteractiveUser'].map(
      (mode) => [`functionapp update --set clientCertEnabled=true --set clientCertMode=${mode}`, 2] as const,
    ),
  ] as const)
    assert.equal(count(words), times, words);
});

const onePlan = [...paid, '--plan', 'FlexConsumption'];

describe('before anything is created,', () => {
  const creates = /^(?:deployment sub create|group|storage|functionapp deployment)/;

  it('the costs and the length are printed, and without the flag the run ends', async (context) => {
    const stage = createStage(context);
    const { exitCode, stdout } = await collect(stage.start(paid.slice(0, -1)));
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^This run creates in westeurope, in the subscription Trials [-0-9a-f]{36}, for each plan:$/m);
    assert.match(stdout, /^ {2}ElasticPremium \(EP1, .*\): USD 0\.235 an hour, USD 0\.59 for 2\.5 hours/m);
    assert.match(stdout, /^ {2}FlexConsumption \(FC1, .*\): USD 0\.216 an hour, USD 0\.54 for 2\.5 hours/m);
    assert.match(stdout, /^Nothing was created\. To create it, add --i-pay-for-this to the command\.$/m);
    assert.deepEqual([stage.calls().filter((call) => creates.test(call)), stage.result()], [[], undefined]);
    // Azure checks each plan.
    assert.equal(stage.calls().filter((call) => call.startsWith('deployment sub validate')).length, 2);
  });

  for (const [what, text] of [
    ['a price list without these meters', JSON.stringify({ Items: prices.Items.slice(1, 2) })],
    ['no price list', ''],
  ] as const) {
    it(`no price is guessed: ${what}`, async (context) => {
      const stage = createStage(context);
      writeFileSync(join(stage.folder, 'prices'), text);
      const { exitCode, stdout } = await collect(stage.start(paid.slice(0, -1)));
      assert.equal(exitCode, 0, stdout);
      assert.equal([...stdout.matchAll(/cannot tell what it costs: https/g)].length, 2);
      assert.doesNotMatch(stdout, /USD/);
    });
  }

  const parser = [process.execPath, join(root, 'scripts', 'run-tool.mjs'), 'queries'];
  for (const [what, environment, message] of [
    ['no login', { FAIL: 'account show', SAYS: "ERROR: Please run 'az login' to setup account." }, /Run `az login`/],
    [
      'an expired login',
      { FAIL: 'account list-locations', SAYS: 'ERROR: AADSTS700082: The refresh token has expired due to inactivity.' },
      /Run `az login`/,
    ],
    [
      'an unknown subscription',
      {
        FAIL: 'account show',
        SAYS: `ERROR: Subscription '${subscription}' not found. Check the spelling and casing and try again.`,
      },
      /Your account does not know the subscription/,
    ],
    ['a disabled subscription', { STATE: 'Disabled' }, /The subscription has the state Disabled\./],
    ['an unknown region', { LOCATION: 'westeurop' }, /The subscription has no region westeurop\./],
    ['a region without the plan', { FLEX: 'eastus' }, /Flex Consumption is not offered in westeurope\./],
    [
      'no quota',
      { FAIL: 'deployment sub validate', SAYS: noQuota },
      /FlexConsumption: exit code 1, SubscriptionIsOverQuotaForSku\.\n {2}The subscription has no quota for this plan here\./,
    ],
    [
      'no role',
      { FAIL: 'deployment sub validate', SAYS: 'ERROR: (AuthorizationFailed) The client does not have authorization.' },
      /Your account lacks a role on the subscription: Owner/,
    ],
    [
      'an alert whose query does not parse',
      { PARSER: JSON.stringify(parser) },
      /^Stopped at: Parsing the alerts' queries with Microsoft's parser: exit code 1\.$/m,
    ],
  ] as const) {
    it(`a message says what to do, and the run ends: ${what}`, async (context) => {
      const stage = createStage(context);
      const { STATE, LOCATION = 'westeurope', ...others } = environment as NodeJS.ProcessEnv;
      if (STATE !== undefined)
        writeFileSync(join(stage.folder, 'account'), JSON.stringify({ ...account, state: STATE }));
      const queries = join(stage.folder, 'sample', 'infra', 'queries');
      mkdirSync(queries, { recursive: true });
      writeFileSync(join(queries, 'wrong.kql'), 'AppTraces | where Mesage == ""');
      const args = onePlan.map((word) => (word === 'westeurope' ? LOCATION : word));
      const { exitCode, stdout } = await collect(stage.start(args, others));
      assert.equal(exitCode, 2, stdout);
      assert.match(stdout, message);
      assert.match(stdout, /^Nothing was created\.$/m);
      assert.deepEqual([stage.calls().filter((call) => creates.test(call)), stage.result()], [[], undefined]);
    });
  }

  it('a missing az is named, with its page', async (context) => {
    const stage = createStage(context);
    rmSync(join(stage.folder, 'bin', 'az'));
    const { exitCode, stdout } = await collect(stage.start(onePlan, { PATH: join(stage.folder, 'bin') }));
    assert.equal(exitCode, 2, stdout);
    assert.match(stdout, /^Stopped at: .*: the program az was not found\. Install it from https:.*azure-cli\.$/m);
  });

  it('the queries of all alerts of the template are in the folder that is parsed', () => {
    const infra = join(root, 'examples', 'function-app', 'infra');
    const template = readFileSync(join(infra, 'monitoring.bicep'), 'utf8');
    const queries = [...template.matchAll(/^ {4}query: (.*)$/gm)].map(([, text = '']) => text);
    assert.ok(queries.length > 0);
    for (const text of queries) {
      const [, file = ''] = /^loadTextContent\('(queries\/[^/']+\.kql)'\)$/.exec(text) ?? [];
      assert.ok(existsSync(join(infra, file)) && file !== '', text);
    }
  });
});

describe('the resource group that the run created is removed', () => {
  for (const [step, isCreated] of [
    ['account show', false],
    ['ad signed-in-user', false],
    ['npm', false],
    ['zip', false],
    ['group exists', false],
    ['deployment sub create', true],
    ['storage blob upload', true],
    ['functionapp deployment source', true],
  ] as const) {
    it(`after a failure of ${step}`, async (context) => {
      const stage = createStage(context);
      const { exitCode, stdout } = await collect(stage.start(onePlan, { FAIL: step }));
      const isTried = isCreated || step === 'group exists';
      assert.equal(exitCode, isTried ? 1 : 2, stdout);
      assert.match(stdout, isTried ? /^Written: /m : /^Nothing was created\.$/m);
      if (isCreated) assert.match(stdout, /^Removed: rg-certgate-proof-[0-9a-f]{8}\.$/m);
      assert.equal(stage.isGroupThere(), false);
      assert.equal(
        stage.calls().some((call) => call.startsWith('group delete')),
        isCreated,
      );
      assert.doesNotMatch(stdout, /REMOVE BY HAND/);
      if (!isCreated) return;
      const { answers = [], removed } = stage.result() ?? {};
      assert.equal(removed, true);
      const wanted = step === 'deployment sub create' ? 'no' : 'yes';
      assert.equal(answers.find(({ name }) => name === 'template-deploys')?.answer, wanted);
      const asked = answers.map(({ question }) => question);
      assert.deepEqual(
        [...new Set(asked)],
        questions.map(({ question }) => question),
      );
      const others = answers.filter(({ name }) => !name.startsWith('template'));
      assert.ok(others.length > 15 && others.every(({ answer }) => answer === 'cannot tell'));
      assert.match(others[0]?.evidence ?? '', /The run stopped at: .*exit code 1, QuotaExceeded/);
    });
  }

  for (const [what, environment, reason] of [
    ['an answer of az that cannot be read', { GARBLED: 'at /home/ada' }, /The run stopped at: SyntaxError\./],
    ['no outputs of the template', { GARBLED: 'null' }, /Stopped at: The deployment has no output SERVICE_API_\w+\./],
    ['empty outputs', { GARBLED: '{}' }, /Stopped at: The deployment has no output SERVICE_API_\w+\./],
    [
      'an output without a value',
      { GARBLED: '{ "SERVICE_API_NAME": {}, "SERVICE_API_URI": { "value": "func-x" } }' },
      /Stopped at: The deployment has no output SERVICE_API_\w+\./,
    ],
    ['an app that never answers', {}, /Stopped at: the allowed caller was not admitted in time/],
  ] as const) {
    it(`after ${what}, and the result does not contain it`, async (context) => {
      const stage = createStage(context);
      const { exitCode, stdout } = await collect(stage.start(onePlan, environment));
      assert.equal(exitCode, 1, stdout);
      assert.match(stdout + JSON.stringify(stage.result()), reason);
      assert.deepEqual([stage.isGroupThere(), stage.result()?.removed], [false, true]);
      assert.doesNotMatch(JSON.stringify(stage.result()), /ada/);
    });
  }

  for (const [signal, step] of [
    ['SIGINT', 'deployment sub create'],
    ['SIGTERM', 'functionapp deployment source'],
    ['SIGINT', 'group delete'],
  ] as const) {
    it(`after ${signal} during ${step}`, async (context) => {
      const stage = createStage(context);
      const child = stage.start(onePlan, { HANG: step });
      const ended = collect(child);
      await until(() => stage.calls().some((call) => call.startsWith(step)));
      child.kill(signal);
      const { exitCode, stdout } = await ended;
      assert.equal(exitCode, 130, stdout);
      assert.equal(stage.isGroupThere(), false);
      assert.ok(stage.calls().some((call) => call.startsWith('deployment sub cancel')));
      assert.equal(stage.result(), undefined);
    });
  }

  it('if the time is over, and the questions stay open', async (context) => {
    const stage = createStage(context);
    const { exitCode, stdout } = await collect(stage.start(onePlan, { HANG: 'deployment sub create', LIMIT: '3600' }));
    assert.equal(exitCode, 1, stdout);
    assert.match(stdout, /^Stopped at: the limit of 0\.001 hours\.$/m);
    assert.deepEqual([stage.isGroupThere(), stage.result()?.removed], [false, true]);
    assert.match(stage.result()?.answers[2]?.evidence ?? '', /The run stopped at: the limit of/);
  });

  it('or the commands that remove it are printed: the removal fails after an interruption', async (context) => {
    const stage = createStage(context);
    const step = 'functionapp deployment source';
    const child = stage.start(onePlan, { HANG: step, KEEPS: '1' });
    const ended = collect(child);
    await until(() => stage.calls().some((call) => call.startsWith(step)));
    child.kill('SIGINT');
    const { exitCode, stdout } = await ended;
    assert.equal(exitCode, 3, stdout);
    assert.match(stdout, /^REMOVE BY HAND: az group delete --name rg-certgate-proof-[0-9a-f]{8} --subscription/m);
  });

  for (const [what, environment, isWritten] of [
    [
      'the removal is refused',
      {
        FAIL: 'group delete',
        SAYS: 'ERROR: (ScopeLocked) The scope cannot perform delete operation.\nCode: ScopeLocked',
      },
      true,
    ],
    ['the group stays', { KEEPS: '1' }, true],
    ['nor can the result be written', { KEEPS: '1' }, false],
  ] as const) {
    it(`or the commands that remove it are printed: ${what}`, async (context) => {
      const stage = createStage(context);
      if (!isWritten) mkdirSync(join(stage.folder, 'azure.json'));
      const { exitCode, stdout } = await collect(stage.start(onePlan, environment));
      assert.equal(exitCode, 3);
      assert.match(stdout, /^REMOVE BY HAND: az group delete --name rg-certgate-proof-[0-9a-f]{8} --subscription/m);
      assert.equal(stage.isGroupThere(), true);
      if (isWritten) assert.equal(stage.result()?.removed, false);
    });
  }

  it('but not if it existed before', async (context) => {
    const stage = createStage(context);
    writeFileSync(join(stage.folder, 'group'), '');
    const { exitCode, stdout } = await collect(stage.start(onePlan));
    assert.equal(exitCode, 1);
    assert.match(stdout, /Stopped at: The resource group rg-certgate-proof-\w+ is there already\./);
    assert.equal(stage.isGroupThere(), true);
  });
});

describe('against the local front end', () => {
  const endings: (() => unknown)[] = [];
  let stage: Stage;
  let environment: NodeJS.ProcessEnv;
  before(async () => {
    const context = { after: (end: () => unknown) => endings.push(end) } as unknown as TestContext;
    stage = createStage(context);
    const trustFile = join(stage.folder, 'trust.json');
    writeFileSync(trustFile, '{ "schemaVersion": 1, "revision": 0, "identities": [] }');
    const app = createAdapterApp(context, {
      'src/index.js': `const { app } = require('@azure/functions');
        const { allowAnonymous, secureApp, trustStoreFrom } = require('@certgate/azure-functions');
        secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST, { refreshIntervalSeconds: 0.05 }) });
        const handler = () => ({ jsonBody: { message: 'The closed function was called.' } });
        app.http('SecuredFunction', { handler });
        app.http('PublicFunction', { handler: allowAnonymous(() => ({ body: 'open' })) });
        app.mcpTool('ProofTool', { toolName: 'proof', description: 'Answers.', toolProperties: {}, handler: () => 'admitted' });`,
    });
    const host = await app.start({
      unsafeDirectHeader: false,
      environment: { CERTGATE_TRUST: trustFile, WEBSITE_INSTANCE_ID: '1' },
    });
    const module = join(root, 'packages/certgate/dist/esm/local/gateway/gateway.js');
    const { startGateway } = (await import(pathToFileURL(module).href)) as typeof gatewayModule;
    const server = makeOpensslCertificate(stage.folder, 'server', 'ec', ['subjectAltName=DNS:localhost']);
    const [certificatePem = '', privateKeyPem = ''] = [server.certificateFile, server.keyFile].map((file) =>
      readFileSync(file, 'utf8'),
    );
    const gateway = await startGateway({
      upstream: new URL(host.url),
      upstreamToken: host.frontEndField,
      clientCertificateMode: 'optional',
      serverCertificate: { certificatePem, privateKeyPem },
    });
    endings.push(() => gateway.close());
    environment = { APP: `https://localhost:${gateway.port}`, NODE_EXTRA_CA_CERTS: server.certificateFile };
  });
  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  for (const [step, answered] of [
    ['functionapp show', []],
    // After the first mode, whose answers stay.
    [
      'functionapp update --set clientCertEnabled=true --set clientCertMode=Optional',
      ['sample-answers', 'mode-enforced'],
    ],
  ] as const) {
    it(`a failure of ${step} is not an answer, and everything is removed`, async () => {
      const { exitCode, stdout } = await collect(stage.start(onePlan, { ...environment, FAIL: step }));
      assert.equal(exitCode, 1, stdout);
      const { answers = [], removed } = stage.result() ?? {};
      assert.deepEqual([removed, stage.isGroupThere()], [true, false]);
      const known = answers.filter(({ answer }) => answer !== 'cannot tell').map(({ name }) => name);
      assert.deepEqual(known, ['template-compiles', 'template-deploys', ...answered]);
      for (const name of ['scm-site-asks', 'excluded-path-as-sent', 'mcp-header'])
        assert.match(
          answers.find((each) => each.name === name)?.evidence ?? '',
          /The run stopped at: (?:Setting|Reading) the mode/,
        );
    });
  }

  it('each question is answered by what was seen, and "cannot tell" if it was not seen', async () => {
    const { exitCode, stdout } = await collect(stage.start([...paid, '--plan', 'ElasticPremium'], environment));
    assert.equal(exitCode, 0, stdout);
    const { answers = [], summary = [], removed } = stage.result() ?? {};
    assert.equal(removed, true);
    const answerOf = (name: string): unknown =>
      Object.fromEntries(
        answers.filter((each) => each.name === name).map(({ mode = 'all', answer }) => [mode, answer]),
      );
    const [all, each] = [
      (answer: string) => ({ all: answer }),
      (Required: string, Optional: string) => ({ Required, Optional, OptionalInteractiveUser: Optional }),
    ];
    const lenient = { Optional: 'yes', OptionalInteractiveUser: 'yes' };
    assert.deepEqual(Object.fromEntries(questions.map(({ name }) => [name, answerOf(name)])), {
      'template-compiles': all('yes'),
      'template-deploys': all('yes'),
      'sample-answers': all('yes'),
      // This front end is always in mode Optional, whatever mode az sets, so no question about Required gets the answer
      // yes.
      'mode-enforced': each('no', 'yes'),
      'forged-header': lenient,
      'forged-header-beside-denied': each('cannot tell', 'yes'),
      'forged-header-spelled': lenient,
      'key-proof-tls-1.2': each('cannot tell', 'yes'),
      'key-proof-tls-1.3': each('cannot tell', 'yes'),
      'browser-asked': { OptionalInteractiveUser: 'yes' },
      'scm-site-asks': all('cannot tell'),
      'excluded-path-as-sent': all('cannot tell'),
      'mcp-header': all('yes'),
    });
    assert.match(summary[0] ?? '', /^\d+ answers: \d+ yes, 1 no, 5 cannot tell\.$/);
    const text = JSON.stringify(stage.result());
    for (const secret of [subscription, objectId, 'ada@example.com', 'localhost', 'func-x', 'certgate-proof-'])
      assert.ok(!text.includes(secret), secret);
    assert.doesNotMatch(text, /[0-9A-F]{40}/i);
  });
});

describe('an answer', () => {
  const finding = (id: string, verdict: string, answer: string, note = ''): object => ({
    id,
    verdict,
    note,
    observations: [{ answer }],
  });
  const ask = (name: string, seen: object): readonly (string | undefined)[] =>
    answerAll({ compiler: { status: 0 }, plans: { FlexConsumption: { modes: {}, ...seen } } })
      .filter((each) => each.name === name)
      .map(({ answer }) => answer);
  const [required, optional] = [
    'It asks, and refuses callers without one before the app (mode Required).',
    'It asks, and lets requests without one reach the app (mode Optional).',
  ];
  const modeSeen = (note: string, verdict = 'holds'): object => finding('client-certificate-mode', verdict, '', note);
  const inMode = (mode: string, ...findings: readonly object[]): object => ({
    modes: { [mode]: { mode, kept: mode, report: { findings } } },
  });
  const inOptional = (...findings: readonly object[]): object => inMode('Optional', modeSeen(optional), ...findings);

  it('about the header is not inferred from a refusal before the app', () => {
    const forged = (verdict: string, answer: string): unknown =>
      ask('forged-header', inOptional(finding('forged-header', verdict, answer)))[0];
    assert.deepEqual(
      [forged('holds', '401'), forged('holds', '403'), forged('fails', '200'), forged('cannot-tell', '503')],
      ['yes', 'cannot tell', 'no', 'cannot tell'],
    );
    for (const answer of ['400', 'TLS alert (ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED)', 'connection closed'])
      assert.equal(forged('holds', answer), 'cannot tell');
    assert.equal(ask('forged-header', inOptional())[0], 'cannot tell');
  });

  it('about a mode that was not in force is never yes, but stays no', () => {
    for (const others of [[], [modeSeen(required)], [modeSeen('It asks.')]]) {
      assert.equal(
        ask('forged-header', inMode('Optional', finding('forged-header', 'holds', '401'), ...others))[0],
        'cannot tell',
      );
      assert.equal(
        ask('forged-header', inMode('Optional', finding('forged-header', 'fails', '200'), ...others))[0],
        'no',
      );
    }
  });

  it('about several probes is yes only if each of them holds', () => {
    const spelled = ['twice', 'case', 'underscore', 'whitespace', 'encoding'].map((each) =>
      finding(`forged-header-${each}`, 'holds', '401'),
    );
    assert.equal(ask('forged-header-spelled', inOptional(...spelled))[0], 'yes');
    assert.equal(ask('forged-header-spelled', inOptional(...spelled.slice(1)))[0], 'cannot tell');
  });

  it('about the mode says no if Azure keeps another one or requests no certificate', () => {
    const judge = (note: string, verdict?: string): unknown =>
      ask('mode-enforced', inMode('Required', modeSeen(note, verdict)))[0];
    assert.deepEqual(
      [judge(required), judge(optional), judge('It asks.'), judge('No handshake asked for a certificate.', 'fails')],
      ['yes', 'no', 'cannot tell', 'no'],
    );
    assert.equal(ask('mode-enforced', { modes: { Required: { mode: 'Required', kept: 'Optional' } } })[0], 'no');
    const unread = { mode: 'Required', report: { findings: [modeSeen(required)] } };
    assert.equal(ask('mode-enforced', { modes: { Required: unread } })[0], 'cannot tell');
  });

  it('about the exclusion requires proof that the exclusion works', () => {
    const exclusion = (excluded: number, closed: number, dotted: number): object => ({
      exclusion: { excluded, closed, dotted },
    });
    assert.deepEqual(ask('excluded-path-as-sent', exclusion(200, 403, 401)), ['yes']);
    assert.deepEqual(ask('excluded-path-as-sent', exclusion(200, 403, 403)), ['no']);
    assert.deepEqual(ask('excluded-path-as-sent', exclusion(200, 403, 404)), ['cannot tell']);
    assert.deepEqual(ask('excluded-path-as-sent', exclusion(403, 403, 403)), ['cannot tell']);
  });

  it('about MCP says no only if an HTTP function of the app admits the same caller', () => {
    const refused = { status: 200, code: 'client_certificate_required', hasRun: false };
    assert.deepEqual(ask('mcp-header', { mcp: { ...refused, isAdmittedByHttp: true } }), ['no']);
    assert.deepEqual(ask('mcp-header', { mcp: { ...refused, isAdmittedByHttp: false } }), ['cannot tell']);
    assert.deepEqual(ask('mcp-header', { mcp: { ...refused, code: 'unavailable', isAdmittedByHttp: true } }), [
      'cannot tell',
    ]);
  });

  it('about the SCM site and browsers is what was seen', () => {
    const kept = 'Required';
    assert.deepEqual(ask('scm-site-asks', { scm: { kept, asks: true, status: 401 } }), ['yes']);
    assert.deepEqual(ask('scm-site-asks', { scm: { kept, asks: false, status: 401 } }), ['no']);
    assert.deepEqual(ask('scm-site-asks', { scm: { kept: undefined, asks: false, status: 401 } }), ['cannot tell']);
    const browser = (browserStatus: number, isAdmitted = true): unknown => {
      const report = { findings: [modeSeen(optional)] };
      const seen = {
        mode: 'OptionalInteractiveUser',
        kept: 'OptionalInteractiveUser',
        browserStatus,
        isAdmitted,
        report,
      };
      return ask('browser-asked', { modes: { OptionalInteractiveUser: seen } })[0];
    };
    assert.deepEqual(
      [browser(200), browser(401), browser(503), browser(401, false)],
      ['yes', 'no', 'cannot tell', 'cannot tell'],
    );
  });
});

it('the published result contains no id, host, thumbprint or name of the run', () => {
  const thumbprint = 'AB:'.repeat(31) + 'CD';
  const text = `(Foo) ${subscription} func-q1.azurewebsites.net account.blob.core.windows.net ${thumbprint} = ${'ab'.repeat(32)} Rg-Mine`;
  assert.deepEqual(redact({ list: [text], count: 1 }, ['rg-mine', '']), {
    list: ['(Foo) [removed] [removed] [removed] [removed] = [removed] [removed]'],
    count: 1,
  });
});
