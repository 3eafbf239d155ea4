// GraphiQL with its explorer, for this server only, with the token of the session.

import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-explorer/style.css';
import 'graphiql/graphiql.css';
import './graphiql.css';
import 'graphiql/setup-workers/vite';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { mountBar } from './bar.js';
import { fetcher } from './fetcher.js';
import { tabs } from './tabs.js';

/** A storage with prefixed keys, because another program on localhost may also serve GraphiQL. */
const storage = {
  getItem: (key) => localStorage.getItem(`stockroom.${key}`),
  setItem: (key, value) => localStorage.setItem(`stockroom.${key}`, value),
  removeItem: (key) => localStorage.removeItem(`stockroom.${key}`),
  clear() {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith('stockroom.graphiql')) localStorage.removeItem(key);
    }
  },
  get length() {
    return localStorage.length;
  },
};

const plugins = [HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })];

/** The editor of variables is open at the start if the window is large enough. */
const editorTools = matchMedia('(min-width: 64rem) and (min-height: 40rem)').matches ? 'variables' : false;

function Explorer() {
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={tabs}
      defaultEditorToolsVisibility={editorTools}
      plugins={plugins}
      storage={storage}
      schemaDescription
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
    >
      <GraphiQL.Logo>
        <span />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

mountBar();
createRoot(document.getElementById('graphiql')).render(<Explorer />);
