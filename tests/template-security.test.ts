import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { infra, listAlerts, readText } from './test-support/alerts.js';
import { root } from './test-support/certgate.js';

// Tests security properties of the sample's deployment template, as text. A property is a pattern and the lines that it
// must find, so a line that is missing, different or new fails. Each test also breaks the template by removing each
// line and by making each replacement, and must notice that. The workflow "CI" compiles the template.

type Replacement = readonly [text: string, by: string];
type Property = readonly [pattern: RegExp, lines: string, ...replacements: readonly Replacement[]];
const alertQueries = listAlerts().map(({ name }) => `${name}.query: loadTextContent('queries/${name}.kql')`);
const properties: Readonly<Record<string, Property>> = {
  'has these resources and role assignments only, in these versions, on these conditions': [
    /^\w+\/resource (?!\w+ 'Microsoft.Authorization\/roleAssignments@)/,
    `main/resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
    identity/resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
    monitoring/resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
    monitoring/resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
    monitoring/resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
    monitoring/resource alertRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in alerts: {
    trust/resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
    trust/resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
    trust/resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = {
    trust/resource writesAreLogged 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
    app/resource appServicePlan 'Microsoft.Web/serverfarms@2025-05-01' = {
    app/resource hostStorage 'Microsoft.Storage/storageAccounts@2025-08-01' = {
    app/resource hostBlobService 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
    app/resource packageContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = if (isFlex) {
    app/resource contentStorage 'Microsoft.Storage/storageAccounts@2025-08-01' = if (!isFlex) {
    app/resource site 'Microsoft.Web/sites@2025-05-01' = {
    app/resource ftpCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01' = {
    app/resource scmCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01' = {`,
    ['output name', `resource slot 'Microsoft.Web/sites/slots@2025-05-01' = {\n}\noutput name`],
  ],
  'has safe defaults, allows these values only, takes values from the azd environment, deploys the staged folder': [
    /^main\/(?:param .*=|@allowed)|relies on|^parameters\/parameters\.(?!"\w+": \{ "value": "\$\{[A-Z_]+\}" \},?$)|dist:|run:|remoteBuild/,
    `main/@allowed(['User', 'Group', 'ServicePrincipal'])
    main/param operatorType string = 'User'
    main/@allowed(['ElasticPremium', 'FlexConsumption'])
    main/param plan string = 'ElasticPremium'
    main/@description('Required: Azure refuses calls without a client certificate. Optional lets them reach the app, for public functions. The app then relies on the front end to remove an X-ARR-ClientCert header that a caller sent, which no document promises. A second app for the public functions is safer.')
    main/@allowed(['Required', 'Optional'])
    main/param clientCertMode string = 'Required'
    main/@allowed(['22', '24'])
    main/param nodeVersion string = '22'
    main/param alertEmail string = ''
    azure/services.api.dist: ./deploy
    azure/services.api.hooks.prepackage.posix.run: npm run stage
    azure/services.api.hooks.prepackage.windows.run: npm run stage`,
    [`'Required', 'Optional'`, `'Required', 'Optional', 'OptionalInteractiveUser'`],
    ['${FUNCTION_APP_CLIENT_CERT_MODE}', '${FUNCTION_APP_CLIENT_CERT_MODE=Optional}'],
    ['dist: ./deploy', 'dist: ./deploy\n    remoteBuild: true'],
  ],
  'refuses plain HTTP, requests client certificates, excludes no path, and sets nothing later that replaces this': [
    /httpsOnly|\.clientCert|http20|\b(?:union|concat)\(|isFlex = |isFlex \? [^']/i,
    `main/app.params.clientCertMode: clientCertMode
    app/var isFlex = plan == 'FlexConsumption'
    app/siteConfig.http20Enabled: false
    app/siteConfig.appSettings: concat(appSettings, isFlex ? flexSettings : elasticPremiumSettings)
    app/site.tags: union(tags, { 'azd-service-name': 'api' })
    app/site.properties: union(
    app/site.properties.httpsOnly: true
    app/site.properties.clientCertEnabled: true
    app/site.properties.clientCertMode: clientCertMode
    app/site.properties.siteConfig: union(siteConfig, isFlex ? {} : elasticPremiumSiteConfig)
    app/site.properties.isFlex ? { functionAppConfig: flexConfig } : {}`,
    ['httpsOnly: true', 'httpsOnly: true\n      HttpsOnly: false'],
    ['httpsOnly: true', `httpsOnly: true\n      clientCertExclusionPaths: '/public'`],
    ['functionAppConfig: flexConfig } : {}', 'functionAppConfig: flexConfig } : { siteConfig: {} }'],
  ],
  'runs a supported Node.js, needs TLS 1.2 for deployments too, and lets no password replace the code': [
    /^app\/site.*tlsVersion|ftpsState|(?:ftp|scm)Credentials\.|\.nodeVersion|linuxFxVersion|runtime\.version/i,
    `main/app.params.nodeVersion: nodeVersion
    app/siteConfig.minTlsVersion: '1.2'
    app/siteConfig.scmMinTlsVersion: '1.2'
    app/elasticPremiumSiteConfig.ftpsState: 'Disabled'
    app/elasticPremiumSiteConfig.linuxFxVersion: 'Node|\${nodeVersion}'
    app/flexConfig.runtime.version: nodeVersion
    app/ftpCredentials.parent: site
    app/ftpCredentials.name: 'ftp'
    app/ftpCredentials.properties.allow: false
    app/scmCredentials.parent: site
    app/scmCredentials.name: 'scm'
    app/scmCredentials.properties.allow: false`,
  ],
  "reads the package with the app's identity, and takes log lines only from it": [
    /\.(?:identity|authentication)\.|DisableLocalAuth|^(?:main|identity)\/.*(?:clientId|principalId|operatorId): /i,
    `main/monitoring.params.appPrincipalId: identity.outputs.principalId
    main/trust.params.appPrincipalId: identity.outputs.principalId
    main/trust.params.operatorId: operatorId
    main/app.params.identityClientId: identity.outputs.clientId
    main/app.params.identityPrincipalId: identity.outputs.principalId
    monitoring/applicationInsights.properties.DisableLocalAuth: true
    app/flexConfig.deployment.storage.authentication.type: 'UserAssignedIdentity'
    app/flexConfig.deployment.storage.authentication.userAssignedIdentityResourceId: identityId
    app/site.identity.type: 'UserAssigned'
    app/site.identity.userAssignedIdentities.'\${identityId}': {}`,
  ],
  'has these settings and one key, because Elastic Premium has no other access to its share': [
    /^app\/\w*settings\.\w+\.(?!name)|allowSharedKeyAccess|\blist\w*\(|accountKey|output .*(?:settings|config)/i,
    `trust/account.properties.allowSharedKeyAccess: false
    app/hostStorage.properties.allowSharedKeyAccess: false
    app/contentStorage.properties.allowSharedKeyAccess: true
    app/appSettings.AzureWebJobsStorage__accountName.value: hostStorage.name
    app/appSettings.AzureWebJobsStorage__credential.value: 'managedidentity'
    app/appSettings.AzureWebJobsStorage__clientId.value: identityClientId
    app/appSettings.APPLICATIONINSIGHTS_CONNECTION_STRING.value: applicationInsightsConnectionString
    app/appSettings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING.value: 'ClientId=\${identityClientId};Authorization=AAD'
    app/appSettings.AZURE_CLIENT_ID.value: identityClientId
    app/appSettings.CERTGATE_TRUST.value: trustDocument
    app/flexSettings.CERTGATE_FRONT_END.value: 'app-service'
    app/elasticPremiumSettings.FUNCTIONS_EXTENSION_VERSION.value: '~4'
    app/elasticPremiumSettings.FUNCTIONS_WORKER_RUNTIME.value: 'node'
    app/elasticPremiumSettings.WEBSITE_RUN_FROM_PACKAGE.value: '1'
    app/elasticPremiumSettings.WEBSITE_CONTENTAZUREFILECONNECTIONSTRING.value: 'DefaultEndpointsProtocol=https;AccountName=\${contentStorage.name};AccountKey=\${contentStorage.listKeys().keys[0].value};EndpointSuffix=\${environment().suffixes.storage}'
    app/elasticPremiumSettings.WEBSITE_CONTENTSHARE.value: contentShareName`,
    ['var flexSettings = [', `var flexSettings = [\n  {\n    name: 'AzureWebJobsStorage'\n    value: ''\n  }`],
    ['output name string', 'output key string = hostStorage.listKeys().keys[0].value\noutput name string'],
    ['output name string', 'output all array = elasticPremiumSettings\noutput name string'],
  ],
  'has storage without anonymous access, access without TLS 1.2, and copies outside the organization': [
    /BlobPublicAccess|HttpsTrafficOnly|CrossTenantReplication|minimumTlsVersion|\.publicAccess/i,
    `trust/account.properties.allowBlobPublicAccess: false
    trust/account.properties.allowCrossTenantReplication: false
    trust/account.properties.minimumTlsVersion: 'TLS1_2'
    trust/account.properties.supportsHttpsTrafficOnly: true
    trust/container.properties.publicAccess: 'None'
    app/hostStorage.properties.allowBlobPublicAccess: false
    app/hostStorage.properties.allowCrossTenantReplication: false
    app/hostStorage.properties.minimumTlsVersion: 'TLS1_2'
    app/hostStorage.properties.supportsHttpsTrafficOnly: true
    app/packageContainer.properties.publicAccess: 'None'
    app/contentStorage.properties.allowBlobPublicAccess: false
    app/contentStorage.properties.allowCrossTenantReplication: false
    app/contentStorage.properties.minimumTlsVersion: 'TLS1_2'
    app/contentStorage.properties.supportsHttpsTrafficOnly: true`,
  ],
  'lets the app read the document that the operator writes, logs writes, and keeps earlier documents': [
    /^(?:main|trust)\/.*(?:trustDocument|enabled: |container\.name|Logged\.scope)|var \w+ = '[\da-f-]{36}'/i,
    `main/app.params.trustDocument: trust.outputs.trustDocument
    main/output CERTGATE_TRUST string = trust.outputs.trustDocument
    monitoring/var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
    trust/var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
    trust/var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
    trust/blobService.properties.isVersioningEnabled: true
    trust/blobService.properties.deleteRetentionPolicy.enabled: true
    trust/blobService.properties.containerDeleteRetentionPolicy.enabled: true
    trust/container.name: 'trust'
    trust/writesAreLogged.scope: blobService
    trust/writesAreLogged.properties.logs.StorageWrite.enabled: true
    trust/writesAreLogged.properties.logs.StorageDelete.enabled: true
    trust/output trustDocument string = 'blob:\${account.properties.primaryEndpoints.blob}\${container.name}/trust.json'
    app/var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'`,
  ],
  "sends an alert about the app's telemetry for each query, reads no other file, and hides no code": [
    /\bload\w+\(|\/(?:import|using|extension)\b|'''|\/\*|alertRules\.properties\.(?:enabled|scopes|actions|.+\.query)/,
    `monitoring/alerts.${alertQueries.join('\nmonitoring/alerts.')}
    monitoring/alertRules.properties.enabled: true
    monitoring/alertRules.properties.scopes.applicationInsights.id
    monitoring/alertRules.properties.criteria.allOf.query: alert.query
    monitoring/alertRules.properties.actions.actionGroups: empty(alertEmail) ? [] : [
    monitoring/alertRules.properties.actions.actionGroups.actionGroup.id`,
    ["'queries/unavailable.kql'", "'queries/denials-by-code.kql'"],
    ['isFlex ?', "loadJsonContent('a.json') ?"],
    ['isFlex ?', '/* isFlex ?'],
  ],
};

type Texts = Readonly<Record<string, string>>;
type Line = Readonly<{ file: string; at: number; line: string }>;
type List<T> = (all: Texts) => readonly T[];
const modules = readText(join(infra, 'main.bicep')).matchAll(/^module (\w+) '(.+)' = \{$/gm);
const texts: Texts = {
  main: readText(join(infra, 'main.bicep')),
  ...Object.fromEntries([...modules].map(([, name = '', file = '']) => [name, readText(join(infra, file))] as const)),
  parameters: readText(join(infra, 'main.parameters.json')),
  azure: readText(join(infra, '../azure.yaml')),
};

describe('the deployment template', () => {
  for (const [name, [pattern, lines, ...replacements]] of Object.entries(properties)) {
    it(name, () => {
      const find: List<Line> = (all) => listLines(all).filter(({ line }) => pattern.test(line));
      const expected = lines.split('\n').map((line) => line.trim());
      const mutants = [...find(texts).map(remove), ...replacements.map(replace)];
      expectNoticed((all) => find(all).map(({ line }) => line), expected, mutants);
    });
  }

  it('gives the roles that docs/deploy-to-azure.md lists, and no others', () => {
    const page = readText(join(root, 'docs', 'deploy-to-azure.md'));
    const rows = [...page.matchAll(/^\| the (app|operator) \| (.+?) \| .+? \(`(.+?)`\) \|/gm)];
    const expected = rows.map(([, who, role = '', place]) => `${who}: ${role.replaceAll(' ', '')} on ${place}`);
    expectNoticed(listRoles, expected.sort(), [
      replace(['storageBlobDataReader)\n    p', 'storageBlobDataContributor)\n    p']),
      replace(['principalId: operatorId', 'principalId: appPrincipalId']),
      replace(['scope: container', 'scope: account']),
      replace(['  scope: hostStorage\n', '']),
    ]);
  });
});

function expectNoticed(list: List<string>, expected: readonly string[], mutants: readonly Texts[]): void {
  assert.deepEqual(list(texts), expected);
  for (const mutant of mutants) assert.notDeepEqual(list(mutant), expected);
}

function remove({ file, at }: Line): Texts {
  return { ...texts, [file]: texts[file]?.split('\n').toSpliced(at, 1).join('\n') ?? '' };
}

function replace([text, by]: Replacement): Texts {
  assert.ok(
    Object.values(texts).some((all) => all.includes(text)),
    text,
  );
  return Object.fromEntries(Object.entries(texts).map(([name, all]) => [name, all.replace(text, () => by)]));
}

/** The lines of code, each prefixed with the keys that it is nested in. An item of a list is identified by its name. */
function listLines(all: Texts): readonly Line[] {
  return Object.entries(all).flatMap(([file, text]) => {
    const keys: string[] = [];
    return text.split('\n').flatMap((raw, at) => {
      const code = raw.trim();
      if (/^(?:\/\/|[)\]}]*$)/.test(code)) return [];
      const [, item = ''] = /^(?:name|category): '([\w-]+)'$/.exec(code) ?? [];
      keys.length = raw.search(/\S/) / 2;
      keys.push((keys.pop() ?? '') || item);
      const line = `${file}/${[...keys.filter((key) => key !== ''), code].join('.')}`;
      keys[raw.search(/\S/) / 2] = /^(?:(?:resource|module|var) |")?(\w*)/.exec(code)?.[1] ?? '';
      return /^(?:\w+: )?[[{]$/.test(code) ? [] : [{ file, at, line }];
    });
  });
}

function listRoles(all: Texts): readonly string[] {
  const parts = Object.entries(all).flatMap(([name, text]) =>
    text.split('roleAssignments@').flatMap((part, index) => (index === 0 ? [] : [`${name} ${part}`])),
  );
  const form =
    /^(\w+) 2022-04-01' = \{\s+scope: (\w+)\s+name: .+\s+properties: \{\s+role.+, (\w)(\w+)\)\s+principalId: (\w+)/;
  const roles = parts.map((part) => {
    const [, name, scope, first = '', rest, who] = form.exec(part) ?? [];
    return `${who === 'operatorId' ? 'operator' : 'app'}: ${first.toUpperCase()}${rest} on ${name}/${scope}`;
  });
  return roles.sort();
}
