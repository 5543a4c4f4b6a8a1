// Starts the page: takes the token from the address, and renders the page with it.
import { render } from 'preact';
import { InspectorPage } from './inspector-page.js';
import { createApi, takeToken } from './session/api.js';

const token = takeToken(location, sessionStorage, (hash) => history.replaceState(null, '', hash));
const root = document.getElementById('inspector');
if (root === null) throw new Error('index.html has no element "inspector".');
render(<InspectorPage api={token === undefined ? undefined : createApi(token)} />, root);
// The user opened the address of a newer start of certgate in this tab. Only the fragment differs from the old address,
// so the browser doesn't load the page again by itself.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) location.reload();
});
