import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { type AppFiles, createAdapterApp } from './test-support/adapter-app.js';
import {
  type Ended,
  collect,
  root,
  runCertgate,
  runProgram,
  startCertgate,
  waitForReady,
} from './test-support/certgate.js';
import { makeOpensslCertificate } from './test-support/openssl.js';

// Tests that the outputs of commands on pages of docs/ are what the commands print today.

const appFile = (name: string, more: string): string => `
const { app } = require('@azure/functions');
const { allowAnonymous, requireRole } = require('@certgate/azure-functions');
const methods = ['GET', 'POST'];
const handler = () => ({ body: 'ok' });
app.http('${name}', { methods, authLevel: 'anonymous', ${more} });
`;
const gate = `
const { app } = require('@azure/functions');
const { secureApp, trustStoreFrom } = require('@certgate/azure-functions');
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
`;
const settings = JSON.stringify({ IsEncrypted: false, Values: { CERTGATE_TRUST: '.certgate/trust.json' } });
const bundle = '{ "id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)" }';
const common: AppFiles = {
  'host.json': `{ "version": "2.0", "extensionBundle": ${bundle} }`,
  'local.settings.json': settings,
  'src/index.js': gate,
};
const tool = join(root, 'packages', 'certgate', 'bin', 'certgate.js');

/** The functions of examples/function-app. */
const sample: AppFiles = {
  ...common,
  'src/functions/PublicFunction.js': appFile('PublicFunction', 'handler: allowAnonymous(handler)'),
  'src/functions/RoleFunction.js': appFile('RoleFunction', "handler: requireRole('operator', handler)"),
  'src/functions/SecuredFunction.js': appFile('SecuredFunction', 'handler'),
};
/** The functions of examples/mcp-server. */
const mcpServer: AppFiles = {
  ...common,
  'src/functions/tools.js': `
const { app } = require('@azure/functions');
const { allowAnonymous, getClientIdentity, requireRole } = require('@certgate/azure-functions');
const order = [{ propertyName: 'order', propertyType: 'string', description: 'Its number.', isRequired: true }];
const tool = (toolName, handler, toolProperties = order) => ({ toolName, description: 'd', toolProperties, handler });
app.mcpTool('CancelOrder', tool('cancel_order', requireRole('orders.cancel', () => 'Cancelled.')));
app.mcpTool('OpeningHours', tool('opening_hours', allowAnonymous(() => 'Always.'), []));
app.mcpTool('OrderStatus', tool('order_status', (call, context) =>
  'Order ' + call.arguments.order + ' is on its way, ' + getClientIdentity(context).name + '.'));
`,
};

/** The page's code blocks in a language. Outputs have no language. Blocks in numbered steps lose their indentation. */
function readOutputs(page: string, wanted = ''): readonly string[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
    .replaceAll('\r\n', '\n')
    .replaceAll(/^ {3}/gm, '');
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].flatMap(([, language, code = '']) =>
    language === wanted ? [code] : [],
  );
}

function expectShown(page: string, output: string): void {
  const outputs = readOutputs(page);
  assert.ok(
    outputs.includes(output.trim()),
    `${page} does not show:\n${output.trim()}\n\nIt shows:\n${outputs.join('\n\n')}`,
  );
}

/** Replaces values that differ with each start by those that the page shows. */
function fix(text: string, page: string): string {
  const shown = readOutputs(page).join('\n');
  const take = (pattern: RegExp): string => pattern.exec(shown)?.[0] ?? 'not shown';
  return text
    .replaceAll(/https:\/\/localhost:\d+/g, 'https://localhost:7443')
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+\/#token=\S+/g, 'http://127.0.0.1:7444/#token=…')
    .replaceAll(/^ {2}certgate /gm, '  npx --no-install certgate ')
    .replaceAll(/[0-9A-F]{64}/g, take(/[0-9A-F]{64}/))
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, take(/[0-9a-f]{8}-[0-9a-f-]{27}/));
}

async function prepare(context: TestContext, files: AppFiles): Promise<string> {
  const { folder } = createAdapterApp(context, files);
  const { exitCode, stderr } = await runCertgate(['dev', '--once'], { cwd: folder });
  assert.equal(exitCode, 0, stderr);
  return folder;
}

describe('docs/app-inspect.md', () => {
  it('shows what the command prints about the sample, about changes, and about code that depends on where it runs', async (context) => {
    const folder = await prepare(context, sample);
    const inspect = async (...more: string[]): Promise<string> =>
      (await runCertgate(['app', 'inspect', ...more], { cwd: folder })).stdout;
    expectShown('app-inspect.md', await inspect());

    await inspect('--write-baseline');
    const change = (name: string, more: string): void => {
      writeFileSync(join(folder, 'src/functions', `${name}.js`), appFile(name, more));
    };
    change('RoleFunction', 'handler: allowAnonymous(handler)');
    change('SecuredFunction', "route: 'orders', handler");
    expectShown('app-inspect.md', afterLastBlank(await inspect()));

    change('SecuredFunction', 'handler: process.env.WEBSITE_SITE_NAME ? allowAnonymous(handler) : handler');
    await inspect('--write-baseline');
    const azure = /^As in Azure: .*\n([\s\S]*?)\n\n/m.exec(await inspect('--as-in-azure'))?.[1] ?? '';
    expectShown('app-inspect.md', azure);
  });
});

describe('docs/local-development.md', () => {
  it('shows what certgate dev prints for the sample', async (context) => {
    const folder = await prepare(context, sample);
    const ports = ['--port', '0', '--host-port', '0', '--inspector-port', '0'];
    const dev = startCertgate(['dev', ...ports], { cwd: folder });
    const ended = collect(dev);
    await waitForReady(dev);
    dev.kill('SIGTERM');
    expectShown('local-development.md', fix((await ended).stdout, 'local-development.md'));
  });
});

