// Creates the sample app in Azure by its template, in a resource group of its own, and removes it again.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stop } from './programs.mjs';
import { modes } from './questions.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const certgate = [process.execPath, join(root, 'packages', 'certgate', 'bin', 'certgate.js')];
const plannedOutputs = {
  SERVICE_API_NAME: { value: 'APP' },
  SERVICE_API_URI: { value: 'https://APP.azurewebsites.net' },
  CERTGATE_TRUST: { value: 'blob:https://ACCOUNT.blob.core.windows.net/trust/trust.json' },
};

export const creation = 'Creating the app';

/**
 * One app in Azure. `name` names the deployment, and `rg-` with `name` names its resource group, as in the template.
 */
export class Deployment {
  #isCreated = false;
  outputs = plannedOutputs;

  constructor({ programs, subscription, name, waits }) {
    Object.assign(this, { programs, subscription, name, waits, group: `rg-${name}` });
  }

  az(step, words, options) {
    const common = ['--subscription', this.subscription, '--only-show-errors'];
    return this.programs.run(step, ['az', ...words, ...common], options);
  }

  ofApp(step, words, options) {
    const app = ['--resource-group', this.group, '--name', this.outputs.SERVICE_API_NAME.value];
    return this.az(step, [...words, ...app], options);
  }

  /** The names that Azure gave the app, which must never be published. Empty until an app was created. */
  get names() {
    const { SERVICE_API_NAME: app, SERVICE_API_URI: uri } = this.outputs;
    if (this.outputs === plannedOutputs) return [];
    return [app.value, URL.canParse(uri.value) ? new URL(uri.value).host : uri.value];
  }

  /** The commands with which a person removes the app if this script can't. */
  get removal() {
    const names = [`deployment sub cancel --name ${this.name}`, `group delete --name ${this.group}`];
    return names.map((words) => `az ${words} --subscription ${this.subscription}`);
  }

