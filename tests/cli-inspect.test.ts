import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { WebSocket, request } from 'undici';
import { collect, root, runCertgate, sampleFolder, startCertgate, waitForReady } from './test-support/certgate.js';

// Does what an editor does on F5, through the inspector's protocol: attaches to the app's process, sets a breakpoint in
// a handler's .ts file through its source map, and stops there when a caller with a certificate comes through the
// gateway.

interface Location {
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface Paused {
  readonly callFrames: readonly {
    readonly callFrameId: string;
    readonly functionName: string;
    readonly url: string;
    readonly location: Location;
  }[];
  readonly hitBreakpoints: readonly string[];
}

const handlerSource = join('src', 'functions', 'SecuredFunction.ts');

let folder: string;
let dev: ChildProcess;
let url: string;
let inspectPort: number;

before(async () => {
  // The copy has no .certgate folder, so the app is loaded twice, and the second process takes over the inspector's
  // port.
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'certgate-inspect-')));
  cpSync(sampleFolder, folder, {
    recursive: true,
    filter: (source) => !/[\\/](?:node_modules|\.certgate)$/.test(source),
  });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  inspectPort = await findFreePort();
  const ports = ['--port', '0', '--host-port', '0'];
  dev = startCertgate(['dev', folder, '--inspect', `127.0.0.1:${inspectPort}`, ...ports]);
  url = (await waitForReady(dev)).split(' ')[1] ?? '';
});

after(async () => {
  dev.kill('SIGTERM');
  await collect(dev);
  rmSync(folder, { recursive: true, force: true });
});

describe('certgate dev --inspect', () => {
  it('stops in a handler behind mTLS, at a line of its TypeScript source', async () => {
    const inspector = await attach(inspectPort);
    try {
      const breakpoint = await setBreakpoint(inspector, 'return { jsonBody:');

      // The gate refuses this call, so no handler runs, no breakpoint stops it, and the answer comes.
      const refused = await call([]);
      assert.equal(refused.status, 401);
      assert.equal(inspector.pauses, 0);

      const paused = inspector.next('Debugger.paused');
      const certificate = [
        '--certificate',
        certgateFile('allowed.pfx'),
        '--password-file',
        certgateFile('password.txt'),
      ];
      const answer = call(certificate);
      const { callFrames, hitBreakpoints } = (await paused) as Paused;
      const [frame] = callFrames;
      assert.deepEqual(hitBreakpoints, [breakpoint]);
      assert.equal(frame?.functionName, 'SecuredFunction');
      assert.deepEqual(sourceOf(frame.location), {
        file: join(folder, handlerSource),
        line: lineOf('return { jsonBody:'),
      });
      // The handler sees the caller's identity, which comes from the certificate that went through the gateway.
      const evaluated = (await inspector.send('Debugger.evaluateOnCallFrame', {
        callFrameId: frame.callFrameId,
        expression: 'name',
      })) as { result: { value: unknown } };
      assert.equal(evaluated.result.value, 'allowed');

      await inspector.send('Debugger.resume');
      assert.equal((await answer).status, 200);
    } finally {
      inspector.close();
    }
  });

  it('listens for the debugger on the loopback address only', async () => {
    const { body } = await request(`http://127.0.0.1:${inspectPort}/json/list`);
    const [target] = (await body.json()) as { webSocketDebuggerUrl: string }[];
    assert.match(target?.webSocketDebuggerUrl ?? '', /^ws:\/\/127\.0\.0\.1:/);
  });
});

