// The function app, its plan and its storage.
param resourceToken string
param location string
param tags object
param plan string
param clientCertMode string
param nodeVersion string
param identityId string
param identityClientId string
param identityPrincipalId string
param trustDocument string
param applicationInsightsConnectionString string

var isFlex = plan == 'FlexConsumption'
var appName = 'func-${resourceToken}'
var contentShareName = '${appName}-content'

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

resource appServicePlan 'Microsoft.Web/serverfarms@2025-05-01' = {
  name: 'plan-${resourceToken}'
  location: location
  tags: tags
  kind: isFlex ? 'functionapp' : 'elastic'
  sku: {
    name: isFlex ? 'FC1' : 'EP1'
    tier: isFlex ? 'FlexConsumption' : 'ElasticPremium'
  }
  properties: {
    reserved: true
  }
}

// The Functions host's own storage, and on Flex Consumption the app's package.
resource hostStorage 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: 'sthost${resourceToken}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource hostBlobService 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: hostStorage
  name: 'default'
}

resource packageContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = if (isFlex) {
  parent: hostBlobService
  name: 'app-package'
  properties: {
    publicAccess: 'None'
  }
}

// The host requires this role: https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
resource appOwnsHostStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, identityPrincipalId, storageBlobDataOwner)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Elastic Premium keeps the app's files in a share, and no document describes access to that share without a key. The
// account holds nothing else. Whoever has its key can replace the app's code.
resource contentStorage 'Microsoft.Storage/storageAccounts@2025-08-01' = if (!isFlex) {
  name: 'stcontent${resourceToken}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

var appSettings = [
  {
    name: 'AzureWebJobsStorage__accountName'
    value: hostStorage.name
  }
  {
    name: 'AzureWebJobsStorage__credential'
    value: 'managedidentity'
  }
  {
    name: 'AzureWebJobsStorage__clientId'
    value: identityClientId
  }
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
    value: applicationInsightsConnectionString
  }
  {
    name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
    value: 'ClientId=${identityClientId};Authorization=AAD'
  }
  {
    // The identity that reads the trust document (DefaultAzureCredential).
    name: 'AZURE_CLIENT_ID'
    value: identityClientId
  }
  {
    name: 'CERTGATE_TRUST'
    value: trustDocument
  }
]

var flexSettings = [
  {
    // Certgate doesn't recognize the front end on this plan. Without this setting, it refuses every call.
    name: 'CERTGATE_FRONT_END'
    value: 'app-service'
  }
]

var elasticPremiumSettings = [
  {
    name: 'FUNCTIONS_EXTENSION_VERSION'
    value: '~4'
  }
  {
    name: 'FUNCTIONS_WORKER_RUNTIME'
    value: 'node'
  }
  {
    name: 'WEBSITE_RUN_FROM_PACKAGE'
    value: '1'
  }
  {
    name: 'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING'
    value: 'DefaultEndpointsProtocol=https;AccountName=${contentStorage.name};AccountKey=${contentStorage.listKeys().keys[0].value};EndpointSuffix=${environment().suffixes.storage}'
  }
  {
    name: 'WEBSITE_CONTENTSHARE'
    value: contentShareName
  }
]

var siteConfig = {
  minTlsVersion: '1.2'
  scmMinTlsVersion: '1.2'
  http20Enabled: false
  appSettings: concat(appSettings, isFlex ? flexSettings : elasticPremiumSettings)
}

// Flex Consumption has no FTP, and these properties must not be set there:
// https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
var elasticPremiumSiteConfig = {
  ftpsState: 'Disabled'
  linuxFxVersion: 'Node|${nodeVersion}'
}

var flexConfig = {
  deployment: {
    storage: {
      type: 'blobContainer'
      value: '${hostStorage.properties.primaryEndpoints.blob}${packageContainer.name}'
      authentication: {
        type: 'UserAssignedIdentity'
        userAssignedIdentityResourceId: identityId
      }
    }
  }
  runtime: {
    name: 'node'
    version: nodeVersion
  }
  scaleAndConcurrency: {
    instanceMemoryMB: 2048
    maximumInstanceCount: 100
  }
}

resource site 'Microsoft.Web/sites@2025-05-01' = {
  name: appName
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  // Each plan gets only its own properties: whether Elastic Premium accepts an empty functionAppConfig is not documented.
  properties: union(
    {
      serverFarmId: appServicePlan.id
      httpsOnly: true
      // Both: clientCertMode alone has no effect. No clientCertExclusionPaths: they are prefixes without regard to case, and
      // switch TLS 1.3 and HTTP/2 off.
      clientCertEnabled: true
      clientCertMode: clientCertMode
      siteConfig: union(siteConfig, isFlex ? {} : elasticPremiumSiteConfig)
    },
    isFlex ? { functionAppConfig: flexConfig } : {}
  )
  dependsOn: [
    appOwnsHostStorage
  ]
}

resource ftpCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scmCredentials 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

output name string = site.name
output uri string = 'https://${site.properties.defaultHostName}'
