// Starts one server and, if the setup has one, the front end that ends TLS before it. Then runs
// `certgate doctor --any-server` against them, and ends both.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { allowedName } from './certificates.mjs';

const execute = promisify(execFile);
const find = (path) => fileURLToPath(new URL(path, import.meta.url));
const certgate = find('../../packages/certgate/bin/certgate.js');

/** The report that doctor prints with --json. */
export async function examineSetup(setup, folder, { allowedSha1 }) {
  const files = { TLS_CERTIFICATE: join(folder, 'server.crt'), TLS_CERTIFICATE_KEY: join(folder, 'server.key') };
  const secret = randomBytes(32).toString('hex');
  const environment = {
    // Debian has nginx in /usr/sbin, which is not in every user's path.
    PATH: `${process.env.PATH}:/usr/sbin`,
    NODE_ENV: 'production',
    ALLOWED_NAME: allowedName,
    ALLOWED_SHA1: allowedSha1,
    CLIENT_CA_FILE: join(folder, 'authority.crt'),
    CERTGATE_TRUST: join(folder, 'trust.json'),
    ...(setup.nginx === undefined ? {} : { CERTGATE_FRONT_END_SECRET: secret }),
    ...files,
    ...setup.settings,
  };
  const running = [];
  const start = (command, words) => {
    const child = spawn(command, words, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    child.errors = '';
    child.stderr.on('data', (chunk) => (child.errors += chunk));
    running.push(child);
    return child;
  };
  try {
    const port = Number(await readUntil(start(process.execPath, [find(`servers/${setup.server}.mjs`)]), /^(\d+)$/m));
    const tlsPort = await startFrontEnd(setup, { port, folder, files, secret, start });
    return await runDoctor(folder, tlsPort, setup.nginx === undefined ? 'app-service' : 'nginx');
  } finally {
    for (const child of running.reverse()) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill();
      await ended;
    }
  }
}

async function startFrontEnd({ gateway, nginx }, { port, folder, files, secret, start }) {
  if (gateway !== undefined) {
    const certificate = ['--cert', files.TLS_CERTIFICATE, '--key', files.TLS_CERTIFICATE_KEY];
    const words = ['gateway', '--upstream', `http://127.0.0.1:${port}`, '--port', '0', ...certificate, ...gateway];
    return Number(await readUntil(start(process.execPath, [certgate, ...words]), /^ready https:\/\/[^:]+:(\d+)/m));
  }
  if (nginx === undefined) return port;
  const tlsPort = await findFreePort();
  const variables = {
    ...files,
    UPSTREAM_ADDRESS: `127.0.0.1:${port}`,
    TLS_LISTEN: `127.0.0.1:${tlsPort}`,
    CLIENT_CA_FILE: join(folder, 'authority.crt'),
    CERTGATE_FRONT_END_SECRET: secret,
  };
  const server = nginx.replaceAll(/\$\{(\w+)\}/g, (_, name) => variables[name]);
  const place = mkdtempSync(join(folder, 'nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  mkdirSync(join(place, 'logs'));
  writeFileSync(
    join(place, 'nginx.conf'),
    `daemon off; pid nginx.pid; events {}\nhttp { access_log off; ${temporary.join(' ')}\n${server}}\n`,
  );
  start('nginx', ['-e', 'stderr', '-p', place, '-c', 'nginx.conf']);
  await waitForTls(tlsPort);
  return tlsPort;
}

async function runDoctor(folder, port, frontEnd) {
  const callers = ['allowed', 'denied'].flatMap((name) => [`--${name}`, `${name}.pem`]);
  const more = ['--with-post', '--also-host', 'other.example', '--i-operate-this', '--json'];
  const words = ['doctor', `https://localhost:${port}/closed`, '--any-server', ...callers, '--cacert', 'authority.crt'];
  const command = [certgate, ...words, '--front-end', frontEnd, ...more];
  // doctor ends with exit code 1 if a caller got in, and with 3 if it cannot tell. Both rejections still have its
  // output.
  const { stdout } = await execute(process.execPath, command, { cwd: folder, maxBuffer: 2 ** 24 }).catch(
    (ended) => ended,
  );
  return JSON.parse(stdout);
}

/**
 * Resolves to what the pattern finds in the child's output. Later output is read too, since a full pipe would block the
 * child.
 */
function readUntil(child, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () =>
      reject(new Error(`A server ended before it listened: ${child.spawnargs.join(' ')}\n${child.errors}`)),
    );
  });
}

async function waitForTls(port) {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    const isOpen = await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await wait(50);
  }
  throw new Error('nginx did not listen within 10 seconds');
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
