import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import type { InvocationContext } from '@azure/functions';
import {
  type Decision,
  type TrustStoreWarning,
  decideAccess,
  denialCodes,
  deny,
  getPublicCode,
  getPublicStatus,
  getSteps,
  parseTrustDocument,
  problemTypePrefix,
  requestSteps,
} from '@certgate/core/internal';
import * as http from '@certgate/http';
import ts from 'typescript';
import type * as decisionLogModule from '../packages/core/dist/esm/log/decision-log.js';
import type * as expiryLogModule from '../packages/core/dist/esm/log/expiry-log.js';
import type * as revocationLogModule from '../packages/core/dist/esm/log/revocation-log.js';
import type * as startLogModule from '../packages/core/dist/esm/log/start-log.js';
import type * as statusLogModule from '../packages/core/dist/esm/log/status-log.js';
import type * as suppressedDenialsModule from '../packages/core/dist/esm/log/suppressed-denials.js';
import type * as trustLogModule from '../packages/core/dist/esm/log/trust-log.js';
import type { CheckFinding } from '../packages/certgate/dist/esm/trust/check/check-finding.js';
import type * as gatewayExchangeModule from '../packages/certgate/dist/esm/local/gateway/exchange/gateway-exchange.js';
import { azuriteFolder, installAzurite } from './test-support/azurite.js';
import { root, runCertgateHere } from './test-support/certgate.js';
import { makeOpensslCertificate, makePublicCertificate } from './test-support/openssl.js';

// Compares the documentation with the code: pages must list everything that exists, and nothing else.

