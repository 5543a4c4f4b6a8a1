// Runs the fixture on its own, for work on the page: prints the address to open.
import { startFixture } from './fixture-server.js';

const fixture = await startFixture();
console.log(`${fixture.url}#token=${fixture.token}`);
setInterval(() => {
  fixture.emit(3);
}, 1_000);
