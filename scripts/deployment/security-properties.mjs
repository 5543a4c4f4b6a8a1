// The security properties of the template. To change one, change its row here, with the reason. mutate-template.mjs breaks
// the template in every way that a row lists.
//
// `type` selects every resource of a type, `path` a property. `required` is its value, or a function of the parameters;
// `wrong` are values, as Bicep, that the check must refuse. A row with `absent` names what must not be there.

const site = 'Microsoft.Web/sites';
const account = 'Microsoft.Storage/storageAccounts';
const rule = 'Microsoft.Insights/scheduledQueryRules';
const setting = (name) => ['properties', 'siteConfig', 'appSettings', { name }, 'value'];
const isFlex = ({ plan }) => plan === 'FlexConsumption';

const mutualTls = 'https://learn.microsoft.com/azure/app-service/app-service-web-configure-tls-mutual-auth';
const storageConsiderations = 'https://learn.microsoft.com/azure/azure-functions/storage-considerations';

export const securityProperties = [
  {
    name: 'plain HTTP is refused',
    type: site,
    path: ['properties', 'httpsOnly'],
    required: true,
    wrong: ['false'],
    why: `Over plain HTTP there is no client certificate (${mutualTls}).`,
  },
  {
    name: 'client certificates are on',
    type: site,
    path: ['properties', 'clientCertEnabled'],
    required: true,
    wrong: ['false'],
    why: 'Without it, clientCertMode has no effect (terraform-provider-azurerm#12216).',
  },
  {
    name: 'the client certificate mode is the value of the parameter',
    type: site,
    path: ['properties', 'clientCertMode'],
    required: ({ clientCertMode }) => clientCertMode ?? 'Required',
    wrong: [`'Optional'`, `'OptionalInteractiveUser'`],
    why: 'In the mode Required, the front end refuses calls without a certificate before they reach the app.',
  },
  {
    name: 'no path is excluded from client certificates',
    type: site,
    path: ['properties', 'clientCertExclusionPaths'],
    absent: { beside: ['properties', 'clientCertEnabled'], text: `clientCertExclusionPaths: '/public'` },
    why: `They are prefixes without regard to case, and renegotiate TLS (${mutualTls}).`,
  },
  {
    name: 'TLS 1.2 or later',
    type: site,
    path: ['properties', 'siteConfig', 'minTlsVersion'],
    required: '1.2',
    wrong: [`'1.0'`, `'1.1'`],
    why: 'TLS 1.0 and 1.1 are broken (RFC 8996).',
  },
  {
    name: 'TLS 1.2 or later for deployments',
    type: site,
    path: ['properties', 'siteConfig', 'scmMinTlsVersion'],
    required: '1.2',
    wrong: [`'1.0'`, `'1.1'`],
    why: 'The SCM site can replace the code. Its setting is its own.',
  },
  {
    name: 'no FTP',
    type: site,
    when: (parameters) => !isFlex(parameters),
    path: ['properties', 'siteConfig', 'ftpsState'],
    required: 'Disabled',
    wrong: [`'AllAllowed'`, `'FtpsOnly'`],
    why: 'FTPS replaces the code with a password. Flex Consumption has none.',
  },
  ...[
    ['ftpsState', `ftpsState: 'Disabled'`],
    ['linuxFxVersion', `linuxFxVersion: 'Node|22'`],
  ].map(([property, text]) => ({
    name: `no ${property} on Flex Consumption`,
    type: site,
    when: isFlex,
    path: ['properties', 'siteConfig', property],
    absent: { beside: ['properties', 'siteConfig', 'minTlsVersion'], text },
    why: 'It must not be set there (https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations).',
  })),
  {
    name: 'HTTP/1.1 only',
    type: site,
    path: ['properties', 'siteConfig', 'http20Enabled'],
    required: false,
    wrong: ['true'],
    why: "Exclusion paths and OptionalInteractiveUser don't work with HTTP/2, and no document says that the other modes do.",
  },
  ...['ftp', 'scm'].map((name) => ({
    name: `no basic publishing credentials (${name})`,
    type: `${site}/basicPublishingCredentialsPolicies`,
    where: (resource) => resource.name === name,
    path: ['properties', 'allow'],
    required: false,
    wrong: ['true'],
    why: 'Publishing credentials are a password that replaces the code.',
  })),
  {
    name: 'a managed identity',
    type: site,
    path: ['identity', 'type'],
    required: 'UserAssigned',
    wrong: [`'None'`],
    why: 'Otherwise storage and telemetry need keys.',
  },
  {
    name: 'the trust document is the one that the operator writes',
    type: site,
    path: setting('CERTGATE_TRUST'),
    required: 'blob:‹trust/account.properties.primaryEndpoints.blob›trust/trust.json',
    wrong: [`'trust.json'`, `'https://example.com/trust.json'`],
    why: "The container is the one place that the app can read and can't write.",
  },
  {
    name: 'the trust document is read with the identity',
    type: site,
    path: setting('AZURE_CLIENT_ID'),
    required: '‹identity/identity.properties.clientId›',
    wrong: [`''`],
    why: 'DefaultAzureCredential needs the client id of a user-assigned identity.',
  },
  {
    name: 'the front end is named on Flex Consumption',
    type: site,
    when: isFlex,
    path: setting('CERTGATE_FRONT_END'),
    required: 'app-service',
    wrong: [`'development'`],
    why: 'Certgate refuses every call if it does not know the front end.',
  },
  {
    name: 'the host uses its storage with the identity',
    type: site,
    path: setting('AzureWebJobsStorage__credential'),
    required: 'managedidentity',
    wrong: [`'key'`],
    why: "Whoever has a key of the host's storage can change the function keys.",
  },
  {
    name: 'the host uses its own storage',
    type: site,
    path: setting('AzureWebJobsStorage__accountName'),
    required: (_, { find }) => find('app/hostStorage').name,
    wrong: [`'sttrust'`],
    why: "The host needs write access to this account, so it can't be the one of the trust document.",
  },
  {
    name: 'telemetry is sent with the identity',
    type: site,
    path: setting('APPLICATIONINSIGHTS_AUTHENTICATION_STRING'),
    required: 'ClientId=‹identity/identity.properties.clientId›;Authorization=AAD',
    wrong: [`''`],
    why: 'Application Insights refuses other telemetry here.',
  },
  {
    name: 'a supported version of Node.js',
    type: site,
    when: (parameters) => !isFlex(parameters),
    path: ['properties', 'siteConfig', 'linuxFxVersion'],
    required: ({ nodeVersion }) => `Node|${nodeVersion ?? '22'}`,
    wrong: [`'Node|20'`],
    why: 'Node.js 20 gets no security updates.',
  },
  {
    name: 'a supported version of Node.js on Flex Consumption',
    type: site,
    when: isFlex,
    path: ['properties', 'functionAppConfig', 'runtime', 'version'],
    required: ({ nodeVersion }) => nodeVersion ?? '22',
    wrong: [`'20'`],
    why: 'Node.js 20 gets no security updates.',
  },
  {
    name: 'the package is read with the identity',
    type: site,
    when: isFlex,
    path: ['properties', 'functionAppConfig', 'deployment', 'storage', 'authentication', 'type'],
    required: 'UserAssignedIdentity',
    wrong: [`'StorageAccountConnectionString'`],
    why: 'A connection string has a key with which the code can be replaced.',
  },
  ...[
    [
      'no anonymous access to blobs',
      'allowBlobPublicAccess',
      false,
      ['true'],
      'The trust document names your callers.',
    ],
    [
      'TLS 1.2 or later for storage',
      'minimumTlsVersion',
      'TLS1_2',
      [`'TLS1_0'`],
      'TLS 1.0 and 1.1 are broken (RFC 8996).',
    ],
    ['storage is reached over TLS only', 'supportsHttpsTrafficOnly', true, ['false'], 'Tokens are sent to it.'],
    [
      'no replication to other tenants',
      'allowCrossTenantReplication',
      false,
      ['true'],
      'It copies blobs to accounts outside your organization.',
    ],
  ].map(([name, property, required, wrong, why]) => ({
    name,
    type: account,
    path: ['properties', property],
    required,
    wrong,
    why,
  })),
  {
    name: 'no shared keys, except for the share of Elastic Premium',
    type: account,
    where: ({ symbol }) => symbol !== 'app/contentStorage',
    path: ['properties', 'allowSharedKeyAccess'],
    required: false,
    wrong: ['true'],
    why: `A key has every permission, and no name in the log. The share has no other access (${storageConsiderations}).`,
  },
  {
    name: 'earlier trust documents are kept',
    type: `${account}/blobServices`,
    where: ({ symbol }) => symbol.startsWith('trust/'),
    path: ['properties', 'isVersioningEnabled'],
    required: true,
    wrong: ['false'],
    why: 'A wrong change is undone by restoring the version before it.',
  },
  ...['deleteRetentionPolicy', 'containerDeleteRetentionPolicy'].map((policy) => ({
    name: `deleted trust documents can be restored (${policy})`,
    type: `${account}/blobServices`,
    where: ({ symbol }) => symbol.startsWith('trust/'),
    path: ['properties', policy, 'enabled'],
    required: true,
    wrong: ['false'],
    why: "The operator's role can delete the blob and the container.",
  })),
  {
    name: 'containers are private',
    type: `${account}/blobServices/containers`,
    path: ['properties', 'publicAccess'],
    required: 'None',
    wrong: [`'Blob'`, `'Container'`],
    why: 'The container stays private even if somebody allows public access to the account.',
  },
  {
    name: 'writes to the trust document are logged',
    type: 'Microsoft.Insights/diagnosticSettings',
    path: ['properties', 'logs', { category: 'StorageWrite' }, 'enabled'],
    required: true,
    wrong: ['false'],
    why: 'Whoever can write the container can also forge the log that `certgate trust` keeps in it.',
  },
  {
    name: 'telemetry needs an identity',
    type: 'Microsoft.Insights/components',
    path: ['properties', 'DisableLocalAuth'],
    required: true,
    wrong: ['false'],
    why: 'Whoever has the connection string could otherwise write log lines, and set alerts off.',
  },
  {
    name: 'alerts are on',
    type: rule,
    path: ['properties', 'enabled'],
    required: true,
    wrong: ['false'],
    why: 'A disabled alert is never sent.',
  },
  {
    name: "alerts read the app's telemetry",
    type: rule,
    path: ['properties', 'scopes', 0],
    required: '‹monitoring/applicationInsights.id›',
    wrong: ['workspace.id'],
    why: 'The queries read `traces`, which a workspace calls `AppTraces`.',
  },
  {
    name: 'alerts are sent to the address',
    type: rule,
    when: ({ alertEmail }) => alertEmail !== undefined,
    path: ['properties', 'actions', 'actionGroups', 0],
    required: '‹monitoring/actionGroup.id›',
    wrong: [`'none'`],
    why: 'Otherwise, alerts appear only in the portal.',
  },
];