describe("the sample's .vscode", () => {
  const readSetup = (name: string): Record<string, unknown> =>
    JSON.parse(readFileSync(join(sampleFolder, '.vscode', name), 'utf8')) as Record<string, unknown>;
  const [configuration] = readSetup('launch.json')['configurations'] as {
    address: string;
    port: number;
    preLaunchTask: string;
    outFiles: string[];
  }[];
  const tasks = readSetup('tasks.json')['tasks'] as {
    label: string;
    command: string;
    dependsOn?: string[];
    problemMatcher: { background: { beginsPattern: string; endsPattern: string } };
  }[];
  const task = tasks.find(({ label }) => label === configuration?.preLaunchTask);

  it('attaches to the address that its task opens, and the task builds the app first', () => {
    assert.ok(task?.command.endsWith(`certgate dev --inspect ${configuration?.address}:${configuration?.port}`));
    const build = tasks.find(({ label }) => label === task?.dependsOn?.[0]);
    const { scripts } = JSON.parse(readFileSync(join(sampleFolder, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    assert.equal(build?.command, 'npm run watch');
    assert.equal(scripts['watch'], 'tsc -w');
  });

  it('waits for the lines that certgate dev prints', () => {
    assert.match(`ready ${url}`, new RegExp(task?.problemMatcher.background.endsPattern ?? '$^'));
    assert.match(
      'The app changed and is loaded again.',
      new RegExp(task?.problemMatcher.background.beginsPattern ?? '$^'),
    );
  });
});

function certgateFile(name: string): string {
  return join(folder, '.certgate', name);
}

async function call(identity: readonly string[]): Promise<{ readonly status: number }> {
  const args = [
    'call',
    `${url}/api/SecuredFunction`,
    ...identity,
    '--cacert',
    certgateFile('gateway.crt.pem'),
    '--json',
  ];
  const { stdout, stderr } = await runCertgate(args);
  assert.ok(stdout.startsWith('{'), stderr);
  return JSON.parse(stdout) as { status: number };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

/** The 0-based number, as the protocol uses it, of the first line of the handler's source that starts with the text. */
function lineOf(text: string): number {
  const lines = readFileSync(join(folder, handlerSource), 'utf8').split('\n');
  const line = lines.findIndex((each) => each.trimStart().startsWith(text));
  assert.notEqual(line, -1);
  return line;
}

function readBuilt(): { readonly file: string; readonly text: string; readonly map: SourceMap } {
  const file = join(folder, 'dist', handlerSource.replace(/\.ts$/, '.js'));
  const text = readFileSync(file, 'utf8');
  const mapFile = /\/\/# sourceMappingURL=(\S+)/.exec(text)?.[1] ?? '';
  const payload = JSON.parse(readFileSync(join(dirname(file), mapFile), 'utf8')) as SourceMapPayload;
  return { file, text, map: new SourceMap(payload) };
}

/** The place in the source that a place in the built file comes from. Undefined for code that the compiler added. */
function sourceOf({
  lineNumber,
  columnNumber,
}: Location): { readonly file: string; readonly line: number } | undefined {
  const { file, map } = readBuilt();
  const entry = map.findEntry(lineNumber, columnNumber);
  if (!('originalSource' in entry)) return undefined;
  return { file: resolve(dirname(file), entry.originalSource), line: entry.originalLine };
}

/** Sets a breakpoint at a line of the source, as an editor does: the source map gives the place in the built file. */
async function setBreakpoint(inspector: Inspector, text: string): Promise<string> {
  const { file, text: built } = readBuilt();
  const lineNumber = built.split('\n').findIndex((line, index) => {
    const columnNumber = line.search(/\S/);
    return columnNumber !== -1 && sourceOf({ lineNumber: index, columnNumber })?.line === lineOf(text);
  });
  assert.notEqual(lineNumber, -1, 'the source map has no place for the line');
  const set = (await inspector.send('Debugger.setBreakpointByUrl', {
    url: pathToFileURL(file).href,
    lineNumber,
  })) as { breakpointId: string; locations: readonly Location[] };
  // A breakpoint that is bound to no code would have no location.
  assert.equal(set.locations.length, 1);
  return set.breakpointId;
}

interface Inspector {
  readonly pauses: number;
  send(method: string, params?: object): Promise<unknown>;
  /** Resolves with the parameters of the next event that has this name. */
  next(event: string): Promise<unknown>;
  close(): void;
}

interface InspectorMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/**
 * Connects a client of the inspector's protocol. Uses undici's WebSocket, because Node has one only since version 22.
 */
async function attach(port: number): Promise<Inspector> {
  const { body } = await request(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await body.json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await new Promise((opened, failed) => {
    socket.addEventListener('open', opened, { once: true });
    socket.addEventListener('error', failed, { once: true });
  });
  const answers = new Map<number, (message: InspectorMessage) => void>();
  const waiting = new Map<string, (params: unknown) => void>();
  let lastId = 0;
  let pauses = 0;
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    const message = JSON.parse(String(data)) as InspectorMessage;
    if (message.method === 'Debugger.paused') pauses += 1;
    if (message.id !== undefined) answers.get(message.id)?.(message);
    else if (message.method !== undefined) waiting.get(message.method)?.(message.params);
  });
  const inspector: Inspector = {
    get pauses() {
      return pauses;
    },
    send: (method, params = {}) =>
      new Promise((answered, failed) => {
        lastId += 1;
        answers.set(lastId, ({ result, error }) => {
          if (error === undefined) answered(result);
          else failed(new Error(`${method}: ${error.message}`));
        });
        socket.send(JSON.stringify({ id: lastId, method, params }));
      }),
    next: (event) =>
      new Promise((happened) => {
        waiting.set(event, happened);
      }),
    close: () => {
      socket.close();
    },
  };
  await inspector.send('Debugger.enable');
  return inspector;
}
