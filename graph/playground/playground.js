'use strict';

const root = document.getElementById('graphiql');
const endpoint = root.dataset.endpoint;
const operations = JSON.parse(root.dataset.operations);

// The token that proves a request to come from this page, once the server has asked for one.
let csrfToken = '';

async function fetchToken() {
  const response = await fetch('/csrf-token', { credentials: 'same-origin', headers: { Accept: 'application/json' } });
  csrfToken = response.ok ? (await response.json()).csrfToken : '';
}

async function send(params, headers) {
  const response = await fetch(endpoint, {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json, application/json;q=0.9',
      ...(csrfToken && { 'X-CSRF-Token': csrfToken }),
      ...headers,
    },
    body: JSON.stringify(params),
  });
  if (!/json/.test(response.headers.get('Content-Type') ?? '')) {
    throw new Error(`The server answered ${response.status} ${response.statusText}.`);
  }
  return response.json();
}

// A token is asked for when one is missed: there is none at first, and it dies with the session that it was made for.
async function fetcher(params, { headers } = {}) {
  const answer = await send(params, headers);
  if (answer.code !== 'CSRF_FAILED' && answer.errors?.[0]?.extensions?.code !== 'CSRF_FAILED') return answer;
  await fetchToken();
  return send(params, headers);
}

// On a first visit GraphiQL takes the first tab's query from defaultTabs, but its variables from here.
if (operations.length > 0 && localStorage.getItem('graphiql:tabState') === null) {
  localStorage.setItem('graphiql:variables', operations[0].variables ?? '');
}

ReactDOM.createRoot(root).render(
  React.createElement(GraphiQL, {
    fetcher,
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    defaultTabs: operations.length > 0 ? operations : undefined,
    defaultEditorToolsVisibility: true,
    inputValueDeprecation: true,
    schemaDescription: true,
    shouldPersistHeaders: false, // they may hold a session's token
    showPersistHeadersSettings: false,
  }),
);
