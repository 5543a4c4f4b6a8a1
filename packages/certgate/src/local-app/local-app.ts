// local-app/: an app behind packages/local, with callers and a trust document made for it, and the checks of `certgate dev`.

import { join, resolve } from 'node:path';
import { type FrontEndName, lockSetting } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { findAppEntry } from '#local/functions-host/app-entry.js';
import {
  type FunctionsHost,
  type FunctionsHostOptions,
  type HostAnswer,
  type HostExit,
  type HostLogLine,
  type HostedFunction,
  createFrontEndToken,
  startFunctionsHost,
} from '#local/functions-host/functions-host.js';
import { type ExchangeListener, type Gateway, type GatewayOptions, startGateway } from '#local/gateway/gateway.js';
import { AnswerWatch, type ExpectedAnswer } from './answer-watch.js';
import {
  findIgnoredNote,
  listFunctionFiles,
  listRoleNotes,
  listSettingWarnings,
  listStreamingNotes,
} from './app-notices.js';
import { type OwnTrust, findOwnTrust, judgeCallers, trustSettingName } from './app-trust.js';
import { type DevelopmentCertificate, getGatewayCertificate } from './development-certificates.js';
import {
  type Caller,
  findOwnCallers,
  prepareCallers,
  trustFileName,
  writeDevelopmentTrust,
} from './development-callers.js';
import { findFile } from '#local/json-file.js';
import { openDevelopmentFolder, withFolderLock } from './development-files.js';
import { explainFailedStart } from './explain-failed-start.js';
import { type AppFrontEnd, findUnplayed, heedGate, prepareFrontEnd } from './front-end-settings.js';
import { listRoleSets } from './hosted-policy.js';
import { type HostedTrust, readHostedTrust } from './hosted-trust.js';
import { type PortChoice, startOnPort } from './listening-port.js';

export interface HostedAppOptions {
  /** The folder of the function app, which contains host.json and package.json. */
  readonly folder: string;
  /**
   * The user's own trust document. Default: the document that the app setting CERTGATE_TRUST names, or else one that is
   * made with the development callers.
   */
  readonly trustFile?: string;
  /** Default: the front end that the app's code or the app setting CERTGATE_FRONT_END names, or else App Service's. */
  readonly frontEnd?: FrontEndName;
  readonly gatewayPort: PortChoice;
  readonly hostPort: PortChoice;
  /** Options for the gateway. They depend on the front end, which is known only when the app is loaded. */
  readonly findGatewayOptions?: (
    frontEnd: FrontEndName,
  ) => Pick<GatewayOptions, 'clientCertificateMode' | 'exclusionPaths' | 'worstCase'>;
  readonly inspect?: string | true;
  /**
   * Whether the app's own port answers others than the gateway too. Anybody who reaches it can then claim to be any
   * caller.
   */
  readonly unsafeDirectHeader?: boolean;
  readonly onLog?: (line: HostLogLine) => void;
  readonly onAnswer?: (answer: HostAnswer) => void;
  readonly onExchange?: ExchangeListener;
  readonly onHostExit?: (exit: HostExit) => void;
  /** Receives one line for each port that changed. */
  readonly onNotice?: (line: string) => void;
}

/** Which trust document the app reads. */
export interface LocalTrust {
  /** What the app's own gate reports about the document now. Undefined if no gate reports. */
  readonly read: HostedTrust | undefined;
  /** The address in the form that `--store` takes. Undefined if the app setting contains the document itself. */
  readonly address: string | undefined;
  /** Who named the document. `certgate dev` if it was made for development. */
  readonly setBy: OwnTrust['setBy'] | 'certgate dev';
  /** Names of the development callers that the user's own document doesn't list. */
  readonly unknownCallers: readonly string[];
  /** Set if the document is not a file, so that only the app reads it. Then it is unknown here whom it lists. */
  readonly isUnread?: true;
}

/** A function app on this machine, behind the gateway, with callers to try it. */
export interface HostedApp {
  /** The gateway's address. */
  readonly url: string;
  /** The app's own address. It answers only the gateway, unless `unsafeDirectHeader` is set. */
  readonly hostUrl: string;
  /** The front end that the gateway plays. */
  readonly frontEnd: FrontEndName;
  readonly functions: readonly HostedFunction[];
  readonly isStreaming: boolean;
  /** One line for each app setting that is probably wrong, and for each option that the gateway can't play. */
  readonly settingWarnings: readonly string[];
  /** The app's `function.json` files, which are not loaded: paths such as `Orders/function.json`. */
  readonly functionFiles: readonly string[];
  /** Further notes about this host, one line each. */
  readonly notes: readonly string[];
  /** Whether CERTGATE_LOCKED is set here, so that the app refuses every call of a closed function. */
  readonly isLocked: boolean;
  readonly callers: readonly Caller[];
  readonly trust: LocalTrust;
  /** The app's `.certgate/`. */
  readonly developmentFolder: string;
  readonly serverCertificatePem: string;
  /** Loads the app again on the same ports. Rejects if the app can't be loaded; the gateway keeps running. */
  restart(): Promise<void>;
  /** Waits for the host's report on the call with this trace id. */
  expectAnswer(traceId: string): ExpectedAnswer;
  close(): Promise<void>;
}

