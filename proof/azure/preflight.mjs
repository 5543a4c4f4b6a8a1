// What `npm run prove -- azure` checks and prints before it creates anything: the login, the subscription, the region,
// the template, the queries of its alerts, and the costs. It reads from Azure, and changes nothing there.
import { join } from 'node:path';
import { Stop } from './programs.mjs';

const hour = 3_600_000;
const removalHours = 0.5;

/**
 * The plans of the template, with the meters of Azure's price list that they use. The size of an instance of EP1 is in
 * https://learn.microsoft.com/azure/azure-functions/functions-premium-plan. On Flex Consumption, this is the price of
 * one instance of 2 GB that works all the time; the run leaves it idle most of the time.
 */
const priceList = {
  ElasticPremium: {
    sku: 'EP1, one instance with 1 vCPU and 3.5 GiB',
    product: 'Premium Functions',
    meters: [
      ['Premium vCPU Duration', '1 Hour', 1],
      ['Premium Memory Duration', '1 GiB Hour', 3.5],
    ],
  },
  FlexConsumption: {
    sku: 'FC1, instances with 2 GB',
    product: 'Flex Consumption',
    meters: [['On Demand Execution Time', '1 GB Second', 2 * 3600]],
  },
};

/**
 * @returns the person or service that is logged in to az, whom the template gives the role to write the trust document.
 * @throws {Stop} if the subscription can't be used.
 */
export async function checkSubscription({ programs, subscription }) {
  const planned = JSON.stringify({ state: 'Enabled', tenantId: 'TENANT', user: { name: 'NAME', type: 'user' } });
  const show = ['az', 'account', 'show', '--subscription', subscription, '--output', 'json'];
  const { stdout: account } = await programs.run('Looking who is logged in', show, { planned });
  const { name: title, state, tenantId: tenant, user } = JSON.parse(account);
  if (state !== 'Enabled') throw new Stop(`The subscription has the state ${state}. Choose one that is Enabled.`);
  const isPerson = user.type === 'user';
  const words = isPerson ? ['signed-in-user', 'show'] : ['sp', 'show', '--id', user.name];
  const query = ['az', 'ad', ...words, '--query', 'id', '--output', 'tsv'];
  const { stdout: id } = await programs.run('Reading its object id', query, { planned: 'OBJECT-ID' });
  return { id: id.trim(), type: isPerson ? 'User' : 'ServicePrincipal', name: user.name, tenant, title };
}

/** @throws {Stop} if the subscription has no such region, or a plan is not offered there. */
export async function checkRegion({ programs, subscription, location, chosen }) {
  const list = async (step, words) => {
    const names = ['--query', '[].name', '--output', 'tsv', '--subscription', subscription];
    const { stdout } = await programs.run(step, ['az', ...words, ...names], { planned: location });
    return stdout.split('\n').map((name) => name.trim());
  };
  if (!(await list('Listing the regions', ['account', 'list-locations'])).includes(location))
    throw new Stop(`The subscription has no region ${location}. \`az account list-locations\` lists them.`);
  const flex = ['functionapp', 'list-flexconsumption-locations'];
  if (
    chosen.includes('FlexConsumption') &&
    !(await list('Listing the regions of Flex Consumption', flex)).includes(location)
  )
    throw new Stop(`Flex Consumption is not offered in ${location}. \`az ${flex.join(' ')}\` lists its regions.`);
}

/**
 * Compiles the template, parses the queries of its alerts with Microsoft's parser, and lets Azure validate each plan.
 * @returns what the compiler said.
 */
export async function checkTemplate({ programs, sample, parser, chosen }, validate) {
  const template = join(sample, 'infra', 'main.bicep');
  const compile = ['az', 'bicep', 'build', '--file', template, '--stdout'];
  const { status, stderr } = await programs.run('Compiling the template', compile, { expected: ['any'] });
  const count = (word) => stderr.split(`: ${word} `).length - 1;
  const queries = [...parser, join(sample, 'infra', 'queries')];
  await programs.run("Parsing the alerts' queries with Microsoft's parser", queries);
  // Without a compiler, Azure can't validate the template either, and says why.
  for (const plan of chosen) await validate(plan, template);
  return { status, warnings: count('Warning'), errors: count('Error') };
}

/** Prints what the run creates, where, for how long, and what it costs if Azure's price list says so. */
export async function printCosts({ programs, print, subscription, location, chosen, waits }, { title }) {
  const hours = waits.limit / hour + removalHours;
  const items = await readPrices(programs, location);
  print(`This run creates in ${location}, in the subscription ${title ?? 'with the id'} ${subscription}, for each plan:
  one resource group rg-certgate-proof-… with a function app, its plan, an identity with roles, storage accounts
  (Standard_LRS), a Log Analytics workspace, Application Insights and alert rules.`);
  for (const plan of chosen) {
    const price = computePrice(items, plan);
    const costs =
      price === undefined
        ? 'cannot tell what it costs: https://azure.microsoft.com/pricing/details/functions/'
        : `USD ${price.toFixed(3)} an hour, USD ${(price * hours).toFixed(2)} for ${hours} hours (Azure's list price)`;
    print(`  ${plan} (${priceList[plan].sku}): ${costs}`);
  }
  print(`  Storage, log lines and alert rules are billed by use, so their costs cannot be told in advance:
  https://azure.microsoft.com/pricing/details/monitor/
A plan probably takes about an hour. After ${waits.limit / hour} hours the script stops and removes what it created, which
can take half an hour. The plan costs money until it is removed.`);
}

async function readPrices(programs, location) {
  const filter = `serviceName eq 'Functions' and armRegionName eq '${location}' and priceType eq 'Consumption'`;
  const url = `https://prices.azure.com/api/retail/prices?$filter=${encodeURIComponent(filter)}`;
  const words = ['az', 'rest', '--method', 'get', '--url', url, '--skip-authorization-header', '--only-show-errors'];
  const { stdout } = await programs.run("Reading Azure's price list", words, { expected: ['any'] });
  try {
    return JSON.parse(stdout).Items ?? [];
  } catch {
    return [];
  }
}

/** The price of one hour in USD; undefined if the list lacks a meter. A free amount is ignored. */
function computePrice(items, plan) {
  const { product, meters } = priceList[plan];
  const parts = meters.map(([meter, unit, amount]) => {
    const rows = items.filter(
      ({ productName, meterName, unitOfMeasure, currencyCode }) =>
        productName === product && meterName === meter && unitOfMeasure === unit && currencyCode === 'USD',
    );
    return Math.max(...rows.map(({ retailPrice }) => retailPrice)) * amount;
  });
  const price = parts.reduce((sum, part) => sum + part, 0);
  return Number.isFinite(price) && price > 0 ? price : undefined;
}