interface Page {
  /** The page's path relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

interface SideBar {
  readonly sideBar: readonly { readonly pages: readonly string[] }[];
  readonly movedPages: Readonly<Record<string, string>>;
}

interface StartPage {
  readonly makeStartPage: (readme: string, description: string) => string;
}

interface CodeBlock {
  readonly page: string;
  readonly language: string;
  readonly code: string;
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;
const pages: readonly Page[] = listPages();

/** The codes of the two types, as values. The compiler reports a missing code and a code that does not exist. */
const checkCodes: Readonly<Record<CheckFinding['code'], true>> = {
  document_locked: true,
  identity_without_pins: true,
  identity_without_usable_pins: true,
  identity_ended: true,
  identity_ends_soon: true,
  pin_ended: true,
  pin_ends_soon: true,
  pin_window_dead: true,
  pin_not_begun: true,
  pin_without_end: true,
  pin_sha1: true,
  pin_denied: true,
  pin_certificate_unfit: true,
  pin_accepts_without_client_auth: true,
  client_auth_ends_at_renewal: true,
  name_under_wildcard: true,
  authority_unused: true,
  authority_without_revocation: true,
  revocation_without_source: true,
  revocation_list_undeployed: true,
  authority_without_usable_anchor: true,
  authority_certificate_ended: true,
  authority_certificate_ends_soon: true,
  authority_certificate_not_begun: true,
  authority_certificate_denied: true,
  authority_constraint_with_leading_dot: true,
  authority_certificate_unfit: true,
  name_not_permitted: true,
  revocation_list_unusable: true,
  revocation_list_ended: true,
  revocation_list_ends_soon: true,
  revocation_responder_unusable: true,
  revocation_responder_not_asked: true,
  hash_in_two_kinds: true,
  names_look_alike: true,
};
const warningCodes: Readonly<Record<TrustStoreWarning['code'], true>> = {
  document_locked: true,
  pin_sha1: true,
  pin_accepts_without_client_auth: true,
  identity_without_pins: true,
  authority_unused: true,
  authority_without_revocation: true,
  revocation_without_source: true,
  revision_reused: true,
};
/**
 * Matches snippets that other tests compile and run: app-shapes.test.ts those for Durable Functions, and
 * http-hosts.test.ts those that are whole servers of examples/http-hosts.
 */
const importsUninstalled = / from '(?:durable-functions|fastify|hono)';/;
const codeBlocks: readonly CodeBlock[] = pages.flatMap(listCodeBlocks);

describe('docs/errors.md', () => {
  it('has an entry for every precise code with its status and public code, in the order of the table', () => {
    const section = getSection('docs/errors.md', 'Every precise code');
    const listed = readRows(section, /^#### `(\w+)`\n\n(\d{3}) `(\w+)`$/gm).map(([, ...row]) => row.join(' '));
    assert.deepEqual(
      listed,
      denialCodes.map((code) => `${code} ${getPublicStatus(code)} ${getPublicCode(code)}`),
    );
  });

  it('has the codes of one step in one section', () => {
    const sections = getSection('docs/errors.md', 'Every precise code').split(/^### /m);
    const sectionOf = (code: string): number => sections.findIndex((text) => text.includes(`\n#### \`${code}\`\n`));
    for (const step of requestSteps) {
      const codes = denialCodes.filter((code) => getSteps(code)[0] === step && getSteps(code).length === 1);
      assert.ok(new Set(codes.map(sectionOf)).size <= 1, `${step} in several sections: ${codes.join(', ')}`);
    }
  });

  it('has a finding for every code that trust check may report, and marks those that the app logs', () => {
    const section = getSection('docs/errors.md', 'Findings of trust check');
    const rows = readRows(section, /^\| `(\w+)` \| (?:error|warning|information) \| (yes)? ?\|/gm);
    assert.deepEqual(sortTexts(rows.map(([, code = '']) => code)), sortTexts(Object.keys(checkCodes)));
    const logged = rows.flatMap(([, code = '', isLogged]) => (isLogged === undefined ? [] : [code]));
    // `revision_reused` is not a fault of a single document, so `trust check` does not report it.
    assert.deepEqual(sortTexts([...logged, 'revision_reused']), sortTexts(Object.keys(warningCodes)));
  });

  it('lists every answer that the gateway gives itself, with its status, and no other', async () => {
    const { gatewayAnswers } = (await importBuilt(
      'certgate',
      'local/gateway/exchange/gateway-exchange.js',
    )) as GatewayExchangeModule;
    const section = getSection('docs/errors.md', "The local gateway's own answers");
    const rows = readRows(section, /^\| `([a-z0-9-]+)` \| (\d{3}) \|/gm);
    const actual = Object.entries(gatewayAnswers).map(([answer, { status }]) => [answer, status]);
    assert.deepEqual(sortRows(rows.map(([, answer, status]) => [answer, Number(status)])), sortRows(actual));
  });
});

describe('docs/log-fields.md', () => {
  it('lists the keys of each line as the adapter writes them, and no other', async (context) => {
    const lines = await writeLines(context);
    for (const event of ['decision', 'start', 'trust', 'expiry', 'renewal', 'revocation', 'status', 'suppressed']) {
      const written = new Set(lines.filter((line) => line['event'] === event).flatMap((line) => Object.keys(line)));
      assert.deepEqual(sortTexts(listKeys(event)), sortTexts(written), event);
    }
  });

  it('lists the codes of the other lines, and no other', async (context) => {
    const { startCodes } = (await importBuilt('core', 'log/start-log.js')) as StartLogModule;
    const section = getSection('docs/log-fields.md', 'The other lines');
    const rows = readRows(section, /^\| `(start|trust|expiry|renewal|revocation)` \| `(\w+)` \|/gm);
    const written = (await writeLines(context))
      .filter(({ event }) => ['trust', 'expiry', 'renewal', 'revocation'].includes(String(event)))
      .map(({ event, code }) => `${String(event)} ${String(code)}`);
    const denied = startCodes.filter((code) => denialCodes.some((each) => each === code));
    const sentence = section.split('\n').find((line) => line.startsWith('A `start` line can also have')) ?? '';
    for (const code of denied) assert.ok(sentence.includes(`\`${code}\``), code);
    assert.deepEqual(
      sortTexts(rows.map(([, event = '', code = '']) => `${event} ${code}`)),
      sortTexts(
        new Set([...startCodes.filter((code) => !denied.includes(code)).map((code) => `start ${code}`), ...written]),
      ),
    );
  });

  it('shows only lines that are JSON, with keys and codes of the tables', () => {
    const lines = getPage('docs/log-fields.md').match(/^\{"certgate":.*$/gm) ?? [];
    assert.ok(lines.length >= 9);
    const pagesWithCodes = getPage('docs/log-fields.md') + getPage('docs/errors.md');
    for (const line of lines) {
      const { event, code, ...rest } = JSON.parse(line) as Record<string, unknown>;
      const listed = new Set(listKeys(String(event)));
      for (const key of Object.keys(rest)) assert.ok(listed.has(key), `${key} in ${line}`);
      if (event !== 'status' && event !== 'suppressed') assert.ok(pagesWithCodes.includes(`\`${String(code)}\``), line);
    }
  });
});

describe('docs/architecture.md', () => {
  const section = getSection('docs/architecture.md', 'The path of a request');
  it('lists the steps in the order in which they run, and the denials that each may report', () => {
    const rows = readRows(section, /^\| \d+ \| `([a-z-]+)` \| .* \| (.*) \|$/gm);
    assert.deepEqual(
      rows.map(([, step]) => step),
      requestSteps,
    );
    for (const [, step = '', denials = ''] of rows) {
      const listed = [...denials.matchAll(/`(\w+)`/g)].map(([, code]) => code);
      const allowed = denialCodes.filter((code) => getSteps(code).some((each) => each === step));
      assert.deepEqual(listed, allowed, step);
    }
  });

  it('names every denial that no step reports', () => {
    for (const code of denialCodes.filter((each) => getSteps(each).length === 0))
      assert.ok(section.includes(`\`${code}\``));
  });
});

it('the problem type of a refusal is written only once in the sources, and pages show it with the public codes', () => {
  const places = listFiles(root)
    .filter((path) => /\.(?:[cm]?[jt]sx?|py|go|cs|kql|bicep)$/.test(path) && !/\.test\.ts$|test-support/.test(path))
    .filter((path) => readFileSync(join(root, path), 'utf8').includes(problemTypePrefix));
  assert.deepEqual(places, ['packages/core/src/denial.ts']);
  const codes = new Set<string>(denialCodes.map(getPublicCode));
  const shown = pages.flatMap(({ text }) => [...text.matchAll(/"type": ?"(urn:[^"]+)"/g)].map(([, type = '']) => type));
  assert.ok(shown.length > 0);
  for (const type of shown) {
    assert.ok(type.startsWith(problemTypePrefix), type);
    assert.ok(codes.has(type.slice(problemTypePrefix.length)), type);
  }
});

const { repository } = JSON.parse(readFileSync(join(root, 'release.json'), 'utf8')) as { readonly repository: string };
const repositoryPages = `${repository}/blob/main/`;

describe('every page', () => {
  it('is in the side bar of the site, once', async () => {
    const { sideBar, movedPages } = (await import(pathToFileURL(join(root, 'site', 'side-bar.mjs')).href)) as SideBar;
    const listed = sideBar.flatMap((group) => group.pages).filter((name) => name !== 'api/index');
    const known = readdirSync(join(root, 'docs')).flatMap((name) => /^(.+)\.md$/.exec(name)?.[1] ?? []);
    assert.deepEqual(sortTexts(listed), sortTexts([...known, 'overview', 'security', 'contributing', 'changelog']));
    assert.deepEqual(
      Object.keys(movedPages).filter((name) => known.includes(name)),
      [],
    );
  });

  it('has the parts of the start page if it is README', async () => {
    const { makeStartPage } = (await import(pathToFileURL(join(root, 'site', 'start-page.mjs')).href)) as StartPage;
    const startPage = makeStartPage(readFileSync(join(root, 'README.md'), 'utf8'), 'One sentence.');
    for (const part of ['text: One sentence.', 'secureApp(app', '[![The inspector', '](docs/quick-start.md)'])
      assert.ok(startPage.includes(part), part);
  });

  it('is short enough that all pages together can be kept up to date', () => {
    execFileSync(process.execPath, [join(root, 'scripts', 'count-words.mjs')]);
  });

  it('links only to files and headings that exist', () => {
    const links = pages.flatMap(({ path, text }) =>
      [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ path, target })),
    );
    assert.ok(links.length > 50);
    for (const { path, target: written } of links) {
      // The pages of npm packages link to this repository, because npm shows them outside of it.
      const target = written.replace(repositoryPages, '/');
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', heading] = target.split('#');
      const folder = file.startsWith('/') ? root : join(root, dirname(path));
      const found = file === '' ? join(root, path) : join(folder, file);
      assert.ok(existsSync(found), `${path} links to ${target}, which does not exist`);
      if (heading === undefined) continue;
      assert.ok(listHeadings(readFileSync(found, 'utf8')).includes(heading), `${path} links to ${target}: no heading`);
    }
  });

  it('has no relative link if npm shows it', () => {
    for (const name of ['azure-functions', 'certgate', 'core', 'http', 'x509'])
      assert.doesNotMatch(withoutCode(getPage(`packages/${name}/README.md`)), /\]\((?!https:|#)/, name);
  });

  it('shows programs that run, if npm shows it', () => {
    const [closed, decided, served = ''] = ['azure-functions', 'core', 'http'].map(
      (name) => codeBlocks.find(({ page }) => page === `packages/${name}/README.md`)?.code ?? '',
    );
    // readme-walkthrough.test.ts runs README's program.
    assert.equal(closed, codeBlocks.find(({ page }) => page === 'README.md')?.code);
    const run = (code = ''): string =>
      execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: root, encoding: 'utf8' });
    assert.match(getPage('packages/core/README.md'), /It prints `denied certificate_missing`/);
    assert.equal(run(decided), 'denied certificate_missing\n');
    const listen = "server.listen(3000, '127.0.0.1');";
    assert.ok(served.includes(listen));
    const call = `server.listen(0, '127.0.0.1', async () => {
      const { status } = await fetch('http://127.0.0.1:' + server.address().port + '/orders');
      console.log(status);
      process.exit();
    });`;
    assert.match(
      run(`process.env.CERTGATE_FRONT_END_SECRET = 's'.repeat(40);${served.replace(listen, call)}`),
      /^503$/m,
    );
  });

  it('shows trust documents that parse', () => {
    const documents = codeBlocks.filter(
      ({ page, language, code }) =>
        /^jsonc?$/.test(language) && (page === 'docs/trust-document.md' || code.includes('schemaVersion')),
    );
    assert.ok(documents.length >= 4);
    const authority = makeAuthorityPem();
    for (const { page, code } of documents) {
      // Pages shorten certificates with "…", because nobody reads them. A certificate that is made here takes their
      // place.
      const whole = code.replaceAll(/"-----BEGIN CERTIFICATE-----[^"]*…[^"]*"/g, JSON.stringify(authority));
      assert.doesNotThrow(() => parseTrustDocument(whole), page);
    }
  });

  it('shows TypeScript that compiles, if the snippet is complete', async () => {
    // Some snippets import Azure's packages, which are installed together with Azurite.
    await installAzurite();
    const examples = listExamples();
    for (const name of functionsWithExample)
      assert.ok(
        examples.some(({ page }) => page === name),
        `${name} has no @example`,
      );
    const snippets = [
      ...codeBlocks.filter(
        ({ language, code }) => language === 'ts' && code.includes('import ') && !importsUninstalled.test(code),
      ),
      ...examples,
    ];
    assert.ok(snippets.length >= 4);
    assert.deepEqual(listTypeErrors(snippets), []);
  });

  it('shows reportOnly and observe with an end that is valid on any day, once the user has filled in the date', async (context) => {
    const { observe, reportOnly, requireRole } = await import('@certgate/azure-functions');
    const snippets = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/^ *```ts\n([\s\S]*?)```/gm)]
        .map(([, code = '']) => ({ path, code }))
        .filter(({ code }) => /(?:reportOnly|observe)\(/.test(code)),
    );
    assert.deepEqual(snippets.map(({ path }) => path).sort(), ['docs/errors.md', 'docs/from-function-keys.md']);
    const dayMilliseconds = 86_400_000;
    const today = Date.now();
    for (const now of [today, today + 2 * 365 * dayMilliseconds]) {
      context.mock.timers.enable({ apis: ['Date'], now });
      for (const { path, code } of snippets) {
        const registered: string[] = [];
        const app = { http: (name: string) => registered.push(name) };
        const run = (source: string): void => {
          const { outputText } = ts.transpileModule(source.replace(/^ *import .*$/gm, ''), {});
          runInNewContext(outputText, { app, observe, reportOnly, requireRole });
        };
        assert.doesNotMatch(code, /\d{4}-\d\d/, `${path} shows a date that will be over, or too far ahead`);
        // The copied snippet throws an error that says what to fill in. The date that the error suggests must be valid.
        assert.throws(() => {
          run(code);
        }, /at most 90 days ahead, such as \d{4}-/);
        const suggestion = findMessage(() => {
          run(code);
        }).match(/such as (\S+)\.$/)?.[1];
        assert.ok(suggestion !== undefined);
        for (const end of [suggestion, new Date(now + 89 * dayMilliseconds).toISOString()])
          run(code.replace('YYYY-MM-DDT00:00:00Z', end));
        const [, name = ''] = /app\.http\('(\w+)'/.exec(code) ?? [];
        assert.deepEqual(registered, [name, name]);
      }
      context.mock.timers.reset();
    }
  });

  it('names commands and options that certgate has', async () => {
    const helpByVerb = await readHelp();
    // docs/upgrading.md names the commands that were removed.
    const commands = pages.filter(({ path }) => path !== 'docs/upgrading.md').flatMap(listCommands);
    assert.ok(commands.length > 30);
    for (const { path, words } of commands) {
      const verb = findVerb(helpByVerb, words);
      assert.ok(verb !== undefined, `${path}: certgate ${words.join(' ')}`);
      for (const option of words.filter((word) => word.startsWith('-') && word.length > 1)) {
        assert.ok(hasOption(helpByVerb.get(verb) ?? '', option), `${path}: certgate ${verb} has no ${option}`);
      }
    }
  });

  it('belongs to docs in which every verb has a command, even without the generated page', async () => {
    const helpByVerb = await readHelp();
    const verbs = [...helpByVerb].filter(([, help]) => !help.includes('\nCommands:\n')).map(([verb]) => verb);
    assert.ok(verbs.length > 30);
    const commands = pages
      .filter(({ path }) => path.startsWith('docs/') && path !== 'docs/commands.md')
      .flatMap(listCommands);
    const shown = new Set(commands.map(({ words }) => findVerb(helpByVerb, words)));
    assert.deepEqual(
      verbs.filter((verb) => !shown.has(verb)),
      [],
    );
  });

  it('names options on their own only if some verb has them', async () => {
    const help = [...(await readHelp()).values()].join('\n');
    const names = codeSpansOf('docs/local-development.md').flatMap((span) => /^--[a-z-]+/.exec(span) ?? []);
    assert.ok(names.length > 10);
    for (const name of names) assert.ok(hasOption(help, name), name);
  });
});

it('no text in the repository lets npx download a package with the name certgate', () => {
  // The name certgate on the registry is not ours. Without `--no-install`, a machine without the tool would run
  // somebody else's package.
  const runners = /\b(?:npx|npm exec|pnpm dlx|yarn dlx|bunx)((?: +-[-\w]+)*) +certgate\b/g;
  const files = listFiles(root).filter((path) => /(?:\.(?:[cm]?[jt]s|json|md|ya?ml)|\/run)$/.test(path));
  const uses = files.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(runners)].map(([text, options = '']) => ({
      use: `${path}: ${text}`,
      isSafe: text.startsWith('npx') && options.split(' ').includes('--no-install'),
    })),
  );
  assert.ok(uses.length > 20);
  assert.deepEqual(
    uses.filter(({ isSafe }) => !isSafe).map(({ use }) => use),
    [],
  );
});

