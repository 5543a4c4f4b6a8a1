import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { denialCodes, getPublicStatus } from '@certgate/core';
import { infra, listAlerts, readDuration, readText } from './test-support/alerts.js';
import { root, runProgram } from './test-support/certgate.js';

// Holds the pages to the sample's deployment template. `npm run deploy:check` checks the template itself, with tools that
// have a lockfile of their own; where they are installed, its quick part runs here too.

const page = readText(join(root, 'docs', 'observability.md'));
const alerts = listAlerts();

describe('docs/observability.md', () => {
  it('leads to every query of the template', () => {
    const names = readdirSync(join(infra, 'queries')).map((name) => name.replace(/\.kql$/, ''));
    assert.deepEqual([...names].sort(), alerts.map(({ name }) => name).sort());
    for (const { name } of alerts) {
      assert.ok(page.includes(`| [\`${name}\`](../examples/function-app/infra/queries/${name}.kql) |`), name);
    }
  });

  it('leads to rules for Prometheus with the codes of all answers 503', () => {
    const file = 'examples/prometheus/certgate-rules.yml';
    assert.ok(page.includes(`](../${file})`));
    const rules = readText(join(root, file));
    const codes = denialCodes.filter((code) => getPublicStatus(code) === 503).sort();
    const listed = [...rules.matchAll(/certgate_decision_code=~"([^"]+)"/g)].map(([, text = '']) => text.split('|'));
    assert.deepEqual(listed, [codes, codes]);
  });

  it('lists the alerts as the template creates them (node scripts/write-alerts.mjs)', () => {
    const rows = [
      ...page.matchAll(/^\| \[`([\w-]+)`\]\(\S+\) \| (\d) \| (.+) \| (.+) \| `(\w+)` \| (\d+) \| (.+) \|$/gm),
    ];
    assert.deepEqual(
      rows.map(([, ...cells]) => cells),
      alerts.map(({ name, severity, evaluationFrequency, windowSize, dimension, threshold, description }) => [
        ...[name, severity, describeDuration(evaluationFrequency), describeDuration(windowSize)],
        ...[dimension, threshold, description],
      ]),
    );
  });
});

describe('docs/deploy-to-azure.md', () => {
  const path = join(root, 'docs', 'deploy-to-azure.md');
  const skip = existsSync(path) ? false : 'the page is not written yet';

  it(
    'lists the parameters of the template, with the variables of the azd environment and the defaults',
    { skip },
    () => {
      const rows = [...readText(path).matchAll(/^\| `(\w+)` \| `([A-Z_]+)` \| (?:`([^`]*)` )?\|/gm)];
      const listed = rows.map(([, name, variable, initial]) => [name, variable, initial]);
      const declared = readText(join(infra, 'main.bicep')).matchAll(/^param (\w+) string(?: = '([^'\n]*)')?$/gm);
      const { parameters } = JSON.parse(readText(join(infra, 'main.parameters.json'))) as ParametersFile;
      const actual = [...declared].map(([, name = '', initial]) => [
        name,
        parameters[name]?.value.slice(2, -1),
        initial === '' ? undefined : initial,
      ]);
      assert.deepEqual(listed, actual);
    },
  );

  it('lists who has which role on what', { skip }, async () => {
    const table = pathToFileURL(join(root, 'scripts', 'deployment', 'security-properties.mjs')).href;
    const { roleAssignments } = (await import(table)) as { readonly roleAssignments: readonly string[] };
    const rows = [...readText(path).matchAll(/^\| (the app|the operator) \| (.+?) \| .+? \(`(.+?)`\) \|/gm)];
    const listed = rows.map(([, who, role, place]) => `${who}: ${role} on ${place}`);
    assert.deepEqual(listed.sort(), [...roleAssignments].sort());
  });
});

describe('commands on the pages', () => {
  it('switch client certificates on together with the mode, and require them', () => {
    const commands = readText(join(root, 'docs', 'quick-start.md')).match(/az functionapp update [^`]*/g) ?? [];
    assert.ok(commands.length > 0);
    for (const command of commands) {
      for (const setting of ['httpsOnly=true', 'clientCertEnabled=true', 'clientCertMode=Required']) {
        assert.ok(command.includes(`--set ${setting}`), `${setting} is missing: ${command}`);
      }
    }
  });
});

describe('the template', () => {
  const tools = join(root, 'scripts', 'deployment');
  const reason = 'npm run deploy:check does this; here, first run npm ci --prefix scripts/deployment';
  const skip = existsSync(join(tools, 'node_modules', 'web-tree-sitter')) ? false : reason;

  it('has every security property', { skip }, async () => {
    const { exitCode, stdout, stderr } = await runProgram(process.execPath, [join(tools, 'check-template.mjs')]);
    assert.equal(exitCode, 0, `${stdout}${stderr}`);
  });
});

interface ParametersFile {
  readonly parameters: Readonly<Record<string, { readonly value: string } | undefined>>;
}

/** In the words of the page. */
function describeDuration(duration: string): string {
  const { count, unit } = readDuration(duration);
  return `${count} ${{ D: 'day', H: 'hour', M: 'minute' }[unit]}${count === 1 ? '' : 's'}`;
}
