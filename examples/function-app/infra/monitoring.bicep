// Application Insights, and alerts about the lines that Certgate logs (docs/observability.md).
param resourceToken string
param location string
param tags object
param appPrincipalId string
param alertEmail string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/monitor
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${resourceToken}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 90
  }
}

// Without local authentication, only identities with the role below can write, so nobody else can forge log lines.
resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${resourceToken}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource appPublishesTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: applicationInsights
  name: guid(applicationInsights.id, appPrincipalId, monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'ag-${resourceToken}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'certgate'
    enabled: true
    emailReceivers: [
      {
        name: 'operator'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

// An alert fires for each value of its dimension. `npm run write` writes this list into
// docs/observability.md. The windows are longer than the intervals because log lines arrive minutes after they are written.
var alerts = [
  {
    name: 'unavailable'
    displayName: 'Certgate: calls are refused because of a problem on your side'
    description: 'Legitimate callers are refused because of a problem on your side: any 503.'
    query: loadTextContent('queries/unavailable.kql')
    dimension: 'code'
    threshold: 0
    severity: 1
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
  }
  {
    name: 'document-refused'
    displayName: 'Certgate: the trust document is refused, and calls will be'
    description: 'An instance refuses the document and has accepted none for five minutes. An hour after the last good read, calls get 503.'
    query: loadTextContent('queries/document-refused.kql')
    dimension: 'source'
    threshold: 0
    severity: 1
    evaluationFrequency: 'PT5M'
    windowSize: 'PT1H'
  }
  {
    name: 'listed-caller-refused'
    displayName: 'Certgate: a caller of the trust document is refused'
    description: 'A caller of the document is refused, for example because its certificate expired.'
    query: loadTextContent('queries/listed-caller-refused.kql')
    dimension: 'identity'
    threshold: 0
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
  }
  {
    name: 'admissions-stopped'
    displayName: 'Certgate: a function that admitted calls refuses all'
    description: 'A function admitted calls in at least eight quarters of an hour, and has refused all calls for 45 minutes.'
    query: loadTextContent('queries/admissions-stopped.kql')
    dimension: 'functionName'
    threshold: 0
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT6H'
  }
  {
    name: 'revocation-ended'
    displayName: 'Certgate: a revocation list has ended'
    description: 'A revocation list has ended. If revocation is required, callers are refused when its grace period is over.'
    query: loadTextContent('queries/revocation-ended.kql')
    dimension: 'issuer'
    threshold: 0
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
  }
  {
    name: 'less-protection'
    displayName: 'Certgate: the app started with less protection than intended'
    description: 'The app started with less protection than intended, or cannot decide calls.'
    query: loadTextContent('queries/less-protection.kql')
    dimension: 'code'
    threshold: 0
    severity: 1
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
  }
  {
    name: 'denials-by-code'
    displayName: 'Certgate: unusually many denials'
    description: 'Unusually many denials. Adjust the threshold to your app.'
    query: loadTextContent('queries/denials-by-code.kql')
    dimension: 'code'
    threshold: 100
    severity: 3
    evaluationFrequency: 'PT15M'
    windowSize: 'PT30M'
  }
  {
    name: 'caller-silent'
    displayName: 'Certgate: a caller that used to call at this time is not admitted any more'
    description: 'A caller that was admitted at this time yesterday has not been admitted for five hours.'
    query: loadTextContent('queries/caller-silent.kql')
    dimension: 'identity'
    threshold: 0
    severity: 3
    evaluationFrequency: 'PT1H'
    windowSize: 'P2D'
  }
  {
    name: 'revocation-ends-soon'
    displayName: 'Certgate: a revocation list ends soon'
    description: 'A revocation list is in the last third of its time, and no later list has arrived.'
    query: loadTextContent('queries/revocation-ends-soon.kql')
    dimension: 'issuer'
    threshold: 0
    severity: 3
    evaluationFrequency: 'PT1H'
    windowSize: 'P1D'
  }
  {
    name: 'access-ends-soon'
    displayName: 'Certgate: the access of a caller ends soon'
    description: 'The access of a caller is in the last third of its time, and ends within 30 days.'
    query: loadTextContent('queries/access-ends-soon.kql')
    dimension: 'identity'
    threshold: 0
    severity: 3
    evaluationFrequency: 'PT1H'
    windowSize: 'P1D'
  }
]

resource alertRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in alerts: {
  name: 'alert-${alert.name}-${resourceToken}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.displayName
    description: alert.description
    severity: alert.severity
    enabled: true
    scopes: [
      applicationInsights.id
    ]
    evaluationFrequency: alert.evaluationFrequency
    windowSize: alert.windowSize
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Total'
          metricMeasureColumn: 'occurrences'
          operator: 'GreaterThan'
          threshold: alert.threshold
          dimensions: [
            {
              name: alert.dimension
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: empty(alertEmail) ? [] : [
        actionGroup.id
      ]
    }
  }
}]

output connectionString string = applicationInsights.properties.ConnectionString
output logAnalyticsWorkspaceId string = workspace.id
