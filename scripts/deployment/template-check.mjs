// Holds the sample's template to the table of security-properties.mjs, for both plans, in both modes.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluateTemplate } from './bicep-evaluation.mjs';
import { createBicepParser } from './bicep-syntax.mjs';
import { findOrigin, listSecretParts } from './bicep-values.mjs';
import {
  listAppSettings,
  parameterRules,
  resourceTypes,
  roleAssignments,
  roleNames,
  securityProperties,
} from './security-properties.mjs';

const sample = fileURLToPath(new URL('../../examples/function-app', import.meta.url));
const operatorId = '00000000-0000-0000-0000-000000000001';
const given = { environmentName: 'demo', location: 'westeurope', operatorId };

/** Every default, and then each plan in each mode, with the other values of the other parameters. */
export const scenarios = [
  given,
  ...['ElasticPremium', 'FlexConsumption'].flatMap((plan) =>
    ['Required', 'Optional'].map((clientCertMode) => ({
      ...given,
      plan,
      clientCertMode,
      nodeVersion: '24',
      operatorType: 'Group',
      alertEmail: 'operator@example.com',
    })),
  ),
];

/** The row for what is wrong with the template itself: syntax, names, parameters, modules. */
export const templateIsBicep = 'the template is Bicep, and its names resolve';

/** Reads a file of the sample by its path in it. */
export function readSample(path) {
  return readFileSync(join(sample, path), 'utf8').replaceAll('\r\n', '\n');
}

/**
 * @returns {Promise<(readText?: (path: string) => string) => { rows: object[], evaluations: object[] }>} a function that
 * checks one state of the files; each row has its `failures`
 */
export async function createTemplateCheck() {
  const parse = await createBicepParser();
  const trees = new Map();
  const parseOnce = (text) => {
    if (!trees.has(text)) trees.set(text, parse(text));
    return trees.get(text);
  };
  const queries = readdirSync(join(sample, 'infra', 'queries')).filter((name) => name.endsWith('.kql'));
  return (readText = readSample) => {
    const problems = new Set();
    const evaluations = scenarios.map((parameters) => {
      const input = {
        parse: parseOnce,
        readText: (path) => readText(`infra/${path}`),
        entry: 'main.bicep',
        parameters,
      };
      const result = evaluateTemplate(input);
      for (const problem of result.problems) problems.add(problem);
      return { ...result, given: parameters };
    });
    const rows = [
      { name: templateIsBicep, what: 'infra/*.bicep', failures: [...problems] },
      ...securityProperties.map((row) => checkProperty(row, evaluations)),
      ...checkWhole(evaluations, queries, readText),
      ...checkFiles(evaluations, readText),
    ];
    return { evaluations, rows };
  };
}

/** The property at a path: its value, what holds it, and under which key. */
export function findProperty(body, path) {
  let place = { value: body };
  for (const step of path) {
    const container = place.value;
    if (container === null || typeof container !== 'object') return undefined;
    const key = typeof step === 'object' ? container.findIndex?.((item) => matches(item, step)) : step;
    if (key === undefined || !Object.hasOwn(container, key)) return undefined;
    place = { value: container[key], container, key, origin: findOrigin(container, key) };
  }
  return place;
}

/** The resources that a row is about. */
export function listSubjects({ type, where = () => true, when = () => true }, evaluation) {
  return when(evaluation.given) ? evaluation.resources.filter((each) => each.type === type && where(each)) : [];
}

function matches(item, wanted) {
  return Object.entries(wanted).every(([key, value]) => item[key] === value);
}

function checkProperty(row, evaluations) {
  const failures = new Set();
  for (const evaluation of evaluations) {
    const find = (symbol) => evaluation.resources.find((each) => each.symbol === symbol);
    const subjects = listSubjects(row, evaluation);
    const isExpected = (row.when ?? (() => true))(evaluation.given);
    if (isExpected && subjects.length === 0) failures.add(`there is no such ${row.type}`);
    for (const { body, symbol, file } of subjects) {
      const found = findProperty(body, row.path);
      const required = typeof row.required === 'function' ? row.required(evaluation.given, { find }) : row.required;
      if (row.absent === undefined ? found?.value === required : found === undefined) continue;
      const wanted = row.absent === undefined ? JSON.stringify(required) : 'absent';
      failures.add(
        `${file}: ${symbol}: ${describePath(row.path)} is ${JSON.stringify(found?.value) ?? 'absent'}, not ${wanted}`,
      );
    }
  }
  return { name: row.name, what: describePath(row.path), why: row.why, failures: [...failures] };
}

function describePath(path) {
  return path.map((step) => (typeof step === 'object' ? Object.values(step)[0] : step)).join('.');
}

