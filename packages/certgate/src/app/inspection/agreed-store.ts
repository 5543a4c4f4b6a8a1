import { createHash } from 'node:crypto';
import { isAbsolute, relative } from 'node:path';
import { type GateDescription, parseTrustAddress, showTrustAddress } from '@certgate/core/internal';
import type { JsonObject } from '#local/json-file.js';
import { trustSettingName } from '../../local-app/app-trust.js';

type DescribedStore = GateDescription['stores'][number];
type Source = DescribedStore['sources'][number];

/** A trust store as a baseline describes it. The description is meant to be the same on every machine. */
export interface AgreedStore {
  /**
   * The place that the store reads, for example a file by its path in the app, or the name of the app setting that
   * contains the place.
   */
  readonly place: string;
  /** False if two stores may have the same place and options, and still differ. */
  readonly isExact: boolean;
  /** The options that the code gives, defaults included. */
  readonly options: JsonObject;
}

/** Facts that differ from one load of the app to another. */
export interface LoadedHere {
  /** The app's folder as absolute paths: as the user named it, and without links. The app may use either. */
  readonly folders: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
}

export function agreeOnStore({ sources, options }: DescribedStore, here: LoadedHere): AgreedStore {
  const [place = '', mirror] = sources.map((each) => namePlace(each, here));
  const { signedBy } = options;
  return {
    place,
    isExact: sources.every(({ configuration }) => typeof configuration === 'string'),
    options: {
      ...options,
      ...(Array.isArray(signedBy) ? { signedBy: signedBy.map((key) => nameKey(String(key), here)) } : {}),
      ...(mirror === undefined ? {} : { mirror }),
    },
  };
}

function namePlace({ description: shown, configuration: exact }: Source, { folders, settings }: LoadedHere): string {
  const setting = findSetting(settings, (value) => isAt(value, shown.replace(/^\w+ /, '')));
  if (setting !== undefined || typeof exact !== 'string') return setting ?? shown;
  const [, kind = '', rest = ''] = /^(\w+) (.*)$/s.exec(exact) ?? [];
  if (kind === 'file') {
    const inApp = folders
      .map((folder) => relative(folder, rest).replaceAll('\\', '/'))
      .find((path) => !isAbsolute(path) && !path.startsWith('../'));
    return inApp === undefined ? shown : `file ${inApp}`;
  }
  const isOfLibrary = ['URL', 'blob', 'app', 'document'].includes(kind);
  // A text that the user wrote may be long or contain a secret, so only its hash is shown.
  return isOfLibrary ? exact : `${shown} ${createHash('sha256').update(exact).digest('hex')}`;
}

function isAt(value: string, shown: string): boolean {
  const address = parseTrustAddress(value.replace(/^(?:file|blob):/i, ''));
  if (address.kind === 'file') return address.path === shown;
  return address.kind === 'url' && showTrustAddress(address) === shown;
}

/**
 * Names a public key by the app setting that contains it, or else by the key itself, which is written as in its PEM.
 */
function nameKey(key: string, { settings }: LoadedHere): string {
  return findSetting(settings, (value) => value.replaceAll(/\s|\\n/g, '').includes(key)) ?? key;
}

function findSetting(settings: LoadedHere['settings'], isIt: (value: string) => boolean): string | undefined {
  const names = Object.keys(settings).filter((name) => isIt(settings[name] ?? ''));
  const name = names.includes(trustSettingName) ? trustSettingName : names.sort()[0];
  return name && `the app setting ${name}`;
}
