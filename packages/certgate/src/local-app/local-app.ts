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
  type HostedTrust,
  createFrontEndToken,
  startFunctionsHost,
} from '#local/functions-host/functions-host.js';
import { type ExchangeListener, type Gateway, type GatewayOptions, startGateway } from '#local/gateway/gateway.js';
import { AnswerWatch, type ExpectedAnswer } from './answer-watch.js';
import { findIgnoredNote, listSettingWarnings, listStreamingNotes } from './app-notices.js';
import { type OwnTrust, findOwnTrust, judgeCallers, trustSettingName } from './app-trust.js';
import { type DevelopmentCertificate, getGatewayCertificate } from './development-certificates.js';
import { type Caller, prepareCallers, trustFileName, writeDevelopmentTrust } from './development-callers.js';
import { findFile } from '#local/json-file.js';
import { openDevelopmentFolder, withFolderLock } from './development-files.js';
import { explainFailedStart } from './explain-failed-start.js';
import { type AppFrontEnd, findUnplayed, heedGate, prepareFrontEnd } from './front-end-settings.js';
import { listRoleSets } from './hosted-policy.js';
import { type PortChoice, startOnPort } from './listening-port.js';

export interface LocalAppOptions {
  /** The folder of the function app: with host.json and package.json. */
  readonly folder: string;
  /**
   * A trust document of your own; by default that which the app setting CERTGATE_TRUST names, and where it names none, one
   * that is made with the development callers.
   */
  readonly trustFile?: string;
  /** By default that which the app's code or the app setting CERTGATE_FRONT_END names, or else App Service's. */
  readonly frontEnd?: FrontEndName;
  readonly gatewayPort: PortChoice;
  readonly hostPort: PortChoice;
  /** What the gateway does as this front end, which is known once the app is loaded. */
  readonly findGatewayOptions?: (
    frontEnd: FrontEndName,
  ) => Pick<GatewayOptions, 'clientCertificateMode' | 'exclusionPaths' | 'worstCase'>;
  readonly inspect?: string | true;
  /** The app's own port answers others than the gateway too: whoever reaches it can claim to be any caller. */
  readonly unsafeDirectHeader?: boolean;
  readonly onLog?: (line: HostLogLine) => void;
  readonly onAnswer?: (answer: HostAnswer) => void;
  readonly onExchange?: ExchangeListener;
  readonly onHostExit?: (exit: HostExit) => void;
  /** Says what moved or was made, in one line. */
  readonly onNotice?: (line: string) => void;
}

/** Which trust document the app reads. */
export interface LocalTrust {
  /** By the app's own gate, now; undefined where none says. */
  readonly read: HostedTrust | undefined;
  /** As `--store` takes it; undefined: the app setting holds the document itself. */
  readonly address: string | undefined;
  /** `certgate dev`: it was made for development. */
  readonly setBy: OwnTrust['setBy'] | 'certgate dev';
  /** Callers made for development whom a document of the user's own doesn't list. */
  readonly unknownCallers: readonly string[];
  /** It is not a file, and only the app reads it: nothing is known of whom it lists. */
  readonly isUnread?: true;
}

/** A function app on this machine, behind the gateway, with callers to try it. */
export interface LocalApp {
  /** The gateway's address. */
  readonly url: string;
  /** The app's own address, which answers the gateway alone unless `unsafeDirectHeader` is set. */
  readonly hostUrl: string;
  /** The front end that the gateway plays. */
  readonly frontEnd: FrontEndName;
  readonly functions: readonly HostedFunction[];
  readonly isStreaming: boolean;
  /** What is probably wrong with the app settings, or can't be played, one line each. */
  readonly settingWarnings: readonly string[];
  /** What is to be known of this host besides, one line each. */
  readonly notes: readonly string[];
  /** CERTGATE_LOCKED is set here, so that the app refuses everybody. */
  readonly isLocked: boolean;
  readonly callers: readonly Caller[];
  readonly trust: LocalTrust;
  readonly serverCertificatePem: string;
  /** Loads the app anew on the same ports. Rejects when it can't be loaded; the gateway stays. */
  restart(): Promise<void>;
  /** What the host will tell of the call with this trace id. */
  expectAnswer(traceId: string): ExpectedAnswer;
  close(): Promise<void>;
}