/** Who may do what. No other role assignment may be there. */
export const roleAssignments = [
  'the app: Storage Blob Data Owner on app/hostStorage',
  'the app: Storage Blob Data Reader on trust/container',
  'the app: Monitoring Metrics Publisher on monitoring/applicationInsights',
  'the operator: Storage Blob Data Contributor on trust/container',
];

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roleNames = {
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': 'Storage Blob Data Reader',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
};

/** Another type, as a slot's, has security properties of its own; another version may name them otherwise. */
export const resourceTypes = [
  'Microsoft.Authorization/roleAssignments@2022-04-01',
  'Microsoft.Insights/actionGroups@2023-01-01',
  'Microsoft.Insights/components@2020-02-02',
  'Microsoft.Insights/diagnosticSettings@2021-05-01-preview',
  'Microsoft.Insights/scheduledQueryRules@2023-12-01',
  'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30',
  'Microsoft.OperationalInsights/workspaces@2025-07-01',
  'Microsoft.Resources/resourceGroups@2025-04-01',
  'Microsoft.Storage/storageAccounts@2025-08-01',
  'Microsoft.Storage/storageAccounts/blobServices@2025-08-01',
  'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01',
  'Microsoft.Web/serverfarms@2025-05-01',
  'Microsoft.Web/sites@2025-05-01',
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01',
];