describe('docs/agents.md', () => {
  it('shows what a check and calls print for the example', async (context) => {
    const folder = await prepare(context, mcpServer);
    const { stdout: table } = await runCertgate(['dev', '--once'], { cwd: folder });
    expectShown('agents.md', table.slice(table.indexOf('┌')));

    const dev = startCertgate(['dev', '--port', '0', '--host-port', '0', '--no-inspector'], { cwd: folder });
    const ended = collect(dev);
    try {
      const url = (await waitForReady(dev)).split(' ')[1] ?? '';
      const call = async (...more: string[]): Promise<string> => {
        const tool = ['--mcp-tool', 'order_status', '--mcp-arguments', '{"order":"7"}'];
        const server = ['--cacert', '.certgate/gateway.crt.pem'];
        const { stdout, stderr } = await runCertgate(['call', url, ...tool, ...more, ...server], { cwd: folder });
        return fix(`${stderr.trim()}\n${stdout.trim()}`, 'agents.md');
      };
      const allowed = ['--certificate', '.certgate/allowed.pfx', '--password-file', '.certgate/password.txt'];
      expectShown('agents.md', await call(...allowed));
      expectShown('agents.md', await call());
    } finally {
      dev.kill('SIGTERM');
      await ended;
    }
  });
});

describe('docs/trust-administration.md', () => {
  it('shows what explain prints about a caller without the role', async (context) => {
    const { folder, run } = prepareTrust(context);
    makeOpensslCertificate(folder, 'billing', 'ec');
    await run('init', '--reason', 'first callers');
    const about = ['--role', 'orders.read', '--owner', 'payments team', '--reason', 'monthly invoices'];
    await run('add', 'billing', '--certificate', 'billing.crt.pem', ...about);
    const asked = ['--certificate', 'billing.crt.pem', '--function', 'CancelOrder', '--requires-role', 'orders.write'];
    const { stdout } = await run('explain', ...asked);
    const page = 'trust-administration.md';
    const [shown] = readOutputs(page);
    assert.equal(hideTimes(shown ?? ''), hideTimes(fix(stdout, page).trim()));
  });
});

describe('docs/from-pins-to-a-ca.md', () => {
  it("shows a CSV with the template's header, which can be imported unchanged", async (context) => {
    const { folder, run } = prepareTrust(context);
    makeOpensslCertificate(folder, 'billing', 'ec');
    const [csv = ''] = readOutputs('from-pins-to-a-ca.md');
    writeFileSync(join(folder, 'callers.csv'), csv);
    const { stdout: template } = await runCertgate(['trust', 'import', '--print-template']);
    assert.equal(csv.split('\n')[0], template.split(/\r?\n/)[0]);
    await run('init', '--reason', 'first callers');
    const imported = await run('import', '--from', 'callers.csv', '--reason', 'partners of 2027');
    assert.match(imported.stdout, /^Imported 2 certificates for 2 identities from callers\.csv\.$/m);
  });

  it('has a command line that imports the callers of an API Management policy, and nothing else from it', async (context) => {
    const { folder, run } = prepareTrust(context);
    const made = ['billing', 'reports', 'backend'].map((name) => makeOpensslCertificate(folder, name, 'ec'));
    const [billing, reports, backend] = made.map(
      ({ certificateFile }) => new X509Certificate(readFileSync(certificateFile)).fingerprint,
    );
    mkdirSync(join(folder, 'certificates'));
    copyFileSync(join(folder, 'billing.crt.pem'), join(folder, 'certificates', 'billing.crt.pem'));
    writeFileSync(
      join(folder, 'policy.xml'),
      `<policies><inbound><validate-client-certificate validate-trust="true"><identities>
        <identity issuer-thumbprint="${backend}"\r\n\tthumbprint="${billing?.replaceAll(':', '').toLowerCase()}" />
        <identity thumbprint = '${reports}' common-name='a "b"'></identity><identity subject="CN=x" />
      </identities></validate-client-certificate><authentication-certificate thumbprint="${backend}" /></inbound></policies>`,
    );
    await run('init', '--reason', 'first callers');
    const line = readOutputs('from-pins-to-a-ca.md', 'sh').find((code) => code.includes('policy.xml')) ?? '';
    const shell = `certgate() { "${process.execPath}" "${tool}" "$@"; }\n${line.replace(' --dry-run', ' --json')}`;
    const { exitCode, stdout, stderr } = await runProgram('sh', ['-eu', '-c', shell], { cwd: folder });
    assert.equal(exitCode, 0, stdout + stderr);
    const { added } = JSON.parse(stdout) as {
      readonly added: readonly { readonly pin: Readonly<Record<string, string>> }[];
    };
    assert.deepEqual(
      added.map(({ pin }) => pin['thumbprintSha256'] ?? pin['thumbprintSha1']),
      [made[0]?.thumbprintSha256, reports].map((thumbprint) => thumbprint?.replaceAll(':', '')),
    );
  });
});

interface TrustFolder {
  readonly folder: string;
  readonly run: (verb: string, ...args: readonly string[]) => Promise<Ended>;
}

function prepareTrust(context: TestContext): TrustFolder {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-samples-'));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    run: (verb, ...args) => runCertgate(['trust', verb, ...args, '--store', 'file:trust.json'], { cwd: folder }),
  };
}

function hideTimes(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}

function afterLastBlank(text: string): string {
  return text.trim().split('\n\n').at(-1) ?? '';
}
