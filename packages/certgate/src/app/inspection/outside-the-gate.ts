import { findProperty, isJsonObject, type JsonObject } from '#local/json-file.js';
import { findHostSetting } from '#local/functions-host/host-json.js';
import type { DescribedFunction } from '#local/functions-host/functions-host.js';

/**
 * An endpoint of the host or of an extension. The gate does not decide about requests to it, even if they start a
 * function. Only calls over MCP pass the gate.
 */
export interface OutsideEndpoint {
  readonly path: string;
  /** `live` if the host serves it for this app, `possible` if that cannot be decided here. */
  readonly state: 'live' | 'possible' | 'absent';
  /** The key that the platform itself requires. */
  readonly key: 'system key' | 'master key' | 'none';
  readonly reason: string;
  /** Names of the app's functions that a request to the endpoint starts without a decision of the gate, sorted. */
  readonly starts?: readonly string[];
}

interface WebhookExtension {
  /** The extension's section of host.json. In lower case, it is also the last part of `/runtime/webhooks/…`. */
  readonly section: string;
  readonly title: string;
  /** A pattern for the binding types, in lower case, that make the host load the extension. */
  readonly bindings: RegExp;
  /** Whether a request to the webhook starts this function without passing the gate. */
  readonly starts?: (described: DescribedFunction) => boolean;
  /** Words about the part of the endpoint that the gate does decide about. */
  readonly gated?: string;
}

function byTrigger(...types: readonly string[]): (described: DescribedFunction) => boolean {
  return ({ triggerType }) => types.includes(triggerType.toLowerCase());
}

/**
 * Extensions that serve their own webhook. With an extension bundle, the host loads those extensions of the bundle that
 * a binding of the app names (azure-functions-host, `ScriptStartupTypeLocator`).
 */
const webhookExtensions: readonly WebhookExtension[] = [
  {
    section: 'blobs',
    title: 'Blob Storage',
    bindings: /^blob(?:trigger)?$/,
    starts: ({ isStartedByBlobEvents }) => isStartedByBlobEvents,
  },
  {
    section: 'connector',
    title: 'Connectors',
    bindings: /^connectortrigger$/,
    starts: byTrigger('connectortrigger'),
  },
  {
    section: 'durableTask',
    title: 'Durable Functions',
    bindings: /^(?:orchestrationtrigger|activitytrigger|entitytrigger|durableclient|orchestrationclient)$/,
    starts: byTrigger('orchestrationtrigger', 'entitytrigger'),
  },
  {
    section: 'eventGrid',
    title: 'Event Grid',
    bindings: /^eventgrid(?:trigger)?$/,
    starts: byTrigger('eventgridtrigger'),
  },
  {
    section: 'mcp',
    title: 'Model Context Protocol',
    bindings: /^mcp\w*trigger$/,
    gated: '; the gate decides each call of them, but not sessions and lists, which the extension answers itself',
  },
  {
    section: 'signalR',
    title: 'SignalR Service',
    bindings: /^signalr/,
    starts: byTrigger('signalrtrigger'),
  },
  {
    section: 'webPubSub',
    title: 'Web PubSub',
    bindings: /^webpubsub/,
    starts: byTrigger('webpubsubtrigger'),
  },
];