/** Every app setting, by plan. Another one could be a key, or could change what Certgate does. */
export function listAppSettings(parameters) {
  const common = [
    'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
    'APPLICATIONINSIGHTS_CONNECTION_STRING',
    'AZURE_CLIENT_ID',
    'AzureWebJobsStorage__accountName',
    'AzureWebJobsStorage__clientId',
    'AzureWebJobsStorage__credential',
    'CERTGATE_TRUST',
  ];
  // Flex Consumption must have none of Elastic Premium's (azure-functions-core-tools, PublishFunctionAppAction).
  const elasticPremium = [
    'FUNCTIONS_EXTENSION_VERSION',
    'FUNCTIONS_WORKER_RUNTIME',
    'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
    'WEBSITE_CONTENTSHARE',
    'WEBSITE_RUN_FROM_PACKAGE',
  ];
  return [...common, ...(isFlex(parameters) ? ['CERTGATE_FRONT_END'] : elasticPremium)].sort();
}

/** The defaults and the allowed values of the parameters that matter for security. */
export const parameterRules = {
  clientCertMode: { initial: 'Required', allowed: ['Required', 'Optional'] },
  plan: { initial: 'ElasticPremium', allowed: ['ElasticPremium', 'FlexConsumption'] },
  nodeVersion: { initial: '22', allowed: ['22', '24'] },
  operatorType: { initial: 'User', allowed: ['User', 'Group', 'ServicePrincipal'] },
};