/** What no single property says. */
function checkWhole(evaluations, queries, readText) {
  const each = (name, what, findFailures) => {
    const failures = evaluations.flatMap((evaluation) => findFailures(evaluation));
    return { name, what, failures: [...new Set(failures)] };
  };
  return [
    each('the resource types are the listed ones', 'resources', ({ resources }) =>
      resources
        .filter(({ type, apiVersion }) => !resourceTypes.includes(`${type}@${apiVersion}`))
        .map(({ file, symbol, type, apiVersion }) => `${file}: ${symbol}: ${type}@${apiVersion} is not expected`),
    ),
    each('the role assignments are the listed ones', 'role assignments', (evaluation) => {
      const found = evaluation.resources.filter(({ type }) => type.endsWith('/roleAssignments')).map(describeRole);
      return compareLists(found, roleAssignments);
    }),
    each('the app settings are the listed ones', 'appSettings', ({ resources, given: parameters }) =>
      resources
        .filter(({ type }) => type === 'Microsoft.Web/sites')
        .flatMap(({ body }) => {
          const settings = body.properties?.siteConfig?.appSettings ?? [];
          return compareLists(
            settings.map(({ name }) => name),
            listAppSettings(parameters),
          );
        }),
    ),
    each('each site has its two policies for publishing credentials', 'parent', ({ resources }) => {
      const isPolicy = ({ type }) => type.endsWith('/basicPublishingCredentialsPolicies');
      const policies = resources.filter(isPolicy).map(({ parent, name }) => `${parent} ${name}`);
      const sites = resources.filter(({ type }) => type === 'Microsoft.Web/sites');
      return compareLists(
        policies,
        sites.flatMap(({ symbol }) => [`${symbol} ftp`, `${symbol} scm`]),
      );
    }),
    each(
      'the only key in the template is the key of the content share',
      'secrets',
      ({ resources, given: parameters }) => {
        const found = resources.flatMap(({ symbol, body }) => listSecrets(body).map((path) => `${symbol}.${path}`));
        const share =
          'app/site.properties.siteConfig.appSettings.WEBSITE_CONTENTAZUREFILECONNECTIONSTRING.value: app/contentStorage.listKeys().keys.0.value';
        return compareLists(found, parameters.plan === 'FlexConsumption' ? [] : [share]);
      },
    ),
    each('no output is secret', 'outputs', ({ outputs, moduleOutputs }) =>
      [{ file: 'main.bicep', outputs }, ...moduleOutputs].flatMap(({ file, outputs: values }) =>
        listSecrets(values).map((name) => `${file}: everybody who can read the deployment sees the output ${name}`),
      ),
    ),
    each('there is one alert for each query', 'alerts', ({ resources }) => {
      const rules = resources.filter(({ type }) => type === 'Microsoft.Insights/scheduledQueryRules');
      const asked = rules.map(({ body }) => body.properties?.criteria?.allOf?.[0]?.query);
      return compareLists(
        asked,
        queries.map((name) => readText(`infra/queries/${name}`)),
      );
    }),
    each('the output is the address that the app reads', 'CERTGATE_TRUST', ({ resources, outputs }) => {
      const path = ['properties', 'siteConfig', 'appSettings', { name: 'CERTGATE_TRUST' }, 'value'];
      const sites = resources.filter(({ type }) => type === 'Microsoft.Web/sites');
      return sites.every(({ body }) => findProperty(body, path)?.value === outputs.CERTGATE_TRUST)
        ? []
        : [`the output CERTGATE_TRUST is ${JSON.stringify(outputs.CERTGATE_TRUST)}`];
    }),
    {
      name: 'each parameter has the safe default, and allows only the listed values',
      what: 'parameters',
      failures: Object.entries(parameterRules).flatMap(([name, rule]) => checkParameter(evaluations[0], name, rule)),
    },
    {
      name: 'the description of clientCertMode says what Optional relies on',
      what: 'clientCertMode',
      failures: /relies on the front end/.test(evaluations[0].parameters.clientCertMode?.description ?? '')
        ? []
        : ['the description of clientCertMode does not say that Optional relies on the front end'],
    },
  ];
}

function describeRole({ body, scope }) {
  const { principalId = '', roleDefinitionId = '' } = body.properties ?? {};
  const holders = { '‹identity/identity.properties.principalId›': 'the app', [operatorId]: 'the operator' };
  const role = roleDefinitionId.split('/').at(-1);
  return `${holders[principalId] ?? principalId}: ${roleNames[role] ?? role} on ${scope ?? 'the resource group'}`;
}

function listSecrets(value, path = []) {
  if (typeof value === 'string') return listSecretParts(value).map((secret) => `${path.join('.')}: ${secret}`);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, each]) =>
    listSecrets(each, [...path, Array.isArray(value) ? (each?.name ?? key) : key]),
  );
}

function checkParameter({ parameters }, name, { initial, allowed }) {
  const found = parameters[name];
  if (found === undefined) return [`there is no parameter ${name}`];
  const failures = compareLists(found.allowed ?? [], allowed).map((failure) => `${name} allows: ${failure}`);
  return found.initial === initial
    ? failures
    : [...failures, `the default of ${name} is ${JSON.stringify(found.initial)}, not "${initial}"`];
}

function compareLists(found, wanted) {
  const rest = [...found];
  const missing = wanted.filter((each) => {
    const index = rest.indexOf(each);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
  return [...missing.map((each) => `missing: ${each}`), ...rest.map((each) => `not expected: ${each}`)];
}

/** The files beside the template. */
function checkFiles([evaluation], readText) {
  const { parameters } = JSON.parse(readText('infra/main.parameters.json'));
  const fixed = Object.entries(parameters).filter(([, { value }]) => !/^\$\{[A-Z_]+\}$/.test(value));
  const azure = readText('azure.yaml');
  const lines = [
    '  api:',
    '    host: function',
    '    language: ts',
    '    dist: ./deploy',
    '          run: npm run stage',
  ];
  return [
    {
      name: 'the parameters come from the azd environment',
      what: 'main.parameters.json',
      failures: [
        ...compareLists(Object.keys(parameters), Object.keys(evaluation.parameters)),
        ...fixed.map(([name, { value }]) => `${name} is "${value}", which replaces the default of main.bicep`),
      ],
    },
    {
      name: 'azd deploys the staged folder',
      what: 'azure.yaml',
      failures: [
        ...lines.filter((line) => !azure.split('\n').includes(line)).map((line) => `there is no line "${line}"`),
        ...(/remoteBuild/.test(azure) ? ['azd refuses remoteBuild on Elastic Premium'] : []),
      ],
    },
  ];
}
