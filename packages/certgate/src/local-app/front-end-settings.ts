/**
 * Chooses the front end that the gateway plays, and its secret, from the command line or from the app settings that the
 * app itself reads.
 */
import {
  type FrontEndName,
  type FrontEndSettings,
  frontEndSetting,
  readFrontEndSettings,
  secretSetting,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { type ProcessEnvironment, resolveAppSettings } from '#local/functions-host/app-settings.js';
import type { HostedGate } from '#local/functions-host/functions-host.js';
import { findGateOptions } from './hosted-gate-options.js';

export interface AppFrontEnd {
  readonly name: FrontEndName;
  /** The secret in each request, which shows that it came through the front end. Undefined if there is none. */
  readonly secret: string | undefined;
}

/** The front end of an app that we start. */
export interface HostedFrontEnd extends AppFrontEnd {
  /** App settings to add, so that the app knows its front end and the front end's secret. */
  readonly missingSettings: ProcessEnvironment;
}

/**
 * Finds the front end in the environment and the app's local.settings.json, merged as Core Tools does it. Rejects with
 * ToolFailure if a setting is not valid, or if it names another front end than `named`, the command line's.
 */
export async function findAppFrontEnd(
  folder: string,
  named: FrontEndName | undefined,
  explicit: ProcessEnvironment = {},
): Promise<AppFrontEnd> {
  const settings = await resolveAppSettings({ folder, inherited: process.env, explicit });
  return chooseFrontEnd(readFrontEndSettings(settings), named);
}

/**
 * Like `findAppFrontEnd`. If the settings have no secret, both the app and the gateway get `madeSecret`, unless the
 * front end is App Service's.
 */
export async function prepareFrontEnd(
  folder: string,
  named: FrontEndName | undefined,
  madeSecret: string,
  explicit: ProcessEnvironment = {},
): Promise<HostedFrontEnd> {
  const { name, secret } = await findAppFrontEnd(folder, named, explicit);
  const naming = named === undefined ? {} : { [frontEndSetting]: named };
  if (name === 'app-service' || secret !== undefined) return { name, secret, missingSettings: naming };
  return { name, secret: madeSecret, missingSettings: { ...naming, [secretSetting]: madeSecret } };
}

/**
 * Decides what the gateway must play for an app that was loaded with these settings. The code may name the front end,
 * and may take its secret from any setting. `named` is the command line's front end. Throws ToolFailure if the gateway
 * can't play it.
 */
export function heedGate(
  gate: HostedGate | undefined,
  settings: ProcessEnvironment,
  named: FrontEndName | undefined,
): AppFrontEnd {
  const inCode = findGateOptions(gate?.options)?.frontEnd ?? undefined;
  const fromSettings = readFrontEndSettings(settings);
  const elsewhere = named ?? fromSettings.frontEnd;
  if (inCode !== undefined && elsewhere !== undefined && inCode !== elsewhere) {
    const who = named === undefined ? `the app setting ${frontEndSetting} names` : 'the front end to play is';
    throw new ToolFailure(`The app's code names the front end ${inCode}, but ${who} ${elsewhere}.`, {
      remedy: `Name one of them everywhere, or leave the setting out: with two, the gate refuses every call. It comes from the environment or from local.settings.json.`,
    });
  }
  const chosen = chooseFrontEnd(fromSettings, inCode ?? named);
  const { secretSetting } = gate ?? {};
  if (chosen.name === 'app-service' || secretSetting === undefined) return chosen;
  const secret = secretSetting === null ? undefined : settings[secretSetting];
  if (secret !== undefined) return { name: chosen.name, secret };
  throw new ToolFailure(
    `The app's code gives the secret of the front end ${chosen.name} from elsewhere than an app setting, so the gateway can't send it.`,
    { remedy: 'Let the code read it from an app setting, and set it in local.settings.json.' },
  );
}

/**
 * What the code requires and the gateway can't play, so that every certificate is refused here. Undefined if the
 * gateway can play everything.
 */
export function findUnplayed(gate: HostedGate | undefined): string | undefined {
  const elements = findGateOptions(gate?.options)?.forwardedElements ?? 1;
  return elements === 1
    ? undefined
    : `The code asks for ${elements} elements in X-Forwarded-Client-Cert, and the gateway plays Envoy with one, so every certificate is refused here.`;
}

/** Throws like `findAppFrontEnd` rejects. */
export function chooseFrontEnd(settings: FrontEndSettings, named: FrontEndName | undefined): AppFrontEnd {
  const { fault, frontEnd } = settings;
  if (fault !== undefined) {
    throw new ToolFailure(fault, { remedy: 'Correct it in the environment or in local.settings.json.' });
  }
  if (named !== undefined && frontEnd !== undefined && named !== frontEnd) {
    throw new ToolFailure(
      `The front end to play is ${named}, but the app setting ${frontEndSetting} names ${frontEnd}.`,
      {
        remedy: `Leave out one of the two. The setting comes from the environment or from local.settings.json.`,
      },
    );
  }
  const name = named ?? frontEnd ?? 'app-service';
  // While two secrets are exchanged, the app accepts both.
  const [secret] = typeof settings.secret === 'string' ? [settings.secret] : (settings.secret ?? []);
  return { name, secret: name === 'app-service' ? undefined : secret };
}
