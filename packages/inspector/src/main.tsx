// Starts the page: takes the token, and renders.
import { render } from 'preact';
import { InspectorPage } from './inspector-page.js';
import { createApi, takeToken } from './session/api.js';

const token = takeToken(location, sessionStorage, (hash) => history.replaceState(null, '', hash));
const root = document.getElementById('inspector');
if (root === null) throw new Error('index.html has no element "inspector".');
render(<InspectorPage api={token === undefined ? undefined : createApi(token)} />, root);
// The address of a newer start, opened in this tab: only its fragment is another one, and nothing is loaded again.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) location.reload();
});
