import type { Attributes, MeterProvider } from '@opentelemetry/api';
import { nameProcess } from '../log/process-id.js';

const instanceId = 'service.instance.id';

/**
 * The attribute by which the series of processes differ, unless the app has named its instances. OpenTelemetry has it on the
 * resource, which is the app's: a library can neither set it nor read it by the API. So the process id is on each data point,
 * and the resource is read as OpenTelemetry's SDK keeps it. If that changes, an id is there that nobody needs.
 */
export function nameInstance(provider: MeterProvider): Attributes {
  const resource = readObject(readObject(provider, '_sharedState'), 'resource');
  const listRaw: unknown = Reflect.get(resource, 'getRawAttributes');
  // SDK 2 reports an error if other attributes are not settled when it is asked for all of them.
  const keys: readonly unknown[] =
    typeof listRaw === 'function'
      ? (Reflect.apply(listRaw, resource, []) as readonly (readonly unknown[])[]).map(([key]) => key)
      : Object.keys(readObject(resource, 'attributes'));
  return keys.includes(instanceId) ? {} : { [instanceId]: nameProcess() };
}

function readObject(holder: object, name: string): object {
  const value: unknown = Reflect.get(holder, name);
  return typeof value === 'object' && value !== null ? value : {};
}
