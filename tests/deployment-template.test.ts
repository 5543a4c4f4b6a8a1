import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { denialCodes, getPublicStatus } from '@certgate/core';
import { infra, listAlerts, readDuration, readText } from './test-support/alerts.js';
import { root } from './test-support/certgate.js';

// Compares the pages with the sample's deployment template. template-security.test.ts tests the template itself.

const page = readText(join(root, 'docs', 'observability.md'));
const alerts = listAlerts();

describe('docs/observability.md', () => {
  it('links to every query of the template', () => {
    const names = readdirSync(join(infra, 'queries')).map((name) => name.replace(/\.kql$/, ''));
    assert.deepEqual([...names].sort(), alerts.map(({ name }) => name).sort());
    for (const { name } of alerts) {
      assert.ok(page.includes(`| [\`${name}\`](../examples/function-app/infra/queries/${name}.kql) |`), name);
    }
  });

  it('links to rules for Prometheus that contain all codes with status 503', () => {
    const file = 'examples/prometheus/certgate-rules.yml';
    assert.ok(page.includes(`](../${file})`));
    const rules = readText(join(root, file));
    const codes = denialCodes.filter((code) => getPublicStatus(code) === 503).sort();
    const listed = [...rules.matchAll(/certgate_decision_code=~"([^"]+)"/g)].map(([, text = '']) => text.split('|'));
    assert.deepEqual(listed, [codes, codes]);
  });

  it('lists the alerts as the template creates them (npm run write)', () => {
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

  it('lists the parameters of the template, with the variables of the azd environment and the defaults', () => {
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
  });
});

describe('commands on the pages', () => {
  it('set the client certificate mode, and require certificates', () => {
    const commands = readText(join(root, 'docs', 'quick-start.md')).match(/az functionapp update [^`]*/g) ?? [];
    assert.ok(commands.length > 0);
    for (const command of commands) {
      for (const setting of ['httpsOnly=true', 'clientCertEnabled=true', 'clientCertMode=Required']) {
        assert.ok(command.includes(`--set ${setting}`), `${setting} is missing: ${command}`);
      }
    }
  });
});

interface ParametersFile {
  readonly parameters: Readonly<Record<string, { readonly value: string } | undefined>>;
}

/** The duration in words, as the page writes it. */
function describeDuration(duration: string): string {
  const { count, unit } = readDuration(duration);
  return `${count} ${{ D: 'day', H: 'hour', M: 'minute' }[unit]}${count === 1 ? '' : 's'}`;
}
