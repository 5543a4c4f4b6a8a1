// Prints the table of environments in docs/environments.md: what the built adapter makes of the variables of each host,
// alone and with what somebody may have copied there. `node scripts/environment-table.mjs --write` puts it into the page;
// tests/environment-table.test.ts holds the page to it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resolveFrontEnd } from '../packages/core/dist/esm/front-end-resolution/resolve-front-end.js';

const page = fileURLToPath(new URL('../docs/environments.md', import.meta.url));

/** Hosts by variables that they set for a process; of each, those that tell it from others. */
export const hosts = [
  ['a plain machine or virtual machine', {}],
  ['Docker, a plain image', {}],
  [
    "Docker, Azure Functions' image",
    { DOTNET_RUNNING_IN_CONTAINER: 'true', AzureWebJobsScriptRoot: '/home/site/wwwroot' },
  ],
  ['Podman', { container: 'podman' }],
  ['Core Tools (`func start`)', { FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True', WEBSITE_HOSTNAME: 'localhost:7071' }],
  ['App Service, Premium, Dedicated', { WEBSITE_INSTANCE_ID: 'a1', WEBSITE_HOSTNAME: 'app.azurewebsites.net' }],
  ['Flex Consumption', { WEBSITE_SKU: 'FlexConsumption', WEBSITE_POD_NAME: 'p', LEGION_SERVICE_HOST: 'h' }],
  ['Linux Consumption', { CONTAINER_NAME: 'c', Fabric_NodeName: 'n' }],
  ['Container Apps', { CONTAINER_APP_NAME: 'n', CONTAINER_APP_REVISION: 'r', MANAGED_ENVIRONMENT: 'e' }],
  ['Kubernetes', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
  ['Amazon ECS', { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/x', AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' }],
  ['AWS Lambda', { AWS_LAMBDA_FUNCTION_NAME: 'f' }],
  ['Cloud Run', { K_SERVICE: 's', K_REVISION: 's-1' }],
  ['Nomad', { NOMAD_ALLOC_ID: 'a', NOMAD_JOB_NAME: 'j' }],
  ['Service Fabric', { Fabric_ApplicationName: 'fabric:/app', Fabric_NodeName: 'n' }],
  ['Cloud Foundry', { VCAP_APPLICATION: '{}' }],
  ['Heroku', { DYNO: 'web.1' }],
];

/** What may have been copied there, from a laptop or from App Service. */
export const copies = [
  ['nothing', {}],
  ['`AZURE_FUNCTIONS_ENVIRONMENT=Development`', { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' }],
  [
    'all variables of Core Tools',
    {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True',
      WEBSITE_HOSTNAME: 'localhost:7071',
    },
  ],
  ['`WEBSITE_INSTANCE_ID`', { WEBSITE_INSTANCE_ID: 'copied' }],
];

export function describeOutcome(named, environment) {
  const frontEnd = resolveFrontEnd(named === undefined ? {} : { frontEnd: named }, environment);
  return frontEnd.outcome === 'denied' ? frontEnd.code : frontEnd.name;
}

export function createTable() {
  const head = ['Host', ...copies.map(([what]) => (what === 'nothing' ? 'as it is' : `with ${what}`))];
  const rows = hosts.map(([host, variables]) => [
    host,
    ...copies.map(([, copied]) => {
      const environment = { ...variables, ...copied };
      return `${describeOutcome(undefined, environment)} / ${describeOutcome('app-service', environment)}`;
    }),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.join('\n');
}

const marked = /(<!-- table -->\n)[\s\S]*?(\n<!-- end of table -->)/;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--write')) console.log(createTable());
  else
    writeFileSync(
      page,
      readFileSync(page, 'utf8').replace(marked, (_, start, end) => `${start}\n${createTable()}\n${end}`),
    );
}
