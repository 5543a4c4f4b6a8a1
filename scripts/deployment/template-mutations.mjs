// How the template is broken where no row of security-properties.mjs says it: texts that are replaced in a file.
import { templateIsBicep } from './template-check.mjs';

const reader = `'2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'`;
const contributor = `'ba92f5b4-2d11-453d-a403-e96b0029c9fe'`;
const owner = `'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'`;

/** By the row that must fail, and by file. */
export const textMutations = {
  [templateIsBicep]: {
    'infra/main.bicep': [
      [`'function-app.bicep'`, `'br/public:avm/res/web/site:0.15.1'`],
      ['    plan: plan\n', ''],
      ['    plan: plan\n', '    plan: plan\n    slot: plan\n'],
      [`['Required', 'Optional']`, `['Required' 'Optional']`],
    ],
    'infra/function-app.bicep': [
      ['httpsOnly: true\n', 'httpsOnly: true clientAffinityEnabled: false\n'],
      ['httpsOnly: true\n', 'httpsOnly: true\n      HttpsOnly: false\n'],
      ['httpsOnly: true\n', 'httpsOnly: = true\n'],
      ['flexSettings : elasticPremiumSettings', 'flexSettings : premiumSettings'],
      ['concat(appSettings,', 'flatten(appSettings,'],
    ],
    'infra/monitoring.bicep': [['param alertEmail string', 'param alertEmail int']],
  },
  'plain HTTP is refused': { 'infra/function-app.bicep': [['httpsOnly: true', 'httpOnly: true']] },
  'TLS 1.2 or later': { 'infra/function-app.bicep': [[`minTlsVersion: '1.2'`, `minTlsVersion: 'TLS1_2'`]] },
  'TLS 1.2 or later for deployments': {
    'infra/function-app.bicep': [['scmMinTlsVersion:', 'scmMinimumTlsVersion:']],
  },
  'the client certificate mode is the value of the parameter': {
    'infra/function-app.bicep': [['clientCertMode: clientCertMode', `clientCertMode: 'Require'`]],
  },
  'no FTP': { 'infra/function-app.bicep': [[`ftpsState: 'Disabled'`, `ftpsState: 'Disable'`]] },
  'no basic publishing credentials (ftp)': { 'infra/function-app.bicep': [['allow: false', `allow: 'false'`]] },
  'storage is reached over TLS only': {
    'infra/trust-storage.bicep': [['supportsHttpsTrafficOnly', 'enableHttpsTrafficOnly']],
  },
  'TLS 1.2 or later for storage': {
    'infra/trust-storage.bicep': [[`minimumTlsVersion: 'TLS1_2'`, `minimumTlsVersion: '1.2'`]],
  },
  'earlier trust documents are kept': {
    'infra/trust-storage.bicep': [['isVersioningEnabled: true', 'versioningEnabled: true']],
  },
  'containers are private': { 'infra/trust-storage.bicep': [[`publicAccess: 'None'`, `publicAccess: 'Off'`]] },
  'telemetry needs an identity': { 'infra/monitoring.bicep': [['DisableLocalAuth', 'disableLocalAuth']] },
  'the resource types are the listed ones': {
    'infra/function-app.bicep': [
      ['Microsoft.Web/sites@2025-05-01', 'Microsoft.Web/sites@2024-04-01'],
      [
        'output name string',
        `resource slot 'Microsoft.Web/sites/slots@2025-05-01' = {\n  parent: site\n  name: 'next'\n}\noutput name string`,
      ],
    ],
    'infra/monitoring.bicep': [['Microsoft.Insights/components@2020-02-02', 'Microsoft.Insights/component@2020-02-02']],
  },
  'the role assignments are the listed ones': {
    'infra/trust-storage.bicep': [
      [
        'scope: container\n  name: guid(container.id, appPrincipalId',
        'scope: account\n  name: guid(container.id, appPrincipalId',
      ],
      [
        'scope: container\n  name: guid(container.id, operatorId',
        'scope: account\n  name: guid(container.id, operatorId',
      ],
      [reader, contributor],
      [contributor, owner],
      ['principalId: operatorId', 'principalId: appPrincipalId'],
    ],
    'infra/function-app.bicep': [['  scope: hostStorage\n', '']],
  },
  'the app settings are the listed ones': {
    'infra/function-app.bicep': [
      ['var flexSettings = [', `var flexSettings = [\n  {\n    name: 'AzureWebJobsStorage'\n    value: ''\n  }`],
      ['isFlex ? flexSettings :', 'isFlex ? [] :'],
      ['isFlex ? flexSettings : elasticPremiumSettings', 'concat(flexSettings, isFlex ? [] : elasticPremiumSettings)'],
    ],
  },
  'the only key in the template is the key of the content share': {
    'infra/function-app.bicep': [
      ['value: trustDocument', `value: '\${hostStorage.listKeys().keys[0].value}\${trustDocument}'`],
      ['contentStorage.listKeys()', 'hostStorage.listKeys()'],
    ],
  },
  'no output is secret': {
    'infra/function-app.bicep': [
      ['output name string', 'output key string = hostStorage.listKeys().keys[0].value\noutput name string'],
    ],
  },
  'there is one alert for each query': {
    'infra/monitoring.bicep': [[`'queries/unavailable.kql'`, `'queries/denials-by-code.kql'`]],
  },
  'the output is the address that the app reads': {
    'infra/main.bicep': [
      ['output CERTGATE_TRUST string = trust.outputs.trustDocument', `output CERTGATE_TRUST string = 'trust.json'`],
    ],
  },
  'each parameter has the safe default, and allows only the listed values': {
    'infra/main.bicep': [
      [`param clientCertMode string = 'Required'`, `param clientCertMode string = 'Optional'`],
      [`@allowed(['Required', 'Optional'])`, `@allowed(['Required', 'Optional', 'OptionalInteractiveUser'])`],
      [`@allowed(['Required', 'Optional'])\n`, ''],
      [`param plan string = 'ElasticPremium'`, `param plan string = 'FlexConsumption'`],
      [`@allowed(['22', '24'])`, `@allowed(['20', '22', '24'])`],
    ],
  },
  'the description of clientCertMode says what Optional relies on': {
    'infra/main.bicep': [['relies on the front end', 'asks the front end']],
  },
  'the parameters come from the azd environment': {
    'infra/main.parameters.json': [
      ['${FUNCTION_APP_CLIENT_CERT_MODE}', 'Optional'],
      ['${FUNCTION_APP_CLIENT_CERT_MODE}', '${FUNCTION_APP_CLIENT_CERT_MODE=Optional}'],
    ],
  },
  'azd deploys the staged folder': {
    'azure.yaml': [
      ['dist: ./deploy', 'dist: .'],
      ['dist: ./deploy', 'dist: ./deploy\n    remoteBuild: true'],
    ],
  },
};