function findMessage(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

type DecisionLogModule = typeof decisionLogModule;
type ExpiryLogModule = typeof expiryLogModule;
type StartLogModule = typeof startLogModule;
type RevocationLogModule = typeof revocationLogModule;
type StatusLogModule = typeof statusLogModule;
type SuppressedDenialsModule = typeof suppressedDenialsModule;
type TrustLogModule = typeof trustLogModule;
type GatewayExchangeModule = typeof gatewayExchangeModule;

/**
 * Imports a compiled file that no package exports. The path starts at the root, because the compiled test is one folder
 * deeper than its source.
 */
function importBuilt(packageName: string, file: string): Promise<unknown> {
  return import(pathToFileURL(join(root, 'packages', packageName, 'dist', 'esm', file)).href);
}

/**
 * The keys that the table of an event lists. The keys that every line begins with are only in the table of the decision
 * line.
 */
function listKeys(event: string): readonly string[] {
  const headings: Readonly<Record<string, string>> = {
    decision: 'The decision line',
    status: 'The status line',
    suppressed: 'How many denials are logged',
  };
  const heading = headings[event];
  const section =
    heading === undefined
      ? (getSection('docs/log-fields.md', 'The other lines')
          .split(/^### /m)
          .find((text) => text.startsWith(`\`${event}\`\n`)) ?? '')
      : getSection('docs/log-fields.md', heading);
  const keys = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, key = '']) => key);
  return event === 'decision' ? keys : ['certgate', 'event', 'time', 'process', ...keys];
}

