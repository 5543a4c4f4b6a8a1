// Starts the page: takes the token, follows the events from now on, and renders.
import { render } from 'preact';
import { InspectorPage } from './inspector-page.js';
import { createLiveLog } from './live/live-log.js';
import { createApi } from './session/api.js';
import { followEvents } from './session/event-stream.js';
import { takeToken } from './session/token.js';

const token = takeToken(location, sessionStorage, (hash) => history.replaceState(null, '', hash));
// Also where the page is in the background: the browser gives it no frames there.
const log = createLiveLog((run) => (document.hidden ? setTimeout(run, 250) : requestAnimationFrame(run)));
const root = document.getElementById('inspector');
if (root === null) throw new Error('index.html has no element "inspector".');
render(<InspectorPage api={token === undefined ? undefined : createApi(token)} log={log} />, root);
// The address of a newer start, opened in this tab: only its fragment is another one, and nothing is loaded again.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) location.reload();
});
if (token !== undefined) {
  followEvents(token, { onEvents: log.add, onState: log.setState }, new AbortController().signal).catch(reportError);
}
