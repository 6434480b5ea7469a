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

// Subscriptions are answered by server-sent events: one result after another, until somebody presses stop.
function results(response, abort) {
  async function* read() {
    let text = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      const frames = (text + part).split('\n\n');
      text = frames.pop();
      for (const frame of frames) {
        const [event, data] = frame.split('\n');
        if (event === 'event: complete') return;
        if (event === 'event: next') yield JSON.parse(data.slice('data: '.length));
      }
    }
    throw new Error('The connection was cut. Run the subscription again, and read again what you show.');
  }
  const all = read();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        return await all.next();
      } catch (err) {
        if (abort.signal.aborted) return { done: true, value: undefined };
        throw err;
      }
    },
    async return() {
      abort.abort();
      return { done: true, value: undefined };
    },
  };
}

async function send(params, headers) {
  const abort = new AbortController();
  const response = await fetch(endpoint, {
    method: 'POST',
    signal: abort.signal,
    credentials: 'same-origin',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json, application/json;q=0.9, text/event-stream;q=0.8',
      ...(csrfToken && { 'X-CSRF-Token': csrfToken }),
      ...headers,
    },
    body: JSON.stringify(params),
  });
  if (response.headers.get('Content-Type') === 'text/event-stream') return results(response, abort);
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