/** Real lines of every event, written by the gate's own log code about real decisions on a real certificate. */
async function writeLines(context: TestContext): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { DecisionLog } = (await importBuilt('core', 'log/decision-log.js')) as DecisionLogModule;
  const { ExpiryLog } = (await importBuilt('core', 'log/expiry-log.js')) as ExpiryLogModule;
  const { TrustLog } = (await importBuilt('core', 'log/trust-log.js')) as TrustLogModule;
  const { warnAtStart } = (await importBuilt('core', 'log/start-log.js')) as StartLogModule;
  const lines: string[] = [];
  const write = (line: string): void => {
    lines.push(line);
  };
  const about = { method: 'GET', route: 'orders/{id}', tool: 'order' };
  const invocation = { functionName: 'Orders', invocationId: '1', about, log: write, warn: write };
  const call = invocation as unknown as InvocationContext;
  let now = 0;
  const log = new DecisionLog({ now: () => now });
  const until = Date.now() + 60_000;
  const admitted = decideForCertificate([]);
  assert.ok(admitted.outcome === 'allowed');
  log.write(call, { decision: admitted, trustRevision: 7, trustSha256: 'AB'.repeat(32) });
  log.write(call, { decision: decideForCertificate([['admin']], until), trustRevision: 7, reportOnlyUntil: until });
  const observation = { until, functionKey: 'billing' };
  log.write(call, { decision: decideForCertificate([['admin']]), trustRevision: 7, observation });
  for (let time = 0; time < 30; time += 1) log.write(call, { decision: decideForCertificate([['admin']]) });
  now += 3_600_000;
  log.write(call, { decision: decideForCertificate([['admin']]) });
  log.write(call, { decision: decideForCertificate([['admin']]), after: 'allowed' });
  log.write(call, { decision: deny('trust_unavailable', { fault: 'The source is out of reach.' }) });
  const stranger = deny('certificate_not_trusted', {});
  const claim = { claimedBy: 'name', claimedIdentity: 'caller' } as const;
  const name = 'CN=caller';
  const seen = { subject: name, issuer: name, serialNumber: '01', notAfter: '2027-03-01T00:00:00Z', ...claim };
  log.write(call, { decision: stranger, trustSource: 'file trust.json', describeStranger: () => seen });
  const list = { issuer: 'CN=corp', number: '7', source: 'file corp.crl', end: now };
  log.write(call, { decision: deny('revocation_unavailable', { authority: 'corp', fault: 'It has ended.', list }) });

  const { SuppressedDenials } = (await importBuilt('core', 'log/suppressed-denials.js')) as SuppressedDenialsModule;
  const leftOut = new SuppressedDenials();
  leftOut.note('role_missing', 'billing', now);
  lines.push(leftOut.takeLine(now) ?? '');

  const { identity } = admitted;
  new ExpiryLog().note(call, identity, identity.accessEndsAt - 1);
  const ofPublicAuthority = decideFor(makePublicCaller('serverAuth,clientAuth'));
  assert.ok(ofPublicAuthority.outcome === 'allowed');
  new ExpiryLog().note(call, ofPublicAuthority.identity, ofPublicAuthority.identity.accessEndsAt - 1);
  const grace = { since: toTime(-1), until: toTime(1), reason: 'renewal' };
  log.write(call, { decision: decideFor({ ...makePublicCaller('serverAuth'), acceptWithoutClientAuth: grace }) });

  const trustLog = new TrustLog();
  const report = { description: 'file trust.json', revision: 7, warnings: [] };
  trustLog.note(call, { ...report, fault: 'ENOENT', failure: 'unreachable' });
  trustLog.note(call, { ...report, fault: 'it is not JSON', failure: 'refused' });
  trustLog.note(call, { ...report, fault: undefined });
  for (const revocationFault of ['no list', undefined])
    trustLog.note(call, { ...report, fault: undefined, revocationFault });
  const warnings = [{ code: 'revision_reused', path: 'revision', message: 'The revision stayed 7.' }] as const;
  trustLog.note(call, { ...report, warnings, fault: undefined });

  const { RevocationLog } = (await importBuilt('core', 'log/revocation-log.js')) as RevocationLogModule;
  const ofList = { authority: 'corp', issuer: 'CN=Corp', number: '7', source: 'file corp.crl', isDelta: false };
  const revocationLists = [{ ...ofList, begin: 0, end: 300 }];
  const revocationLog = new RevocationLog();
  for (const time of [250, 350]) revocationLog.note(call, { ...report, revocationLists, fault: undefined }, time);
  const refused = { authority: 'corp', subject: 'CN=billing', serialNumber: '0A', thumbprintSha256: 'AB'.repeat(32) };
  const withdrawnRevocations = [{ ...refused, list, detail: 'Ask the CA why.' }];
  revocationLog.note(call, { ...report, revocationLists: [], withdrawnRevocations, fault: undefined }, 350);

  const { StatusLog } = (await importBuilt('core', 'log/status-log.js')) as StatusLogModule;
  const names = Array.from({ length: 101 }, (_, index) => `F${index}`);
  for (const frontEnd of [
    { frontEnd: 'nginx', frontEndProof: 'secret' },
    { frontEndFault: 'front_end_unknown' },
  ] as const) {
    const status = new StatusLog({
      describe: () => ({ host: 'functions', ...frontEnd, closed: names, open: names }),
      findTrustReport: () => ({ ...report, fault: undefined }),
      isLocked: () => false,
    });
    status.reportTo(invocation, 0);
    for (let index = 0; index < 2_001; index += 1)
      status.count({ decision: { ...admitted, identity: { ...identity, name: `caller ${index}` } }, decidedAt: 0 });
    status.count({ decision: stranger });
    status.reportTo(invocation, 3_600_000);
  }

  const warn = context.mock.method(console, 'warn', write);
  warnAtStart('trust_unavailable', 'The source is out of reach.');
  warnAtStart('report_only', 'x', { function: 'Orders', reportOnlyUntil: '2027-03-01T00:00:00Z' });
  warnAtStart('observed', 'x', { function: 'Orders', observedUntil: '2027-03-01T00:00:00Z' });
  warn.mock.restore();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const certificate = { header: '', thumbprintSha256: '' };