  async #exists(options) {
    const words = ['group', 'exists', '--name', this.group];
    const { stdout } = await this.az('Looking for the group', words, { ...options, planned: 'false' });
    return stdout.trim() !== 'false';
  }

  async create(template, values) {
    if (await this.#exists()) throw new Stop(`The resource group ${this.group} is there already.`);
    // From here on, something may exist in Azure, even if the next command fails or is ended.
    this.#isCreated = true;
    const query = ['--query', 'properties.outputs', '--output', 'json'];
    const { stdout } = await this.az(creation, [...this.#deploy('create', template, values), ...query], {
      planned: JSON.stringify(plannedOutputs),
    });
    // Azure changes the case of these names: it shows CERTGATE_TRUST as certgatE_TRUST.
    const found = Object.entries(JSON.parse(stdout) ?? {}).map(([name, output]) => [name.toUpperCase(), output]);
    const outputs = Object.fromEntries(found);
    for (const name of Object.keys(plannedOutputs))
      if (typeof outputs[name]?.value !== 'string') throw new Stop(`The deployment has no output ${name}.`);
    this.outputs = outputs;
  }

  /** Lets Azure check the template, roles and quota as far as it can, without creating anything. */
  validate(template, values) {
    const words = this.#deploy('validate', template, values);
    return this.az(`Validating the template for ${values.plan}`, [...words, '--output', 'none']);
  }

  #deploy(verb, template, values) {
    const parameters = Object.entries({ ...values, environmentName: this.name }).map((pair) => pair.join('='));
    const words = ['deployment', 'sub', verb, '--name', this.name, '--location', values.location];
    return [...words, '--template-file', template, '--parameters', ...parameters];
  }

  /** Uploads the trust document. Retries, because the assignment of a role takes minutes to take effect. */
  async uploadTrust(file) {
    const account = new URL(this.outputs.CERTGATE_TRUST.value.slice('blob:'.length)).hostname.split('.', 1)[0];
    const target = ['--account-name', account, '--container-name', 'trust', '--name', 'trust.json'];
    const words = ['storage', 'blob', 'upload', ...target, '--file', file, '--overwrite', '--auth-mode', 'login'];
    for (let left = this.waits.tries; left > 0; left -= 1) {
      const expected = left === 1 ? [0] : ['any'];
      if ((await this.az('Uploading the trust document', words, { expected })).status === 0) return;
      await this.programs.pause(this.waits.pause);
    }
  }

  deployPackage(file) {
    return this.ofApp('Deploying the package', ['functionapp', 'deployment', 'source', 'config-zip', '--src', file]);
  }

  /**
   * Sets properties of the site. @returns the client certificate mode that Azure shows afterwards; undefined if it is
   * unknown.
   */
  async setSite(...properties) {
    const settings = properties.flatMap((property) => ['--set', property]);
    await this.ofApp('Setting the mode', ['functionapp', 'update', ...settings, '--output', 'none']);
    // Some versions of az show an app of Flex Consumption in the form of the API, with its properties in a member.
    const query = ['--query', 'clientCertMode || properties.clientCertMode', '--output', 'tsv'];
    const { stdout } = await this.ofApp('Reading the mode', ['functionapp', 'show', ...query]);
    // Waits, because no answer shows whether the front end knows the new mode already.
    await this.programs.pause(this.waits.settle);
    const kept = stdout.trim();
    return modes.includes(kept) ? kept : undefined;
  }

  /**
   * Removes the group. If the deployment still runs, ends it first, because it would go on creating. @returns true if
   * nothing is left.
   */
  async remove() {
    if (!this.#isCreated) return true;
    const [removes, any] = [{ removes: true }, { removes: true, expected: ['any'] }];
    const record = (verb) => ['deployment', 'sub', verb, '--name', this.name];
    await this.az('Ending the deployment', record('cancel'), any);
    const state = [...record('show'), '--query', 'properties.provisioningState', '--output', 'tsv'];
    for (let left = this.waits.tries; left > 0; left -= 1) {
      if (!/^(?:Running|Accepted)/.test((await this.az('Waiting for its end', state, any)).stdout)) break;
      await this.programs.pause(this.waits.pause, removes);
    }
    if (this.programs.dryRun || (await this.#exists(removes)))
      await this.az('Removing the group', ['group', 'delete', '--name', this.group, '--yes'], removes);
    if (await this.#exists(removes)) return false;
    await this.az('Removing the record of the deployment', record('delete'), any);
    return true;
  }
}

/**
 * The files of an MCP tool, which the sample lacks. The tool's endpoint requires no key, because that would be a secret
 * of this run.
 */
const mcpFiles = {
  'dist/src/functions/ProofTool.js': `const { app } = require('@azure/functions');
app.mcpTool('ProofTool', { toolName: 'proof', description: 'Answers.', toolProperties: {}, handler: () => 'admitted' });
`,
  'host.json': JSON.stringify({
    version: '2.0',
    extensions: { mcp: { system: { webhookAuthorizationLevel: 'Anonymous' } } },
    extensionBundle: { id: 'Microsoft.Azure.Functions.ExtensionBundle', version: '[4.*, 5.0.0)' },
  }),
};

/** Packs the sample as docs/deploy-to-azure.md does, and once more with an MCP tool. */
export async function makePackages({ programs, sample, folder }) {
  await programs.run('Making the package', ['npm', 'run', '--silent', 'stage'], { cwd: sample });
  const more = join(folder, 'mcp');
  mkdirSync(join(more, 'dist', 'src', 'functions'), { recursive: true });
  for (const [name, text] of Object.entries(mcpFiles)) writeFileSync(join(more, name), text);
  const [app, mcp] = ['app.zip', 'mcp.zip'].map((name) => join(folder, name));
  const staged = join(sample, 'deploy');
  for (const [file, cwd] of [
    [app, staged],
    [mcp, staged],
    [mcp, more],
  ])
    // prettier-ignore
    await programs.run('Packing it', ['zip', '--quiet', '--recurse-paths', file, '.'], { cwd });
  return { app, mcp };
}

/** Makes the certificates of two callers, and a trust document that lists one of them. */
export async function makeCallers({ programs, folder }) {
  const run = (step, words) => programs.run(step, [...certgate, ...words], { cwd: folder });
  for (const name of ['allowed', 'denied'])
    await run('Making a certificate', ['certificate', 'create', name, '--pem', '--no-pfx', '--days', '2']);
  const change = ['--store', 'file:trust.json', '--reason', 'a proof', '--by', 'prove:azure'];
  await run('Making the trust document', ['trust', 'init', ...change]);
  await run('Listing one of them', ['trust', 'add', 'allowed', '--certificate', 'allowed.crt.pem', ...change]);
  return join(folder, 'trust.json');
}
