// The REST reference: Swagger UI with this server's OpenAPI description and the token of the session.

import 'swagger-ui-dist/swagger-ui.css';
import './docs.css';

import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import { mountBar } from './bar.js';
import { accessToken, current, onChange } from './session.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const followSystem = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followSystem);
followSystem();

let shown = null; // The session's token in Swagger UI, as opposed to one entered in Swagger UI's own dialog.

const ui = SwaggerUI({
  url: '/api/v1/openapi.json',
  domNode: document.getElementById('docs'),
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null, // No badge from another host.
  async requestInterceptor(request) {
    if (shown && request.headers?.Authorization === `Bearer ${shown}`) {
      const token = await accessToken();
      if (token) request.headers.Authorization = `Bearer ${token}`;
    }
    return request;
  },
  onComplete: () => authorize(current()),
});

/** The names of the description's bearer schemes. */
function bearerSchemes() {
  const schemes = ui.specSelectors.specJson().getIn(['components', 'securitySchemes']);
  return schemes ? [...schemes.entries()].filter(([, scheme]) => scheme.get('scheme') === 'bearer').map(([name]) => name) : [];
}

/** Sets or removes the session's token in Swagger UI. */
function authorize(session) {
  const names = bearerSchemes();
  if (session) for (const name of names) ui.preauthorizeApiKey(name, session.access);
  else if (shown) ui.authActions.logout(names);
  shown = session?.access ?? null;
}

onChange((session, reason) => {
  if (reason !== 'needed') authorize(session);
});
mountBar();