function decideForCertificate(roles: readonly (readonly string[])[], reportOnlyUntil?: number): Decision {
  if (certificate.header === '') {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-docs-'));
    const { certificateFile, thumbprintSha256 } = makeOpensslCertificate(folder, 'caller', 'ec');
    certificate.header = readFileSync(certificateFile, 'utf8').replace(/-----[^-]*-----|\s/g, '');
    certificate.thumbprintSha256 = thumbprintSha256;
    rmSync(folder, { recursive: true, force: true });
  }
  return decideFor(certificate, roles, reportOnlyUntil);
}

function decideFor(
  { header, ...pin }: { readonly header: string; readonly acceptWithoutClientAuth?: object },
  roles: readonly (readonly string[])[] = [],
  reportOnlyUntil?: number,
): Decision {
  const identities = [{ name: 'caller', owner: 'a team', roles: [], pins: [pin] }];
  const trust = parseTrustDocument({ schemaVersion: 1, revision: 7, identities });
  const requirement = { functionName: 'Orders', roles, ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil }) };
  return decideAccess({ header, trust, requirement, now: Date.now() });
}

function makePublicCaller(usages: string): typeof certificate {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-docs-'));
  const { certificateFile, thumbprintSha256 } = makePublicCertificate(folder, 'public', usages);
  const header = readFileSync(certificateFile, 'utf8').replace(/-----[^-]*-----|\s/g, '');
  rmSync(folder, { recursive: true, force: true });
  return { header, thumbprintSha256 };
}