/**
 * The app in the embedded host, behind the gateway, with certificates and trust made in the app's `.certgate/`.
 * Rejects with ToolFailure when the folder holds no app, the app can't be loaded, or a port is taken.
 */
export async function runLocalApp(options: LocalAppOptions): Promise<LocalApp> {
  const folder = resolve(options.folder);
  // Before anything is written into a folder that is none.
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

class RunningLocalApp implements LocalApp {
  readonly serverCertificatePem: string;
  functions: readonly HostedFunction[] = [];
  isStreaming = false;
  settingWarnings: readonly string[] = [];
  notes: readonly string[] = [];
  isLocked = false;
  callers: readonly Caller[] = [];
  trust: LocalTrust = { read: undefined, address: undefined, setBy: 'certgate dev', unknownCallers: [] };
  readonly #options: LocalAppOptions;
  readonly #developmentFolder: string;
  readonly #serverCertificate: DevelopmentCertificate;
  #host: FunctionsHost | undefined;
  #gateway: Gateway | undefined;
  /** Kept over restarts of the host: the gateway stays. */
  readonly #frontEndToken = createFrontEndToken();
  readonly #madeSecret = createFrontEndToken();
  #frontEnd: AppFrontEnd | undefined;
  #hostPort: number | undefined;
  #readTrust: HostedTrust | undefined;
  readonly #answers = new AnswerWatch();

  constructor(options: LocalAppOptions, developmentFolder: string, serverCertificate: DevelopmentCertificate) {
    this.#options = options;
    this.#developmentFolder = developmentFolder;
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
   * What roles exist is known only when the app is loaded; it starts again when its trust document had to grow, whoever let
   * it: another process may have started the same app at the same time.
   */
  async #loadApp(): Promise<void> {
    const developmentFile = join(this.#developmentFolder, trustFileName);
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
    const prepared = await withFolderLock(this.#developmentFolder, () => this.#prepareCallers([]));
    const { callers, unknown } = await judgeCallers(prepared, own, Date.now());
    this.callers = callers;
    // A setting of the user's own reaches the app as it stands.
    const environment = own.setBy === '--trust' && own.file !== undefined ? { [trustSettingName]: own.file } : {};
    await this.#startHost(environment);
    const { address, setBy } = own;
    const unread = own.file === undefined ? { isUnread: true as const } : {};
    this.trust = { read: this.#readTrust, address, setBy, unknownCallers: unknown, ...unread };
  }

  #prepareCallers(roleSets: readonly (readonly string[])[]): Promise<readonly Caller[]> {
    return prepareCallers(this.#developmentFolder, roleSets, new Date());
  }

  /** The text of the document that the app will find, unless another process changes it before. */
  #findOrWriteTrust(file: string): Promise<string> {
    return withFolderLock(this.#developmentFolder, async () => {
      const present = await findFile(file);
      return (
        present?.toString('utf8') ?? writeDevelopmentTrust(this.#developmentFolder, await this.#prepareCallers([]))
      );
    });
  }

  #writeTrust(roleSets: readonly (readonly string[])[]): Promise<string> {
    return withFolderLock(this.#developmentFolder, async () => {
      this.callers = await this.#prepareCallers(roleSets);
      return writeDevelopmentTrust(this.#developmentFolder, this.callers);
    });
  }

  /** The gateway stays over a restart, so what it plays can't change. */
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
      onTrust: (trust) => {
        this.#readTrust = trust;
        this.trust = { ...this.trust, read: trust };
      },
      ...(onHostExit === undefined ? {} : { onExit: onHostExit }),
    };
    // A restart keeps its port: the gateway stands in front of it.
    const choice = this.#hostPort === undefined ? this.#options.hostPort : { port: this.#hostPort, isFixed: true };
    this.#host = await startOnPort(choice, 'host', onNotice, (port) =>
      startFunctionsHost({ ...hostOptions, port }).catch(explainFailedStart),
    );
    this.#hostPort = this.#host.port;
    this.functions = this.#host.functions;
    this.isStreaming = this.#host.streaming;
    const { gate, settings } = this.#host;
    this.#readTrust = gate?.trust;
    this.isLocked = Boolean(settings[lockSetting]);
    const unplayed = findUnplayed(gate);
    this.settingWarnings = [...listSettingWarnings(settings), ...(unplayed === undefined ? [] : [unplayed])];
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
