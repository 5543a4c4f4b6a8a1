import { findProperty, isJsonObject, type JsonObject } from '#local/json-file.js';
import { findHostSetting } from '#local/functions-host/host-json.js';
import type { DescribedFunction } from '#local/functions-host/functions-host.js';

/** An endpoint of the host or of an extension. No gate decides about a request to it, also where it starts a function. */
export interface OutsideEndpoint {
  readonly path: string;
  /** `live`: something of the app brings it. `possible`: it can't be told from here. */
  readonly state: 'live' | 'possible' | 'absent';
  /** What the platform itself asks for. */
  readonly key: 'system key' | 'master key' | 'none';
  readonly reason: string;
  /** Functions of the app that a request to it starts, in the order of their names, without a gate's decision. */
  readonly starts?: readonly string[];
}

interface WebhookExtension {
  /** Its section of host.json, and in lower case the last part of `/runtime/webhooks/…`. */
  readonly section: string;
  readonly title: string;
  /** Binding types that make the host load the extension, in lower case. */
  readonly bindings: RegExp;
  /** Whether a request to it starts the function, past any gate. */
  readonly starts?: (described: DescribedFunction) => boolean;
  /** What of it the gate does decide. */
  readonly gated?: string;
}

function byTrigger(...types: readonly string[]): (described: DescribedFunction) => boolean {
  return ({ triggerType }) => types.includes(triggerType.toLowerCase());
}

/**
 * Extensions that serve a webhook of their own. Where an extension bundle is configured, the host loads those of its
 * extensions that a binding of the app names (azure-functions-host, `ScriptStartupTypeLocator`).
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
  /** App settings: they may override any value of host.json. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What the platform's own client-certificate setting has to cover, since the gate never sees it. Sorted by path. */
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

/** What nobody knows here may serve a webhook too, and without a bundle every installed extension is loaded. */
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