const toTime = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

function makeAuthorityPem(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-docs-'));
  try {
    const { certificateFile } = makeOpensslCertificate(folder, 'authority', 'ec', ['keyUsage=critical,keyCertSign']);
    return readFileSync(certificateFile, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The files below a folder that are neither installed nor built. Paths are relative to the repository's root, with
 * forward slashes.
 */
function listFiles(folder: string): readonly string[] {
  const left = ['.git', '.certgate', 'node_modules', 'dist', 'coverage', 'packed'];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return left.includes(entry.name) ? [] : listFiles(path);
    return entry.isFile() ? [relative(root, path).replaceAll('\\', '/')] : [];
  });
}

function listPages(): readonly Page[] {
  const paths = listFiles(root).filter((path) => /(?<!\.api)\.md$/.test(path) && !/(?:^|\/)\./.test(path));
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function getPage(path: string): string {
  const page = pages.find((candidate) => candidate.path === path);
  assert.ok(page !== undefined, `${path} is missing`);
  return page.text;
}

function getSection(path: string, heading: string): string {
  const section = getPage(path)
    .split(/^## /m)
    .find((text) => text.startsWith(`${heading}\n`));
  assert.ok(section !== undefined, `${path} has no section "${heading}"`);
  return section;
}

function readRows(section: string, row: RegExp): readonly RegExpMatchArray[] {
  const rows = [...section.matchAll(row)];
  assert.ok(rows.length > 0, section.slice(0, 60));
  return rows;
}

function sortTexts(texts: Iterable<string>): readonly string[] {
  return [...texts].sort();
}

function sortRows(rows: readonly (readonly unknown[])[]): readonly string[] {
  return rows.map((row) => row.join(' ')).sort();
}

function listCodeBlocks({ path, text }: Page): readonly CodeBlock[] {
  return [...text.replaceAll('\r\n', '\n').replace(/^ {3}/gm, '').matchAll(fence)].map(
    ([, language = '', code = '']) => ({
      page: path,
      language,
      code,
    }),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** The anchors that GitHub makes for the headings. */
function listHeadings(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function codeSpansOf(path: string): readonly string[] {
  return [...getPage(path).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

interface NamedCommand {
  readonly path: string;
  readonly words: readonly string[];
}

/**
 * Every `certgate …` command of a page, in code blocks (lines that end with a backslash are joined) and in code spans.
 */
function listCommands({ path, text }: Page): readonly NamedCommand[] {
  const blocks = listCodeBlocks({ path, text }).flatMap(({ code }) => code.replace(/\\\n\s*/g, ' ').split('\n'));
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  return [...blocks, ...spans]
    .flatMap((line) => [...line.matchAll(/(?:^|[\s(])certgate +([^`|)#]+)/g)].map(([, rest = '']) => rest))
    .map((rest) => ({ path, words: rest.trim().split(/\s+/) }));
}

/** The help text of every verb, keyed by the verb's words. The key of the program's own help is the empty text. */
async function readHelp(path = ''): Promise<ReadonlyMap<string, string>> {
  const words = path.split(' ').filter((word) => word !== '');
  const { stdout, exitCode } = await runCertgateHere([...words, '--help']);
  assert.equal(exitCode, 0, path);
  const commands = /^Commands:\n((?: {2}.*\n?)+)/m.exec(stdout)?.[1] ?? '';
  const names = [...commands.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name = '']) => name);
  const verbs = names.filter((name) => name !== 'help').map((name) => `${path} ${name}`.trim());
  const nested = await Promise.all(verbs.map((verb) => readHelp(verb)));
  return new Map([[path, stdout], ...nested.flatMap((map) => [...map])]);
}

function findVerb(helpByVerb: ReadonlyMap<string, string>, words: readonly string[]): string | undefined {
  const [first = '', second = '', third = ''] = words;
  const verb = [`${first} ${second} ${third}`, `${first} ${second}`, first].find((name) => helpByVerb.has(name));
  if (verb !== undefined) return verb;
  return first.startsWith('-') ? '' : undefined;
}

function hasOption(help: string, option: string): boolean {
  const name = option.split('=', 1)[0] ?? '';
  // The line that describes an option is indented by two spaces. Wrapped lines, which may mention other options, are
  // indented by more.
  return [...help.matchAll(/^ {2}(?:(-\w), )?(--[a-z][a-z0-9-]*)/gm)].some(
    ([, short, long]) => name === short || name === long,
  );
}

/** The names that most apps and programs call. Each must have an example; others may have one. */
const functionsWithExample = [
  ...[
    'secureApp',
    'allowAnonymous',
    'requireRole',
    'requireAnyRole',
    'reportOnly',
    'observe',
    'getClientIdentity',
    'findClientIdentity',
  ],
  'createGate',
  ...Object.keys(http).filter((name) => /^secure[A-Z]/.test(name)),
  ...['trustStoreFrom', 'trustStoreFromFile', 'trustStoreFromBlob', 'trustStoreFromUrl', 'trustStoreFromAppSetting'],
  ...['trustStoreFromDocument', 'firstOf', 'withClientIdentity', 'observeGate', 'startLocalApp', 'AccessGate'],
  ...['decodeClientCertificate', 'decodePem', 'findCertificateFault', 'findCertificationPath'],
  'verifyClientCertificate',
];

/** The examples in the doc comments of what the packages export. `page` is the name that the example documents. */
function listExamples(): readonly CodeBlock[] {
  const sources = listFiles(root).filter((path) => /^packages\/[\w-]+\/src\/.*(?<!\.test)\.ts$/.test(path));
  return sources.flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const examples = text.matchAll(
      /^ \* @example\n \* ```ts\n((?: \*.*\n)*?) \* ```\n(?: \*.*\n)* \*\/\nexport (?:async )?(?:function|class) (\w+)/gm,
    );
    return [...examples].map(([, code = '', name = '']) => ({
      page: name,
      language: 'ts',
      code: code.replaceAll(/^ \* ?/gm, ''),
    }));
  });
}

/** Compiles the snippets in a folder where their imports can be found, and returns the type errors. */
function listTypeErrors(snippets: readonly CodeBlock[]): readonly string[] {
  const folder = mkdtempSync(join(azuriteFolder, 'node_modules', 'snippets-'));
  try {
    snippets.forEach(({ code }, index) => {
      writeFileSync(join(folder, `snippet-${index}.mts`), code);
    });
    const options = { module: 'nodenext', target: 'es2022', strict: true, exactOptionalPropertyTypes: true };
    const compilerOptions = { ...options, skipLibCheck: true, noEmit: true, types: ['node'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts'], exclude: [] }));
    const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    const errors = stdout.split('\n').filter((line) => line.includes('error TS'));
    assert.equal(errors.length > 0, status !== 0, stdout);
    return errors.map((line) =>
      line.replace(/^.*snippet-(\d+)\.mts/, (_, index) => snippets[Number(index)]?.page ?? ''),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
