// The sample app with every setting that Certgate relies on. docs/deploy-to-azure.md explains it, and
// tests/template-security.test.ts in the repository checks its text, one property per line.
targetScope = 'subscription'

@description('The name of the azd environment. The names of all resources are derived from it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('The region of all resources.')
@minLength(1)
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('The object id of the person, group or pipeline that may change the trust document. azd passes the one that deploys.')
@minLength(36)
@maxLength(36)
param operatorId string

@description('What operatorId is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorType string = 'User'

@description('The hosting plan. Client certificates are documented for Elastic Premium. For Flex Consumption, no document says whether the front end enforces clientCertMode.')
@allowed(['ElasticPremium', 'FlexConsumption'])
param plan string = 'ElasticPremium'

@description('Required: Azure refuses calls without a client certificate. Optional lets them reach the app, for public functions. The app then relies on the front end to remove an X-ARR-ClientCert header that a caller sent, which no document promises. A second app for the public functions is safer.')
@allowed(['Required', 'Optional'])
param clientCertMode string = 'Required'

@description('The version of Node.js.')
@allowed(['22', '24'])
param nodeVersion string = '22'

@description('Who gets the alerts. If it is empty, the alerts only appear in the portal.')
param alertEmail string = ''

var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'app-identity.bicep' = {
  name: 'app-identity'
  scope: group
  params: {
    name: 'id-${resourceToken}'
    location: location
    tags: tags
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    resourceToken: resourceToken
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    alertEmail: alertEmail
  }
}

module trust 'trust-storage.bicep' = {
  name: 'trust-storage'
  scope: group
  params: {
    accountName: 'sttrust${resourceToken}'
    location: location
    tags: tags
    appPrincipalId: identity.outputs.principalId
    operatorId: operatorId
    operatorType: operatorType
    logAnalyticsWorkspaceId: monitoring.outputs.logAnalyticsWorkspaceId
  }
}

module app 'function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    resourceToken: resourceToken
    location: location
    tags: tags
    plan: plan
    clientCertMode: clientCertMode
    nodeVersion: nodeVersion
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    identityPrincipalId: identity.outputs.principalId
    trustDocument: trust.outputs.trustDocument
    applicationInsightsConnectionString: monitoring.outputs.connectionString
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_API_NAME string = app.outputs.name
output SERVICE_API_URI string = app.outputs.uri

@description('The value for --store. `certgate trust` reads this variable too.')
output CERTGATE_TRUST string = trust.outputs.trustDocument
