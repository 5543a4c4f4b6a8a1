// The types of the template's resources, as Azure takes them in these API versions. They are the types of Azure's SDKs,
// each of which is made for one API version; type-check.mjs says how it reads them.
import type {
  AppServicePlanProperties,
  CsmPublishingCredentialsPoliciesEntityProperties,
  ManagedServiceIdentity,
  SiteProperties,
  SkuDescription,
} from './node_modules/@azure/arm-appservice/dist/esm/models/models.js';
import type { ActionGroup } from './node_modules/@azure/arm-monitor/dist/esm/models/actionGroupsApi/models.js';
import type { DiagnosticSettings } from './node_modules/@azure/arm-monitor/dist/esm/models/diagnosticsSettings/models.js';
import type {
  Condition,
  ScheduledQueryRuleCriteria,
  ScheduledQueryRuleProperties,
} from './node_modules/@azure/arm-monitor/dist/esm/models/scheduledQueryRuleApi/models.js';
import type { WorkspaceProperties } from './node_modules/@azure/arm-operationalinsights/dist/esm/models/models.js';
import type {
  BlobServicePropertiesProperties,
  ContainerProperties,
  Kind,
  Sku,
  StorageAccountPropertiesCreateParameters,
} from './node_modules/@azure/arm-storage/dist/esm/models/models.js';
import type {
  ApplicationInsightsComponentWire,
  IdentityWire,
  ResourceGroupWire,
  RoleAssignmentCreateParametersWire,
} from './wire-types.js';

interface Named {
  name: string;
}

interface Tracked extends Named {
  location: string;
  tags?: Record<string, string>;
}

/** The SDK's version is a later preview: without what the template's version doesn't know (bicep-types-az, types.md). */
type Condition20231201 = Omit<
  Condition,
  'criterionType' | 'alertSensitivity' | 'ignoreDataBefore' | 'minRecurrenceCount'
>;
type ScheduledQueryRule20231201 = Omit<ScheduledQueryRuleProperties, 'resolveConfiguration' | 'criteria'> & {
  criteria?: Omit<ScheduledQueryRuleCriteria, 'allOf'> & { allOf?: Condition20231201[] };
};
type ActionGroup20230101 = Omit<ActionGroup, 'incidentReceivers'>;

/**
 * No other type may be in the template. One that also sets a site's properties (`sites/config`, `sites/slots`) needs rows
 * in security-properties.mjs too.
 */
export interface ResourceTypes {
  'Microsoft.Authorization/roleAssignments@2022-04-01': Named & RoleAssignmentCreateParametersWire;
  'Microsoft.Insights/actionGroups@2023-01-01': Tracked & { properties: ActionGroup20230101 };
  'Microsoft.Insights/components@2020-02-02': Named & ApplicationInsightsComponentWire;
  'Microsoft.Insights/diagnosticSettings@2021-05-01-preview': Named & { properties: DiagnosticSettings };
  'Microsoft.Insights/scheduledQueryRules@2023-12-01': Tracked & {
    kind: 'LogAlert';
    properties: ScheduledQueryRule20231201;
  };
  'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30': Named & IdentityWire;
  'Microsoft.OperationalInsights/workspaces@2025-07-01': Tracked & { properties: WorkspaceProperties };
  'Microsoft.Resources/resourceGroups@2025-04-01': Named & ResourceGroupWire;
  'Microsoft.Storage/storageAccounts@2025-08-01': Tracked & {
    kind: Kind;
    sku: Sku;
    properties: StorageAccountPropertiesCreateParameters;
  };
  'Microsoft.Storage/storageAccounts/blobServices@2025-08-01': Named & { properties?: BlobServicePropertiesProperties };
  'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01': Named & { properties?: ContainerProperties };
  'Microsoft.Web/serverfarms@2025-05-01': Tracked & {
    kind: string;
    sku: SkuDescription;
    properties: AppServicePlanProperties;
  };
  'Microsoft.Web/sites@2025-05-01': Tracked & {
    kind: string;
    identity?: ManagedServiceIdentity;
    properties: SiteProperties;
  };
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-05-01': Named & {
    properties: CsmPublishingCredentialsPoliciesEntityProperties;
  };
}