/**
 * Runs the app in the embedded host, behind the gateway, with certificates and trust in the app's `.certgate/`. Rejects
 * with ToolFailure if the folder contains no app, the app can't be loaded, or a port is taken.
 */
export async function runLocalApp(options: HostedAppOptions): Promise<HostedApp> {
  const folder = resolve(options.folder);
  // Checked first, so that nothing is written into a folder that is not an app.
  await findAppEntry(folder);
  const developmentFolder = await openDevelopmentFolder(folder);
  const serverCertificate = await withFolderLock(developmentFolder, () =>
    getGatewayCertificate(developmentFolder, new Date()),
  );
  const app = new RunningLocalApp({ ...options, folder }, developmentFolder, serverCertificate);
  try {
    await app.start();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

class RunningLocalApp implements HostedApp {
  readonly serverCertificatePem: string;
  functions: readonly HostedFunction[] = [];
  isStreaming = false;
  settingWarnings: readonly string[] = [];
  functionFiles: readonly string[] = [];
  notes: readonly string[] = [];
  isLocked = false;
  callers: readonly Caller[] = [];
  trust: LocalTrust = { read: undefined, address: undefined, setBy: 'certgate dev', unknownCallers: [] };
  readonly #options: HostedAppOptions;
  readonly developmentFolder: string;
  readonly #serverCertificate: DevelopmentCertificate;
  #host: FunctionsHost | undefined;
  #gateway: Gateway | undefined;
  /** The token stays the same when the host restarts, because the gateway keeps running. */
  readonly #frontEndToken = createFrontEndToken();
  readonly #madeSecret = createFrontEndToken();
  #frontEnd: AppFrontEnd | undefined;
  #hostPort: number | undefined;
  #readTrust: HostedTrust | undefined;
  readonly #answers = new AnswerWatch();

  constructor(options: HostedAppOptions, developmentFolder: string, serverCertificate: DevelopmentCertificate) {
    this.#options = options;
    this.developmentFolder = developmentFolder;
    this.#serverCertificate = serverCertificate;
    this.serverCertificatePem = serverCertificate.certificatePem;
  }

  get url(): string {
    return (this.#gateway?.url ?? '').replace('127.0.0.1', 'localhost');
  }

  get hostUrl(): string {
    return `http://localhost:${this.#hostPort ?? 0}`;
  }

  get frontEnd(): FrontEndName {
    return this.#frontEnd?.name ?? 'app-service';
  }

  async start(): Promise<void> {
    await this.#loadApp();
    const { gatewayPort, findGatewayOptions, onExchange, onNotice } = this.#options;
    const upstream = new URL(`http://127.0.0.1:${this.#hostPort ?? 0}`);
    this.#gateway = await startOnPort(gatewayPort, 'gateway', onNotice, (port) =>
      startGateway({
        clientCertificateMode: 'optional',
        ...findGatewayOptions?.(this.frontEnd),
        frontEnd: this.frontEnd,
        ...(this.#frontEnd?.secret === undefined ? {} : { frontEndSecret: this.#frontEnd.secret }),
        upstream,
        ...(this.#host === undefined ? {} : { upstreamToken: this.#host.frontEndField }),
        port,
        serverCertificate: this.#serverCertificate,
        ...(onExchange === undefined ? {} : { onExchange }),
      }),
    );
  }

  async restart(): Promise<void> {
    await this.#closeHost();
    await this.#loadApp();
  }

  expectAnswer(traceId: string): ExpectedAnswer {
    return this.#answers.expect(traceId);
  }

  async close(): Promise<void> {
    await this.#gateway?.close();
    await this.#closeHost();
  }

  async #closeHost(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    await host?.close();
  }

  /**
   * Loads the app. Its roles are known only then. If its trust document has changed since, because this process or
   * another one that started the same app added callers, the app is loaded once more.
   */
  async #loadApp(): Promise<void> {
    const developmentFile = join(this.developmentFolder, trustFileName);
    const own = await findOwnTrust(this.#options.folder, developmentFile, this.#options.trustFile);
    if (own !== undefined) {
      await this.#loadWithOwnTrust(own);
      return;
    }
    const textAtStart = await this.#findOrWriteTrust(developmentFile);
    const environment = { [trustSettingName]: developmentFile };
    await this.#startHost(environment);
    if ((await this.#writeTrust(listRoleSets(this.functions))) !== textAtStart) {
      await this.#closeHost();
      await this.#startHost(environment);
    }
    this.trust = { read: this.#readTrust, address: developmentFile, setBy: 'certgate dev', unknownCallers: [] };
  }

  async #loadWithOwnTrust(own: OwnTrust): Promise<void> {
    const made = await withFolderLock(this.developmentFolder, () => this.#prepareCallers([]));
    const found = await findOwnCallers(this.developmentFolder, made);
    const { callers, unknown, snapshot } = await judgeCallers([...made, ...found.callers], own, Date.now());
    this.callers = callers;
    // Only `--trust` is passed on. The app reads a setting of the user's own as it is.
    const environment = own.setBy === '--trust' && own.file !== undefined ? { [trustSettingName]: own.file } : {};
    await this.#startHost(environment);
    const roleNotes = snapshot === undefined ? [] : listRoleNotes(this.functions, snapshot.identities);
    this.notes = [...this.notes, ...found.faults, ...roleNotes];
    const { address, setBy } = own;
    const unread = own.file === undefined ? { isUnread: true as const } : {};
    this.trust = { read: this.#readTrust, address, setBy, unknownCallers: unknown, ...unread };
  }

  #prepareCallers(roleSets: readonly (readonly string[])[]): Promise<readonly Caller[]> {
    return prepareCallers(this.developmentFolder, roleSets, new Date());
  }

  /** The text of the document that the app will read, unless another process changes it before. */
  #findOrWriteTrust(file: string): Promise<string> {
    return withFolderLock(this.developmentFolder, async () => {
      const present = await findFile(file);
      return present?.toString('utf8') ?? writeDevelopmentTrust(this.developmentFolder, await this.#prepareCallers([]));
    });
  }

  #writeTrust(roleSets: readonly (readonly string[])[]): Promise<string> {
    return withFolderLock(this.developmentFolder, async () => {
      this.callers = await this.#prepareCallers(roleSets);
      return writeDevelopmentTrust(this.developmentFolder, this.callers);
    });
  }

  /** The gateway keeps running when the host restarts, so the front end that it plays can't change. */
  #playFrontEnd(found: AppFrontEnd): void {
    this.#frontEnd ??= found;
    if (found.name === this.#frontEnd.name && found.secret === this.#frontEnd.secret) return;
    throw new ToolFailure(
      'The app now has another front end, or another secret of it, than at the start: stop certgate dev, and start it again.',
    );
  }

  async #startHost(environment: Readonly<Record<string, string>>): Promise<void> {
    const { inspect, unsafeDirectHeader, onLog, onAnswer, onHostExit, onNotice } = this.#options;
    const { missingSettings } = await prepareFrontEnd(this.#options.folder, this.#options.frontEnd, this.#madeSecret);
    const hostOptions: FunctionsHostOptions = {
      folder: this.#options.folder,
      environment: { ...missingSettings, ...environment },
      frontEndToken: this.#frontEndToken,
      ...(unsafeDirectHeader === undefined ? {} : { unsafeDirectHeader }),
      ...(inspect === undefined ? {} : { inspect }),
      ...(onLog === undefined ? {} : { onLog }),
      onAnswer: (answer) => {
        this.#answers.note(answer);
        onAnswer?.(answer);
      },
      onReport: (report) => {
        this.#readTrust = readHostedTrust(report);
        this.trust = { ...this.trust, read: this.#readTrust };
      },
      ...(onHostExit === undefined ? {} : { onExit: onHostExit }),
    };
    // A restarted host keeps its port, because the gateway forwards to it.
    const choice = this.#hostPort === undefined ? this.#options.hostPort : { port: this.#hostPort, isFixed: true };
    this.#host = await startOnPort(choice, 'host', onNotice, (port) =>
      startFunctionsHost({ ...hostOptions, port }).catch(explainFailedStart),
    );
    this.#hostPort = this.#host.port;
    this.functions = this.#host.functions;
    this.isStreaming = this.#host.streaming;
    const { gate, settings } = this.#host;
    this.#readTrust = readHostedTrust(gate?.report);
    this.isLocked = Boolean(settings[lockSetting]);
    const unplayed = findUnplayed(gate);
    this.settingWarnings = [...listSettingWarnings(settings), ...(unplayed === undefined ? [] : [unplayed])];
    this.functionFiles = await listFunctionFiles(this.#options.folder);
    const ignored = await findIgnoredNote(this.#options.folder, settings);
    this.notes = [...listStreamingNotes(this.functions, this.isStreaming), ...(ignored === undefined ? [] : [ignored])];
    try {
      this.#playFrontEnd(heedGate(gate, settings, this.#options.frontEnd));
    } catch (error) {
      await this.#closeHost();
      throw error;
    }
  }
}