export interface OutsideFacts {
  readonly functions: readonly DescribedFunction[];
  readonly hostJson: JsonObject | undefined;
  /** App settings. They may override any value of host.json. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Endpoints with requests about which the gate does not decide, so that the platform's own client certificate setting
 * must cover them.
 */
export function listOutsideEndpoints(facts: OutsideFacts): readonly OutsideEndpoint[] {
  const isHomePageOff = String(findProperty(facts.settings, 'AzureWebJobsDisableHomepage')).toLowerCase() === 'true';
  const homePage: OutsideEndpoint = {
    path: '/',
    state: isHomePageOff ? 'absent' : 'live',
    key: 'none',
    reason: isHomePageOff
      ? "the host's home page, switched off by AzureWebJobsDisableHomepage"
      : "the host's home page; AzureWebJobsDisableHomepage=true switches it off",
  };
  const admin: OutsideEndpoint = {
    path: '/admin/*',
    state: 'live',
    key: 'master key',
    reason: "the host's own API: keys, status, and starting any function",
  };
  const webhooks = webhookExtensions.flatMap((extension) => describeWebhook(extension, facts));
  return [homePage, admin, ...webhooks, ...describeOtherWebhooks(facts)];
}

function describeWebhook(extension: WebhookExtension, facts: OutsideFacts): readonly OutsideEndpoint[] {
  const users = facts.functions.filter(({ bindings }) => bindings.some((type) => extension.bindings.test(type)));
  if (users.length === 0 && findSection(facts.hostJson, extension.section) === undefined) return [];
  const isOpen = isAnonymousWebhook(facts, extension.section);
  const starts = users.filter((user) => extension.starts?.(user) === true).map(({ name }) => name);
  const started = starts.length === 0 ? '' : `; it starts ${starts.join(', ')}, without a certificate`;
  return [
    {
      path: `/runtime/webhooks/${extension.section.toLowerCase()}`,
      state: users.length > 0 ? 'live' : 'possible',
      key: isOpen ? 'none' : 'system key',
      reason:
        users.length > 0
          ? `${extension.title}, used by ${users.map(({ name }) => name).join(', ')}${extension.gated ?? ''}${started}${isOpen ? openWords : ''}`
          : `${extension.title} has a section in host.json, but no function uses it${isOpen ? openWords : ''}`,
      ...(starts.length === 0 ? {} : { starts }),
    },
  ];
}

const openWords = '; host.json lets it answer without a key (webhookAuthorizationLevel)';

/** Endpoints of extensions that are unknown here. Without a bundle, the host loads every installed extension. */
function describeOtherWebhooks(facts: OutsideFacts): readonly OutsideEndpoint[] {
  const { hostJson } = facts;
  const known = webhookExtensions.map(({ section }) => section.toLowerCase());
  const extensions = findProperty(hostJson ?? {}, 'extensions');
  const open = isJsonObject(extensions)
    ? Object.keys(extensions).filter((name) => !known.includes(name.toLowerCase()) && isAnonymousWebhook(facts, name))
    : [];
  const unknown = open.sort().map((name): OutsideEndpoint => ({
    path: `/runtime/webhooks/${name.toLowerCase()}`,
    state: 'possible',
    key: 'none',
    reason: `host.json has a section for the extension "${name}"${openWords}`,
  }));
  const hasBundle = findProperty(hostJson ?? {}, 'extensionBundle') !== undefined;
  const rest: OutsideEndpoint = {
    path: '/runtime/webhooks/*',
    state: 'possible',
    key: 'system key',
    reason: hasBundle
      ? 'other extensions of the bundle that a binding names'
      : 'without extensionBundle in host.json, every extension that is installed beside the app is loaded',
  };
  return [...unknown, rest];
}

function findSection(hostJson: JsonObject | undefined, name: string): JsonObject | undefined {
  const extensions = findProperty(hostJson ?? {}, 'extensions');
  const section = isJsonObject(extensions) ? findProperty(extensions, name) : undefined;
  return isJsonObject(section) ? section : undefined;
}

function isAnonymousWebhook({ hostJson, settings }: OutsideFacts, name: string): boolean {
  const section = findSection(hostJson, name);
  const system = findProperty(section ?? {}, 'system');
  const written = isJsonObject(system) ? findProperty(system, 'webhookAuthorizationLevel') : undefined;
  const level = findHostSetting(settings, ['extensions', name, 'system', 'webhookAuthorizationLevel']) ?? written;
  return typeof level === 'string' && level.toLowerCase() === 'anonymous';
}
